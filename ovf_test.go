package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"hvdeck/backend/lab"
)

const appliance = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:vmw="http://www.vmware.com/schema/ovf">
<References><File ovf:id="f" ovf:href="d.vmdk" ovf:size="4"/></References>
<DiskSection><Info/><Disk ovf:diskId="d" ovf:fileRef="f" ovf:capacity="2" ovf:capacityAllocationUnits="byte * 2^30"/></DiskSection>
<NetworkSection><Info/><Network ovf:name="Front"><Description>Where users are</Description></Network></NetworkSection>
<DeploymentOptionSection><Info/><Configuration ovf:id="s"><Label>Small</Label></Configuration><Configuration ovf:id="l"><Label>Large</Label></Configuration></DeploymentOptionSection>
<VirtualSystem ovf:id="vm"><Info/><Name>evil &#x9b;31m&#x202e;name</Name>
<EulaSection><Info/><License>First line
second
third
fourth</License></EulaSection>
<ProductSection><Info/><Product>Thing</Product><Vendor>Acme</Vendor><FullVersion>1.2 build 3</FullVersion><Category>Net</Category>
<Property ovf:key="port" ovf:type="uint16" ovf:userConfigurable="true" ovf:value="443"><Label>Port</Label></Property>
<Property ovf:key="root" ovf:type="string" ovf:password="true" ovf:userConfigurable="true" ovf:value="hush" ovf:qualifiers="MinLen(3),MaxLen(8)"/></ProductSection>
<VirtualHardwareSection><Info/><System><VirtualSystemType>vmx-13</VirtualSystemType></System>
<Item><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>2</VirtualQuantity></Item>
<Item ovf:configuration="l"><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>8</VirtualQuantity></Item>
<Item><InstanceID>2</InstanceID><ResourceType>4</ResourceType><VirtualQuantity>512</VirtualQuantity></Item>
<Item><InstanceID>3</InstanceID><ResourceType>10</ResourceType><Connection>Front</Connection></Item>
<Item><InstanceID>4</InstanceID><ResourceType>17</ResourceType><HostResource>ovf:/disk/d</HostResource></Item>
</VirtualHardwareSection></VirtualSystem></Envelope>`

// inspect runs the command and gives its page as a program without colours would.
func inspect(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(append([]string{"ovf", "inspect"}, args...), &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func ovfPackage(t *testing.T, disk string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vm.ova")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	for _, e := range [][2]string{{"vm.ovf", appliance}, {"d.vmdk", disk}} {
		w.WriteHeader(&tar.Header{Name: e[0], Size: int64(len(e[1])), Mode: 0o644})
		w.Write([]byte(e[1]))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOVFInspectSaysWhatIsInside(t *testing.T) {
	path := ovfPackage(t, "disk")
	status, out, errs := inspect(t, path, "--verify")
	if status != 0 || errs != "" {
		t.Errorf("status %d: %s", status, errs)
	}
	for _, words := range []string{"OVA archive", "Thing 1.2 build 3, by Acme", "s (default) (shown here)  Small", "l  Large", "vmx-13, 2 CPUs, 512 MiB memory",
		"d  2 GiB, in d.vmdk", "d.vmdk  4 bytes", "Front  Where users are", "[Net]", `port  uint16, 0 to 65535, default "443"`, "Port",
		"root  string, a password, 3 to 8 characters, default set", "First line", "… 1 line more", "files have the sizes"} {
		if !strings.Contains(out, words) {
			t.Errorf("%q is missing in\n%s", words, out)
		}
	}
	if strings.ContainsAny(out, "\x1b\u009b\u202e") || strings.Contains(out, "hush") {
		t.Errorf("the page holds what a terminal or a passer-by should not get:\n%q", out)
	}
	if _, out, _ := inspect(t, "--option", "l", path); !strings.Contains(out, "8 CPUs") || !strings.Contains(out, "l (shown here)") {
		t.Errorf("under the option l:\n%s", out)
	}
	if _, out, _ := inspect(t, "--eula", path); !strings.Contains(out, "fourth") {
		t.Errorf("the licence in full:\n%s", out)
	}
}

func TestOVFInspectForPrograms(t *testing.T) {
	status, out, _ := inspect(t, "--json", "--option=l", ovfPackage(t, "disk"))
	var got struct {
		Archive, Verified bool
		Descriptor        struct {
			Name    string
			Systems []struct {
				Cpus   int
				Memory uint64
			}
			Disks      []struct{ Capacity uint64 }
			Properties []struct{ Key, Limits string }
			Eulas      []struct{ Text string }
		}
		Findings []struct{ Severity, Text string }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || status != 0 {
		t.Fatal(status, err, out)
	}
	d := got.Descriptor
	if !got.Archive || got.Verified || d.Name != "evil \u009b31m\u202ename" || d.Systems[0].Cpus != 8 || d.Disks[0].Capacity != 2<<30 ||
		d.Properties[1].Limits != "3 to 8 characters" || !strings.HasSuffix(d.Eulas[0].Text, "fourth") || got.Findings == nil {
		t.Errorf("%+v", got)
	}
	if strings.ContainsFunc(out, func(c rune) bool { return c > 0x7e || (c < ' ' && c != '\n') }) {
		t.Errorf("not ASCII: %q", out)
	}
}

func TestOVFInspectFailsByItsStatus(t *testing.T) {
	lies := ovfPackage(t, "longer than it says")
	text := filepath.Join(t.TempDir(), "x.ovf")
	os.WriteFile(text, []byte("<Envelope"), 0o600)
	for name, c := range map[string]struct {
		args       []string
		status     int
		out, errs  string
		withoutOVF bool
	}{
		"findings":   {args: []string{lies}, status: 1, out: "error: the file"},
		"verify":     {args: []string{lies, "--verify"}, status: 1, out: "does NOT match"},
		"no file":    {args: []string{"nothing.ova"}, status: 1, errs: "there is no such file"},
		"no XML":     {args: []string{text}, status: 1, errs: "no valid XML"},
		"option":     {args: []string{lies, "--option", "x"}, status: 1, errs: `no deployment option "x"`},
		"flag":       {args: []string{lies, "--nosuch"}, status: 2, errs: "--help"},
		"nothing":    {status: 2, errs: "FILE"},
		"two":        {args: []string{"a", "b"}, status: 2, errs: "one FILE"},
		"help":       {args: []string{"--help"}, out: "--verify"},
		"no inspect": {withoutOVF: true, status: 2, errs: "inspect"},
	} {
		status, out, errs := inspect(t, c.args...)
		if c.withoutOVF {
			var stderr bytes.Buffer
			status = run([]string{"ovf", "list"}, &stderr, &stderr)
			errs = stderr.String()
		}
		if status != c.status || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) {
			t.Errorf("%s: status %d, %q, %q", name, status, out, errs)
		}
	}
}

// TestOVFInspectOfWhatThereIs runs over the descriptors that the govmomi module carries:
// every line fits, and the status follows the findings.
func TestOVFInspectOfWhatThereIs(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/vmware/govmomi").Output()
	root := filepath.Join(strings.TrimSpace(string(dir)), "ovf", "fixtures")
	if _, missing := os.Stat(root); err != nil || missing != nil {
		lab.Missing(t, "descriptors of the govmomi module not found: %v", err)
	}
	count := map[int]int{}
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".ovf") {
			return err
		}
		status, out, errs := inspect(t, "--eula", path)
		count[status]++
		for line := range strings.Lines(out) {
			if ansi.StringWidth(strings.TrimSuffix(line, "\n")) > 80 {
				t.Errorf("%s: %q is too long", path, line)
			}
		}
		bad := errs != "" || slices.ContainsFunc(strings.Split(out, "\n"), func(l string) bool { return strings.HasPrefix(l, "  error: ") })
		if bad != (status == 1) || (out == "") != (errs != "") {
			t.Errorf("%s: status %d, %q", path, status, errs)
		}
		return nil
	})
	if count[0] < 600 || count[1] < 100 || len(count) != 2 {
		t.Errorf("by status: %v", count)
	}
}
