package ui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/ui/uitest"
)

// toPlace leads the wizard from the start to the page after the deployment option.
func (w *world) toPlace(source string) {
	w.t.Helper()
	w.row("db-1", "off")
	w.Press("n").WaitFor("Import OVF or OVA").Press("o").WaitFor("File or URL").Type(source).Press("enter")
	w.Answer("What is in it", "enter")
	w.WaitFor("Licence").WaitFor("may be used").Press("enter").Settle(50 * time.Millisecond).Expect("may be used")
	w.Press("A").WaitFor("Deployment option").WaitFor("for the real thing")
	w.Press("enter").WaitFor("Name and place")
}

func importOf(t *testing.T, s *ovfServer) backend.OVFImportOp {
	t.Helper()
	ops := s.done()
	if len(ops) != 1 {
		t.Fatalf("%d operations: %v", len(ops), ops)
	}
	op, ok := ops[0].(backend.OVFImportOp)
	if !ok {
		t.Fatalf("a %T", ops[0])
	}
	return op
}

// The whole way, with every kind of answer.
func TestImportOVF(t *testing.T) {
	t.Parallel()
	w, s := beginOVF(t, scene{})
	s.options.Import = []backend.OVFOption{{Key: "lax", Text: "Ignores unknown hardware."}}
	s.says(nil, backend.Finding{Severity: backend.SeverityWarning, Text: "line 31: unsupported hardware \x1b[31mfamily"})
	source := packageOf(t, "This may be used.", "")
	w.row("db-1", "off")
	w.Press("n").WaitFor("Import OVF or OVA").Press("o").WaitFor("File or URL")
	w.Type(strings.TrimSuffix(source, "op.ovf")).Press("tab").WaitFor("shop.ovf").Press("enter")
	w.WaitFor("What is in it").WaitFor("Shop 2.1").WaitFor("what is inside can't be verified").WaitFor("20 GiB")
	w.Answer("What is in it", "enter")
	w.WaitFor("may be used").Press("A").WaitFor("Deployment option").WaitFor("Small (default)").Press("j", "enter")
	w.WaitFor("Name and place").WaitFor("pool prod/web").Type("new-shop").Press("enter")
	w.WaitFor("as the server chooses").WaitFor("ds-large, 300")
	w.Press("right").WaitFor("esx-1").Press("tab", "right").WaitFor("/dc1/vm/Production")
	w.Press("tab").Type("ds-sm").WaitFor("ds-small").Press("tab", "right").WaitFor("the disks take 20 GiB, ds-small has 4.0 GiB free")
	w.Press("tab", "right", "enter").WaitFor("Networks").WaitFor("VM Network").Press("enter")
	w.WaitFor("Properties").WaitFor("Access").WaitFor("99").Reject("Not to be set")
	w.Press("ctrl+u").Type("x").Press("tab").WaitFor("has 1 character").Press("up").Type("yz").Press("tab", "left", "tab")
	w.Type("hunter2").Press("tab").Type("hunter3").Press("enter").WaitFor("this differs from the first").Reject("hunter")
	w.Press("ctrl+u").Type("hunter2").Press("enter")
	w.WaitFor("Options of the server").WaitFor("Ignores unknown hardware").Press("right", "enter")
	w.WaitFor("What the server says").WaitFor("unsupported hardware").Expect("The disks take")
	w.Answer("It would do this, and says", "enter")
	w.WaitFor("Summary").WaitFor("Makes a VM called new-shop on vc1").Press("enter").Settle(50 * time.Millisecond).Expect("Summary")
	w.Press("G").Settle(50 * time.Millisecond).WaitFor("set, not shown").Reject("hunter").Press("S")
	w.WaitFor("done: import OVF as new-shop on vc1. all of it is there")
	op := importOf(t, s)
	secret := ""
	for n := range op.Properties {
		if p := &op.Properties[n]; !p.Secret.Empty() {
			secret, p.Secret = string(p.Secret.Reveal()), backend.Hidden{}
		}
	}
	want := backend.OVFImportOp{
		Under: s.ref(backend.KindResourcePool, "web-id"), Source: source, Name: "new-shop", Folder: s.ref(backend.KindFolder, "Production-id"),
		Host: s.ref(backend.KindHost, "esx-1-id"), Datastore: s.ref(backend.KindPool, "ds-small-id"), Provisioning: "thick", Option: "large",
		Networks:   []backend.OVFNetwork{{Name: "VM Network", Network: s.ref(backend.KindNetwork, "VM Network-id")}},
		Properties: []backend.OVFValue{{Key: "hostname", Value: "xyz"}, {Key: "dhcp", Value: "False"}, {Key: "admin"}},
		Options:    []string{"lax"}, EULA: true, PowerOn: true, NoManifest: true,
	}
	if !reflect.DeepEqual(op, want) || secret != "hunter2" {
		t.Errorf("the operation is\n%+v, secret %q, want\n%+v", op, secret, want)
	}
}

// Going back and forth loses nothing; leaving asks only where something was typed.
func TestImportOVFBackAndQuit(t *testing.T) {
	t.Parallel()
	w, s := beginOVF(t, scene{})
	w.row("db-1", "off")
	w.Press(":").Type("import ovf").WaitFor("import ovf or ova").Press("enter").WaitFor("File or URL").Press("esc").WaitGone("File or URL")
	w.toPlace(packageOf(t, "This may be used.", ""))
	w.Type("kept").Press("enter").WaitFor("Datastore").Press("esc").WaitFor("kept")
	w.Press("ctrl+b").WaitFor("for the real thing").Press("j", "enter").WaitFor("kept").Press("esc").WaitFor("for the real thing")
	w.Press("esc").WaitFor("may be used").Press("esc").WaitFor("What is in it").Press("esc").WaitFor("shop.ovf").Press("esc")
	w.WaitFor("Quit the import?").Press("enter").WaitFor("File or URL").Press("ctrl+c").WaitFor("Quit the import?").Press("y")
	w.WaitGone("File or URL")
	w.row("db-1", "off")
	if len(s.done()) != 0 || s.checks != 0 {
		t.Error("something was asked of the server")
	}
}

// What can't be read is said with the reason, and what was typed stays.
func TestImportOVFUnreadable(t *testing.T) {
	t.Parallel()
	w, _ := beginOVF(t, scene{})
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.ova")
	if err := os.WriteFile(junk, []byte("this is no archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.row("db-1", "off")
	w.Press("n").WaitFor("Import OVF").Press("o").WaitFor("File or URL").Type("https://me:pass@host/x.ova").Press("enter").WaitFor("would be shown")
	w.Press("ctrl+u").Type(junk).Press("enter").WaitFor("Can't read the package")
	w.Press("esc").WaitGone("Can't read").WaitFor("junk.ova").Settle(uitest.Grace)
	broken := filepath.Join(dir, "broken.ovf")
	text := strings.Replace(descriptorText, `<File ovf:id="file1" ovf:href="shop-disk1.vmdk" ovf:size="1000"/>`, "", 1)
	if err := os.WriteFile(broken, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Press("ctrl+u").Type(broken).Press("enter").WaitFor("this package can't be imported").Reject("enter next")
	w.Settle(uitest.Grace).Press("enter").Settle(50 * time.Millisecond).Expect("this package can't be imported").Press("esc").WaitFor("broken.ovf")
}

// The server's errors stop it, and lead back; one that can't be asked is no way on.
func TestImportOVFRefused(t *testing.T) {
	t.Parallel()
	w, s := beginOVF(t, scene{})
	s.says(nil, backend.Finding{Severity: backend.SeverityError, Text: "The hardware vmx-13 is not supported on this host."})
	w.toPlace(packageOf(t, "This may be used.", ""))
	toVerdict := func() {
		w.WaitFor("Name and place").Press("enter").WaitFor("Datastore").Press("enter").WaitFor("Networks").Press("enter").WaitFor("Access")
	}
	toVerdict()
	w.Press("tab", "tab").Type("hunter2").Press("tab").Type("hunter2").Press("enter")
	w.WaitFor("It would refuse this").WaitFor("vmx-13 is not supported").Reject("enter next")
	w.Answer("It would refuse this", "W")
	s.mu.Lock()
	s.hold = make(chan struct{})
	hold := s.hold
	s.findings = nil
	s.mu.Unlock()
	toVerdict()
	w.WaitFor("Password (kept)").Press("enter").WaitFor("esc stops waiting").Press("esc").WaitFor("Access").Press("enter").WaitFor("esc stops waiting")
	close(hold)
	w.Answer("It has nothing against it", "enter")
	s.drop(backend.KindPool, "ds-large")
	w.eventually("the datastore to go", func() bool { return w.store.Object(s.ref(backend.KindPool, "ds-large-id")) == nil })
	w.WaitFor("Summary").Press("S").WaitFor("The datastore that was chosen is gone")
	if len(s.done()) != 0 {
		t.Error("it was started")
	}
}

// A failed import comes back with its answers, without the password.
func TestImportOVFTakenUpAgain(t *testing.T) {
	t.Parallel()
	w, s := beginOVF(t, scene{})
	s.says(&backend.Error{Class: backend.ClassConflict, Doing: "import", Object: "kept", Message: "The name 'kept' already exists.", Remedy: "take another name"})
	w.toPlace(packageOf(t, "This may be used.", ""))
	through := func() {
		w.Press("enter").WaitFor("Datastore").Press("enter").WaitFor("Networks").Press("enter").WaitFor("Access")
		w.Reject("(kept)").Press("tab", "tab").Type("hunter2").Press("tab").Type("hunter2").Press("enter")
		w.Answer("It has nothing against it", "enter")
		w.WaitFor("Summary").Press("S")
	}
	w.Type("kept")
	through()
	w.Answer("The answers are kept", "enter")
	w.Press("n").WaitFor("Import OVF or OVA").Press("o").WaitFor("Take up the answers for shop.ovf").Press("a").WaitFor("File or URL").Press("enter")
	w.Answer("What is in it", "enter")
	w.WaitFor("may be used").Press("A").WaitFor("for the real thing").Press("enter").WaitFor("Runs in").Press("end").Type("2")
	s.says(nil)
	through()
	w.WaitFor("done: import OVF as kept2")
	if ops := s.done(); len(ops) != 2 || ops[1].(backend.OVFImportOp).Name != "kept2" {
		t.Errorf("%d operations", len(ops))
	}
}

// A licence of half a megabyte in one line, and hundreds of properties, stay quick.
func TestImportOVFLarge(t *testing.T) {
	t.Parallel()
	licence := "This may be used. " + strings.Repeat("Whereas the party of the first part. ", 14000) + "THE END"
	w, _ := beginOVF(t, scene{})
	w.toPlace(packageOf(t, licence, manyProperties(400)))
	w.Press("esc").WaitFor("for the real thing").Press("esc").WaitFor("may be used")
	took := uitest.Took(0, func() {
		w.Press("G").WaitFor("THE END")
		w.Press("A").WaitFor("for the real thing").Press("enter").WaitFor("Name and place").Press("enter").WaitFor("Datastore").Press("enter")
		w.WaitFor("Networks").Press("enter").WaitFor("Access")
		for range 100 {
			w.Press("down")
		}
		w.WaitFor("Setting 9")
		w.Press("up", "up", "up").Settle(100 * time.Millisecond)
	})
	if took > 8*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestImportOVFReadOnly(t *testing.T) {
	t.Parallel()
	w, _ := beginOVF(t, scene{readOnly: true})
	w.row("db-1", "off")
	w.Press("n").WaitFor("Import OVF or OVA").Expect("read-only connection").Press("o").Settle(50 * time.Millisecond).Reject("File or URL").Press("esc")
	w.Press("v").WaitFor("Export OVF or OVA").Expect("read-only connection")
}

// Every page at every size: nothing is cut that can't be reached, and nothing panics.
func TestImportOVFSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []uitest.Size{{W: 40, H: 12}, {W: 80, H: 24}, {W: 200, H: 60}} {
		t.Run(fmt.Sprintf("%dx%d", size.W, size.H), func(t *testing.T) {
			t.Parallel()
			w, _ := beginOVF(t, scene{size: size})
			w.Press(":").Type("import ovf").Press("enter").WaitFor("File or URL").Type(packageOf(t, "This may be used.", "")).Press("enter")
			for _, step := range []struct{ page, key string }{
				{"What is in it", "enter"}, {"may be used", "A"}, {"Deployment", "enter"}, {"Runs in", "enter"}, {"Datastore", "enter"},
				{"customers", "enter"}, {"Host name", "esc"}, {"customers", "esc"},
			} {
				w.WaitFor(step.page)
				w.bordered(false)
				w.Answer(step.page, step.key)
			}
		})
	}
}

// An export asks for the file, warns with the server's words, and never overwrites
// unasked.
func TestExportOVF(t *testing.T) {
	t.Parallel()
	w, s := beginOVF(t, scene{})
	s.options.Export = []backend.OVFOption{{Key: "mac", Text: "Includes MAC addresses."}}
	dir := t.TempDir()
	file := filepath.Join(dir, "db.ova")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.row("web-1", "run")
	w.Pane("VMs").Select("web-1")
	w.Press("v").WaitFor("Export OVF or OVA").Expect("only what is off").Press("esc").WaitGone("Export OVF")
	w.Pane("VMs").Select("db-1")
	w.Press("v").WaitFor("Export OVF or OVA").Press("x").WaitFor("Checksums").WaitFor("db-1.ova").Expect("mac")
	w.Press("ctrl+u").Type(filepath.Join(dir, "db.tar")).Press("enter").WaitFor("ends in .ova or .ovf")
	w.Press("ctrl+u").Type(file).Press("enter").WaitFor("a file of 3 bytes is there").WaitFor("Tick Overwrite").Press("esc").WaitGone("Tick Overwrite")
	s.says(nil, backend.Finding{Severity: backend.SeverityWarning, Text: "The serial port is left out."})
	w.WaitFor("Checksums").Press("tab", "right", "tab", "right", "right", "tab").Type("other").Press("tab", "tab", "right", "tab", "right", "enter")
	w.WaitFor("The serial port is left out.").Expect("db-1").Expect("vc1").Expect("is replaced when the")
	w.Answer("Cancel", "y")
	w.eventually("the export", func() bool { return len(s.done()) == 1 })
	want := backend.OVFExportOp{Object: s.ref(backend.KindVM, "db-1-id"), File: file, Overwrite: true, Digest: "SHA512", Options: []string{"mac"}, Name: "other", Images: true}
	if got := s.done()[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// A vApp can be exported, a plain resource pool can't.
func TestExportVApp(t *testing.T) {
	t.Parallel()
	w, s := beginOVF(t, scene{})
	file := filepath.Join(t.TempDir(), "shop.ovf")
	w.row("db-1", "off")
	w.Press("1", "]").Pane("Hosts").WaitTitle("[Clusters]").WaitFor("prod")
	w.Press("n").WaitFor("new VM on prod").Expect("Import OVF or OVA").Press("esc").WaitGone("new VM on prod")
	w.Press("]").Pane("Hosts").WaitTitle("[Resource pools]").Select("web")
	w.Press("v").WaitFor("Export OVF or OVA").Expect("only a vApp").Press("esc").WaitGone("Export OVF")
	w.Pane("Hosts").Select("shop")
	w.Press("v").WaitFor("Export OVF or OVA").Press("x").WaitFor("Checksums").Press("ctrl+u").Type(file).Press("enter")
	w.eventually("the export", func() bool { return len(s.done()) == 1 })
	if got := s.done()[0].(backend.OVFExportOp); got.Object != s.ref(backend.KindResourcePool, "shop-id") || got.File != file || got.Overwrite {
		t.Errorf("%+v", got)
	}
}
