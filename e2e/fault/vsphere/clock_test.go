package vsphere

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

var moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`)

// shifted moves every moment in a message.
func shifted(text []byte, by time.Duration) []byte {
	return moment.ReplaceAllFunc(text, func(m []byte) []byte {
		at, err := time.Parse(time.RFC3339Nano, string(m))
		if err != nil || at.Year() < 2000 {
			return m
		}
		return []byte(at.Add(by).Format(time.RFC3339Nano))
	})
}

// clock is a server whose clock is off.
func clock(by time.Duration) fault {
	return func(w http.ResponseWriter, r *http.Request, _ string, pass http.Handler) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		body = shifted(body, -by)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		rec := answered(r, pass)
		for k, vs := range rec.Header() {
			w.Header()[k] = vs
		}
		out := shifted(rec.Body.Bytes(), by)
		w.Header().Set("Content-Length", strconv.Itoa(len(out)))
		w.WriteHeader(rec.Code)
		_, _ = w.Write(out)
	}
}

// TestClockThatIsOff: what has just happened has, by whatever clock the server goes.
func TestClockThatIsOff(t *testing.T) { //nolint:tparallel // a simulator has to be started before
	v := desk.Vcenter(t, "-host", "1", "-standalone", "-1", "-vm", "6", "-task-time", "2s")
	for i, c := range []struct {
		name string
		by   time.Duration
		word string
	}{{"ahead", 24 * time.Hour, "24h0m0s ahead of ours"}, {"behind", -24 * time.Hour, "24h0m0s behind ours"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := startFront(t, v.Addr(), false)
			f.Set(clock(c.by))
			b := open(t, v, f.URI("user-"+c.name), vmName(i)).ready()
			today := time.Now().Format(time.DateOnly)
			b.Pane("Overview").WaitFor(regexp.MustCompile(`Up +\d+[sm], since ` + today))
			b.Menu("s", "snapshot: "+b.vm, "c")
			b.WaitFor("Create snapshot").Type("fresh").Press("enter")
			b.Pane("Snapshots").WaitFor(regexp.MustCompile(`fresh .*\s\d+s `), 20*time.Second)
			v.Govc("vm.power", "-suspend", vmName(3+i)) // a task of another, for a second
			b.Pane("VMs").WaitFor(desk.Row(vmName(3+i), "sus"))
			b.Pane("Tasks").WaitFor(regexp.MustCompile(`suspend .*success +0:0\d`))
			b.Reject(regexp.MustCompile(`\s-\d+[:smhd]`))
			b.Press("ctrl+e").WaitFor(regexp.MustCompile(`(?s)Events.*suspended`))
			text := b.Text()
			for _, off := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
				if day := time.Now().Add(off).Format(time.DateOnly); regexp.MustCompile(day + `.*suspended`).MatchString(text) {
					t.Errorf("an event of today is of %s:\n%s", day, text)
				}
			}
			b.Press("esc").Pane("VMs").WaitTitle(" 6 ")
			b.Pane("VMs").Focus()
			b.press()
			b.prompt()
			b.judge()
			b.story(c.word)
			b.Reject("reconnecting")
		})
	}
}
