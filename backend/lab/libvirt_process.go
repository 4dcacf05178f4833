package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// daemon is one process of libvirtd, from its start to its end.
type daemon struct {
	cmd   *exec.Cmd
	gone  chan struct{} // closed when it has ended and what follows is known
	asked bool          // it was told to end; Libvirtd's mu holds it
	crash bool          // it ended by a signal that was not ours; set before gone is closed
}

var errCrashed = errors.New("libvirtd crashed")

// start runs libvirtd until it answers. One that crashes meanwhile is started again.
// The caller holds turn.
func (l *Libvirtd) start() error {
	for {
		d, err := l.launch()
		if err != nil {
			return err
		}
		err = l.awaitAnswer(d)
		if err == nil {
			err = l.free(d)
		}
		if !errors.Is(err, errCrashed) || l.Crashes() > mostCrashes {
			return err
		}
	}
}

// launch starts libvirtd in the namespaces.
func (l *Libvirtd) launch() (*daemon, error) {
	log, err := os.OpenFile(filepath.Join(l.dir, "log/stderr.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	args := []string{"--target", fmt.Sprint(l.holder.Process.Pid), "--mount", "--net", "--uts",
		"taskset", "--cpu-list", oneCPU(), "libvirtd", "--config", "/etc/libvirt/libvirtd.conf", "--pid-file", "/run/libvirt/libvirtd.pid"}
	if l.setup.Listen {
		args = append(args, "--listen")
	}
	cmd := exec.Command("nsenter", args...)
	cmd.Env = l.setup.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stdout, cmd.Stderr = log, log

	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return nil, errors.New("the instance has been stopped")
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	d := &daemon{cmd: cmd, gone: make(chan struct{})}
	l.daemon = d
	go l.watch(d)
	return d, nil
}

// watch waits for the end of a daemon. One that crashes is started again, as a host's
// init does: libvirtd 9.0 now and then crashes when clients leave that events are on
// their way to.
func (l *Libvirtd) watch(d *daemon) {
	_ = d.cmd.Wait()
	status, ok := d.cmd.ProcessState.Sys().(syscall.WaitStatus)
	l.mu.Lock()
	d.crash = ok && status.Signaled() && !d.asked
	if d.crash {
		l.crashes++
	}
	l.mu.Unlock()
	close(d.gone)
	if !d.crash {
		return
	}
	l.turn.Lock()
	defer l.turn.Unlock()
	if l.current() == d { // else another has been started in its place
		_ = l.start() // who asks it next says that it does not answer
	}
}

// awaitAnswer waits until a daemon answers. An error says how it ended instead.
func (l *Libvirtd) awaitAnswer(d *daemon) error {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if _, err := os.Stat(l.Socket()); err == nil {
			if _, err := l.TryVirsh("uri"); err == nil {
				return nil
			}
		}
		select {
		case <-d.gone:
			return l.ended(d)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("libvirtd does not answer: %s", l.Log())
}

// free lets a daemon that answers use every CPU.
func (l *Libvirtd) free(d *daemon) error {
	err := unpin(d.cmd.Process.Pid)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	<-d.gone // it ended as the client left that had asked
	return l.ended(d)
}

// ended is how a daemon ended that should run.
func (l *Libvirtd) ended(d *daemon) error {
	if d.crash {
		return fmt.Errorf("%w (%s): %s", errCrashed, d.cmd.ProcessState, l.Log())
	}
	return fmt.Errorf("libvirtd ended (%s): %s", d.cmd.ProcessState, l.Log())
}

// Crashes is how often the daemon ended by a signal that was not ours.
func (l *Libvirtd) Crashes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.crashes
}

// current is the daemon that was started last; nil before the first.
func (l *Libvirtd) current() *daemon {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.daemon
}

// kill ends the daemon that was started last because we want it to, and waits for its end.
func (l *Libvirtd) kill() {
	l.mu.Lock()
	d := l.daemon
	if d != nil {
		d.asked = true
	}
	l.mu.Unlock()
	if d == nil {
		return
	}
	_ = d.cmd.Process.Kill() // it may have ended before
	<-d.gone
}

// end kills the daemon for good. No other is being started when it returns.
func (l *Libvirtd) end() {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	l.kill()
	l.turn.Lock()
	defer l.turn.Unlock()
}
