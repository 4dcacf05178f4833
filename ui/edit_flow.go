package ui

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/task"
	"hvdeck/theme"
	"hvdeck/ui/edit"
)

// draft is a definition that an operator works on. It may hold passwords: it stands in
// memory only, and in a file while the editor runs.
type draft struct {
	kind      backend.Kind
	under     backend.Ref
	object    backend.Ref // zero for a new one
	transient bool
	name      string // of the object, in full; for a new one what it comes under
	file      string // what its file is called after

	before  string // what the server had when this began; "" for a new one
	text    string
	trouble string // why it came back: shown, and put over the text in the editor
	wrong   bool   // it can't be applied as it is
	note    string // from when on it counts
}

func (d *draft) isNew() bool { return d.object.IsZero() }

// conn is the connection that it goes to.
func (d *draft) conn() backend.ConnID { return d.under.Conn }

// words say what applying it does.
func (d *draft) words() string {
	where := string(d.conn())
	if d.under.Kind != backend.KindHost {
		where = d.name + " on " + where
	}
	switch {
	case d.transient:
		return "create a transient " + d.kind.String() + " on " + where
	case d.isNew():
		return "define a new " + d.kind.String() + " on " + where
	default:
		return "change the definition of " + d.kind.String() + " " + d.name + " on " + string(d.conn())
	}
}

// editDefinition opens the definition of what is under the cursor in the operator's
// editor; on a changed one, that one again.
func (m *Model) editDefinition() tea.Cmd {
	if m.opening {
		return nil // pressed twice
	}
	if s, ok := m.screen().(*reviewScreen); ok {
		return m.runEditor(s.draft)
	}
	o := m.cursor()
	if o == nil {
		m.say(theme.StateWarn, "edit: nothing is under the cursor")
		return nil
	}
	if why := m.whyNoEdit(o); why != "" {
		m.say(theme.StateWarn, "edit "+o.Title()+": "+why)
		return nil
	}
	r := o.Ref()
	d := &draft{kind: r.Kind, object: r, under: m.ownerOf(o), name: m.fullName(o), file: o.Title(), note: countsFrom(o)}
	m.opening = true
	asked := m.here()
	m.say(theme.StateBusy, "reading the definition of "+d.name)
	return direct(m, "definition", r.Conn, func(ctx context.Context, b backend.Backend) (string, error) {
		return definition(ctx, b, r)
	}, func(text string, err error) tea.Cmd {
		d.before, d.text = text, text
		return m.beginDraft(asked, d, err)
	})
}

// whyNoEdit is "" where an object's definition can be edited.
func (m *Model) whyNoEdit(o backend.Object) string {
	k := o.Ref().Kind
	switch {
	case edit.Root(k) == "":
		return "a " + k.String() + " has no definition that could be edited"
	case k == backend.KindVolume:
		return "the definition of a volume can't be changed once it is there"
	default:
		return m.capsNow(o.Ref().Conn).Why(backend.VerbFor(k, backend.ActDefine))
	}
}

// ownerOf is what a definition of an object comes under.
func (m *Model) ownerOf(o backend.Object) backend.Ref {
	if owner := o.Owner(); !owner.IsZero() {
		return owner
	}
	if h := m.hostOf(o); h != nil {
		return h.Ref()
	}
	return backend.Ref{Conn: o.Ref().Conn, Kind: backend.KindHost}
}

// countsFrom says from when on a change counts, where that is not at once.
func countsFrom(o backend.Object) string {
	const next = "It runs: what is changed counts from its next start."
	switch o := o.(type) {
	case *backend.VM:
		if o.State == backend.PowerSaved {
			return "Its memory is saved: the next start goes on as it was, without what is changed."
		}
		if o.State.Running() {
			return next
		}
	case *backend.Pool:
		if o.State == backend.PoolRunning {
			return next
		}
	case *backend.Network:
		if o.Active {
			return next
		}
	case *backend.Interface:
		if o.Active {
			return next
		}
	}
	return ""
}

// beginDraft goes on with what a server has given to begin with.
func (m *Model) beginDraft(asked spot, d *draft, err error) tea.Cmd {
	m.opening = false
	if err != nil {
		m.messageArrived(asked, "Can't "+d.words(), errorWords(err))
		return nil
	}
	if !m.still(asked) {
		m.say(theme.StateWarn, d.name+": its definition has come; begin again to edit it")
		return nil
	}
	return m.runEditor(d)
}

// runEditor opens a draft in the operator's editor.
func (m *Model) runEditor(d *draft) tea.Cmd {
	m.opening = true
	name, text := d.file, edit.WithComment(d.text, d.trouble)
	return m.aside("prepare the editor", func() func() tea.Cmd {
		words, err := edit.Command(os.Getenv)
		var f *edit.File
		if err == nil {
			f, err = m.edits.New(os.Getenv("XDG_RUNTIME_DIR"), name, text)
		}
		return func() tea.Cmd {
			if err != nil {
				m.opening = false
				m.message("Can't start the editor", errorWords(err), theme.StateBad)
				return nil
			}
			return m.execEditor(d, words, f)
		}
	})
}

// editorGrace is how long an editor may take to end when the program has to.
const editorGrace = time.Second

// execEditor gives the terminal to the editor. The file is gone when it has ended.
func (m *Model) execEditor(d *draft, words []string, f *edit.File) tea.Cmd {
	c := exec.CommandContext(m.lifetime(), words[0], append(words[1:], f.Path())...) //nolint:gosec // the operator's own editor
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = editorGrace
	if m.o.Terminal != nil {
		c.Stdin, c.Stdout = m.o.Terminal.Files()
	}
	m.o.Away(true)
	m.lend(true)
	return m.o.Exec(c, func(err error) tea.Msg {
		m.o.Away(false)
		m.lend(false)
		defer f.Remove()
		text, unread := f.Read()
		return directMsg{func() tea.Cmd { m.edited(d, text, err, unread); return nil }}
	})
}

// edited takes what the editor has left.
func (m *Model) edited(d *draft, text string, failed, unread error) {
	m.opening = false
	text = edit.WithoutComment(text)
	same := strings.TrimRight(text, "\n") == strings.TrimRight(d.before, "\n")
	switch {
	case unread != nil:
		m.giveBack(d, "The editor has left no text that can be read: "+unread.Error(), d.wrong)
	case failed != nil && same:
		m.closeReview(d)
		m.message("Nothing was changed", "The editor ended with an error: "+failed.Error(), theme.StateBad)
	case failed != nil:
		d.text = text
		m.giveBack(d, "The editor ended with an error ("+failed.Error()+"); nothing was done with this text.", edit.Check(text, d.kind) != nil)
	case same && !d.isNew():
		m.closeReview(d)
		m.say(theme.StateOK, d.name+": nothing was changed, nothing was done")
	case text == d.text && d.trouble != "":
		m.showReview(d) // as it was
	default:
		d.text = text
		m.checkDraft(d)
	}
}

// checkDraft shows a text with what is wrong with it before a server is asked.
func (m *Model) checkDraft(d *draft) {
	if err := edit.Check(d.text, d.kind); err != nil {
		m.giveBack(d, "This can't be applied: "+err.Error(), true)
		return
	}
	m.giveBack(d, "", false)
}

// giveBack shows a draft with why it comes back.
func (m *Model) giveBack(d *draft, trouble string, wrong bool) {
	d.trouble, d.wrong = trouble, wrong
	m.showReview(d)
}

// tellDefined says what has become of definitions on their way; what was refused comes
// back with the server's words.
func (m *Model) tellDefined() {
	for id, d := range m.defining {
		t, ok := m.tasks.Get(id)
		if ok && !t.Done() {
			continue
		}
		delete(m.defining, id)
		switch {
		case ok && t.State == backend.TaskSuccess:
			m.say(theme.StateOK, strings.TrimSpace("done: "+d.words()+". "+d.note))
		case ok:
			m.giveBack(d, refusedWords(t), false)
		default:
			m.giveBack(d, "What became of this is not known: the task is gone.", false)
		}
	}
}

func refusedWords(t task.Task) string {
	if t.State == backend.TaskCancelled {
		return "It was cancelled; nothing was done."
	}
	return failureText(t)
}
