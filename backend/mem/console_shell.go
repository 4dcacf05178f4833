package mem

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// shell is a made-up shell on a guest's serial line: it echoes, edits by backspace and
// knows a handful of commands. It is not safe for concurrent use.
type shell struct {
	host, guest string
	up          func() time.Duration
	line        []byte
	greeted     bool
	escape      bool // in the middle of the sequence of a key it does not know
}

// typed takes keys and gives what is printed, and whether the guest reboots.
func (s *shell) typed(keys []byte) (out []byte, reboot bool) {
	var b strings.Builder
	if !s.greeted {
		s.greeted = true
		if len(keys) == 0 || keys[0] == '\r' { // a key woke it up
			keys = keys[min(len(keys), 1):]
		}
		fmt.Fprintf(&b, "\r\n%s %s ttyS0\r\n\r\n%s", s.guest, s.host, s.prompt())
	}
	for _, k := range keys {
		if s.key(k, &b) {
			return []byte(b.String()), true
		}
	}
	return []byte(b.String()), false
}

func (s *shell) prompt() string { return "\x1b[1;32mroot@" + s.host + "\x1b[0m:\x1b[1;34m~\x1b[0m# " }

// key takes one byte and reports whether it made the guest reboot.
func (s *shell) key(k byte, b *strings.Builder) bool {
	switch {
	case s.escape:
		s.escape = k < '@' || k == '[' || k == 'O'
	case k == 0x1b:
		s.escape = true
	case k == '\r' || k == '\n':
		b.WriteString("\r\n")
		reboot := s.run(strings.TrimSpace(string(s.line)), b)
		s.line = s.line[:0]
		if !reboot {
			b.WriteString(s.prompt())
		}
		return reboot
	case k == 0x7f || k == 0x08:
		if len(s.line) > 0 {
			_, n := utf8.DecodeLastRune(s.line)
			s.line = s.line[:len(s.line)-n]
			b.WriteString("\b \b")
		}
	case k == 0x03:
		s.line = s.line[:0]
		b.WriteString("^C\r\n" + s.prompt())
	case k == 0x0c:
		b.WriteString("\x1b[H\x1b[2J" + s.prompt() + string(s.line))
	case k < ' ':
		b.WriteString("^" + string(rune(k+'@')))
	case len(s.line) < 4096:
		s.line = append(s.line, k)
		b.WriteByte(k)
	}
	return false
}

// run carries out a command line.
func (s *shell) run(line string, b *strings.Builder) (reboot bool) {
	name, rest, _ := strings.Cut(line, " ")
	switch name {
	case "":
	case "help":
		b.WriteString("clear, colours, echo, hostname, ls, reboot, seq, stty, uname, uptime\r\n")
	case "echo":
		b.WriteString(rest + "\r\n")
	case "hostname":
		b.WriteString(s.host + "\r\n")
	case "uname":
		b.WriteString("Linux " + s.host + " 6.12.0 x86_64 GNU/Linux\r\n")
	case "uptime":
		fmt.Fprintf(b, " up %s, 1 user, load average: 0.08, 0.03, 0.01\r\n", s.up().Round(time.Second))
	case "ls":
		b.WriteString("\x1b[1;34mbin\x1b[0m  \x1b[1;34metc\x1b[0m  notes.txt  \x1b[1;32mbackup.sh\x1b[0m\r\n")
	case "colours":
		for i := range 8 {
			fmt.Fprintf(b, "\x1b[3%dm█ %d \x1b[1;9%dm█\x1b[0m ", i, i, i)
		}
		b.WriteString("漢字 ü ─┼─\r\n")
	case "seq":
		n := 0
		_, _ = fmt.Sscan(rest, &n)
		for i := range min(n, 100_000) {
			fmt.Fprintf(b, "%d\r\n", i+1)
		}
	case "clear":
		b.WriteString("\x1b[H\x1b[2J")
	case "stty":
	case "reboot":
		b.WriteString("The system is going down for reboot.\r\n")
		return true
	default:
		b.WriteString(name + ": not found\r\n")
	}
	return false
}
