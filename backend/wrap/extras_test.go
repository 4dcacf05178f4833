package wrap

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend"
)

// consoles is a backend that hands out tickets and cancels tasks.
type consoles struct {
	backend.Backend
	asked     int
	cancelled []string
}

const ticket = "52a1c3f0-ticket"

func (c *consoles) RemoteConsole(context.Context, backend.Ref) (*backend.RemoteConsole, error) {
	c.asked++
	return &backend.RemoteConsole{Address: "esx-01:443", Ticket: backend.Hide([]byte("wss://esx-01:443/ticket/" + ticket))}, nil
}

func (c *consoles) CancelTask(_ context.Context, key string) error {
	c.cancelled = append(c.cancelled, key)
	if key == "task-2" {
		return backend.Refuse(backend.ClassUnsupported, "cancel task", key, "the server can't cancel this task")
	}
	return nil
}

// extras finds what screens would find, through all layers.
func extras(t *testing.T, b backend.Backend) (backend.RemoteConsoler, backend.TaskCanceller) {
	t.Helper()
	r, okR := backend.As[backend.RemoteConsoler](b)
	c, okC := backend.As[backend.TaskCanceller](b)
	if !okR || !okC {
		t.Fatal("the layers hide what the driver can do")
	}
	return r, c
}

func TestReadOnlyGivesNoTicketAndCancelsNothing(t *testing.T) {
	_, b := open(t)
	inner := &consoles{Backend: b}
	r, c := extras(t, ReadOnly(inner))
	if con, err := r.RemoteConsole(t.Context(), backend.Ref{}); con != nil || backend.ClassOf(err) != backend.ClassDenied {
		t.Errorf("%v, %v", con, err)
	}
	if err := c.CancelTask(t.Context(), "task-1"); backend.ClassOf(err) != backend.ClassDenied {
		t.Errorf("%v", err)
	}
	if inner.asked != 0 || inner.cancelled != nil {
		t.Errorf("the server was asked: %+v", inner)
	}
}

func TestAuditRecordsTicketsAndCancelsWithoutTheSecret(t *testing.T) {
	h, b := open(t)
	path := filepath.Join(t.TempDir(), "audit.log")
	l := NewLog(path, func(err error) { t.Error(err) }, nil)
	r, c := extras(t, Audit(&consoles{Backend: b}, l, func(backend.Ref) string { return "web-01" }))
	if con, err := r.RemoteConsole(t.Context(), h.VM("web-01")); err != nil || !strings.Contains(string(con.Ticket.Reveal()), ticket) {
		t.Fatalf("%v, %v", con, err)
	}
	if err := c.CancelTask(t.Context(), "task-1"); err != nil {
		t.Fatal(err)
	}
	if err := c.CancelTask(t.Context(), "task-2"); backend.ClassOf(err) != backend.ClassUnsupported {
		t.Fatal(err)
	}
	closeLog(t, l)
	var got []string
	for _, rec := range records(t, path) {
		got = append(got, rec.Operation+" "+rec.Result)
	}
	want := "get console ticket started,get console ticket success,cancel task started,cancel task success,cancel task started,cancel task error"
	if strings.Join(got, ",") != want {
		t.Errorf("records: %v", got)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), ticket) || !strings.Contains(string(text), `"task":"task-1"`) {
		t.Errorf("the log: %s", text)
	}
}

func TestExtrasOfABackendWithoutThem(t *testing.T) {
	_, b := open(t)
	l := NewLog(filepath.Join(t.TempDir(), "audit.log"), func(err error) { t.Error(err) }, nil)
	defer closeLog(t, l)
	r, c := extras(t, Audit(b, l, func(backend.Ref) string { return "" }))
	if _, err := r.RemoteConsole(t.Context(), backend.Ref{}); backend.ClassOf(err) != backend.ClassUnsupported {
		t.Errorf("%v", err)
	}
	if err := c.CancelTask(t.Context(), "task-1"); backend.ClassOf(err) != backend.ClassUnsupported {
		t.Errorf("%v", err)
	}
}
