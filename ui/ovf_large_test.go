package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/ovf"
	"hvdeck/ui/uitest"
	"hvdeck/ui/wizard"
)

// half is half a megabyte, as a careless or hostile package may have in any text.
var half = strings.Repeat("words and words ", 32_000)

func largeDescriptor() *ovf.Descriptor {
	d := &ovf.Descriptor{
		Name:     "shop",
		Options:  []ovf.Option{{ID: "small", Label: "Small " + half, Description: "for a trial " + half, Default: true}, {ID: half, Description: half}},
		Networks: []ovf.Network{{Name: "inside " + half, Description: half}},
	}
	for n := range 400 {
		d.Properties = append(d.Properties, ovf.Property{Key: fmt.Sprint("p", n), Type: "string", Settable: true, Default: "a value", About: "what it is for"})
	}
	d.Properties = append(d.Properties,
		ovf.Property{Key: "default", Type: "string", Settable: true, Default: half, Label: half, About: half, Category: half},
		ovf.Property{Key: "choice", Type: "string", Settable: true, Default: half, Choices: []string{half, "b"}, Limits: half},
	)
	return d
}

// importing is a wizard over a package, and over many VMs.
func importing(t *testing.T, d *ovf.Descriptor) *ovfImport {
	t.Helper()
	m := bare(t)
	m.w, m.h = 140, 45
	vms := make([]backend.Object, 0, 10_000)
	for n := range cap(vms) {
		id := fmt.Sprint("vm-", n)
		vms = append(vms, &backend.VM{Meta: backend.Meta{ID: backend.Ref{Conn: "vc1", Kind: backend.KindVM, ID: id}, Name: id}})
	}
	m.store.Apply("vc1", backend.Upsert{Objects: vms})
	i := &ovfImport{m: m, answers: newOVFAnswers("vc1"), box: wizard.New("", time.Now)}
	i.read = &ovfRead{whole: d, descriptor: d, manifest: -1, licences: []string{half}, options: []backend.OVFOption{{Key: half, Text: half}}}
	i.steps = i.plan()
	return i
}

// No text of a package makes a key slow: each is answered, and drawn, within a bound.
func TestImportKeysAreQuick(t *testing.T) {
	i := importing(t, largeDescriptor())
	keys := []tea.KeyPressMsg{{Code: tea.KeyDown}, {Code: tea.KeyRight}, {Code: 'x', Text: "x"}, {Code: tea.KeyUp}}
	for n, s := range i.steps {
		if slices.Contains([]string{pageVerdict, pageSummary}, s.name) {
			continue
		}
		i.enter(n, false)
		i.box.Draw(118, 40, i.m.env.Theme) // a text is laid out once
		if s.name == pageProperties {
			for range 400 {
				i.box.Update(keys[0])
			}
		}
		var took []time.Duration
		for k := range 24 {
			took = append(took, uitest.Took(0, func() {
				i.box.Update(keys[k%len(keys)])
				i.box.Draw(118, 40, i.m.env.Theme)
			}))
		}
		slices.Sort(took)
		t.Logf("%s: %v", s.name, took[len(took)/2])
		if usual := took[len(took)/2]; usual > 100*time.Millisecond {
			t.Errorf("%s: a key takes %v", s.name, usual)
		}
	}
}

// A large default is neither typed nor lost.
func TestLargeDefaultIsKept(t *testing.T) {
	i := importing(t, largeDescriptor())
	i.turnTo(pageProperties, false)
	f := i.box.Page().(*wizard.Fields).Form
	if got := f.Values()["default"]; got != "" {
		t.Errorf("%d characters are in the field", len(got))
	}
	i.leave()
	if v, changed := i.answers.properties["default"]; changed {
		t.Errorf("it became %q", v)
	}
	f.SetValue("default", "another")
	i.leave()
	if got := i.answers.properties["default"]; got != "another" {
		t.Errorf("%d characters: %.20q", len(got), got)
	}
}
