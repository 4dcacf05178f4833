package main

import (
	"os"
	"runtime"
)

// leastProcessors is how many goroutines may run at once at the least. With no more of them
// than a small machine has cores, a key waits until the reading of a long answer makes room,
// which may take the Go scheduler 10 ms; with more, the kernel gives the thread that the key
// wakes its turn at once.
const leastProcessors = 4

// wakeful lets a key through while both cores of a small machine are busy. Who sets
// GOMAXPROCS has the last word.
func wakeful() {
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) < leastProcessors {
		runtime.GOMAXPROCS(leastProcessors)
	}
}
