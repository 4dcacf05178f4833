package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// server is a counterpart in a process of its own.
type server struct {
	cmd   *exec.Cmd
	first string // the first line that it printed
}

// serve starts a counterpart and waits for its first line.
func serve(limit time.Duration, argv ...string) (*server, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd}
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(out).ReadString('\n')
		line <- strings.TrimSpace(text)
	}()
	select {
	case s.first = <-line:
	case <-time.After(limit):
	}
	if s.first == "" {
		s.stop()
		return nil, fmt.Errorf("%s was not ready within %v", filepath.Base(argv[0]), limit)
	}
	return s, nil
}

func (s *server) signal(sig os.Signal) { _ = s.cmd.Process.Signal(sig) }

// stop lets the server clean up after itself.
func (s *server) stop() {
	s.signal(syscall.SIGCONT)
	s.signal(syscall.SIGTERM)
	gone := make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-time.After(20 * time.Second):
		_ = s.cmd.Process.Kill()
	}
}

// vcsim starts a simulated vCenter with n VMs and gives its URL.
func (b *bench) vcsim(n int) (*server, string, error) {
	s, err := serve(time.Minute, filepath.Join(b.dir, "vcsim"), "-l", "127.0.0.1:0", "-vms", fmt.Sprint(n))
	if err != nil {
		return nil, "", err
	}
	return s, strings.TrimPrefix(s.first, "export GOVC_URL="), nil
}

// libvirtd starts a private libvirtd with n domains that are off and gives its URI
// and socket.
func (b *bench) libvirtd(n int) (*server, string, string, error) {
	s, err := serve(4*time.Minute, filepath.Join(b.dir, "libvirtlab"), "up", "--define", fmt.Sprint(n))
	if err != nil {
		return nil, "", "", err
	}
	_, socket, _ := strings.Cut(s.first, "?socket=")
	return s, s.first, socket, nil
}

// once runs a command, at most a minute.
func once(env []string, argv ...string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w: %.300s", err, out)
	}
	return time.Since(began), nil
}

// wall is the median wall time of a command in ms.
func wall(runs int, env []string, argv ...string) (float64, error) {
	var d dist
	for range runs {
		took, err := once(env, argv...)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", argv[0], err)
		}
		d = append(d, ms(took))
	}
	return d.at(50), nil
}
