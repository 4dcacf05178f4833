package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// plain is what a client without a screen needed.
type plain struct {
	wall, cpu float64 // ms
	memory    float64 // MiB at most
}

// peerLimit is how long a peer may take; one that takes longer is no figure but a note.
const peerLimit = 45 * time.Second

// once runs a command.
func once(env []string, argv ...string) (plain, error) {
	ctx, cancel := context.WithTimeout(context.Background(), peerLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if ctx.Err() != nil {
		return plain{}, fmt.Errorf("it had not ended after %v", peerLimit)
	}
	if err != nil {
		return plain{}, fmt.Errorf("%s: %w: %.300s", argv[0], err, out)
	}
	p := plain{wall: ms(took), cpu: ms(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime())}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		p.memory = float64(u.Maxrss) / 1024
	}
	return p, nil
}

// client is a command that does what the console does, and what it needed.
type client struct {
	name string
	plain
}

// lister asks for the names of all VMs, teller for what is known of each. A server's are
// run once.
func (b *bench) lister(s *server) (client, error) {
	return s.once("lister", func() (client, error) {
		if s.kind == onVsphere && s.asked > usualVMs {
			return client{name: "govc find"}, fmt.Errorf("it takes more than %v", peerLimit)
		}
		if s.kind == onVsphere {
			return b.govc(s, "govc find", "find", "/", "-type", "m")
		}
		return virsh(s, "virsh list --all", "list", "--all")
	})
}

func (b *bench) teller(s *server) (client, error) {
	return s.once("teller", func() (client, error) {
		if s.kind == onVsphere && s.asked > usualVMs {
			return client{name: "govc vm.info"}, fmt.Errorf("it takes more than %v", peerLimit)
		}
		if s.kind == onVsphere {
			return b.govc(s, "govc vm.info", "vm.info", "-json", "*")
		}
		return virsh(s, "virsh domstats", "domstats")
	})
}

// asked is a client that was run, or why it failed.
type asked struct {
	client
	err error
}

func (s *server) once(what string, run func() (client, error)) (client, error) {
	if s.clients == nil {
		s.clients = map[string]asked{}
	}
	if a, ok := s.clients[what]; ok {
		return a.client, a.err
	}
	c, err := run()
	s.clients[what] = asked{c, err}
	return c, err
}

func (b *bench) govc(s *server, name string, args ...string) (client, error) {
	p, err := once([]string{"GOVC_URL=" + s.uri, "GOVC_PERSIST_SESSION=false"}, append([]string{filepath.Join(b.dir, "govc")}, args...)...)
	return client{name, p}, err
}

func virsh(s *server, name string, args ...string) (client, error) {
	p, err := once([]string{"LC_ALL=C"}, append([]string{"virsh", "-q", "-c", s.uri}, args...)...)
	return client{name, p}, err
}
