package clean

import (
	"errors"
	"fmt"
	"testing"

	"hvdeck/backend"
)

const evil = "a\x1b[2J\nb"

func TestObjectCleansEveryString(t *testing.T) {
	ref := backend.Ref{Conn: "c\x1b", Kind: backend.KindVM, ID: evil}
	vm := &backend.VM{
		Meta:     backend.Meta{ID: ref, Parent: ref, Name: evil, Extra: []backend.Field{{Name: evil, Value: evil}}},
		Reason:   evil,
		Activity: backend.Activity(evil),
		Question: &backend.Question{ID: evil, Text: evil, Choices: []backend.Choice{{Key: evil, Label: evil}}},
	}
	NewCleaner().Object(vm)
	const line, text = "a�[2J�b", "a�[2J\nb"
	for name, got := range map[string][2]string{
		"name":     {vm.Name, line},
		"field":    {vm.Extra[0].Name, line},
		"value":    {vm.Extra[0].Value, text},
		"reason":   {vm.Reason, line},
		"activity": {string(vm.Activity), line},
		"question": {vm.Question.Text, text},
		"choice":   {vm.Question.Choices[0].Label, line},
	} {
		if got[0] != got[1] {
			t.Errorf("%s = %q, want %q", name, got[0], got[1])
		}
	}
	if vm.Question.ID != evil || vm.Question.Choices[0].Key != evil {
		t.Error("a key was changed: the server would not know it any more")
	}
	if vm.ID != ref || vm.Parent != ref {
		t.Error("a reference was changed: the server would not know it any more")
	}
}

func TestObjectThroughInterfacesMapsAndDeltas(t *testing.T) {
	c := NewCleaner()
	var delta backend.Delta = backend.Replace{Objects: []backend.Object{&backend.Pool{Meta: backend.Meta{Name: evil}}}}
	c.Object(&delta)
	if got := delta.(backend.Replace).Objects[0].Title(); got == evil {
		t.Errorf("an object in a delta kept %q", got)
	}
	delta = backend.Happened{Event: backend.Event{Text: evil, User: evil}}
	c.Object(&delta)
	if e := delta.(backend.Happened).Event; e.Text != "a�[2J\nb" || e.User != "a�[2J�b" {
		t.Errorf("event = %+v", e)
	}
	caps := backend.Caps{Can: map[backend.Verb]string{backend.VerbReset: evil}}
	c.Object(&caps)
	if got := caps.Can[backend.VerbReset]; got == evil {
		t.Errorf("a map value kept %q", got)
	}
	detail := &backend.Detail{Raw: "<x>\t\x1b</x>\n", VM: &backend.VMDetail{IPs: []string{evil}}}
	c.Object(detail)
	if detail.Raw != "<x>     �</x>\n" || detail.VM.IPs[0] == evil {
		t.Errorf("detail = %q, %q", detail.Raw, detail.VM.IPs)
	}
}

// TestObjectOnlyReadsAMapThatIsClean fails under the race detector, or with a fatal
// concurrent map access, when values are written that did not change.
func TestObjectOnlyReadsAMapThatIsClean(t *testing.T) {
	c := NewCleaner()
	clean := map[string]string{"a": "plain", "b": ""}
	done := make(chan bool)
	go func() {
		same := true
		for range 2000 {
			same = same && clean["a"] == "plain"
		}
		done <- same
	}()
	for range 2000 {
		c.Object(&clean)
	}
	if !<-done {
		t.Error("a clean value was changed")
	}
	mixed := map[string]any{"s": evil, "list": []string{evil}, "n": 1}
	c.Object(&mixed)
	if mixed["s"] == evil || mixed["list"].([]string)[0] == evil || mixed["n"] != 1 {
		t.Errorf("map = %q", mixed)
	}
}

func TestObjectLeavesForeignErrorsAlone(t *testing.T) {
	cause := errors.New(evil)
	err := &backend.Error{Message: evil, Err: cause}
	NewCleaner().Object(err)
	if err.Message == evil || !errors.Is(err.Err, cause) {
		t.Errorf("error = %#v", err)
	}
}

type node struct {
	Name string
	Next *node
}

func TestObjectOfARecursiveType(t *testing.T) {
	n := &node{evil, &node{evil, nil}}
	NewCleaner().Object(n)
	if n.Name == evil || n.Next.Name == evil {
		t.Errorf("kept %q, %q", n.Name, n.Next.Name)
	}
}

func TestObjectIsSafeForConcurrentUse(_ *testing.T) {
	c := NewCleaner()
	done := make(chan struct{})
	for range 8 {
		go func() {
			c.Object(&backend.VM{Meta: backend.Meta{Name: evil}})
			done <- struct{}{}
		}()
	}
	for range 8 {
		<-done
	}
}

func TestObjectRefusesACopy(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a value that cannot be changed was accepted")
		}
	}()
	NewCleaner().Object(backend.VM{})
}

func manyVMs() []*backend.VM {
	all := make([]*backend.VM, 10_000)
	for i := range all {
		name := fmt.Sprintf("vm-%05d", i)
		all[i] = &backend.VM{
			Meta: backend.Meta{Name: name, Extra: []backend.Field{{Name: "Title", Value: "a machine"}}},
			UUID: name, HostName: "kvm01", IP: "10.0.0.1", Guest: "Debian 12", Tools: "agent running",
		}
	}
	return all
}

func BenchmarkObject10kVMs(b *testing.B) {
	c, all := NewCleaner(), manyVMs()
	b.ReportAllocs()
	for b.Loop() {
		for _, vm := range all {
			c.Object(vm)
		}
	}
}

func BenchmarkLineHostile(b *testing.B) {
	s := "\x1b]0;x\x07\x1b[2J👨\u200d👩 plain text after it"
	b.ReportAllocs()
	for b.Loop() {
		_ = Line(s)
	}
}
