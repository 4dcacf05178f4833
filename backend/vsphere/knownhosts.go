package vsphere

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// lockTime is how long another program may hold the known hosts while it adds a line.
const lockTime = 2 * time.Second

// knownPrint is the thumbprint remembered for host:port, in upper case; "" when there is
// none. Of several lines for a host, also in several files, the last one counts, as for
// govc. A host without a port means 443.
func knownPrint(files, addr string) (string, error) {
	mark := ""
	for _, name := range filepath.SplitList(files) {
		data, err := os.ReadFile(filepath.Clean(name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if found := printIn(string(data), addr); found != "" {
			mark = found
		}
	}
	return mark, nil
}

// printIn finds a host in the text of one file: lines "host:port thumbprint", in any
// case; all others are somebody else's business.
func printIn(text, addr string) string {
	mark := ""
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 2 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if strings.EqualFold(fields[0], addr) || strings.EqualFold(fields[0]+":443", addr) {
			mark = strings.ToUpper(fields[1])
		}
	}
	return mark
}

// addKnown adds a line for the host; with several files, to the first. Other lines stay
// as they are, whoever writes to the file at the same time; it is replaced as a whole,
// readable by its owner only.
func addKnown(ctx context.Context, files, addr, mark string) error {
	if files == "" {
		return nil
	}
	name := filepath.Clean(filepath.SplitList(files)[0])
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target // a link stays one
	}
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	unlock, err := lockDir(ctx, dir)
	if err != nil {
		return err
	}
	defer unlock()
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text := string(data)
	switch now := printIn(text, addr); now {
	case mark:
		return nil // somebody else has just trusted it
	case "":
	default:
		return fmt.Errorf("%w of %s: %s", errTrustedOther, addr, now)
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return replaceFile(name, text+addr+" "+mark+"\n")
}

// lockDir keeps others who lock the directory out until unlock is called, or the process
// ends. A lock on the file itself would go with the file that is replaced.
func lockDir(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.Open(dir) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lockTime)
	defer cancel()
	tick := time.NewTicker(lockTime / 100)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil // which gives up the lock
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return func() { _ = f.Close() }, nil // a file system without locks
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, fmt.Errorf("%s is locked by another program", dir)
		case <-tick.C:
		}
	}
}

// replaceFile writes a file as a whole: whoever reads it sees the old text or the new.
func replaceFile(name, text string) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".known_hosts-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
