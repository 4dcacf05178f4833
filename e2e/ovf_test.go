package e2e

import (
	"archive/tar"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend/backendtest"
	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// importing opens the wizard on a simulator and reads a package.
func importing(t *testing.T, v *lab.Vcsim, source string) *console {
	t.Helper()
	c := start(t, desk.Setup{Config: desk.VcenterAt("vc", v), Env: desk.Password()})
	c.Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
	c.Menu("n", "new VM on vc", "o")
	c.WaitFor("File or URL").Type(source).Press("enter")
	return c
}

// toVerdict answers what has to be answered, from the name on.
func (c *console) toVerdict(name string) {
	c.WaitFor("Runs in").Type(name).Press("enter").WaitFor("Datastore").Press("enter").WaitFor("Networks").WaitFor("net-a").Press("enter")
}

func ovaOf(t *testing.T, s backendtest.OVFSample) string {
	t.Helper()
	file, err := s.WriteOVA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestImportOVAFromTheKeyboard(t *testing.T) {
	t.Parallel()
	v := desk.Vcenter(t)
	s := backendtest.OVFSample{Name: "appliance", Disks: [][]byte{backendtest.Noise(300_000, 1)}, EULA: true, Property: true, Option: true}
	c := importing(t, v, ovaOf(t, s))
	c.WaitFor("What is in it").WaitFor("Sample 1.0").WaitFor("checksums of")
	c.Answer("What is in it", "enter")
	c.WaitFor("Pay in cake.").Press("A").WaitFor("4 CPUs").Press("j", "enter")
	c.toVerdict("from-ova")
	c.WaitFor("Port").Press("ctrl+u").Type("99999").Press("tab").WaitFor("✗").Press("up", "ctrl+u").Type("8080").Press("tab")
	c.Type("open sesame").Press("tab").Type("open sesame").Press("enter")
	c.WaitFor("Options of the server").WaitFor("lax").Press("enter")
	c.Answer("It has nothing against it", "enter")
	c.WaitFor("Makes a VM called from-ova on vc").Press("S")
	c.WaitFor("✓ import OVF as from-ova", 20*time.Second)
	if got := v.Govc("vm.info", "from-ova"); !strings.Contains(got, "CPU:          4 vCPU") || !strings.Contains(got, "poweredOff") {
		t.Errorf("govc says %s", got)
	}
	c.Pane("VMs").WaitFor("from-ova")
	c.Reject("sesame")
	nowhere(t, "sesame", c.Home)
}

// What does not match its manifest is refused before anything is made, and the answers
// can be taken up again.
func TestImportOVAWithWrongManifest(t *testing.T) {
	t.Parallel()
	v := desk.Vcenter(t)
	before := govcVMs(v)
	s := backendtest.OVFSample{Name: "appliance", Disks: [][]byte{backendtest.Noise(300_000, 1)}, Wrong: true}
	c := importing(t, v, ovaOf(t, s))
	c.Answer("What is in it", "enter")
	c.toVerdict("never")
	c.WaitFor("Options of the server").Press("enter")
	c.Answer("It has nothing against it", "enter")
	c.WaitFor("Summary").Press("S").WaitFor("The answers are kept").WaitFor("appliance-disk0.vmdk")
	if after := govcVMs(v); !slices.Equal(before, after) {
		t.Errorf("there was %q, now there is %q", before, after)
	}
	c.Settle(uitest.Grace).Press("down", "enter").WaitFor("appliance.ova").Press("ctrl+c").WaitFor("Quit the import?").Press("y")
	c.WaitGone("File or URL")
}

// slowDisk serves a package whose disk can be read once, to be checked; after that it
// never comes to its end.
func slowDisk(t *testing.T) (url string) {
	t.Helper()
	s := backendtest.OVFSample{Name: "slow", Disks: [][]byte{backendtest.Noise(100_000, 1)}, Digest: "none"}
	disk, reads := s.Disks[0], atomic.Int32{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, ".ovf"):
			http.ServeContent(w, r, "slow.ovf", time.Time{}, strings.NewReader(s.Descriptor()))
		case !strings.HasSuffix(r.URL.Path, ".vmdk"):
			http.NotFound(w, r)
		default:
			if r.Method == http.MethodHead || reads.Add(1) == 1 {
				http.ServeContent(w, r, "disk", time.Time{}, bytes.NewReader(disk))
				return
			}
			w.Header().Set("Content-Length", strconv.Itoa(len(disk)))
			_, _ = w.Write(disk[:len(disk)/2])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/slow.ovf"
}

func TestLeavingDuringAnUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*console){
		"TERM": func(c *console) { c.Signal("TERM") },
		"q": func(c *console) {
			c.Press("q").WaitFor("Quit hvdeck?").Press("y")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := desk.Vcenter(t)
			before := govcVMs(v)
			c := importing(t, v, slowDisk(t))
			c.Answer("What is in it", "enter")
			c.toVerdict("half")
			c.WaitFor("Options of the server").Press("enter")
			c.Answer("It has nothing against it", "enter")
			c.WaitFor("Summary").Press("S")
			desk.Eventually(t, 20*time.Second, "the upload to begin", func() bool { return slices.Contains(govcVMs(v), "half") })
			leave(c)
			c.WaitExit()
			if after := govcVMs(v); !slices.Equal(before, after) {
				t.Errorf("there was %q, now there is %q", before, after)
			}
			if n := desk.Sessions(v); n != 0 {
				t.Errorf("%d sessions are left", n)
			}
			if got, _ := v.TryGovc("datastore.ls"); strings.Contains(got, "half") {
				t.Errorf("files are left:\n%s", got)
			}
		})
	}
}

func TestExportOVAFromTheKeyboard(t *testing.T) {
	t.Parallel()
	v := desk.Vcenter(t)
	const vm = "DC0_C0_RP0_VM0"
	v.Govc("vm.power", "-off", vm)
	c := start(t, desk.Setup{Config: desk.VcenterAt("vc", v), Env: desk.Password()})
	c.Pane("VMs").WaitFor(desk.Row(vm, "off"))
	c.Pane("VMs").Select(vm)
	dir := t.TempDir()
	file := filepath.Join(dir, "out.ova")
	export := func() {
		c.Menu("v", "manage: "+vm, "x")
		c.WaitFor("Checksums").Press("ctrl+u").Type(file)
	}
	export()
	c.Press("enter")
	c.exportAnswered(t, file)
	if got := entries(t, dir); !slices.Equal(got, []string{"out.ova"}) {
		t.Errorf("the folder has %q", got)
	}
	members := membersOf(t, file)
	if len(members) < 3 || !strings.HasSuffix(members[0], ".ovf") || !slices.ContainsFunc(members, func(m string) bool { return strings.HasSuffix(m, ".mf") }) {
		t.Errorf("the archive has %q", members)
	}
	export()
	c.Press("enter").WaitFor("Tick Overwrite").Press("esc").WaitGone("Tick Overwrite").Press("esc").WaitGone("Checksums")
	// What was written goes in again.
	c.Menu("n", "new VM on vc", "o")
	c.WaitFor("File or URL").Type(file).Press("enter")
	c.Answer("What is in it", "enter")
	c.WaitFor("Runs in").Type("again").Press("enter").WaitFor("Datastore").Press("esc").Press("esc").Press("esc").Press("ctrl+c")
	c.WaitFor("Quit the import?").Press("y").WaitGone("Quit the import?")
}

// exportAnswered answers the question that warnings lead to, if there are any, and waits
// for the file.
func (c *console) exportAnswered(t *testing.T, file string) {
	t.Helper()
	c.ExportAnswered(file, func() bool {
		_, err := os.Stat(file)
		return err == nil
	})
	c.WaitFor("✓ export OVF")
}

func membersOf(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []string
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, h.Name)
	}
}
