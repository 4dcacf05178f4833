package vcsim_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/vcsim"
)

// TestManyLogOut: consoles leave while what they follow the inventory by is collected.
func TestManyLogOut(t *testing.T) {
	const clients, rounds = 3, 2
	s, c := start(t, vcsim.Options{VMs: 2, Fast: 400})
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var comers sync.WaitGroup
	for range clients {
		comers.Go(func() { repeat(t, rounds, func(int) error { return comeAndGo(ctx, u) }) })
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		comers.Wait()
	}()
	vm := vmNamed(t, c, "DC0_H0_VM0")
	for n := 0; ; n++ {
		if err := switched(ctx, vm, n%2 == 0); err != nil {
			t.Fatalf("change %d: %v", n, err)
		}
		select {
		case <-gone:
			if left := sessionsOf(ctx, t, c); len(left) != 1 {
				t.Errorf("%d sessions are left", len(left))
			}
			return
		default:
		}
	}
}

// comeAndGo follows the VMs, as a console does, and logs out while it waits for changes.
func comeAndGo(ctx context.Context, u *url.URL) error {
	const feeds = 4
	c, err := govmomi.NewClient(ctx, u, true)
	if err != nil {
		return err
	}
	v, err := view.NewManager(c.Client).CreateContainerView(ctx, c.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
	if err != nil {
		return err
	}
	waiting, end := context.WithCancel(ctx)
	defer end()
	var waits sync.WaitGroup
	changed := make(chan struct{}, feeds)
	for range feeds {
		pc, err := followVMs(ctx, c, v.Reference())
		if err != nil {
			return err
		}
		waits.Go(func() { waitForChanges(waiting, c, pc, changed) })
	}
	select {
	case <-changed:
	case <-ctx.Done():
		return ctx.Err()
	}
	err = session.NewManager(c.Client).Logout(ctx)
	end()
	waits.Wait()
	return err
}

func sessionsOf(ctx context.Context, t *testing.T, c *govmomi.Client) []types.UserSession {
	t.Helper()
	var m mo.SessionManager
	if err := c.RetrieveOne(ctx, *c.ServiceContent.SessionManager, []string{"sessionList"}, &m); err != nil {
		t.Fatal(err)
	}
	return m.SessionList
}
