package libvirt

import (
	"context"
	"errors"
	"testing"
	"time"

	libvirt "github.com/digitalocean/go-libvirt"
)

// TestACallThatIsNotWantedAnyMore is not made, however quick its answer would be.
func TestACallThatIsNotWantedAnyMore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &rpcConn{fence: &fence{done: make(chan struct{})}, slots: make(chan struct{}, maxInFlight)}
	for range 1000 {
		_, err := call(ctx, r, deed{doing: "find", limit: time.Minute}, func(*libvirt.Libvirt) (struct{}, error) {
			t.Error("called")
			return struct{}{}, nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}
