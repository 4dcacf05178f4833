package ui

import (
	"errors"
	"strings"
	"testing"

	"hvdeck/backend"
)

// A definition that comes when the operator has gone on to something else opens neither a
// box nor the editor: keys are meant for that.
func TestALateDefinitionTakesNoKeys(t *testing.T) {
	d := &draft{kind: backend.KindVM, object: backend.Ref{Conn: "kvm", Kind: backend.KindVM, ID: "1"}, name: "web-1 on kvm"}
	for name, err := range map[string]error{"the definition": nil, "a failure": errors.New("no sign of life")} {
		m := bare(t)
		asked := m.here()
		m.opening = true
		m.back()
		if cmd := m.beginDraft(asked, d, err); cmd != nil || len(m.overlays) > 0 || m.opening {
			t.Errorf("%s: %d boxes are open, an editor: %t", name, len(m.overlays), cmd != nil || m.opening)
		}
		if err != nil && !strings.Contains(m.note.text, "no sign of life") || m.note.text == "" {
			t.Errorf("%s: the foot says %q", name, m.note.text)
		}
	}
	m := bare(t)
	m.beginDraft(m.here(), d, errors.New("no sign of life"))
	if len(m.overlays) != 1 {
		t.Error("who waits is not told")
	}
}
