package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// build compiles the counterparts and the bare program into dir.
func build(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "build", "-o", dir+"/", "./bench/bare", "./backend/lab/cmd/vcsim", "./backend/lab/cmd/govc", "./backend/lab/cmd/libvirtlab")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// server is a counterpart in a process of its own, and how its VMs show.
type server struct {
	kind   string // onVsphere or onLibvirt
	asked  int    // VMs as asked for
	vms    int    // VMs that are listed
	uri    string
	socket string             // of a libvirtd
	name   func(i int) string // of the i-th VM by name
	number func(name string) int
	first  string // an expression for a row of a VM
	took   time.Duration

	clients map[string]asked // peers that were run

	cmd    *exec.Cmd
	hanger int // the process to stop for a host that hangs
}

func (s *server) at(z size) place { return place{s.kind, s.asked, z} }

// serve starts a counterpart and gives its first line.
func serve(limit time.Duration, argv ...string) (*exec.Cmd, string, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	var said strings.Builder // of use only when it does not start
	cmd.Stderr = &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // nothing is left behind
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(out).ReadString('\n')
		line <- strings.TrimSpace(text)
	}()
	first := ""
	select {
	case first = <-line:
	case <-time.After(limit):
	}
	if first == "" {
		end(cmd)
		return nil, "", fmt.Errorf("%s was not ready within %v: %s", filepath.Base(argv[0]), limit, said.String())
	}
	return cmd, first, nil
}

// end lets a counterpart clean up after itself.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
	}
}

func (s *server) stop() {
	s.thaw()
	end(s.cmd)
}

func (s *server) freeze() { _ = syscall.Kill(s.hanger, syscall.SIGSTOP) }
func (s *server) thaw()   { _ = syscall.Kill(s.hanger, syscall.SIGCONT) }

// serve starts a counterpart of a kind with n VMs.
func (b *bench) serve(kind string, n int) (*server, error) {
	if kind == onVsphere {
		return b.vcsim(n)
	}
	return b.libvirtd(n)
}

// vcsim starts a simulated vCenter with n copied VMs; it has two of its own, which come
// first.
func (b *bench) vcsim(n int) (*server, error) {
	own := []string{"DC0_C0_RP0_VM0", "DC0_H0_VM0"}
	s := &server{kind: onVsphere, asked: n, vms: n + len(own), first: `[○●] (fast-\d|\S+VM0)`}
	began := time.Now()
	cmd, first, err := serve(5*time.Minute, filepath.Join(b.dir, "vcsim"), "-l", "127.0.0.1:0", "-vms", strconv.Itoa(n))
	if err != nil {
		return nil, err
	}
	s.took, s.cmd, s.hanger, s.uri = time.Since(began), cmd, cmd.Process.Pid, strings.TrimPrefix(first, "export GOVC_URL=")
	s.name = func(i int) string {
		if i < len(own) {
			return own[i]
		}
		return fmt.Sprintf("fast-%05d", i-len(own))
	}
	s.number = func(name string) int { return numbered(name, "fast-", len(own)) }
	return s, nil
}

// libvirtd starts a private libvirtd with n domains that are off.
func (b *bench) libvirtd(n int) (*server, error) {
	s := &server{kind: onLibvirt, asked: n, vms: n, first: `[○●] m\d{5}`}
	began := time.Now()
	cmd, first, err := serve(4*time.Minute, filepath.Join(b.dir, "libvirtlab"), "up", "--define", strconv.Itoa(n))
	if err != nil {
		return nil, err
	}
	s.took, s.cmd, s.uri = time.Since(began), cmd, first
	_, s.socket, _ = strings.Cut(first, "?socket=")
	s.name = func(i int) string { return fmt.Sprintf("m%05d", i) }
	s.number = func(name string) int { return numbered(name, "m", 0) }
	pid, err := os.ReadFile(filepath.Join(filepath.Dir(s.socket), "libvirtd.pid"))
	if err == nil {
		s.hanger, err = strconv.Atoi(strings.TrimSpace(string(pid)))
	}
	if err != nil {
		end(cmd)
		return nil, fmt.Errorf("process id of libvirtd: %w", err)
	}
	return s, nil
}

// numbered is the place of a VM by its name in the sorted list; -1 for other names.
func numbered(name, prefix string, before int) int {
	text, ok := strings.CutPrefix(name, prefix)
	n, err := strconv.Atoi(text)
	if !ok || err != nil {
		return -1
	}
	return n + before
}
