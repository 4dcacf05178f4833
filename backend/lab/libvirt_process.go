package lab

import (
	"os/exec"
	"syscall"
)

// launch starts the daemon's process. One that crashes is started again, as a host's init
// does: libvirtd 9.0 now and then does so by itself, when clients leave that events are on
// their way to.
func (l *Libvirtd) launch(cmd *exec.Cmd) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return nil
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	l.daemon, l.exited, l.asked = cmd, gone, false
	go func() {
		_ = cmd.Wait()
		close(gone)
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			l.crashed()
		}
	}()
	return nil
}

// crashed starts a daemon again that nobody told to end.
func (l *Libvirtd) crashed() {
	l.mu.Lock()
	asked := l.asked || l.over
	if !asked {
		l.crashes++
	}
	l.mu.Unlock()
	if asked {
		return
	}
	_ = l.start() // who asks it next says that it does not answer
}

// Crashes is how often the daemon ended by a signal that was not ours.
func (l *Libvirtd) Crashes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.crashes
}

// told notes that the daemon ends because we want it to.
func (l *Libvirtd) told() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = true
}

// gone is closed when the daemon that was started last has ended.
func (l *Libvirtd) gone() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.exited
}

// end kills the daemon for good.
func (l *Libvirtd) end() {
	l.mu.Lock()
	l.over = true
	daemon, exited := l.daemon, l.exited
	l.mu.Unlock()
	if daemon != nil {
		_ = daemon.Process.Kill()
		<-exited
	}
}
