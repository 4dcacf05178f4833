package console

import (
	"io"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"hvdeck/backend/guard"
)

const (
	// chunk is how much goes to the emulator at once: it bounds what scrolls off
	// between two looks at it, and how long a letter with many marks can become.
	chunk = 256
	// spill is how many lines the emulator keeps until they are taken from it.
	spill = 512
	// mostTimes bounds the counts of sequences that repeat something; no screen is
	// larger, and the emulator would count to two thousand million.
	mostTimes = 9999
)

// emulator is one vt.Emulator with what it must not do taken out. reply gets what it
// answers to the guest's questions; it must not block.
func newEmulator(w, h int, reply func([]byte), fault func(error)) *vt.Emulator {
	e := vt.NewEmulator(w, h)
	e.SetScrollbackSize(spill)
	muzzle(e)
	guard.Go("console answers", fault, func() {
		buf := make([]byte, 256)
		for {
			n, err := e.Read(buf)
			if n > 0 {
				reply(append([]byte(nil), buf[:n]...))
			}
			if err != nil {
				return
			}
		}
	})
	return e
}

// discard ends an emulator's goroutine. Its own Close is not safe beside Read.
func discard(e *vt.Emulator) {
	if p, ok := e.InputPipe().(io.Closer); ok {
		_ = p.Close()
	}
}

// muzzle swallows what is no business of a guest on a serial line: window titles,
// folders, links, colours of the terminal itself, the clipboard; and counts and modes
// that nothing honest asks for.
func muzzle(e *vt.Emulator) {
	for _, cmd := range []int{0, 1, 2, 4, 7, 8, 9, 10, 11, 12, 52, 104, 110, 111, 112, 777} {
		e.RegisterOscHandler(cmd, func([]byte) bool { return true })
	}
	for _, final := range []byte("@ABCDEFILMPSTXZabe") {
		e.RegisterCsiHandler(int(final), func(p ansi.Params) bool {
			n, _, _ := p.Param(0, 1)
			return n > mostTimes || n < 0
		})
	}
	oddMode := func(p ansi.Params) bool {
		for i := range p {
			if n, _, _ := p.Param(i, 0); n > mostTimes || n < 0 || n == ansi.ModeInBandResize.Mode() {
				return true
			}
		}
		return false
	}
	for _, cmd := range []int{'h', 'l', ansi.Command('?', 0, 'h'), ansi.Command('?', 0, 'l')} {
		e.RegisterCsiHandler(cmd, oddMode)
	}
	// A guest that takes its screen for larger than it is, as many do on a serial line, sets
	// margins beyond it; terminals end them at the edge, the emulator would run over it.
	e.RegisterCsiHandler('r', endingAt(e.Height))
	e.RegisterCsiHandler('s', endingAt(e.Width))
}

// endingAt ends the second parameter of a sequence at a limit, and leaves the rest to others.
func endingAt(limit func() int) vt.CsiHandler {
	return func(p ansi.Params) bool {
		if n, _, ok := p.Param(1, 0); ok && n > limit() {
			p[1] = ansi.Param(limit())
		}
		return false
	}
}
