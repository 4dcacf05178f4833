//go:build !race

package desk

// RaceDetector says whether the tests run under it; the program then does, too.
const RaceDetector = false
