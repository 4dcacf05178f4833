package soak

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hvdeck/ui/uitest"
)

const (
	// patience is how long anything may take on a machine that does other work, too.
	patience = 20 * time.Second
	// noted is longer than a note stands where the keys are told of.
	noted = 9 * time.Second
	// answer is how soon a key has to be answered, less what the machine let the program
	// and the terminal wait.
	answer = time.Second
)

// keys presses keys at the operator's pace and looks at the frame after each.
func (s *Soak) keys(names ...string) {
	s.t.Helper()
	for _, k := range names {
		s.trail.add(k)
		s.Press(k)
		s.rest()
	}
}

// typed types text.
func (s *Soak) typed(text string) {
	s.t.Helper()
	s.trail.add(fmt.Sprintf("%q", text))
	for _, r := range text {
		s.Type(string(r))
		time.Sleep(s.plan.Pace / 4)
	}
	s.rest()
}

// rest is the operator's pause; what is on the screen then has to be a whole frame.
func (s *Soak) rest() {
	s.t.Helper()
	time.Sleep(s.plan.Pace)
	s.frame()
}

// frame waits for a whole frame: one is broken only while a new size is on its way. A
// console and a terminal lent to an editor have none.
func (s *Soak) frame() {
	s.t.Helper()
	if !s.Running() {
		s.fatal("the program has ended")
	}
	var why error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		w, h := s.Size()
		if w < 60 || h < 16 || !s.Mode(1049) {
			return
		}
		lines := s.Lines()
		if inConsole(lines) {
			return
		}
		if why = whole(lines, w); why == nil {
			return
		}
	}
	s.fatal("the frame is broken: %v", why)
}

// atHome says whether the panes have the keys: one is there, by its number, and menus can
// be opened, which a box on top does not let.
func atHome(lines []string) bool {
	return strings.Contains(lines[len(lines)-1], "x every action") &&
		slices.ContainsFunc(lines, func(l string) bool {
			title, pane := strings.CutPrefix(l, "╭ ")
			return pane && title[0] >= '0' && title[0] <= '9' && title[1] == ' '
		})
}

// inReview says whether a draft is open, which no esc may lose.
func inReview(lines []string) bool {
	if strings.Contains(lines[len(lines)-1], " D discard ") {
		return true // its head may be scrolled off
	}
	return slices.ContainsFunc(lines[:min(4, len(lines))], func(l string) bool { return strings.Contains(l, " D discards") })
}

// inWizard says whether a wizard is open, which takes letters as answers.
func inWizard(lines []string) bool {
	return slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "ctrl-c quit") })
}

// giveUp leaves what an operator has to confirm to lose; the question may be there already.
func (s *Soak) giveUp(key, question string) {
	asked := func(lines []string) bool { return strings.Contains(strings.Join(lines, "\n"), question) }
	if !asked(s.Lines()) {
		s.Press(key)
	}
	if s.saw(asked, patience) {
		time.Sleep(uitest.Grace)
		s.Press("y")
	}
}

// home closes whatever is open: esc gets an operator out of everything but a console.
// What is on the screen may be older than the keys that were pressed; so the line of the
// filter is opened, a sign typed that means nothing elsewhere, and looked for: what was
// pressed before has then been done.
func (s *Soak) home() {
	s.t.Helper()
	s.trail.add("home")
	limit := 6 * time.Second
	for try := range 12 {
		if inConsole(s.Lines()) {
			s.leaveConsole()
		}
		if inReview(s.Lines()) {
			s.giveUp("D", "Discard the text?")
		}
		if inWizard(s.Lines()) {
			s.giveUp("ctrl+c", "Quit the ")
		}
		sign := string([]rune("¤§¶£")[try%4])
		typed := func(lines []string) bool { return strings.HasPrefix(lines[len(lines)-1], " /"+sign) }
		s.Press("esc", "esc")
		time.Sleep(uitest.Grace)
		s.Press("esc", "_", "_", "2", "/").Type(sign)
		if !s.saw(typed, limit) {
			continue
		}
		s.Press("esc")
		if s.saw(func(lines []string) bool { return !typed(lines) }, patience) && s.saw(atHome, noted) {
			s.frame()
			return
		}
	}
	s.fatal("esc did not lead back to the panes")
}

// inConsole says whether a guest has the keys.
func inConsole(lines []string) bool { return len(lines) > 1 && strings.HasPrefix(lines[1], "─ ") }

// leaveConsole closes it by its menu. The key of the menu again goes to the guest, so it
// is waited for.
func (s *Soak) leaveConsole() {
	s.t.Helper()
	menu := func(lines []string) bool { return strings.Contains(lines[len(lines)-1], "l leave  c close") }
	if !s.saw(menu, 50*time.Millisecond) {
		s.Press("ctrl+]")
	}
	if s.saw(menu, 3*time.Second) {
		s.Press("c")
		s.saw(func(lines []string) bool { return !inConsole(lines) }, 3*time.Second)
	}
}

// saw waits for a screen as long as it may take.
func (s *Soak) saw(cond func(lines []string) bool, limit time.Duration) bool {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		if cond(s.Lines()) {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// vms are the names in sight in the list of VMs, and where the cursor is among them; -1
// where it is not. found is false when the list is not in sight or says that it has more.
func vms(lines []string) (names []string, at int, found bool) {
	at = -1
	in, none := false, false
	for _, l := range lines {
		if in && strings.HasPrefix(l, "╰") {
			break
		}
		if strings.HasPrefix(l, "╭ 2 VMs ") {
			title, _, _ := strings.Cut(l, "╮")
			in, none = true, strings.HasSuffix(title, "─ 0 ") || strings.Contains(title, "─ 0 of ")
		}
		l = strings.TrimPrefix(l, "│")
		f := strings.Fields(strings.TrimLeft(l, "❯◈› "))
		if !in || len(f) < 3 || strings.HasPrefix(f[0], "NAME") || strings.HasPrefix(l, "╭") {
			continue
		}
		if strings.HasPrefix(l, "❯") || strings.HasPrefix(l, "◈") {
			at = len(names)
		}
		names = append(names, f[1])
	}
	return names, at, in && (none || at >= 0)
}

// probe measures how soon the cursor in the list of VMs answers, and looks whether there
// is one. A box that came by itself may have the key once.
func (s *Soak) probe() {
	s.t.Helper()
	if s.moves() {
		return
	}
	s.lost++
	s.home()
	if !s.moves() {
		s.fatal("a key was not answered twice")
	}
}

// moves presses a key that moves the cursor, and says whether it did.
func (s *Soak) moves() bool {
	s.t.Helper()
	var was []string
	at := -1
	s.WaitUntil("a cursor in the list of VMs", func(lines []string) (found bool) {
		was, at, found = vms(lines)
		return found
	}, patience)
	if len(was) < 2 {
		return true
	}
	key := "j"
	if at == len(was)-1 || at > 0 && s.random.IntN(2) == 0 {
		key = "k"
	}
	s.trail.add("probe", key)
	moved := func(lines []string) bool {
		now, place, found := vms(lines)
		return found && (place != at || place >= 0 && now[place] != was[at])
	}
	return s.timed(key, moved)
}

// timed presses a key and measures until its answer; false when there is none.
func (s *Soak) timed(key string, answered func(lines []string) bool) bool {
	s.t.Helper()
	before := uitest.WaitsOf(s.Pid())
	began := time.Now()
	s.Press(key)
	if !s.saw(answered, patience) {
		return false
	}
	took := time.Since(began)
	s.answers.Times = append(s.answers.Times, took)
	if own := uitest.Own(took, uitest.Waited(before, uitest.WaitsOf(s.Pid()))); own > answer {
		s.fatal("%s was answered after %v, of which the machine kept the program for %v", key, took, took-own)
	}
	return true
}

// question says whether one is open whose harmless answer has the focus.
func question(lines []string) bool {
	return slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "Cancel ]") })
}

// size changes the terminal's.
func (s *Soak) size(z uitest.Size) {
	s.trail.add(fmt.Sprintf("%dx%d", z.W, z.H))
	s.Resize(z.W, z.H)
	s.rest()
}
