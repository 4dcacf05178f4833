package wizard

import (
	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/form"
)

// Fields is a page with a form.
type Fields struct {
	Name string
	Form *form.Form
	// Complete has tab complete what is typed into this field; "" for none.
	Complete string
	// Sound checks what no field can check by itself, once all are good; it says so at
	// the field with Form.SetError, and gives false. nil: nothing.
	Sound func(*form.Form) bool
}

// Title implements Page.
func (f *Fields) Title() string { return f.Name }

// Keys implements Page.
func (f *Fields) Keys() []Key {
	if f.Complete != "" && f.Form.InFocus() == f.Complete {
		return []Key{{"enter", "next"}, {"tab", "complete"}, {"down", "next field"}}
	}
	return []Key{{"enter", "next"}, {"tab", "next field"}}
}

// Update implements Page. Other is the key that completes.
func (f *Fields) Update(msg tea.KeyPressMsg) Result {
	if msg.String() == "tab" && f.Complete != "" && f.Form.InFocus() == f.Complete {
		return Other
	}
	if f.Form.Update(msg) != form.Submitted {
		return Stay
	}
	if f.Sound != nil && !f.Sound(f.Form) {
		return Stay
	}
	return Next
}

// Paste implements Page.
func (f *Fields) Paste(text string) { f.Form.Paste(text) }

// Draw implements Page.
func (f *Fields) Draw(w, h int, th *theme.Theme) []string { return f.Form.Body(w, h, th) }
