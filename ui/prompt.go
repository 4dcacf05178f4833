package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/ui/form"
	"hvdeck/ui/overlay"
)

// Asker puts the questions of dialling connections on the screen, one after the
// other. It is made before the program, and given it by Attach.
type Asker struct {
	program atomic.Pointer[tea.Program]
	ready   chan struct{}
	next    atomic.Int64
}

// NewAsker makes an Asker; what is asked before Attach waits for it.
func NewAsker() *Asker { return &Asker{ready: make(chan struct{})} }

// Attach says which program shows the questions.
func (a *Asker) Attach(p *tea.Program) {
	if a.program.CompareAndSwap(nil, p) {
		close(a.ready)
	}
}

var errDeclined = errors.New("the question was declined")

// Ask implements backend.Asker.
func (a *Asker) Ask(ctx context.Context, p backend.Prompt) (string, error) {
	select {
	case <-a.ready:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	id := int(a.next.Add(1))
	answer := make(chan promptAnswer, 1)
	prog := a.program.Load()
	prog.Send(promptMsg{id: id, prompt: p, answer: answer})
	select {
	case got := <-answer:
		return got.text, got.err
	case <-ctx.Done():
		prog.Send(promptGoneMsg{id})
		return "", ctx.Err()
	}
}

type promptAnswer struct {
	text string
	err  error
}

// promptMsg is a question that somebody waits for.
type promptMsg struct {
	id     int
	prompt backend.Prompt
	answer chan promptAnswer
}

// promptGoneMsg says that nobody waits any more.
type promptGoneMsg struct{ id int }

// queuePrompt shows the question now, or after the box that is open.
func (m *Model) queuePrompt(p promptMsg) {
	m.prompts = append(m.prompts, p)
	m.nextPrompt()
}

func (m *Model) nextPrompt() {
	if len(m.overlays) > 0 || len(m.prompts) == 0 {
		return
	}
	p := m.prompts[0]
	m.prompts = m.prompts[1:]
	if len(p.prompt.Choices) > 0 {
		m.showChoices(p)
		return
	}
	m.showInput(p)
}

func (m *Model) dropPrompt(gone promptGoneMsg) {
	kept := m.prompts[:0]
	for _, p := range m.prompts {
		if p.id != gone.id {
			kept = append(kept, p)
		}
	}
	m.prompts = kept
	for _, o := range m.overlays {
		if o.prompt == gone.id {
			m.closeOverlay(o.box)
			return
		}
	}
}

// promptTitle says whether others wait behind this question.
func (m *Model) promptTitle(p promptMsg) string {
	title := clean.Line(p.prompt.Title)
	if n := len(m.prompts); n > 0 {
		title += fmt.Sprintf(" (%d more after this)", n)
	}
	return title
}

// asksYou reports whether a connection waits for an answer of the operator.
func (m *Model) asksYou(id backend.ConnID) bool {
	return slices.ContainsFunc(m.prompts, func(p promptMsg) bool { return p.prompt.Conn == id }) ||
		slices.ContainsFunc(m.overlays, func(o overlayEntry) bool { return o.prompt != 0 && o.conn == id })
}

// showInput asks for text; a secret is masked and goes nowhere but to the one who asked.
func (m *Model) showInput(p promptMsg) {
	k, label := form.Text, "Answer"
	if p.prompt.Secret {
		k, label = form.Secret, "Password"
	}
	box := form.New(m.promptTitle(p), []form.Field{{Key: "answer", Label: label, Hint: clean.Text(p.prompt.Text), Kind: k, Required: true}})
	quiet := overlay.NewGrace(time.Now) // keys under way are not the password
	m.overlays = append(m.overlays, overlayEntry{box: box, prompt: p.id, conn: p.prompt.Conn, onPaste: box.Paste, update: func(key tea.KeyPressMsg) (bool, tea.Cmd) {
		if quiet.Swallow() {
			return false, nil
		}
		switch box.Update(key) {
		case form.Submitted:
			p.answer <- promptAnswer{text: box.Values()["answer"]}
			return true, nil
		case form.Cancelled:
			p.answer <- promptAnswer{err: errDeclined}
			return true, nil
		default:
			return false, nil
		}
	}})
}

// showChoices shows what has to be known and the answers; the first, safe one has
// the focus, and esc is it.
func (m *Model) showChoices(p promptMsg) {
	box := overlay.NewAsk(m.promptTitle(p), clean.Text(p.prompt.Text), choiceItems(p.prompt.Choices)).Async()
	m.overlays = append(m.overlays, overlayEntry{box: box, prompt: p.id, conn: p.prompt.Conn, update: func(key tea.KeyPressMsg) (bool, tea.Cmd) {
		switch box.Update(key) {
		case overlay.Chosen:
			i, _ := box.Choice()
			p.answer <- promptAnswer{text: p.prompt.Choices[i].Key}
			return true, nil
		case overlay.Cancelled:
			p.answer <- promptAnswer{text: p.prompt.Choices[0].Key}
			return true, nil
		default:
			return false, nil
		}
	}})
}

func choiceItems(choices []backend.Choice) []overlay.MenuItem {
	items := make([]overlay.MenuItem, len(choices))
	for i, c := range choices {
		// No keys of their own: a pane's digit under way must not answer.
		items[i] = overlay.MenuItem{Title: clean.Line(c.Label)}
	}
	return items
}

// declinePrompts answers whoever still waits when the program ends.
func (m *Model) declinePrompts() {
	for _, p := range m.prompts {
		p.answer <- promptAnswer{err: errDeclined}
	}
	m.prompts = nil
}
