package ui_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/theme"
	"hvdeck/ui/uitest"
)

// editor makes a program of shell commands the operator's editor; "$1" is the file. What
// files it is given are to be gone when the test ends.
func editor(t *testing.T, commands string) (change func(commands string)) {
	t.Helper()
	dir, runtime := t.TempDir(), t.TempDir()
	script := filepath.Join(dir, "an editor")
	change = func(commands string) {
		t.Helper()
		if err := os.WriteFile(script, []byte("#!/bin/sh\n"+commands+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	change(commands)
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", "'"+script+"'")
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	t.Cleanup(func() {
		if left, _ := os.ReadDir(runtime); len(left) != 0 {
			t.Errorf("left in the runtime folder: %v", left)
		}
	})
	return change
}

func memory(w *world, name string) uint64 {
	vm, _ := w.store.Object(w.hosts[0].VM(name)).(*backend.VM)
	if vm == nil {
		return 0
	}
	return vm.Memory
}

func setMemory(mib string) string {
	return `sed -i -e 's|<memory[^>]*>[^<]*</memory>|<memory unit="MiB">` + mib + `</memory>|' -e 's|<currentMemory.*</currentMemory>||' "$1"`
}

// A definition is changed in the editor, seen as a difference, asked about, applied.
func TestEditADefinition(t *testing.T) {
	editor(t, setMemory("768"))
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1", "-web-2")}})
	w.row("web-1", "run")
	w.Press("e").WaitFor("Change the definition of VM web-1 on kvm1").WaitFor("counts from its next start")
	w.Expect("@@ -").Expect("768")
	w.Press("A").WaitFor("Cancel").Expect("Change the definition of VM web-1 on kvm1?").Press("enter").WaitGone("Cancel")
	w.Expect("768") // cancelled: still there
	w.Press("A").WaitFor("Cancel").Press("y")
	w.WaitFor("done: change the definition")
	w.eventually("the memory to be 768 MiB", func() bool { return memory(w, "web-1") == 768<<20 })
}

// What was not changed does nothing.
func TestEditWithoutChange(t *testing.T) {
	change := editor(t, "true")
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}})
	w.row("web-1", "off")
	w.Press("e").WaitFor("nothing was changed, nothing was done")
	change("exit 3")
	w.Press("e").WaitFor("The editor ended with an error: exit status 3").Press("esc")
	change(`rm "$1"`)
	w.Press("e").WaitFor("left no text that can be read").Press("D").WaitFor("Discard the text?").Press("y").WaitFor("discarded, nothing was done")
	change(setMemory("768") + "; exit 3")
	w.Press("e").WaitFor("nothing was done with this text").Expect("768").Press("q").WaitFor("Discard the text?").Press("y")
	w.Pane("VMs").WaitFor("web-1")
	if memory(w, "web-1") == 768<<20 {
		t.Error("it was applied")
	}
}

// Broken XML never reaches the server; the operator comes back to it, with the place.
func TestEditBrokenXML(t *testing.T) {
	change := editor(t, setMemory("768")+`; echo '<broken' >>"$1"`)
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}})
	w.row("web-1", "off")
	w.Press("e").WaitFor("This can't be applied: line ").Expect("768")
	w.Press("A").WaitFor("this text can't be applied").Press("2").Settle(100 * time.Millisecond).Expect("This can't be applied")
	seen := filepath.Join(t.TempDir(), "seen")
	change(`cp "$1" ` + seen + `; sed -i '/<broken/d' "$1"`)
	w.Press("e").WaitGone("This can't be applied").WaitFor("768")
	if text, err := os.ReadFile(seen); err != nil || !strings.HasPrefix(string(text), "<!-- hvdeck: This can't be applied: line ") {
		t.Errorf("the editor was given %q, %v", text, err)
	}
	w.Press("A").WaitFor("Cancel").Press("y").WaitFor("done: change")
	w.eventually("the memory to be 768 MiB", func() bool { return memory(w, "web-1") == 768<<20 })
}

// What the server refuses comes back with its words and the operator's text.
func TestEditRefusedByTheServer(t *testing.T) {
	change := editor(t, setMemory("768"))
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}})
	w.row("web-1", "off")
	w.hosts[0].Fail(mem.CallDo, &backend.Error{Class: backend.ClassInvalid, Doing: "define", Object: "web-1", Message: "XML error: unknown -- element 'quux'", Remedy: "take quux out"})
	w.Press("e").WaitFor("768").Press("A").WaitFor("Cancel").Press("y")
	w.WaitFor("unknown -- element 'quux'").WaitFor("What to do: take quux out").Expect("768")
	seen := filepath.Join(t.TempDir(), "seen")
	change(`cp "$1" ` + seen + "; " + setMemory("896"))
	w.Press("e").WaitGone("quux").WaitFor("896")
	if text, _ := os.ReadFile(seen); !strings.Contains(string(text), "unknown - - element 'quux'") || !strings.Contains(string(text), "768") {
		t.Errorf("the editor was given %q", text)
	}
	w.Press("A").WaitFor("Cancel").Press("y").WaitFor("done: change")
	w.eventually("the memory to be 896 MiB", func() bool { return memory(w, "web-1") == 896<<20 })
}

// What somebody else changed meanwhile is not overwritten unseen.
func TestEditChangedMeanwhile(t *testing.T) {
	editor(t, setMemory("768"))
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}})
	w.row("web-1", "off")
	w.Press("e").WaitFor("768")
	b, err := w.poller.Backend("kvm1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Do(t.Context(), backend.VMResourcesOp{VM: w.hosts[0].VM("web-1"), VCPUs: 1, MaxVCPUs: 7}, backend.Progress{}); err != nil {
		t.Fatal(err)
	}
	w.Press("A").WaitFor("Cancel").Press("y")
	w.Answer("was changed at the server meanwhile", "down", "enter")
	w.WaitFor("7</vcpu>").Expect("768")
	w.Press("A").WaitFor("Cancel").Press("y").WaitFor("done: change")
}

// Passwords are in the file, and never on the screen.
func TestEditMasksPasswords(t *testing.T) {
	editor(t, `sed -i 's|</devices>|<graphics type="vnc" passwd="hunter2"/></devices>|' "$1"`)
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}})
	w.row("web-1", "off")
	w.Press("e").WaitFor("********").Reject("hunter2").Press("D").WaitFor("Discard").Press("y")
}

func TestNoEditor(t *testing.T) {
	editor(t, "true")
	t.Setenv("EDITOR", "/nonexistent/ed")
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}})
	w.row("web-1", "off")
	w.Press("e").WaitFor(`EDITOR: "/nonexistent/ed" can't be run`)
}

func TestEditOnReadOnly(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}, readOnly: true})
	w.row("web-1", "off")
	w.Press("e").WaitFor("read-only connection")
}

// A new object comes from a template in the editor, or from a file.
func TestDefineNew(t *testing.T) {
	editor(t, `sed -i 's|<name>[^<]*</name>|<name>fresh</name>|' "$1"`)
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}})
	w.row("web-1", "off")
	w.Press("n").WaitFor("XML in the editor").Press("x").WaitFor("Define a new VM on kvm1").WaitFor("fresh")
	w.Press("A").WaitFor("Cancel").Press("y").WaitFor("done: define a new VM")
	w.row("fresh", "off")
}

func TestDefineFromAFile(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}})
	w.row("web-1", "off")
	file := filepath.Join(t.TempDir(), "net.xml")
	if err := os.WriteFile(file, []byte("<!DOCTYPE x>\n<network><name>lab</name></network>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Press("5", "n").WaitFor("From an XML file").Press("f").WaitFor("File").Type("/nonexistent").Press("enter")
	w.WaitFor("no such file").Press("esc").WaitFor("/nonexistent").Press("ctrl+u").Type(file).Press("enter")
	w.WaitFor("This can't be applied: line 1: a document type").Press("D").WaitFor("Discard").Press("y").WaitGone("can't be applied")
	if err := os.WriteFile(file, []byte("<network><name>lab</name><bridge name='virbr7'/></network>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Press("n").WaitFor("From an XML file").Press("f").WaitFor("File").Type(file).Press("enter")
	w.WaitFor("virbr7").Press("A").WaitFor("Cancel").Press("y").WaitFor("done: define a new network")
	w.Pane("Networks").WaitFor("lab")
}

// The pages of an object: its details and documents, folded, searched, as XML.
func TestDocuments(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	w.row("web-1", "run")
	w.Press("1", "d").WaitFor("[Details]").Press("]").WaitFor("[Capabilities]").WaitFor("as of ")
	w.Press("y").WaitFor("<").Press("y", "]").WaitFor("[System information]").WaitFor("as of ")
	w.Press("[", "[").WaitFor("[Details]").Press("q")
	w.Press(":").Type("system information").WaitFor("of kvm1").Press("enter").WaitFor("[System information]").Press("q")
	w.hosts[0].Fail(mem.CallDocument, &backend.Error{Class: backend.ClassOther, Doing: "read", Object: "capabilities", Message: "the node is on fire", Remedy: "put it out"})
	w.Press("d", "]").WaitFor("the node is on fire").WaitFor("What to do: put it out").WaitFor("r asks again").Press("r").WaitFor("as of ")
}

// What has changed since a snapshot is on its menu, and among its pages.
func TestDifferencesSinceASnapshot(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}})
	w.row("web-1", "off")
	w.menu("s", "Create snapshot", "c")
	w.WaitFor("With memory").Type("base").Press("enter")
	w.Pane("Snapshots").WaitFor("base").Focus()
	w.Pane("Snapshots").Select("base")
	w.menu("s", "Differences from now", "=")
	w.WaitFor("base on kvm1").WaitFor("[Differences from now]").WaitFor("as of ").Press("[").WaitFor("[Details]").Press("q")
}

// y has the definition of the next start beside the one that runs, and counts matches.
func TestXMLOfARunningVM(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	w.row("web-1", "run")
	w.Press("y").WaitFor("[Running]").WaitFor("<domain").Press("]").WaitFor("[Next start]").WaitFor("<domain")
	w.Press("/").Type("NAME").Press("enter").WaitFor(" lines").Press("#").WaitFor("  1 <domain")
	w.Press("w", "n", "N", "shift+right", "q").WaitGone("[Next start]")
}

// Every theme, ASCII and NO_COLOR: signs tell a difference without colours.
func TestDifferenceWithoutColours(t *testing.T) {
	for name, o := range map[string]theme.Options{"ascii": {ASCII: true}, "no colour": {NoColor: true}} {
		t.Run(name, func(t *testing.T) {
			editor(t, setMemory("768"))
			w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}, plain: o, size: uitest.Size{W: 80, H: 24}})
			w.WaitFor("web-1").Press("2", "e").WaitFor("768")
			for _, l := range w.Lines() {
				if i := strings.IndexFunc(l, func(r rune) bool { return r > '~' }); i >= 0 && o.ASCII {
					t.Errorf("%q is not ASCII", l)
				}
			}
			w.Expect(" -").Expect(" +")
		})
	}
}

// A server that answers no more leaves the operator in the console.
func TestEditWhileTheServerIsGone(t *testing.T) {
	editor(t, setMemory("768"))
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}})
	w.row("web-1", "off")
	w.hosts[0].Fail(mem.CallDefinition, errors.New("the wire is cut"))
	w.Press("e").WaitFor("the wire is cut").Press("esc").Pane("VMs").WaitFor("web-1")
}

// A very long text is compared off the event loop.
func TestEditAVeryLongDefinition(t *testing.T) {
	long := strings.Repeat("<!-- a line of a very long comment of somebody else -->\n", 20000)
	texts := filepath.Join(t.TempDir(), "long")
	if err := os.WriteFile(texts, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	editor(t, setMemory("768")+`; cat "$1" >"$1.n"; sed '/<domain/r '`+texts+` "$1.n" >"$1"; rm "$1.n"`)
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "-web-1")}})
	w.row("web-1", "off")
	w.Press("e").WaitFor("Comparing…").WaitGone("Comparing…", 20*time.Second).Expect("+2000")
	w.Press("q").WaitFor("Discard the text?").Press("y").WaitFor("nothing was done")
}
