// Package secretsource reads a secret from where an operator says that it is: a file of
// theirs, or what a command of theirs prints.
//
// It promises that neither can hold the console up beyond the deadline, that a command
// can't draw on the screen nor read from the keyboard, and that no error has anything of
// what was read or printed in it.
package secretsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// MaxLength is the most that is read, in bytes: the longest value of a secret that
// libvirt takes. Source: REMOTE_SECRET_VALUE_MAX.
const MaxLength = 64 << 10

// lateOutput is how long processes that a command left behind may hold its output open.
const lateOutput = 500 * time.Millisecond

// Command runs a command and gives what it prints, without the line break at the end. It
// has no terminal and no input; what it says besides is not read. By the end of ctx it
// is killed, with all that it started. What it started and left running goes on when it
// ends by itself: it may be an agent.
func Command(ctx context.Context, argv ...string) ([]byte, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	out := &bounded{full: stop}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the operator's own command
	cmd.Stdout = out
	cmd.Env = withoutTerminal(os.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = lateOutput
	err := cmd.Run()
	switch {
	case out.over:
		return nil, tooLong("it prints")
	case ctx.Err() != nil:
		return nil, fmt.Errorf("it did not end in time: %w", ctx.Err())
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return nil, err
	default:
		text := strings.TrimSuffix(string(out.text), "\n")
		return []byte(strings.TrimSuffix(text, "\r")), nil
	}
}

// withoutTerminal leaves out what tells a program for passphrases which screen to draw on.
func withoutTerminal(env []string) []string {
	var kept []string
	for _, e := range env {
		if !strings.HasPrefix(e, "GPG_TTY=") {
			kept = append(kept, e)
		}
	}
	return kept
}

// bounded takes output up to one byte more than MaxLength with a line break, and calls
// full when there is more.
type bounded struct {
	text []byte
	over bool
	full func()
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if len(b.text)+len(p) > MaxLength+len("\r\n") {
		b.over = true
		b.full()
		return 0, errors.New("too long")
	}
	b.text = append(b.text, p...)
	return len(p), nil
}

// File reads all of a regular file. Others are refused without waiting for who may
// write to them.
func File(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0) //nolint:gosec // the operator named it
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	value, err := io.ReadAll(io.LimitReader(f, MaxLength+1))
	if err != nil {
		return nil, err
	}
	if len(value) > MaxLength {
		return nil, tooLong(path + " has")
	}
	return value, nil
}

func tooLong(what string) error { return fmt.Errorf("%s more than %d KiB", what, MaxLength>>10) }
