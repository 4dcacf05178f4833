package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/edit"
	"hvdeck/ui/form"
)

// newDraft begins a new object of the kind in focus; nil when that can't be, which is
// then said.
func (m *Model) newDraft(transient bool) *draft {
	k, under := m.placeOfNew()
	if under == nil {
		return nil
	}
	if why := m.whyNotNew(k, under, transient); why != "" {
		m.say(theme.StateWarn, "new "+k.String()+": "+why)
		return nil
	}
	d := &draft{kind: k, under: under.Ref(), transient: transient, name: m.underWords(under), file: "new-" + k.String()}
	if transient {
		d.note = "It is gone for good when it stops: its definition is not kept."
	}
	return d
}

// whyNotNew is "" where a new object can be defined, or created without a definition.
func (m *Model) whyNotNew(k backend.Kind, under backend.Object, transient bool) string {
	act := backend.ActDefine
	if transient {
		act = backend.ActCreate
	}
	if edit.Root(k) == "" {
		return "a " + k.String() + " has no definition"
	}
	return m.capsNow(under.Ref().Conn).Why(backend.VerbFor(k, act))
}

// whyNotDefined is why an entry of the new menu that begins with XML is greyed.
func (m *Model) whyNotDefined(id string, k backend.Kind, under backend.Object) string {
	switch id {
	case "define.editor", "define.file":
		return m.whyNotNew(k, under, false)
	case "define.transient":
		return m.whyNotNew(k, under, true)
	default:
		return ""
	}
}

// defineInEditor makes a new object from a template in the editor.
func (m *Model) defineInEditor() tea.Cmd {
	d := m.newDraft(false)
	if d == nil || m.opening {
		return nil
	}
	m.opening = true
	asked := m.here()
	m.say(theme.StateBusy, "preparing a new "+d.kind.String())
	return direct(m, "template", d.conn(), func(ctx context.Context, b backend.Backend) (string, error) {
		definer, ok := backend.As[backend.Definer](b)
		if !ok {
			return "", backend.Refuse(backend.ClassUnsupported, "define", d.kind.String(), "not supported by this connection")
		}
		return definer.Template(ctx, d.under, d.kind)
	}, func(text string, err error) tea.Cmd {
		d.text = text
		return m.beginDraft(asked, d, err)
	})
}

func (m *Model) askDefinitionFile() {
	if d := m.newDraft(false); d != nil {
		m.askFile(d, "")
	}
}

func (m *Model) askTransientFile() {
	if d := m.newDraft(true); d != nil {
		m.askFile(d, "")
	}
}

// askFile asks which file holds the definition of a new object.
func (m *Model) askFile(d *draft, before string) {
	field := form.Field{Key: "path", Label: "File", Kind: form.Path, Required: true, Default: before, Hint: "with the XML, on this machine; at most 4 MiB"}
	m.ask(capital(d.words()), []form.Field{field}, func(v form.Values) tea.Cmd {
		path := v["path"]
		return m.aside("read XML", func() func() tea.Cmd {
			text, err := edit.ReadXML(path)
			return func() tea.Cmd {
				if err != nil {
					m.askFile(d, path)
					m.message("Can't read the definition", errorWords(err), theme.StateBad)
					return nil
				}
				d.text = text
				m.checkDraft(d)
				return nil
			}
		})
	})
}
