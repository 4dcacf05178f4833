package vsphere

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// knownPrint is the thumbprint remembered for host:port; "" when there is none.
// Where a host has several lines the last one counts.
func knownPrint(file, addr string) (string, error) {
	if file == "" {
		return "", nil
	}
	mark := ""
	for _, name := range filepath.SplitList(file) {
		f, err := os.Open(filepath.Clean(name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			host, p, ok := strings.Cut(strings.TrimSpace(lines.Text()), " ")
			if ok && (host == addr || host+":443" == addr) {
				mark = strings.TrimSpace(p)
			}
		}
		err = lines.Err()
		_ = f.Close()
		if err != nil {
			return "", err
		}
	}
	return mark, nil
}

// addKnown appends a line for the host; with several files, to the first.
func addKnown(file, addr, mark string) error {
	if file == "" {
		return nil
	}
	name := filepath.SplitList(file)[0]
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Clean(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(f, "%s %s\n", addr, mark); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
