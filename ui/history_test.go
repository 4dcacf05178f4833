package ui_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/theme"
	"hvdeck/ui/uitest"
)

// The plots of a VM: the spans that the server keeps, a value under a mark, the age.
func TestHistory(t *testing.T) {
	c := shop()
	c.past = pastLoad()
	w := begin(t, scene{})
	c.join(t, w)
	w.Pane("VMs").WaitTitle(" 5 ").Select("web-1")
	w.Press("u").WaitFor("History of web-1 · live [last hour] last day · means of 20 s, as of ")
	w.WaitFor(regexp.MustCompile(`CPU  min 10%  mean \d+%  max 90%`)).WaitFor("Memory").WaitFor("Disk read").WaitFor("ms")
	w.WaitFor(regexp.MustCompile(`│\d\d:\d0`)).WaitFor("100%┤").WaitFor(regexp.MustCompile(`[⠀-⣿]{5}`))
	w.framed()
	w.Press("h").WaitFor(regexp.MustCompile(`CPU at \d\d-\d\d \d\d:\d\d:\d\d  [\d.]+%  min`)).WaitFor(regexp.MustCompile(`Memory at .* 171 MiB  min`))
	w.Press("shift+left", "shift+left", "shift+left", "shift+left", "shift+left", "shift+left", "shift+left", "shift+left", "shift+left", "shift+left").WaitFor("no figure")
	w.Press("esc").WaitGone("no figure").Expect("History of web-1")
	w.Press("]").WaitFor("[last day]").WaitFor("means of 5 min")
	c.mu.Lock()
	c.fail = backend.Refuse(backend.ClassBusy, "read the history of", "web-1", "the statistics are being rolled up")
	c.mu.Unlock()
	w.Press("r").WaitFor("rolled up").WaitFor("asking again failed")
	c.mu.Lock()
	c.fail = nil
	c.mu.Unlock()
	w.Press("r").WaitFor("CPU  min").WaitGone("rolled up")
	w.Press("]").WaitFor("[live]").WaitFor("No figures").Press("q").Pane("VMs").WaitFor("web-1")
}

// Where no server keeps any, the samples that came in here are drawn.
func TestHistoryOfALibvirtHost(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	w.row("web-1", "run")
	w.Press("u").WaitFor("History of web-1 · [live] · as it came in here").WaitFor(regexp.MustCompile(`CPU  min [\d.]+%`)).WaitFor("Memory")
	w.Press("q")
	w.Pane("Storage").WaitFor("default").Focus()
	w.Press("u").WaitFor("history: kvm1 keeps none of a pool")
}

// As many plots as fit, the others are scrolled to; ASCII draws nothing else.
func TestHistorySizes(t *testing.T) {
	for _, size := range []uitest.Size{{W: 80, H: 24}, {W: 40, H: 12}, {W: 200, H: 60}} {
		c := shop()
		c.past = pastLoad()
		w := begin(t, scene{size: size, plain: theme.Options{ASCII: size.H == 24}})
		c.join(t, w)
		w.WaitFor("vc1").Press("2", "b", "/").Type("web-1").Press("enter").WaitFor(" web-1")
		w.Press("u").WaitFor("CPU  min").Press("G").WaitFor("Latency").Press("h").WaitFor("Latency at")
		for _, l := range w.Lines() {
			if size.H == 24 && strings.ContainsFunc(l, func(r rune) bool { return r > '~' }) {
				t.Errorf("%q is not ASCII", l)
			}
		}
		if size.H != 24 {
			w.framed()
		}
	}
}

// The events of an object are those told live and those that the server remembers, each
// once, the newest first; enter shows one in full.
func TestEventsOfAnObject(t *testing.T) {
	c := shop()
	vm, other := c.ref(backend.KindVM, "web-1"), c.ref(backend.KindVM, "db-1")
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	event := func(of backend.Ref, minutes int, text string, s backend.Severity) backend.Event {
		return backend.Event{At: at.Add(time.Duration(minutes) * time.Minute), Conn: c.id, Object: of, Name: of.ID, Text: text, User: "eve", Severity: s}
	}
	c.events = []backend.Event{
		event(vm, 30, "third: told twice", backend.SeverityInfo), event(vm, 20, "second: a disk is slow", backend.SeverityWarning),
		event(vm, 10, "first: it failed\nwith a line more", backend.SeverityError), event(other, 5, "of another", backend.SeverityInfo),
	}
	w := begin(t, scene{})
	c.join(t, w)
	w.Pane("VMs").WaitTitle(" 5 ").Select("web-1")
	live := c.events[0]
	live.At = live.At.Add(300 * time.Millisecond)
	c.news <- backend.Happened{Event: live}
	c.news <- backend.Happened{Event: event(other, 31, "elsewhere", backend.SeverityInfo)}
	c.news <- backend.Happened{Event: event(vm, 40, "fourth: only live", backend.SeverityInfo)}
	w.Press(":").Type("events of this").Press("enter").WaitFor("Every event [Events of web-1]").WaitFor("with the server's as of")
	w.WaitFor(regexp.MustCompile(`(?s)fourth.*third.*▲.*warning.*second.*✗.*error.*first`)).Reject("another").Reject("elsewhere").Expect("  4, with")
	if n := strings.Count(w.Text(), "third: told twice"); n != 1 {
		t.Errorf("an event is shown %d times", n)
	}
	w.Press("G", "enter").WaitFor("with a line more").WaitFor("eve").Press("esc").WaitGone("with a line more\n")
	w.Press("/").Type("warning").Press("enter").WaitGone("third").Expect("second")
	w.Press("]").WaitFor("[Every event]").WaitFor("elsewhere").Press("q")
	w.Press("ctrl+e").WaitFor("[Every event] Events of web-1").Press("q")

	c.mu.Lock()
	c.fail = errors.New("the event log is gone")
	c.mu.Unlock()
	w.Press(":").Type("events of this").Press("enter").WaitFor("the event log is gone").Press("esc").WaitFor("since hvdeck was started").Expect("fourth")
}

// What is in a host is also told of the host.
func TestEventsOfAPlace(t *testing.T) {
	c := shop()
	w := begin(t, scene{})
	c.join(t, w)
	w.Pane("VMs").WaitTitle(" 5 ")
	for i, of := range []string{"web-1", "mail-1"} {
		c.news <- backend.Happened{Event: backend.Event{At: time.Now(), Conn: c.id, Object: c.ref(backend.KindVM, of), Name: of, Text: fmt.Sprintf("thing %d", i)}}
	}
	w.Press("b", "]", "/").Type("C0").Press("enter").WaitFor(regexp.MustCompile(`❯.*C0`))
	w.Press(":").Type("events of this").Press("enter").WaitFor("thing 0").Reject("thing 1").Expect("[Events of C0]")
}
