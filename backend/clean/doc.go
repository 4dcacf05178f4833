// Package clean makes foreign text safe to print: names, descriptions, errors and
// XML come from hypervisors and guests, and whoever may name a VM must not be able
// to act on, or break, an operator's terminal.
//
// It promises that what it returns holds no control, escape, bidirectional or
// invisible character, is valid UTF-8, is bounded in size, occupies as many cells
// as its grapheme clusters say, joins with nothing printed before or after it, and
// is returned unchanged when cleaned again.
package clean
