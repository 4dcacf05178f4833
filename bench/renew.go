package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// renewEvery is after how many keys the session is ended again: about how long 10,000 VMs
// take to come.
const renewEvery = 75

// renew times keys while the session at a vCenter ends again and again, so that all VMs come
// anew: a refresh by itself asks for little there.
func (s *session) renew() error {
	if s.at.server != onVsphere || s.at.vms < usualVMs {
		return nil
	}
	if err := s.top(); err != nil {
		return err
	}
	var failed error
	ended := 0
	s.keyFigures(renewed, func(i int) {
		if i%renewEvery != 0 || failed != nil {
			return
		}
		n, err := s.endSessions()
		ended, failed = ended+n, err
	})
	if failed == nil && ended < s.presses()/renewEvery {
		failed = fmt.Errorf("%d sessions were ended, %d wanted: the console was not back in time", ended, s.presses()/renewEvery)
	}
	return failed
}

// endSessions logs the console out at its server, and says how many sessions it had.
func (s *session) endSessions() (int, error) {
	list, err := s.ask("session.ls")
	if err != nil {
		return 0, err
	}
	n := 0
	for line := range strings.Lines(list) {
		if f := strings.Fields(line); len(f) > 0 && strings.Contains(line, "hvdeck/") {
			if _, err := s.ask("session.rm", f[0]); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// ask runs govc and gives what it printed.
func (s *session) ask(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.dir, "govc"), args...)
	cmd.Env = append(os.Environ(), "GOVC_URL="+s.server.uri, "GOVC_PERSIST_SESSION=false")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("govc %s: %w: %.300s", args[0], err, out)
	}
	return string(out), nil
}
