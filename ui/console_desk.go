package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/console"
	"hvdeck/ui/kind"
)

// consoleState is what stands between the operator and a guest's serial line.
type consoleState uint8

const (
	consoleOpening consoleState = iota
	consoleOn
	consoleWaiting // for the guest, the VM or the connection; goes on by itself
	consoleClosed  // until the operator does something
)

// consoleSettled is how long a console has to last before losing it is news: one that
// breaks off at once is tried again more and more rarely.
const consoleSettled = 10 * time.Second

// consoleTries is how often a console that was lost is asked for again when another
// session has it. It is not waited for: that one may be somebody's for the day.
const consoleTries = 4

// guestConsole is a serial console that is open, in sight or not. What was seen stays
// while it is not connected.
type guestConsole struct {
	vm      backend.Ref
	name    string
	device  string // "" is the first
	term    *console.Terminal
	session *console.Session // nil while not connected
	state   consoleState
	why     string

	since    time.Time // of the session
	attempt  int       // to open it; only the latest counts
	tries    int       // in vain, in a row
	next     time.Time // not tried again before
	timer    bool      // next is being waited for
	watching bool      // its changes are being waited for
	drawn    time.Time
	gone     bool // closed by the operator
	forget   func() bool
}

// consoleMsg says that a console shows something new, or that its session is over.
type consoleMsg struct {
	c    *guestConsole
	s    *console.Session
	over bool
}

// consoleTickMsg comes when a console may be tried again.
type consoleTickMsg struct{ c *guestConsole }

// openConsole shows the serial console of the VM under the cursor; one that is open
// already is taken up again.
func (m *Model) openConsole() tea.Cmd {
	vm, ok := m.cursorObject().(*backend.VM)
	if !ok {
		m.say(theme.StateWarn, "console: put the cursor on a VM")
		return nil
	}
	if why := m.capsNow(vm.ID.Conn).Why(backend.VerbConsole); why != "" {
		m.say(theme.StateWarn, "console of "+vm.Name+": "+why)
		return nil
	}
	var devices []string
	if d := m.store.Detail(vm.ID); d != nil && d.VM != nil {
		devices = d.VM.Consoles
	}
	if len(devices) < 2 {
		return m.showConsole(vm, "")
	}
	return m.chooseDevice(vm, devices)
}

func (m *Model) chooseDevice(vm *backend.VM, devices []string) tea.Cmd {
	items := make([]menuItem, len(devices))
	for i, d := range devices {
		items[i] = menuItem{Key: digit(i), Title: d}
	}
	m.menuOf("Console of "+vm.Name, items, func(i int) tea.Cmd {
		device := devices[i]
		if i == 0 {
			device = ""
		}
		return m.showConsole(vm, device)
	})
	return nil
}

// digit is the key of the i-th entry of a menu; "" past the ninth.
func digit(i int) string {
	if i > 8 {
		return ""
	}
	return fmt.Sprint(i + 1)
}

func (m *Model) showConsole(vm *backend.VM, device string) tea.Cmd {
	i := slices.IndexFunc(m.consoles, func(c *guestConsole) bool { return c.vm == vm.ID && c.device == device })
	if i >= 0 {
		c := m.consoles[i]
		cmd := m.lookAt(c)
		if c.state == consoleClosed {
			cmd = tea.Batch(cmd, m.connectConsole(c, false))
		}
		return cmd
	}
	c := &guestConsole{vm: vm.ID, name: vm.Name, device: device, term: console.NewTerminal(80, 24, m.fault)}
	c.forget = context.AfterFunc(m.lifetime(), c.term.Close)
	m.consoles = append(m.consoles, c)
	return tea.Batch(m.lookAt(c), m.connectConsole(c, false))
}

// lookAt puts a console on the screen.
func (m *Model) lookAt(c *guestConsole) tea.Cmd {
	if s, ok := m.screen().(*consoleScreen); ok {
		s.at, s.mode = c, consoleTyping
	} else {
		m.push(&consoleScreen{at: c})
	}
	return m.watchConsole(c)
}

// connectConsole opens the device, off the event loop.
func (m *Model) connectConsole(c *guestConsole, force bool) tea.Cmd {
	if c.state == consoleOn {
		return nil // it has come back by itself meanwhile
	}
	c.state, c.why = consoleOpening, ""
	c.attempt++
	vm, device, attempt := c.vm, c.device, c.attempt
	open := func(ctx context.Context, b backend.Backend) (io.ReadWriteCloser, error) {
		opener, ok := backend.As[backend.ConsoleOpener](b)
		if !ok {
			return nil, backend.Refuse(backend.ClassUnsupported, "open console", "", "not supported by this connection")
		}
		return opener.OpenConsole(ctx, vm, device, force)
	}
	return direct(m, "console", vm.Conn, open, func(con io.ReadWriteCloser, err error) tea.Cmd {
		if attempt != c.attempt {
			return m.closeAside(con) // a later one has taken its place
		}
		return m.consoleOpened(c, con, err)
	})
}

func (m *Model) consoleOpened(c *guestConsole, con io.ReadWriteCloser, err error) tea.Cmd {
	switch {
	case err != nil && !c.gone:
		m.consoleRefused(c, err)
		return nil
	case err != nil:
		return nil
	case c.gone:
		return m.closeAside(con)
	}
	words := "connected; a silent guest answers to enter; " + m.consoleKey("console.menu") + " opens the menu"
	if c.tries > 0 || !c.since.IsZero() {
		words = "connected again"
	}
	c.term.Say(words)
	c.session = console.Start(con, c.term, m.fault)
	c.state, c.why, c.since, c.watching = consoleOn, "", m.now(), false
	s := c.session
	over := func() tea.Msg { <-s.Over(); return consoleMsg{c, s, true} }
	return tea.Batch(over, m.watchConsole(c))
}

// closeAside closes a connection that nobody wants any more, off the event loop.
func (m *Model) closeAside(con io.Closer) tea.Cmd {
	if con == nil {
		return nil
	}
	return m.aside("console", func() func() tea.Cmd { _ = con.Close(); return noMore })
}

func noMore() tea.Cmd { return nil }

// consoleRefused decides whether waiting helps, and says so in the pane, once.
func (m *Model) consoleRefused(c *guestConsole, err error) {
	first := c.tries == 0
	off := backend.ClassOf(err) == backend.ClassConflict && strings.Contains(err.Error(), "not running")
	switch backend.ClassOf(err) {
	case backend.ClassBusy:
		c.state, c.why = consoleClosed, "another session has it"
		if !first && c.tries < consoleTries { // the server may not have freed our own yet
			m.awaitGuest(c, c.why)
		}
	case backend.ClassDenied, backend.ClassUnsupported, backend.ClassInvalid, backend.ClassCancelled, backend.ClassConflict:
		c.state, c.why = consoleClosed, ""
	default:
		m.awaitGuest(c, reason(err))
	}
	switch {
	case off:
		m.awaitGuest(c, "the VM is not running")
		if first {
			c.term.Say("the VM is not running; connects by itself when it does")
		}
	case c.state == consoleClosed:
		c.term.Say("not connected: " + m.withRemedy(err))
	case first:
		c.term.Say("not connected: " + reason(err) + "; tries again by itself")
	}
}

// withRemedy is why a console was refused and what to do.
func (m *Model) withRemedy(err error) string {
	out := reason(err)
	var e *backend.Error
	if errors.As(err, &e) && e.Remedy != "" {
		out += "; " + strings.ReplaceAll(e.Remedy, "\n", " ")
	}
	if backend.ClassOf(err) == backend.ClassBusy {
		out += ": " + m.consoleKey("console.menu") + " " + m.consoleKey("console.force")
	}
	return out + "; enter tries again"
}

// reason is what went wrong without what was being done.
func reason(err error) string {
	var e *backend.Error
	if errors.As(err, &e) && e.Message != "" {
		return strings.ReplaceAll(e.Message, "\n", " ")
	}
	return err.Error()
}

// awaitGuest waits for better times, longer each time in a row.
func (m *Model) awaitGuest(c *guestConsole, why string) {
	c.state, c.why = consoleWaiting, why
	c.next = m.now().Add(min(time.Second<<min(c.tries, 5), 30*time.Second))
	c.tries++
}

// consoleEnded takes in that a session is over.
func (m *Model) consoleEnded(msg consoleMsg) {
	c := msg.c
	if c.session != msg.s || c.gone {
		return
	}
	c.session, c.watching = nil, false
	if m.now().Sub(c.since) > consoleSettled {
		c.tries = 0
	}
	err := msg.s.Err()
	if errors.Is(err, io.EOF) {
		m.awaitGuest(c, "the guest hung up")
		c.term.Say("the guest hung up; connects again by itself")
		return
	}
	m.awaitGuest(c, reason(err))
	c.term.Say("the console broke off: " + c.why + "; connects again by itself")
}

// followConsoles connects again what waits, once its VM runs and its connection lives.
func (m *Model) followConsoles() tea.Cmd {
	var cmds []tea.Cmd
	for _, c := range m.consoles {
		if c.state != consoleWaiting {
			continue
		}
		if why := m.guestAway(c); why != "" {
			c.why = why
			continue
		}
		if wait := c.next.Sub(m.now()); wait > 0 {
			if !c.timer {
				c.timer = true
				cmds = append(cmds, tea.Tick(wait, func(time.Time) tea.Msg { return consoleTickMsg{c} }))
			}
			continue
		}
		cmds = append(cmds, m.connectConsole(c, false))
	}
	return tea.Batch(cmds...)
}

// guestAway is why a guest cannot be reached now; "" when it may be.
func (m *Model) guestAway(c *guestConsole) string {
	if conn := m.env.Conn(c.vm.Conn); !conn.Live() {
		return string(c.vm.Conn) + " is " + conn.Phase.String()
	}
	vm, ok := m.store.Object(c.vm).(*backend.VM)
	switch {
	case !ok:
		return "the VM is gone"
	case !vm.State.Running():
		return "the VM is " + vm.State.String()
	default:
		return ""
	}
}

// watchConsole waits for what the console in sight shows next.
func (m *Model) watchConsole(c *guestConsole) tea.Cmd {
	s, ok := m.screen().(*consoleScreen)
	if !ok || s.at != c || c.session == nil || c.watching {
		return nil
	}
	c.watching = true
	session, last := c.session, c.drawn
	return func() tea.Msg {
		session.AwaitChange(last)
		return consoleMsg{c, session, false}
	}
}

// consoleNews shows something new, and waits for more while it is in sight.
func (m *Model) consoleNews(msg consoleMsg) tea.Cmd {
	c := msg.c
	if c.session != msg.s {
		return nil
	}
	c.watching, c.drawn = false, time.Now()
	select {
	case <-msg.s.Over():
		return nil
	default:
		return m.watchConsole(c)
	}
}

// closeConsole ends a console for good.
func (m *Model) closeConsole(c *guestConsole) tea.Cmd {
	c.gone = true
	c.forget()
	m.consoles = slices.DeleteFunc(m.consoles, func(o *guestConsole) bool { return o == c })
	session, term := c.session, c.term
	return m.aside("console", func() func() tea.Cmd {
		if session != nil {
			session.Close()
		}
		term.Close()
		return noMore
	})
}

// typeInto sends bytes to the guest.
func (m *Model) typeInto(c *guestConsole, p []byte) {
	if c.session == nil || len(p) == 0 {
		return
	}
	c.term.Scroll(-1 << 30)
	if err := c.session.Type(p); err != nil {
		m.say(theme.StateWarn, err.Error())
	}
}

// fullName names the VM as it is called now, and its connection.
func (c *guestConsole) fullName(m *Model) string {
	if vm := m.store.Object(c.vm); vm != nil {
		c.name = vm.Title()
	}
	return c.name + " on " + string(c.vm.Conn)
}

// deviceName is the device as the server calls it.
func (c *guestConsole) deviceName(m *Model) string {
	if c.device != "" {
		return c.device
	}
	if d := m.store.Detail(c.vm); d != nil && d.VM != nil && len(d.VM.Consoles) > 0 {
		return d.VM.Consoles[0]
	}
	return "serial"
}

// stateWords say how it stands.
func (c *guestConsole) stateWords() string {
	switch c.state {
	case consoleOpening:
		return "connecting…"
	case consoleWaiting:
		return "waiting: " + c.why
	case consoleClosed:
		if c.why != "" {
			return "not connected: " + c.why
		}
		return "not connected"
	case consoleOn:
	}
	if n := c.session.Unsent(); n > 4096 {
		return fmt.Sprintf("sending, %s left", kind.Bytes(float64(n)))
	}
	return "connected"
}
