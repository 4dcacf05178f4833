package vsphere

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

// mute is a line on which nothing passes from the answer to this call on, and nobody is
// told.
func mute(call string) lab.Fault {
	return from(call, func([]byte) ([][]byte, bool) { return nil, true })
}

// cutAt is a line that breaks with the answer to this call.
func cutAt(call string) lab.Fault {
	return from(call, func([]byte) ([][]byte, bool) { return nil, false })
}

// from is a line that is bad from the answer to a call on. The call itself, which may come
// in several pieces, gets to the server as a whole: it answers nothing less.
func from(call string, bad func([]byte) ([][]byte, bool)) lab.Fault {
	var sent, gone atomic.Bool
	return func(w lab.Way, piece []byte) ([][]byte, bool) {
		switch {
		case w == lab.ToServer && bytes.Contains(piece, []byte(call)):
			sent.Store(true)
		case w == lab.ToClient && sent.Load():
			gone.Store(true)
		}
		if gone.Load() {
			return bad(piece)
		}
		return [][]byte{piece}, true
	}
}

// TestLineFaults: the network goes, with and without a word, while an operation is sent.
func TestLineFaults(t *testing.T) { //nolint:tparallel // a simulator has to be started before
	v := desk.Vcenter(t, "-host", "1", "-standalone", "-1", "-vm", "6")
	for i, c := range []struct {
		name  string
		fault lab.Fault
	}{
		{"silent", mute("<PowerOffVM_Task ")},
		{"cut", cutAt("<PowerOffVM_Task ")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := lab.StartLine(t, "tcp", v.Addr())
			b := open(t, v, "http://user-"+c.name+"@"+l.Addr()+"/sdk", vmName(i)).ready()
			l.Set(c.fault)
			b.powerOff()
			b.names("vc reconnecting")
			b.prompt()
			v.Govc("vm.power", "-suspend", vmName(3+i))
			l.Set(nil)
			b.back()
			b.doneOnce()
			b.nothingLeft()
		})
	}
}

// TestLateLine: a line that is only slow is no fault, and nothing of it is called one.
func TestLateLine(t *testing.T) {
	v := desk.Vcenter(t, "-host", "1", "-standalone", "-1", "-vm", "3")
	t.Parallel()
	l := lab.StartLine(t, "tcp", v.Addr())
	b := open(t, v, "http://user-late@"+l.Addr()+"/sdk", vmName(0)).ready()
	l.Set(lab.Late(400 * time.Millisecond))
	b.powerOff()
	b.Pane("VMs").WaitFor(desk.Row(b.vm, "off"), 20*time.Second)
	b.prompt()
	b.Reject("reconnecting")
	l.Set(nil)
	b.doneOnce()
	b.nothingLeft()
}
