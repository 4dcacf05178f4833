package ui

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"hvdeck/backend"
	"hvdeck/theme"
)

// seen is the frame of a size as the operator reads it.
func seen(t *testing.T, m *Model, w, h int) []string {
	t.Helper()
	m.w, m.h = w, h
	lines := m.frame()
	if len(lines) != h {
		t.Fatalf("%d lines of %d", len(lines), h)
	}
	for i := range lines {
		lines[i] = ansi.Strip(lines[i])
	}
	return lines
}

// A note is read whole at 80 columns; it lies over what is above.
func TestALongNoteIsReadWhole(t *testing.T) {
	m := bare(t)
	text := "the audit log can't be written: no space left on device; operations go on without a record, make room or make it writable: /var/lib/some/where/audit.jsonl"
	m.say(theme.StateWarn, text)
	lines := seen(t, m, 80, 24)
	words := strings.Join(strings.Fields(strings.Join(lines[21:], " ")), " ")
	if !strings.Contains(words, text) {
		t.Errorf("the foot says %q", words)
	}
	m.say(theme.StateWarn, strings.Repeat("endless ", 200))
	if lines := seen(t, m, 80, 24); !strings.Contains(lines[24-noteLines], "endless") || strings.Contains(lines[24-noteLines-1], "endless") {
		t.Errorf("an endless note takes\n%s", strings.Join(lines, "\n"))
	}
}

// The way to every key is named also where there is no room for the rest.
func TestHelpIsNamedAtEveryWidth(t *testing.T) {
	m := bare(t)
	for _, w := range []int{minWidth, 60, 80, 120} {
		for slot := range slotCount {
			m.focusOn(slot)
			lines := seen(t, m, w, 24)
			if foot := lines[23]; !strings.Contains(foot, "? help") || !strings.Contains(foot, ": command") {
				t.Errorf("at %d the foot of pane %d is %q", w, slot+1, foot)
			}
		}
	}
}

// A file that can't be written stays in sight until it can.
func TestAFileThatIsNotWrittenStaysInTheHeader(t *testing.T) {
	m := bare(t)
	tell := func(file string, again bool) string {
		m.tell(fmt.Errorf("told: %w", backend.FileNotice{File: file, Written: again, Err: errors.New("why")}))
		return seen(t, m, 120, 24)[0]
	}
	if head := tell("audit log", false); !strings.Contains(head, "not written: audit log ") {
		t.Errorf("the header is %q", head)
	}
	if head := tell("trace", false); !strings.Contains(head, "not written: audit log, trace ") {
		t.Errorf("the header is %q", head)
	}
	if head := tell("audit log", true); !strings.Contains(head, "not written: trace ") {
		t.Errorf("the header is %q", head)
	}
	if head := tell("trace", true); strings.Contains(head, "not written") {
		t.Errorf("the header is %q", head)
	}
}
