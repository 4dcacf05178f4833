package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"hvdeck/backend/guard"
)

// untilSignal is the life of the program: it ends at SIGTERM, SIGHUP or SIGINT. While
// away is set another program has the terminal, an editor, and an interrupt typed there
// is meant for that one alone, though it reaches us, too.
func untilSignal(away *atomic.Bool) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	guard.Go("signals", nil, func() {
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-signals:
				if s != syscall.SIGINT || !away.Load() {
					cancel()
				}
			}
		}
	})
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}
