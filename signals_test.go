package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"hvdeck/config"
)

func raise(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

// TestAnInterruptThatComesLate: the editor that it was typed in may have ended at it before
// it is looked at here.
func TestAnInterruptThatComesLate(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	var o outside
	ctx, stop := o.untilSignal()
	defer stop()
	o.lend(true)
	o.lend(false)
	raise(t, syscall.SIGINT)
	raise(t, syscall.SIGUSR1) // looked at after it, and seen
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(filepath.Join(config.StateDir(), "vitals")); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the signal behind the interrupt was not taken")
		}
	}
	if ctx.Err() != nil {
		t.Fatal("an interrupt typed in the editor ended the program")
	}

	past := time.Now().Add(-lateInterrupt)
	o.back.Store(&past)
	raise(t, syscall.SIGINT)
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Error("an interrupt sent to the program did not end it")
	}
}
