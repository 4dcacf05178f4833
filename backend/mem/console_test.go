package mem_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
)

// readUntil gathers what a console prints until words come or it ends.
func readUntil(con io.Reader, words string) (string, error) {
	var all bytes.Buffer
	buf := make([]byte, 256)
	for !strings.Contains(all.String(), words) {
		n, err := con.Read(buf)
		all.Write(buf[:n])
		if err != nil {
			return all.String(), err
		}
	}
	return all.String(), nil
}

func TestConsole(t *testing.T) {
	h := mem.New(mem.Config{ID: "kvm1", Seed: 1, Now: time.Now, Specs: []mem.VMSpec{
		{Name: "on", State: backend.PowerOn}, {Name: "off", State: backend.PowerOff},
	}})
	b, err := h.Dialer().Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	opener := b.(backend.ConsoleOpener)
	open := func(name, device string, force bool) (io.ReadWriteCloser, error) {
		return opener.OpenConsole(t.Context(), h.VM(name), device, force)
	}
	con, err := open("on", "", false)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(con, "\recho hi-there\r")
	if got, err := readUntil(con, "\nhi-there\r\n"); err != nil {
		t.Errorf("%q: %v", got, err)
	}
	for _, tt := range []struct {
		name, device string
		class        backend.Class
	}{{"on", "", backend.ClassBusy}, {"on", "serial9", backend.ClassConflict}, {"off", "", backend.ClassConflict}, {"gone", "", backend.ClassNotFound}} {
		if _, err := open(tt.name, tt.device, false); backend.ClassOf(err) != tt.class {
			t.Errorf("%s %s: %v", tt.name, tt.device, err)
		}
	}
	second, err := open("on", "serial0", true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readUntil(con, "never"); !errors.Is(err, io.EOF) {
		t.Errorf("taken over, the first reads %v", err)
	}
	h.SetPower(h.VM("on"), backend.PowerOff, "")
	if _, err := readUntil(second, "never"); !errors.Is(err, io.EOF) {
		t.Errorf("without its VM it reads %v", err)
	}
	h.SetPower(h.VM("on"), backend.PowerOn, "")
	third, err := open("on", "", false)
	if err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	if _, err := readUntil(third, "never"); backend.ClassOf(err) != backend.ClassUnreachable {
		t.Errorf("without its connection it reads %v", err)
	}
}
