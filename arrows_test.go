package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is the import path that every package of ours starts with.
const module = "hvdeck/"

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// arrow says which packages the packages under from may import. Paths are relative to
// the module and cover what is below them.
type arrow struct {
	from  string
	may   []string // of ours; itself is always allowed
	never []string // of others
	why   string
}

// arrows are those of ARCHITECTURE.md, first match first.
func arrows() []arrow {
	counterparts := []string{"github.com/vmware/govmomi/simulator", "testing"}
	drivers := []string{"github.com/digitalocean/go-libvirt", "github.com/vmware/govmomi", "libvirt.org/go/libvirtxml"}
	screens := []string{"charm.land/bubbletea/v2", "charm.land/bubbles/v2", "charm.land/lipgloss/v2"}
	driver := []string{"backend/ovf", "backend/guard", "backend/clean", "backend/definition", "backend/redact", "backend/trace"}
	return []arrow{
		{from: "ui/uitest", may: []string{"backend/guard", "ui/uitest"}, never: drivers, why: "the test terminal knows no console"},
		{from: "ui", may: []string{"backend/store", "backend/task", "backend/poll", "backend/clean", "backend/definition", "backend/guard", "backend/ovf", "backend/redact", "backend/secretsource", "keymap", "theme", "ui", "="},
			never: append(drivers, counterparts...), why: "screens see the contract, the store and the tasks, and no driver"},
		{from: "keymap", may: []string{"="}, never: append(drivers, screens...), why: "an action names an operation of the contract"},
		{from: "theme", never: drivers, why: "a theme is data"},
		{from: "config", never: append(drivers, screens...), why: "a configuration is data"},
		{from: "backend/libvirt", may: append(driver, "="), never: append(counterparts, screens...), why: "drivers know only the contract"},
		{from: "backend/vsphere", may: append(driver, "="), never: append(counterparts, screens...), why: "drivers know only the contract"},
		{from: "backend/mem", may: append(driver, "="), never: append(counterparts, screens...), why: "drivers know only the contract"},
		{from: "backend/vcsim", may: []string{"backend/guard"}, never: screens, why: "the simulator is no part of the console"},
		{from: "backend/demo", may: []string{"backend/guard", "backend/mem", "backend/poll", "backend/vcsim", "backend/vsphere", "="},
			never: screens, why: "the demo is a driver, a simulator and two hosts in memory"},
		{from: "backend/lab", may: []string{"backend/vcsim", "backend/lab", "backend/guard"}, never: screens, why: "counterparts know no console"},
		{from: "backend/backendtest", may: []string{"backend/clean", "backend/guard", "="}, never: append(drivers, screens...), why: "the suite knows only the contract, and what may reach a screen"},
		{from: "backend/ovf", may: []string{"backend/clean", "backend/guard", "="}, never: append(slices.Concat(counterparts, screens), "github.com/digitalocean/go-libvirt"),
			why: "packages need no server and no screen"},
		{from: "backend/store", may: []string{"backend/clean", "="}, never: append(drivers, screens...), why: "the store keeps objects of the contract"},
		{from: "backend/effect", may: []string{"backend/definition", "="}, never: append(drivers, screens...), why: "what an operation leaves is told in the contract's words"},
		{from: "backend", may: []string{"backend/clean", "backend/effect", "backend/guard", "backend/linefile", "backend/redact", "backend/store", "="},
			never: append(slices.Concat(drivers, screens), counterparts...), why: "the core knows no driver and no screen"},
	}
}

func TestImportArrows(t *testing.T) {
	packages := listPackages(t)
	seen := map[string]bool{}
	for _, p := range packages {
		a, ok := arrowOf(p.ImportPath)
		if !ok {
			continue
		}
		seen[a.from] = true
		for _, imp := range p.Imports {
			if !a.allows(p.ImportPath, imp) {
				t.Errorf("%s imports %s: %s", p.ImportPath, imp, a.why)
			}
		}
	}
	for _, a := range arrows() {
		if !seen[a.from] {
			t.Errorf("the arrow of %s holds nothing: no such package", a.from)
		}
	}
}

// TestOnlyWiringImportsDrivers looks at every package, so that a new one is not
// forgotten.
func TestOnlyWiringImportsDrivers(t *testing.T) {
	for _, rule := range []struct {
		imported []string
		by       []string
		tests    bool // tests are held to it too
	}{
		{imported: []string{module + "backend/libvirt", module + "backend/vsphere"}, by: []string{"hvdeck", module + "backend/demo"}},
		{imported: []string{module + "backend/mem"}, by: []string{module + "backend/demo"}},
		{imported: []string{"github.com/vmware/govmomi/simulator"}, by: []string{module + "backend/vcsim", module + "backend/demo", module + "backend/lab"}},
		{imported: []string{module + "backend/vcsim"}, by: []string{module + "backend/demo", module + "backend/lab"}},
		{imported: []string{module + "backend/lab", module + "backend/backendtest", module + "ui/uitest"},
			by: []string{module + "backend/lab", module + "ui/uitest", module + "bench", module + "e2e"}},
		{imported: []string{"github.com/digitalocean/go-libvirt"}, by: []string{module + "backend/libvirt"}},
		{imported: []string{"libvirt.org/go/libvirtxml"}, by: []string{module + "backend/libvirt", module + "backend/mem"}},
		{imported: []string{"C"}, tests: true},
	} {
		for _, p := range listPackages(t) {
			imports := p.Imports
			if rule.tests {
				imports = slices.Concat(imports, p.TestImports, p.XTestImports)
			}
			for _, imp := range imports {
				if under(imp, rule.imported) && !under(p.ImportPath, rule.by) && !under(p.ImportPath, rule.imported) {
					t.Errorf("%s imports %s; only %v may", p.ImportPath, imp, rule.by)
				}
			}
		}
	}
}

func TestArrowsCanFail(t *testing.T) {
	for _, c := range []struct {
		from, imp string
		want      bool
	}{
		{"hvdeck/ui/table", "hvdeck/theme", true},
		{"hvdeck/ui", "hvdeck/backend", true},
		{"hvdeck/ui", "hvdeck/backend/vsphere", false},
		{"hvdeck/ui", "hvdeck/backend/wrap", false},
		{"hvdeck/ui/kind", "github.com/vmware/govmomi/vim25/types", false},
		{"hvdeck/backend/libvirt", "hvdeck/backend/store", false},
		{"hvdeck/backend/libvirt", "hvdeck/backend/vsphere", false},
		{"hvdeck/backend/libvirt", "hvdeck/backend/guard", true},
		{"hvdeck/backend/vsphere", "github.com/vmware/govmomi/simulator/vpx", false},
		{"hvdeck/theme", "hvdeck/backend", false},
		{"hvdeck/keymap", "hvdeck/ui", false},
		{"hvdeck/keymap", "strings", true},
		{"hvdeck/backend", "hvdeck/ui/table", false},
	} {
		a, ok := arrowOf(c.from)
		if !ok || a.allows(c.from, c.imp) != c.want {
			t.Errorf("%s -> %s: allowed %v, want %v", c.from, c.imp, !c.want, c.want)
		}
	}
}

// arrowOf is the arrow of a package; main and new packages have none.
func arrowOf(path string) (arrow, bool) {
	for _, a := range arrows() {
		if under(path, []string{module + a.from}) {
			return a, true
		}
	}
	return arrow{}, false
}

// allows says whether the package may import imp.
func (a arrow) allows(path, imp string) bool {
	if under(imp, a.never) {
		return false
	}
	if !strings.HasPrefix(imp, module) || under(imp, []string{module + a.from}) && a.from != "backend" {
		return true
	}
	if imp == module+"backend" { // the contract, without what is below it
		return slices.Contains(a.may, "=") || path == imp
	}
	for _, m := range a.may {
		if m != "=" && under(imp, []string{module + m}) {
			return true
		}
	}
	return false
}

// under says whether path is one of these packages or below one.
func under(path string, of []string) bool {
	return slices.ContainsFunc(of, func(o string) bool { return path == o || o != "hvdeck" && strings.HasPrefix(path, o+"/") })
}

func listPackages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
