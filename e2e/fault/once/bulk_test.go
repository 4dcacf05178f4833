package once

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"hvdeck/backend/lab"
	"hvdeck/backend/wrap"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// half loses the link in the middle of many operations: from the n-th answer on none
// arrives, and when as many requests as go at once have reached the server it breaks.
type half struct {
	line *lab.FrameLine
	at   int

	mu       sync.Mutex
	reached  map[string]int // by the domain in the request
	answers  int
	silent   bool
	down     bool
	finished bool // mended
}

func (h *half) frame(f lab.Frame) ([][]byte, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	on := [][]byte{f.Bytes}
	destroy := f.Procedure == procDestroy
	switch {
	case h.finished:
	case h.down:
		return nil, false
	case destroy && f.Way == lab.ToServer && f.Kind == lab.FrameCall:
		h.reached[string(f.Bytes[28:])]++
	case destroy && f.Way == lab.ToClient && f.Kind == lab.FrameReply:
		if h.answers++; h.answers < h.at {
			return on, true
		}
		h.silent = true
		if h.answers == len(h.reached) { // all that are under way
			h.down = true
			h.line.Cut()
		}
		return nil, true
	}
	return on, true
}

func (h *half) mend() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.finished = true
}

func (h *half) broken() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.down
}

func TestALinkThatBreaksInTheMiddleOfTwenty(t *testing.T) {
	t.Parallel()
	const many = 20
	l := lab.StartLibvirtd(t)
	line := lab.StartFrameLine(t, l)
	h := &half{line: line, at: 8, reached: map[string]int{}}
	// The test driver forgets its VMs when the last connection closes: one stays beside.
	keep := desk.Start(t, desk.Setup{Config: desk.Connection("keep", l.URI("test"))})
	keep.Pane("VMs").WaitFor(desk.Row("test", "run"))
	for i := range many {
		name := fmt.Sprintf("node%02d", i)
		l.Define("test", fmt.Sprintf(`<domain type='test'><name>%s</name><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>`, name))
		l.VirshOn("test", "start", name)
	}
	c := desk.Start(t, desk.Setup{Config: desk.Connection("lab", line.URI("test")), Size: uitest.Size{W: 140, H: 100}})
	vms := c.Pane("VMs").WaitTitle(" 21 ").WaitFor(desk.Row("node19", "run"))
	vms.Focus()
	c.Press("/").Type("node").Press("enter")
	vms.WaitTitle("20 of 21")
	c.Press("*")
	vms.WaitTitle("20 marked")
	line.SetFrames(h.frame)
	c.Menu("p", "power: 20 VMs", "f")
	c.Yes("Power off, hard: 20 VMs?")
	desk.Eventually(t, noticed, "the link to break", h.broken)
	c.WaitFor("unknown: checking", noticed)
	h.mend()
	c.Press("ctrl+r")
	c.WaitFor(regexp.MustCompile(`● lab `), recovers)

	off := many + 1 - len(strings.Fields(l.VirshOn("test", "list", "--name")))
	// One whose call was lost with the link goes on being looked at: what is told are the others.
	desk.Eventually(t, recovers, strconv.Itoa(off)+" to be told as done", func() bool {
		return successes(c.AuditOf("power off")) >= off
	})
	told := map[string]int{}
	for _, r := range c.AuditOf("power off") {
		if r.Result == "success" {
			told[r.Object]++
		}
	}
	for i := range many {
		name := fmt.Sprintf("node%02d", i)
		state := strings.TrimSpace(l.VirshOn("test", "domstate", name))
		if isOff := state == "shut off"; told[name] != map[bool]int{true: 1, false: 0}[isOff] {
			t.Errorf("%s is %s, and the audit log says %d times that it was powered off", name, state, told[name])
		}
	}
	if off < h.at || off == many || len(h.reached) != off {
		t.Errorf("%d are off, %d requests reached the server", off, len(h.reached))
	}
	for domain, n := range h.reached {
		if n != 1 {
			t.Errorf("%q was powered off %d times", domain, n)
		}
	}
}

// successes counts the records of operations that ended well.
func successes(all []wrap.Record) (n int) {
	for _, r := range all {
		if r.Result == "success" {
			n++
		}
	}
	return n
}
