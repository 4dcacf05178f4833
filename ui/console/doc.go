// Package console is a terminal inside the terminal: it runs what a guest prints
// through an emulator and draws the emulator's cells, and turns keys and pastes into
// the bytes that a guest expects.
//
// It promises that no escape sequence of a guest reaches the terminal that it is drawn
// on: titles, clipboard writes, links and palette changes are swallowed, and every
// cell is cleaned. Its memory is bounded whatever a guest prints, a flood never makes
// drawing or typing wait for more than a few milliseconds, and nothing is dropped of
// what is typed without a word.
package console
