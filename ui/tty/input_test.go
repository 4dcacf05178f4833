package tty

import (
	"os"
	"testing"
)

// Who is woken looks whose the keys are before any is read, also where some wait.
func TestWokenBeforeReadable(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close(); _ = w.Close() }()
	if _, err := w.WriteString("j"); err != nil {
		t.Fatal(err)
	}
	k := newKeys()
	k.wake.up()
	if k.wake.orReadable(r) {
		t.Error("keys are read by who was woken")
	}
	if !k.wake.orReadable(r) {
		t.Error("keys that wait are not read")
	}
	k.lend(true)
	if got := k.await(r); got != keysLent {
		t.Errorf("keys that are lent: %d", got)
	}
	k.lend(false)
	if got := k.await(r); got != keysHere {
		t.Errorf("keys that are back: %d", got)
	}
	k.end()
	if got := k.await(r); got != keysOver {
		t.Errorf("keys after the end: %d", got)
	}
}
