package console

import (
	"fmt"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// Key is what a guest gets for a key, as a VT220 or xterm sends it; nil for a key that
// has no bytes.
func (t *Terminal) Key(k tea.Key) []byte {
	t.mu.Lock()
	application := t.modes[int(ansi.ModeCursorKeys)]
	t.mu.Unlock()
	return keyBytes(k, application)
}

// Paste is what a guest gets for pasted text: with line ends as typed, and marked as a
// paste when the guest asked for that. An end mark within the text is taken out.
func (t *Terminal) Paste(text string) []byte {
	t.mu.Lock()
	bracketed := t.modes[int(ansi.ModeBracketedPaste)]
	t.mu.Unlock()
	out := make([]byte, 0, len(text)+12)
	for i := range len(text) {
		switch {
		case text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n':
		case text[i] == '\n':
			out = append(out, '\r')
		case bracketed && text[i] == 0x1b:
		default:
			out = append(out, text[i])
		}
	}
	if bracketed {
		out = append(append([]byte(ansi.BracketedPasteStart), out...), ansi.BracketedPasteEnd...)
	}
	return out
}

func keyBytes(k tea.Key, application bool) []byte {
	alt := k.Mod&tea.ModAlt != 0
	if seq := named(k, application); seq != nil {
		if alt && seq[0] != 0x1b {
			seq = append([]byte{0x1b}, seq...)
		}
		return seq
	}
	var out []byte
	switch {
	case k.Mod&tea.ModCtrl != 0:
		c, ok := control(k.Code)
		if !ok {
			return nil
		}
		out = []byte{c}
	case k.Text != "":
		out = []byte(k.Text)
	case k.Code >= ' ' && k.Code < tea.KeyExtended && utf8.ValidRune(k.Code):
		r := k.Code
		if k.Mod&tea.ModShift != 0 && k.ShiftedCode != 0 {
			r = k.ShiftedCode
		} else if k.Mod&tea.ModShift != 0 && r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		out = utf8.AppendRune(nil, r)
	default:
		return nil
	}
	if alt {
		out = append([]byte{0x1b}, out...)
	}
	return out
}

// control is the control character of a letter or sign.
func control(r rune) (byte, bool) {
	switch {
	case r >= 'a' && r <= 'z':
		return byte(r-'a') + 1, true
	case r >= '@' && r <= '_':
		return byte(r - '@'), true
	}
	switch r {
	case ' ', '2':
		return 0, true
	case '3':
		return 0x1b, true
	case '4':
		return 0x1c, true
	case '5':
		return 0x1d, true
	case '6', '~':
		return 0x1e, true
	case '7', '/', '-':
		return 0x1f, true
	case '8', '?':
		return 0x7f, true
	}
	return 0, false
}

// named are the keys that stand for no character.
func named(k tea.Key, application bool) []byte {
	switch k.Code {
	case tea.KeyEnter, tea.KeyKpEnter:
		return []byte{'\r'}
	case tea.KeyTab:
		if k.Mod&tea.ModShift != 0 {
			return []byte("\x1b[Z")
		}
		return []byte{'\t'}
	case tea.KeyBackspace:
		if k.Mod&tea.ModCtrl != 0 {
			return []byte{0x08}
		}
		return []byte{0x7f}
	case tea.KeyEscape:
		return []byte{0x1b}
	}
	if final := cursorFinal(k.Code); final != 0 {
		return letterKey(final, k.Mod, application)
	}
	if n := tildeNumber(k.Code); n != 0 {
		if m := modifier(k.Mod); m > 1 {
			return fmt.Appendf(nil, "\x1b[%d;%d~", n, m)
		}
		return fmt.Appendf(nil, "\x1b[%d~", n)
	}
	if k.Code >= tea.KeyF1 && k.Code <= tea.KeyF4 {
		return letterKey("PQRS"[k.Code-tea.KeyF1], k.Mod, true)
	}
	return nil
}

func letterKey(final byte, mod tea.KeyMod, application bool) []byte {
	if m := modifier(mod); m > 1 {
		return fmt.Appendf(nil, "\x1b[1;%d%c", m, final)
	}
	if application {
		return []byte{0x1b, 'O', final}
	}
	return []byte{0x1b, '[', final}
}

func cursorFinal(code rune) byte {
	switch code {
	case tea.KeyUp:
		return 'A'
	case tea.KeyDown:
		return 'B'
	case tea.KeyRight:
		return 'C'
	case tea.KeyLeft:
		return 'D'
	case tea.KeyHome:
		return 'H'
	case tea.KeyEnd:
		return 'F'
	}
	return 0
}

// tildeNumber is the number in the sequence of an editing or function key.
func tildeNumber(code rune) int {
	switch code {
	case tea.KeyInsert:
		return 2
	case tea.KeyDelete:
		return 3
	case tea.KeyPgUp:
		return 5
	case tea.KeyPgDown:
		return 6
	}
	if code >= tea.KeyF5 && code <= tea.KeyF20 {
		return [...]int{15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34}[code-tea.KeyF5]
	}
	return 0
}

// modifier is xterm's number for the keys held: 1 for none.
func modifier(m tea.KeyMod) int {
	n := 1
	if m&tea.ModShift != 0 {
		n++
	}
	if m&tea.ModAlt != 0 {
		n += 2
	}
	if m&tea.ModCtrl != 0 {
		n += 4
	}
	return n
}
