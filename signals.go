package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"hvdeck/backend/guard"
	"hvdeck/config"
	"hvdeck/vitals"
)

// outside is what reaches the program from outside of it.
type outside struct {
	away      atomic.Bool               // another program has the terminal, an editor
	back      atomic.Pointer[time.Time] // when it gave it back; a clock that is set meanwhile changes nothing
	unwritten atomic.Pointer[func(error)]
}

// lateInterrupt is how long an interrupt that was typed in an editor may be on its way here
// when the editor has ended at it: on a busy machine its end is known before. What is typed
// into our own screen is a key and no interrupt.
const lateInterrupt = time.Second

// lend notes that another program has the terminal, or that it is back.
func (o *outside) lend(yes bool) {
	if !yes {
		now := time.Now()
		o.back.Store(&now)
	}
	o.away.Store(yes)
}

// meantForOther says whether an interrupt that comes now was typed in another program.
func (o *outside) meantForOther() bool {
	if o.away.Load() {
		return true
	}
	back := o.back.Load()
	return back != nil && time.Since(*back) < lateInterrupt
}

// report says who takes that the vitals can't be written; it must not block.
func (o *outside) report(unwritten func(error)) { o.unwritten.Store(&unwritten) }

// untilSignal is the life of the program: it ends at SIGTERM, SIGHUP or SIGINT. While
// another program has the terminal an interrupt typed there is meant for that one alone,
// though it reaches us, too. SIGUSR1 writes what the process holds into the state folder.
func (o *outside) untilSignal() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1)
	guard.Go("signals", nil, func() {
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-signals:
				switch {
				case s == syscall.SIGUSR1:
					o.giveVitals()
				case s != syscall.SIGINT || !o.meantForOther():
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

// giveVitals writes the figures, or says why it can't: whoever waits for them would wait
// for ever.
func (o *outside) giveVitals() {
	err := writeVitals()
	var at *os.PathError
	if errors.As(err, &at) {
		err = at.Err // the path is long, and known
	}
	if unwritten := o.unwritten.Load(); err != nil && unwritten != nil {
		(*unwritten)(fmt.Errorf("the vitals can't be written: %w; make room and signal again", err))
	}
}

// writeVitals puts the figures at their place as a whole, so that who waits for the
// file never reads half of it. They are taken before: the file itself is none of what
// the program holds.
func writeVitals() error {
	now := vitals.Read()
	dir := config.StateDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".vitals-*")
	if err != nil {
		return err
	}
	err = now.Write(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, "vitals"))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
