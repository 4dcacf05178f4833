package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

	"golang.org/x/sys/unix"
)

// askpassScript is run by ssh for every question. It hands the question over through
// one named pipe and reads the answer from another.
const askpassScript = `#!/bin/sh
[ "$SSH_ASKPASS_PROMPT" = none ] && exit 0
printf '%s\0' "$1" >"$HVDECK_ASKPASS/question" || exit 1
IFS= read -r answer <"$HVDECK_ASKPASS/answer" || exit 1
printf '%s\n' "$answer"
`

func layAskpass(dir string) error {
	for _, name := range []string{"question", "answer"} {
		if err := unix.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "askpass"), []byte(askpassScript), 0o700) //nolint:gosec // it has to be run
}

func (s *sshTransport) environment() []string {
	env := append(os.Environ(), "SSH_ASKPASS="+filepath.Join(s.dir, "askpass"), "SSH_ASKPASS_REQUIRE=force",
		"HVDECK_ASKPASS="+s.dir, "LC_ALL=C")
	if os.Getenv("DISPLAY") == "" { // older ssh asks only with a display
		env = append(env, "DISPLAY=:")
	}
	return env
}

// login answers ssh's questions until the far end is ready.
func (s *sshTransport) login(ctx context.Context, p *sshProcess) error {
	// Opened for both directions, so that neither end waits for the other to open.
	questions, err := os.OpenFile(filepath.Join(s.dir, "question"), os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { _ = questions.Close() }()
	answers, err := os.OpenFile(filepath.Join(s.dir, "answer"), os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { _ = answers.Close() }()
	ready := make(chan error, 1)
	guard.Go("ssh login", func(err error) { ready <- err }, func() { ready <- awaitReady(p) })
	asked := make(chan string)
	done := make(chan struct{})
	defer close(done)
	alive, over := context.WithCancel(ctx)
	defer over()
	guard.Go("ssh life", nil, func() { endsWith(p, done, over) })
	guard.Go("ssh questions", nil, func() { readQuestions(questions, asked, done) })
	idle := time.NewTimer(sshIdle)
	defer idle.Stop()
	for {
		select {
		case err := <-ready:
			if err == nil {
				return nil
			}
			p.ended(time.Second)
			return s.loginFailed(p, err)
		case q := <-asked:
			answer, err := s.put(alive, q)
			if err != nil && alive.Err() != nil && ctx.Err() == nil {
				return s.loginFailed(p, errors.New("while it asked "+strings.TrimSpace(q)))
			}
			if err != nil {
				return s.declined(q, err)
			}
			if _, err := answers.WriteString(strings.ReplaceAll(answer, "\n", "") + "\n"); err != nil {
				return err
			}
			idle.Reset(sshIdle)
		case <-idle.C:
			return &backend.Error{Class: backend.ClassUnreachable, Message: fmt.Sprintf("ssh did not log in within %v", sshIdle)}
		case <-ctx.Done():
			return ended(ctx.Err())
		}
	}
}

// endsWith calls over when ssh ends: its question is nobody's then.
func endsWith(p *sshProcess, done <-chan struct{}, over func()) {
	select {
	case <-p.exited:
		over()
	case <-done:
	}
}

// put asks the operator one question of ssh.
func (s *sshTransport) put(ctx context.Context, q string) (string, error) {
	if s.ask == nil {
		return "", errors.New("nobody can be asked")
	}
	return s.ask.Ask(ctx, s.prompt(q))
}

// awaitReady reads up to the line that announces the daemon; what a login shell
// writes before is skipped.
func awaitReady(p *sshProcess) error {
	var line []byte
	one := make([]byte, 1)
	for range 256 << 10 {
		if _, err := p.Read(one); err != nil {
			return err
		}
		if one[0] != '\n' {
			line = append(line, one[0])
			continue
		}
		if string(bytes.TrimSpace(line)) == sshReady {
			return nil
		}
		line = line[:0]
	}
	return fmt.Errorf("the far end writes something else: %.200q", line)
}

// readQuestions hands on the questions of the askpass script until the pipe is closed.
func readQuestions(pipe *os.File, asked chan<- string, done <-chan struct{}) {
	var text []byte
	chunk := make([]byte, 4096)
	for {
		n, err := pipe.Read(chunk)
		if err != nil {
			return
		}
		text = append(text, chunk[:n]...)
		for {
			q, rest, whole := bytes.Cut(text, []byte{0})
			if !whole {
				break
			}
			text = rest
			select {
			case asked <- string(q):
			case <-done:
				return
			}
		}
	}
}

// isTrustQuestion tells the question about an unknown host key.
func isTrustQuestion(q string) bool { return strings.Contains(q, "(yes/no") }

// prompt words a question of ssh for the operator.
func (s *sshTransport) prompt(q string) backend.Prompt {
	p := backend.Prompt{Conn: s.id, Title: "ssh to " + s.who(), Text: strings.TrimSpace(q), Secret: true}
	switch {
	case isTrustQuestion(q):
		p.Title, p.Secret = "Unknown host key of "+s.target.Host, false
		p.Choices = []backend.Choice{{Key: "no", Label: "Do not connect"}, {Key: "yes", Label: "Trust and remember"}}
	case strings.Contains(q, "passphrase"):
		p.Title = "Passphrase for " + s.who()
	case strings.Contains(strings.ToLower(q), "password"):
		p.Title = "Password for " + s.who()
	}
	return p
}

// declined is the error when the operator does not answer.
func (s *sshTransport) declined(q string, err error) error {
	if isTrustQuestion(q) {
		return &backend.Error{Class: backend.ClassUntrusted, Err: err,
			Message: fmt.Sprintf("the host key of %s is unknown and was not accepted: %s", s.target.Host, strings.TrimSpace(q)),
			Remedy:  "compare the fingerprint, then connect again, or accept it with: ssh " + s.who()}
	}
	return &backend.Error{Class: backend.ClassDenied, Err: err,
		Message: fmt.Sprintf("ssh asked %q and got no answer", strings.TrimSpace(q)),
		Remedy:  "give ssh a key it can use without a question, for instance with ssh-agent"}
}

// loginFailed says why ssh ended before it was logged in.
func (s *sshTransport) loginFailed(p *sshProcess, err error) error {
	if why := s.failure(p); why != nil {
		return why
	}
	return &backend.Error{Class: backend.ClassUnreachable, Message: "ssh ended: " + err.Error(), Err: err}
}

// ended is the error when the dialling was given up.
func ended(err error) error {
	e := &backend.Error{Class: backend.ClassOf(err), Doing: "connect", Message: "no answer in time", Err: err}
	if e.Class == backend.ClassCancelled {
		e.Message = "cancelled"
	}
	return e
}
