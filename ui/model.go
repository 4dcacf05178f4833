package ui

import (
	"context"
	"os/exec"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/backend/task"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/edit"
	"hvdeck/ui/kind"
	"hvdeck/ui/pager"
	"hvdeck/ui/tty"
)

// Poller is what the console asks of the polling layer.
type Poller interface {
	SetInterest(poll.Interest)
	Refresh(backend.ConnID)
	Redial(backend.ConnID)
	// Backend is the live connection, or why there is none: for what is asked directly
	// and kept nowhere. See direct.go.
	Backend(backend.ConnID) (backend.Backend, error)
}

// Options wire a Model.
type Options struct {
	Store  *store.Store
	Tasks  *task.Runner
	Poller Poller
	// Keys replace the keys of actions, by action name.
	Keys map[string][]string
	// Theme loads the theme for a dark or a light background; Dark is what to
	// assume until the terminal has said.
	Theme func(dark bool) (*theme.Theme, error)
	Dark  bool
	Demo  bool
	Now   func() time.Time
	// Fault takes panics that were recovered; it must not block.
	Fault func(error)
	// Columns chooses the columns of a kind by its name ("vms"): their keys, in order.
	Columns map[string][]string
	// Notice is shown at the foot at first; "" for none.
	Notice string
	// Tells brings warnings for the foot, from elsewhere in the program; may be nil. Files
	// that can't be written (backend.FileNotice) stay in the header until they can.
	Tells <-chan error
	// Help is shown instead of an inventory when there is no connection at all.
	Help string
	// Away hears that another program, an editor, has the terminal, and that it has it
	// no longer; may be nil.
	Away func(bool)
	// Terminal is where the operator sits; nil: what Bubble Tea finds.
	Terminal *tty.Terminal
	// Exec runs a program in the foreground; nil: tea.ExecProcess.
	Exec func(*exec.Cmd, tea.ExecCallback) tea.Cmd
}

// Model is the root: the only one that Bubble Tea knows.
type Model struct {
	o     Options
	store *store.Store
	tasks *task.Runner
	now   func() time.Time
	// program is set once it runs; fault may be called before.
	program atomic.Pointer[tea.Program]

	env   *kind.Env
	specs *kind.Registry
	reg   *keymap.Registry

	w, h  int
	slots []*slot
	focus int // slot, or focusDetails
	last  int // slot that had the focus before the details
	zoom  int
	wide  bool
	// scopeAll shows storage and networks of every connection.
	scopeAll bool

	tasksList *tasksList
	unwritten []string // files of ours that can't be written now
	screens   []screen
	overlays  []overlayEntry
	prompts   []promptMsg
	termDark  bool // what the terminal said of its background

	shown        backend.Ref // what the details show
	rest         rest
	place        backend.ConnID // whose storage and networks are shown
	detailTab    int
	detailScroll scroll
	filtering    *filterLine
	backs        int // how often the operator went back

	revs      store.Revs
	questions questions
	interest  poll.Interest
	started   map[task.ID]startMsg // own tasks whose failure is to be told
	keyed     time.Time            // when a key was pressed last
	batches   map[task.BatchID]string
	note      note
	ticking   bool
	history   []string // of the palette
	alarms    *alarmsKnown
	consoles  []*guestConsole

	life     context.Context //nolint:containedctx // set by Run, before the program begins
	edits    edit.Files
	opening  bool               // an editor is about to get the terminal
	defining map[task.ID]*draft // definitions on their way to a server
	ovf      ovfImports
}

// note is a line at the foot, for a while.
type note struct {
	text  string
	tok   theme.Token
	until time.Time
}

// New makes the model; the error is a mistake in the owner's keys or theme.
func New(o Options) (*Model, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Fault == nil {
		o.Fault = func(error) {}
	}
	if o.Away == nil {
		o.Away = func(bool) {}
	}
	if o.Exec == nil {
		o.Exec = tea.ExecProcess
	}
	th, err := o.Theme(o.Dark)
	if err != nil {
		return nil, err
	}
	env := kind.NewEnv(o.Store, th)
	m := &Model{
		o: o, store: o.Store, tasks: o.Tasks, now: o.Now, termDark: o.Dark,
		env: env, specs: kind.All(env), focus: slotVMs, last: slotVMs, started: map[task.ID]startMsg{}, batches: map[task.BatchID]string{},
		defining: map[task.ID]*draft{}, ovf: ovfImports{running: map[task.ID]*ovfAnswers{}},
	}
	env.Busy = m.busyWith
	env.Refresh(o.Now())
	if m.reg, err = NewRegistry(m.specs, o.Keys); err != nil {
		return nil, err
	}
	m.tasksList = newTasksList(m)
	m.slots = newSlots(m)
	if err := m.applyColumns(); err != nil {
		return nil, err
	}
	if o.Notice != "" {
		m.say(theme.StateWarn, o.Notice)
	}
	if o.Help != "" {
		m.push(&textScreen{name: "hvdeck", Pager: pager.New(pager.Plain(o.Help))})
	}
	return m, nil
}

// Registry is every action, for the documentation.
func (m *Model) Registry() *keymap.Registry { return m.reg }

// Init implements the start of Bubble Tea: the terminal is asked for its
// background and for synchronized output, and nothing waits for the answers.
func (m *Model) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, requestSync())
}

// ChangedMsg says that the store has changed.
type ChangedMsg struct{}

// FaultMsg carries a panic that was recovered somewhere.
type FaultMsg struct{ Err error }

// tickMsg comes once a second while something on the screen ages.
type tickMsg struct{}

func (m *Model) say(tok theme.Token, text string) {
	m.note = note{text: text, tok: tok, until: m.now().Add(8 * time.Second)}
}

// fault takes a recovered panic, from any goroutine: to the log and to the foot.
func (m *Model) fault(err error) {
	m.o.Fault(err)
	if p := m.program.Load(); p != nil {
		guard.Go("fault notice", nil, func() { p.Send(FaultMsg{err}) })
	}
}
