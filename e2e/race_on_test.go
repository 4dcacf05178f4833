//go:build race

package e2e

// raceDetector: the tests run under it, so the program does too.
const raceDetector = true
