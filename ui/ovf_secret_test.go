package ui

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"
	"weak"

	"hvdeck/backend"
	"hvdeck/backend/ovf"
	"hvdeck/backend/store"
	"hvdeck/backend/task"
)

func secretDescriptor() *ovf.Descriptor {
	return &ovf.Descriptor{Properties: []ovf.Property{{Key: "admin", Type: "string", Password: true, Settable: true}}}
}

// A password is in an operation only where it is sent, and nowhere after the start.
func TestImportForgetsPasswords(t *testing.T) {
	i := importing(t, secretDescriptor())
	typed := []byte("hunter2")
	i.answers.secrets["admin"] = backend.Hide(typed)
	if op := i.op(); len(op.Properties) != 0 {
		t.Errorf("the operation to be shown has %+v", op.Properties)
	}
	op := i.secretOp()
	if got := string(op.Properties[0].Secret.Reveal()); got != "hunter2" {
		t.Errorf("the operation has %q", got)
	}
	i.close()
	if len(i.answers.secrets) != 0 || !bytes.Equal(typed, make([]byte, len(typed))) {
		t.Errorf("the answers still have %q", typed)
	}
	if got := string(op.Properties[0].Secret.Reveal()); got != "hunter2" {
		t.Errorf("the operation has %q once the wizard is closed", got)
	}
	wipe(op)
	if got := op.Properties[0].Secret.Reveal(); !bytes.Equal(got, make([]byte, len(typed))) {
		t.Errorf("wiped: %q", got)
	}
}

// What is kept until the task has ended has no password, and not the package either.
func TestKeptAnswersHoldNothingElse(t *testing.T) {
	i := importing(t, secretDescriptor())
	m, d := i.m, weak.Make(i.read.descriptor)
	m.tasks = task.New(task.Options{Backend: func(id backend.ConnID) (backend.Backend, error) {
		return nil, backend.Refuse(backend.ClassUnreachable, "use connection", string(id), "it is down")
	}})
	t.Cleanup(func() { _ = m.tasks.Close(context.Background()) })
	m.store.SetConn(store.ConnStatus{ID: "vc1", Phase: store.Ready, Caps: backend.Caps{Can: map[backend.Verb]string{backend.VerbOVFImport: ""}}})
	m.Update(ChangedMsg{})
	i.answers.secrets["admin"] = backend.Hide([]byte("hunter2"))
	i.answers.source = "/tmp/shop.ova"
	i.start()
	if len(m.ovf.running) != 1 {
		t.Fatalf("%d imports run", len(m.ovf.running))
	}
	for _, kept := range m.ovf.running {
		if len(kept.secrets) != 0 || kept.source != "/tmp/shop.ova" {
			t.Errorf("kept is %s", fmt.Sprintf("%+v", *kept))
		}
	}
	for end := time.Now().Add(5 * time.Second); d.Value() != nil; runtime.GC() {
		if time.Now().After(end) {
			t.Fatal("the package is still held")
		}
	}
}

// A signature in a URL is shown nowhere but where it was typed.
func TestShownSource(t *testing.T) {
	for source, want := range map[string]string{
		"https://me:pw@host/a/x.ova?X-Amz-Signature=abc#f": "https://host/a/x.ova", "https://host/x.ova?": "https://host/x.ova",
		"/tmp/what?.ova": "/tmp/what?.ova", "x.ovf": "x.ovf", "": "",
	} {
		if got := shownSource(source); got != want {
			t.Errorf("%q is shown as %q, want %q", source, got, want)
		}
	}
	i := importing(t, secretDescriptor())
	i.answers.source = "https://host/x.ova?X-Amz-Signature=abc"
	var text textLines
	i.summary(&text)
	if s := fmt.Sprint(text.out, i.title()); bytes.Contains([]byte(s), []byte("abc")) {
		t.Errorf("shown: %s", s)
	}
}
