package ui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/ui/wizard"
)

// A listing that is not whole completes nothing.
func TestCompleteNeedsTheWholeFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"shop.ova", "shop.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	if c, err := completePath(ctx, filepath.Join(dir, "sh")); err != nil || c.path != filepath.Join(dir, "shop.ova") {
		t.Errorf("%+v, %v", c, err)
	}
	cancel()
	if c, err := completePath(ctx, filepath.Join(dir, "sh")); !errors.Is(err, errNotWhole) || c.path != "" {
		t.Errorf("in no time: %+v, %v", c, err)
	}
}

// A folder that never answers keeps nobody waiting, and is asked once.
func TestCompleteOfADeadFolder(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var busy atomic.Bool
	busy.Store(true)
	dead := make(chan struct{})
	cancel()
	_, err := inTime(ctx, nil, &busy, func() (completed, error) { <-dead; return completed{}, nil })
	if !errors.Is(err, errNotWhole) || !busy.Load() {
		t.Errorf("%v, busy %v", err, busy.Load())
	}
	i := importing(t, secretDescriptor())
	i.enter(0, false)
	i.m.ovf.listing.Store(true)
	if cmd := i.completeSource(i.box.Page().(*wizard.Fields)); cmd != nil {
		t.Error("a second folder is read")
	}
	close(dead)
	for end := time.Now().Add(5 * time.Second); busy.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it stays busy")
		}
	}
}
