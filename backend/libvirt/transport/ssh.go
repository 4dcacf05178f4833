package transport

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"hvdeck/backend"
)

// sshTransport reaches a daemon through the operator's own ssh, so that their
// configuration, jump hosts, agent, hardware keys and known hosts all count. The
// first connection of a host is the master of the others unless the operator's
// configuration shares connections itself.
type sshTransport struct {
	target   *Target
	id       backend.ConnID
	readOnly bool
	ask      backend.Asker
	dir      string // private: control socket and askpass

	mu     sync.Mutex
	procs  map[*sshProcess]bool // that run
	closed bool
	share  *bool // use a master of our own; nil: not looked up yet
}

// sshIdle is how long ssh may take to log in, not counting the time in which the
// operator is being asked.
const sshIdle = 45 * time.Second

func newSSH(t *Target, o Options) (Transport, error) {
	s := &sshTransport{target: t, id: o.ID, readOnly: o.ReadOnly, ask: o.Ask, procs: map[*sshProcess]bool{}}
	if _, err := exec.LookPath(s.program()); err != nil {
		return nil, &backend.Error{Class: backend.ClassUnreachable, Message: fmt.Sprintf("the program %q was not found", s.program()),
			Remedy: "install the OpenSSH client, or name it: …?command=PATH", Err: err}
	}
	// A short path: a socket's name is limited to 107 bytes.
	dir, err := os.MkdirTemp("", "hvd")
	if err != nil {
		return nil, noPlace(err)
	}
	s.dir = dir
	if err := layAskpass(dir); err != nil {
		_ = os.RemoveAll(dir)
		return nil, noPlace(err)
	}
	return s, nil
}

// noPlace is the error when the folder for ssh's questions and control socket can't be made.
func noPlace(err error) error {
	return &backend.Error{Class: backend.ClassUnreachable, Message: "there is no place for ssh's questions: " + err.Error(), Err: err,
		Remedy: "make room in " + os.TempDir() + ", or name another place with TMPDIR"}
}

func (s *sshTransport) program() string {
	if c := s.target.param("command"); c != "" {
		return c
	}
	return "ssh"
}

// Open implements Transport. It returns when ssh is logged in and the far end is
// about to speak libvirt RPC.
func (s *sshTransport) Open(ctx context.Context) (net.Conn, error) {
	p, err := s.start(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.login(ctx, p); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// start runs an ssh that is known until it has ended.
func (s *sshTransport) start(ctx context.Context) (*sshProcess, error) {
	args := s.args(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, &backend.Error{Class: backend.ClassUnreachable, Message: ErrClosed.Error(), Err: ErrClosed}
	}
	p, err := startSSH(s.program(), args, s.environment(), s.gone)
	if err != nil {
		return nil, err
	}
	s.procs[p] = true
	return p, nil
}

func (s *sshTransport) gone(p *sshProcess) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.procs, p)
}

// Explain implements Transport: what ssh wrote tells more than a closed connection.
// Only the ssh of the connection that failed is asked.
func (s *sshTransport) Explain(err error) error {
	var e *backend.Error
	if !errors.As(err, &e) || (e.Class != backend.ClassUnreachable && e.Class != backend.ClassLost) || errors.Is(err, ErrClosed) {
		return err
	}
	var end *sshEnded
	if !errors.As(err, &end) || !end.p.ended(sshPatience) {
		return err
	}
	why := s.failure(end.p)
	if why == nil {
		return err
	}
	out := *e
	out.Message, out.Remedy, out.Err = e.Message+"; "+why.Message, why.Remedy, why
	if e.Class != backend.ClassLost {
		out.Class = why.Class
	}
	return &out
}

// Close implements Transport.
func (s *sshTransport) Close() {
	s.mu.Lock()
	s.closed = true
	procs := slices.Collect(maps.Keys(s.procs))
	s.mu.Unlock()
	for _, p := range procs {
		_ = p.Close()
	}
	for _, p := range procs {
		p.kill()
	}
	_ = os.RemoveAll(s.dir)
}

// args builds the command line. Everything that follows "--" can't be an option, and
// hosts and users that begin with a dash were refused before.
func (s *sshTransport) args(ctx context.Context) []string {
	t := s.target
	args := []string{"-T", "-e", "none", "-o", "ConnectTimeout=15", "-o", "ClearAllForwardings=yes",
		"-o", "PermitLocalCommand=no", "-o", "RemoteCommand=none"}
	place := s.place()
	args = append(args, t.hostKeyArgs()...)
	if t.flag("no_tty") {
		args = append(args, "-o", "BatchMode=yes")
	}
	if s.ownMaster(ctx, append(append([]string{}, args...), place...)) {
		args = append(args, "-o", "ControlMaster=auto", "-o", "ControlPersist=no",
			"-o", "ControlPath="+filepath.Join(s.dir, "m"))
	}
	args = append(args, place...)
	return append(args, "--", t.Host, remoteCommand(t, s.readOnly))
}

// place is where and as whom.
func (s *sshTransport) place() []string {
	var args []string
	if s.target.Port != "" {
		args = append(args, "-p", s.target.Port)
	}
	if s.target.User != "" {
		args = append(args, "-l", s.target.User)
	}
	if k := s.target.param("keyfile"); k != "" {
		args = append(args, "-i", k)
	}
	return args
}

// ownMaster reports whether to share the connection ourselves: not where the
// operator's configuration has a control socket for this host.
func (s *sshTransport) ownMaster(ctx context.Context, args []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.share != nil {
		return *s.share
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	ask := append(append([]string{"-G"}, args...), "--", s.target.Host)
	out, err := exec.CommandContext(ctx, s.program(), ask...).Output() //nolint:gosec // the operator's own program
	share := true
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if err == nil && key == "controlpath" && value != "none" && value != "" {
			share = false
		}
	}
	s.share = &share
	return share
}

// who is the far end as an operator would write it.
func (s *sshTransport) who() string {
	if s.target.User != "" {
		return s.target.User + "@" + s.target.Host
	}
	return s.target.Host
}

// hostKeyArgs are how the host's key is checked, and by which file.
func (t *Target) hostKeyArgs() []string {
	var args []string
	file := t.param("known_hosts")
	switch {
	case t.flag("no_verify"):
		args = append(args, "-o", "StrictHostKeyChecking=no")
	case t.param("known_hosts_verify") == "auto":
		args = append(args, "-o", "StrictHostKeyChecking=accept-new")
	case t.param("known_hosts_verify") == "ignore":
		args = append(args, "-o", "StrictHostKeyChecking=no")
		if file == "" {
			file = os.DevNull // nothing is remembered, so that a changed key is taken too
		}
	}
	if file != "" {
		// Quoted for its spaces; percent signs begin a token of ssh.
		args = append(args, "-o", `UserKnownHostsFile="`+strings.ReplaceAll(file, "%", "%%")+`"`)
	}
	return args
}
