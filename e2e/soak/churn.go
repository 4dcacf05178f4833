package soak

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"hvdeck/backend/guard"
)

// churn is another actor at a server, with a random choice of its own. Who has its turn
// has the server for himself; everything here is for that one only.
type churn struct {
	turn   chan struct{} // holds something while somebody has it
	random *rand.Rand
	made   int
	trail  trail
	serial int                 // of names
	known  map[string][]string // names of what it made, by kind
	shells map[string]*shell
	uri    func(driver string) string
	fault  time.Time // the next one
}

func newChurn(seed, stream uint64) *churn {
	return &churn{
		turn: make(chan struct{}, 1), random: rand.New(rand.NewPCG(seed, stream)),
		known: map[string][]string{}, shells: map[string]*shell{},
	}
}

// change is a thing that another actor does.
type change struct {
	weight int
	do     func()
}

// one makes a change chosen by weight, in the churn's turn.
func (c *churn) one(of []change) {
	sum := 0
	for _, o := range of {
		sum += o.weight
	}
	n := c.random.IntN(sum)
	for _, o := range of {
		if n -= o.weight; n < 0 {
			c.made++
			o.do()
			return
		}
	}
}

// begin notes a change that is now made.
func (c *churn) begin(words ...string) {
	c.trail.begin(time.Now().Format("15:04:05 ") + strings.Join(words, " "))
}

// fresh is a name that nothing has.
func (c *churn) fresh(prefix string) string {
	c.serial++
	return fmt.Sprintf("%s%03d", prefix, c.serial)
}

// any is one of what was made of a kind; "" when there is nothing.
func (c *churn) any(kind string) string {
	all := c.known[kind]
	if len(all) == 0 {
		return ""
	}
	return all[c.random.IntN(len(all))]
}

func (c *churn) has(kind, name string) { c.known[kind] = append(c.known[kind], name) }

func (c *churn) gone(kind, name string) {
	var left []string
	for _, n := range c.known[kind] {
		if n != name {
			left = append(left, n)
		}
	}
	c.known[kind] = left
}

// take waits for the turn; false when stop came first.
func (c *churn) take(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return false
	case c.turn <- struct{}{}:
		return true
	}
}

// taken takes the turn when nobody has it.
func (c *churn) taken() bool {
	select {
	case c.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

func (c *churn) give() { <-c.turn }

// startChurn lets both servers change until the function returned is called. Each waits
// as long again as planned between two changes, half of that at least.
func (s *Soak) startChurn() func() {
	stop := make(chan struct{})
	var done sync.WaitGroup
	for _, part := range []struct {
		c  *churn
		do func(*churn)
	}{{s.virsh, s.changeLibvirt}, {s.govc, s.changeVsphere}} {
		part.c.fault = time.Now().Add(s.plan.Fault / 2)
		done.Add(1)
		guard.Go("churn", func(err error) { s.t.Error(err) }, func() {
			defer done.Done()
			for part.c.take(stop) {
				part.do(part.c)
				pause := time.Duration((0.5 + part.c.random.Float64()) * float64(s.plan.Churn))
				part.c.give()
				select {
				case <-stop:
					return
				case <-time.After(pause):
				}
			}
		})
	}
	var once sync.Once
	end := func() { once.Do(func() { close(stop); done.Wait() }) }
	s.t.Cleanup(end)
	return end
}

// shell is a virsh that stays: one process for many commands.
type shell struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	n   int
}

func openShell(uri string) (*shell, error) {
	s := &shell{cmd: exec.Command("virsh", "-q", "-c", uri)} //nolint:noctx,gosec // lives as long as the test, which closes it
	s.cmd.Env = append(os.Environ(), "LC_ALL=C")
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.cmd.Stderr = s.cmd.Stdout
	s.in, s.out = in, bufio.NewReader(out)
	return s, s.cmd.Start()
}

func (s *shell) close() {
	_ = s.in.Close()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// run gives a command's output. What follows it is no command: virsh writes out what it
// has to say when it complains of something, and not before.
func (s *shell) run(command string) (string, error) {
	s.n++
	mark := fmt.Sprintf("@@%d@@", s.n)
	watchdog := time.AfterFunc(time.Minute, func() { _ = s.cmd.Process.Kill() })
	defer watchdog.Stop()
	if _, err := fmt.Fprintf(s.in, "%s\n%s\n", command, mark); err != nil {
		return "", err
	}
	var out strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			return out.String(), fmt.Errorf("virsh %s: %w: %s", command, err, out.String())
		}
		line = strings.TrimSuffix(line, "\n")
		if line == "error: unknown command: '"+mark+"'" {
			break
		}
		if !strings.HasPrefix(line, "virsh # ") {
			out.WriteString(line + "\n")
		}
	}
	if strings.Contains(out.String(), "error: ") {
		return out.String(), fmt.Errorf("virsh %s: %s", command, out.String())
	}
	return out.String(), nil
}

// virsh runs a command on a driver; a client that fell over is replaced.
func (c *churn) virsh(driver, command string) (string, error) {
	sh := c.shells[driver]
	if sh == nil {
		var err error
		if sh, err = openShell(c.uri(driver)); err != nil {
			return "", err
		}
		c.shells[driver] = sh
	}
	out, err := sh.run(command)
	if err != nil && !strings.Contains(out, "error: ") {
		sh.close()
		delete(c.shells, driver)
	}
	return out, err
}

// do is virsh for a change: what the server refuses is no fault of the program's.
func (c *churn) do(driver, command string) bool {
	c.begin(driver + ": " + command)
	_, err := c.virsh(driver, command)
	if err != nil {
		c.trail.add("-", firstLine(err.Error()))
	}
	return err == nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
