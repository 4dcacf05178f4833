package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

// editing is a console whose editor is a shell script that is written anew for each step.
type editing struct {
	*console
	t      *testing.T
	l      *lab.Libvirtd
	script string
}

func startEditing(t *testing.T, l *lab.Libvirtd) *editing {
	t.Helper()
	home := t.TempDir()
	e := &editing{t: t, l: l, script: filepath.Join(home, "my editor.sh")}
	if err := os.MkdirAll(filepath.Join(home, "run"), 0o700); err != nil {
		t.Fatal(err)
	}
	e.console = start(t, desk.Setup{Config: desk.Both(l), Home: home, Env: []string{"EDITOR=sh '" + e.script + "'"}})
	return e
}

// edits opens the editor on the object under the cursor, which then runs these commands.
func (e *editing) edits(commands string) {
	e.t.Helper()
	desk.WriteFile(e.t, e.script, commands+"\n")
	e.Press("e")
}

// sets replaces the content of an element.
func sets(element, value string) string {
	return `sed -i 's|\(<` + element + `[^>]*>\)[^<]*</` + element + `>|\1` + value + `</` + element + `>|' "$1"`
}

func (e *editing) applies(question string) {
	e.t.Helper()
	e.Press("A")
	e.Yes(question)
}

// clean says that nothing of the texts is left on the disk.
func (e *editing) clean() {
	e.t.Helper()
	if left, _ := filepath.Glob(filepath.Join(e.Home, "run", "hvdeck-edit-*")); len(left) > 0 {
		e.t.Errorf("left behind: %v", left)
	}
}

func (e *editing) memory(name, want string) {
	e.t.Helper()
	desk.Eventually(e.t, 10*time.Second, "virsh dumpxml --inactive to have "+want, func() bool {
		return strings.Contains(e.l.Virsh("dumpxml", "--inactive", name), want)
	})
}

// A VM's memory is changed by its XML; what is wrong brings the operator back to it.
func TestEditAVM(t *testing.T) {
	l := desk.Hosts(t)
	e := startEditing(t, l)
	e.Pane("VMs").Select("spare")
	e.edits("true")
	e.WaitFor("nothing was changed, nothing was done")

	before := l.Virsh("dumpxml", "--inactive", "spare")
	e.edits(sets("memory", "131072") + "; " + sets("currentMemory", "131072"))
	e.Calm("Change the definition of VM spare on kvm").WaitFor("131072</memory>").Expect("@@ -")
	e.Press("D")
	e.Yes("Discard the text?")
	e.Pane("VMs").WaitFor("spare")
	if now := l.Virsh("dumpxml", "--inactive", "spare"); now != before {
		t.Errorf("discarding has changed something:\n%s", now)
	}

	e.edits(sets("memory", "131072") + "; " + sets("currentMemory", "131072") + `; echo "<broken" >>"$1"`)
	e.WaitFor("This can't be applied: line ").WaitFor("131072</memory>")
	seen := filepath.Join(e.Home, "seen")
	e.edits(`cp "$1" '` + seen + `'; sed -i -e '/<broken/d' -e 's|</domain>|<quux/></domain>|' "$1"`)
	e.WaitFor("quux").WaitGone("can't be applied")
	if text, _ := os.ReadFile(seen); !strings.Contains(string(text), "hvdeck: This can't be applied") || !strings.Contains(string(text), "131072") {
		t.Errorf("the editor was given %s", text)
	}
	e.applies("Change the definition of VM spare on kvm?")
	e.WaitFor("XML document failed to validate").WaitFor("131072</memory>")
	if now := l.Virsh("dumpxml", "--inactive", "spare"); now != before {
		t.Errorf("a refused definition has changed something:\n%s", now)
	}

	e.edits(`cp "$1" '` + seen + `'; sed -i 's|<quux/>||' "$1"`)
	e.WaitGone("failed to validate").WaitFor("131072</memory>")
	if text, _ := os.ReadFile(seen); !strings.Contains(string(text), "failed to validate") || !strings.Contains(string(text), "<quux/>") {
		t.Errorf("the editor was given %s", text)
	}
	e.applies("Change the definition of VM spare on kvm?")
	e.WaitFor("done: change the definition of VM spare")
	e.memory("spare", "<memory unit='KiB'>131072</memory>")

	e.Pane("VMs").Select("guest")
	e.edits(sets("memory", "122880") + "; " + sets("currentMemory", "122880"))
	e.WaitFor("what is changed counts from its next start").WaitFor("122880</memory>")
	l.Virsh("autostart", "guest") // not part of the definition
	e.applies("Change the definition of VM guest on kvm?")
	e.WaitFor("done: change the definition of VM guest")
	e.memory("guest", "<memory unit='KiB'>122880</memory>")
	if live := l.Virsh("dumpxml", "guest"); strings.Contains(live, "122880") {
		t.Error("the running VM has changed")
	}
	e.Press("y").WaitFor("[Running]").Press("]").WaitFor("ext start]").WaitFor("122880").Press("q")
	e.clean()
}

// A password goes to the server and nowhere else.
func TestEditKeepsPasswordsToItself(t *testing.T) {
	l := desk.Hosts(t)
	e := startEditing(t, l)
	e.Pane("VMs").Select("spare")
	e.edits(`sed -i "s|</devices>|<graphics type='vnc' port='-1' passwd='hunter2x'/></devices>|" "$1"`)
	e.WaitFor("passwd='********'").Reject("hunter2x")
	e.applies("Change the definition of VM spare on kvm?")
	e.WaitFor("done: change the definition of VM spare").Reject("hunter2x")
	if x := l.Virsh("dumpxml", "--inactive", "--security-info", "spare"); !strings.Contains(x, "hunter2x") {
		t.Errorf("virsh has\n%s", x)
	}
	// Refused with the password in it: the message comes back, the password does not.
	e.edits(`grep -q hunter2x "$1" && sed -i 's|</domain>|<quux/></domain>|' "$1"`)
	e.WaitFor("<quux/>")
	e.applies("Change the definition of VM spare on kvm?")
	e.Calm("failed to validate").Reject("hunter2x").Press("D")
	e.Yes("Discard the text?")
	e.clean()
	err := filepath.WalkDir(e.Home, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == e.script {
			return err
		}
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), "hunter2x") {
			t.Errorf("%s holds the password", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// What virsh has changed meanwhile is not overwritten unseen.
func TestEditAgainstAnotherActor(t *testing.T) {
	l := desk.Hosts(t)
	e := startEditing(t, l)
	e.Pane("VMs").Select("spare")
	e.edits(sets("currentMemory", "65536"))
	e.WaitFor("65536</currentMemory>")
	l.Virsh("desc", "spare", "--config", "--title", "by another")
	e.Press("A")
	e.Yes("Change the definition of VM spare on kvm?")
	e.WaitFor("was changed at the server meanwhile").Settle(500*time.Millisecond).Press("down", "enter")
	e.Calm("-  <title>by another</title>").Press("D")
	e.Yes("Discard the text?")
	if !strings.Contains(l.Virsh("dumpxml", "--inactive", "spare"), "by another") {
		t.Error("the change of the other actor is gone")
	}
	e.clean()
}

// Pools and networks are edited and made from XML, too.
func TestEditPoolAndNetwork(t *testing.T) {
	l := desk.Hosts(t)
	l.Virsh("pool-define-as", "stock", "dir", "--target", filepath.Join(l.Dir(), "stock"))
	e := startEditing(t, l)
	file := filepath.Join(e.Home, "net.xml")
	e.Pane("VMs").Select("spare")
	e.Press("4").Pane("Storage").Select("stock")
	e.edits(`sed -i 's|stock</path>|elsewhere</path>|' "$1"`)
	e.WaitFor("Change the definition of pool stock on kvm").WaitFor("elsewhere")
	e.applies("Change the definition of pool stock on kvm?")
	e.WaitFor("done: change the definition of pool stock")
	if x := l.Virsh("pool-dumpxml", "--inactive", "stock"); !strings.Contains(x, "elsewhere</path>") {
		t.Errorf("virsh has\n%s", x)
	}

	desk.WriteFile(t, file, "<network><name>lab0</name><bridge name='hvdlab0'/></network>\n")
	e.Press("5")
	e.Menu("n", "From an XML file", "f")
	e.WaitFor("File").Type(file).Press("enter")
	e.WaitFor("hvdlab0")
	e.applies("Define a new network on kvm?")
	e.WaitFor("done: define a new network")
	e.Pane("Networks").Select("lab0")
	e.edits(`sed -i 's|hvdlab0|hvdlab1|' "$1"`)
	e.WaitFor("+  <bridge name='hvdlab1'")
	e.applies("Change the definition of network lab0 on kvm?")
	e.WaitFor("done: change the definition of network lab0")
	if x := l.Virsh("net-dumpxml", "--inactive", "lab0"); !strings.Contains(x, "hvdlab1") {
		t.Errorf("virsh has\n%s", x)
	}
	e.clean()
}

// An interrupt typed in the editor is the editor's; a signal to the console ends both,
// and leaves no text behind.
func TestEditorAndSignals(t *testing.T) {
	l := desk.Hosts(t)
	e := startEditing(t, l)
	e.Pane("VMs").Select("spare")
	e.edits(`trap 'echo interrupted; exit 5' INT; echo ready; while :; do read x; done`)
	e.WaitFor("ready").Send("\x03")
	e.WaitFor("The editor ended with an error: exit status 5").Press("esc")
	e.Pane("VMs").WaitFor("spare")

	e.edits(`echo ready; exec sleep 600`)
	e.WaitFor("ready")
	e.Signal("TERM")
	e.WaitExit()
	e.clean()
	if left := e.LeftBehind(); len(left) > 0 {
		t.Errorf("the terminal is left with %v", left)
	}
}
