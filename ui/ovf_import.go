package ui

import (
	"slices"
	"strings"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/task"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/form"
	"hvdeck/ui/overlay"
	"hvdeck/ui/wizard"
)

// The import of an OVF is a wizard: pages over the screen, each with what it asks for.
// All that reads a file or asks a server runs aside, and what it finds comes to the page
// that waits for it; what nobody waits for any more is dropped. Nothing is made at a
// server before the task, which the last page starts.

// ovfAnswers are what the operator has said. They outlive a failure; secrets don't.
type ovfAnswers struct {
	conn   backend.ConnID
	source string
	pages  map[string]form.Values // by page
	// accepted is how many licences have been.
	accepted int
	option   string
	// properties are those that were changed, by key; a password is in secrets.
	properties map[string]string
	secrets    map[string]backend.Hidden
}

func newOVFAnswers(conn backend.ConnID) ovfAnswers {
	return ovfAnswers{conn: conn, pages: map[string]form.Values{}, properties: map[string]string{}, secrets: map[string]backend.Hidden{}}
}

// page are the answers of a page; never nil.
func (a ovfAnswers) page(name string) form.Values {
	if v := a.pages[name]; v != nil {
		return v
	}
	return form.Values{}
}

// ovfImport is an import that is being put together.
type ovfImport struct {
	m       *Model
	box     *wizard.Box
	answers ovfAnswers
	typed   bool // something that would be lost
	read    *ovfRead
	steps   []ovfStep
	at      int
	// waiting is what runs aside; what is from another one is dropped.
	waiting *ovfWait
	verdict ovfVerdict
	names   vmNames
}

// ovfImports are the imports on their way, and the answers of one that failed.
type ovfImports struct {
	running map[task.ID]*ovfAnswers
	kept    *ovfAnswers
	listing atomic.Bool // a folder is being read, to complete a path
}

func ovfActions() []keymap.Action {
	imp := act("ovf.import", "Import OVF or OVA…", "Makes a VM or vApp of a package: what is in it, licence, place, networks, properties, the server's verdict.",
		keymap.Global, "OVF and OVA")
	imp.Menu, imp.Key, imp.Makes, imp.Needs = keymap.MenuNew, "o", backend.KindVM, backend.VerbOVFImport
	return []keymap.Action{imp, exportAction(nil)}
}

// importOVF begins a wizard, or offers the answers of one that failed.
func (m *Model) importOVF() tea.Cmd {
	conns := m.ovfConns()
	if len(conns) == 0 {
		m.say(theme.StateWarn, "import OVF or OVA: "+m.whyNoOVF())
		return nil
	}
	if m.ovf.kept == nil || !slices.Contains(conns, m.ovf.kept.conn) {
		return m.beginOVF(newOVFAnswers(conns[0]))
	}
	kept := *m.ovf.kept
	m.menuOf("Import OVF or OVA", []overlay.MenuItem{
		{Key: "a", Title: "Take up the answers for " + ovfSourceName(kept.source)}, {Key: "n", Title: "Begin anew"},
	}, func(i int) tea.Cmd {
		m.ovf.kept = nil
		if i == 1 {
			kept = newOVFAnswers(conns[0])
		}
		return m.beginOVF(kept)
	})
	return nil
}

// ovfConns are the connections that import, the one of what is under the cursor first.
func (m *Model) ovfConns() []backend.ConnID {
	here := m.place
	if o := m.cursorObject(); o != nil {
		here = o.Ref().Conn
	}
	var out []backend.ConnID
	for _, c := range m.store.Conns() {
		if m.capsNow(c.ID).Why(backend.VerbOVFImport) != "" {
			continue
		}
		if c.ID == here {
			out = slices.Insert(out, 0, c.ID)
			continue
		}
		out = append(out, c.ID)
	}
	return out
}

// ovfPlaces are what an import could come under: the wizard asks on which connection, so
// one that imports is enough. Without any it is what is selected, with its reason.
func (m *Model) ovfPlaces(selected []backend.Object) []backend.Object {
	for _, c := range m.ovfConns() {
		for _, h := range m.store.All(backend.KindHost) {
			if h.Ref().Conn == c {
				return []backend.Object{h}
			}
		}
	}
	return selected
}

func (m *Model) whyNoOVF() string {
	conns := m.store.Conns()
	if len(conns) == 1 {
		return m.capsNow(conns[0].ID).Why(backend.VerbOVFImport)
	}
	return "no connection imports: a vSphere connection that is up and not read-only is needed"
}

func (m *Model) beginOVF(a ovfAnswers) tea.Cmd {
	i := &ovfImport{m: m, answers: a, box: wizard.New("", m.now), typed: a.source != ""}
	i.steps = i.plan()
	i.enter(0, false)
	m.overlays = append(m.overlays, overlayEntry{box: i.box, onPaste: i.paste, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		return false, i.key(k)
	}})
	return nil
}

func (i *ovfImport) paste(text string) {
	i.typed = true
	i.box.Paste(text)
}

// key gives a key to the page and goes where it leads.
func (i *ovfImport) key(k tea.KeyPressMsg) tea.Cmd {
	if k.Text != "" {
		i.typed = true
	}
	switch i.box.Update(k) {
	case wizard.Next:
		i.leave()
		return i.forward()
	case wizard.Back:
		i.leave()
		return i.back()
	case wizard.Quit:
		i.leave()
		i.quit()
	case wizard.Other:
		return i.other()
	case wizard.Stay:
	}
	return nil
}

// back stops waiting, or goes to the page before; from the first one it leads out.
func (i *ovfImport) back() tea.Cmd {
	if i.waiting != nil {
		i.stopWaiting()
		i.enter(i.at, false)
		return nil
	}
	if i.at == 0 {
		i.quit()
		return nil
	}
	i.enter(i.at-1, false)
	return nil
}

// quit asks where something would be lost.
func (i *ovfImport) quit() {
	if !i.typed {
		i.close()
		return
	}
	i.m.confirm(overlay.Question{
		Title: "Quit the import?", Verb: "Quit", Level: overlay.Disruptive,
		Loses: []string{"What you have answered is lost. Nothing was done at a server."},
	}, func() tea.Cmd { i.close(); return nil })
}

// close ends the wizard; passwords that were typed are of no more use.
func (i *ovfImport) close() {
	i.stopWaiting()
	i.answers.forget()
	i.m.closeOverlay(i.box)
}

func (i *ovfImport) title() string {
	out := "Import OVF or OVA on " + string(i.answers.conn)
	if i.answers.source != "" && i.read != nil {
		out += ": " + ovfSourceName(i.answers.source)
	}
	return out
}

// ovfSourceName is the last part of a path or URL.
func ovfSourceName(source string) string {
	source = shownSource(source)
	return source[strings.LastIndexAny(source, "/")+1:]
}
