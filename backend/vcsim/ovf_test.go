package vcsim_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/nfc"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/backendtest"
	"hvdeck/backend/vcsim"
)

// importing is what an import needs of the inventory.
type importing struct {
	c      *govmomi.Client
	pool   *object.ResourcePool
	ds     *object.Datastore
	folder *object.Folder
}

func places(t *testing.T, c *govmomi.Client) importing {
	t.Helper()
	f := find.NewFinder(c.Client)
	dc, err := f.DefaultDatacenter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.SetDatacenter(dc)
	folders, err := dc.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pools, err := f.ResourcePoolList(t.Context(), "*/Resources")
	if err != nil {
		t.Fatal(err)
	}
	ds, err := f.DefaultDatastore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return importing{c: c, pool: pools[0], ds: ds, folder: folders.VmFolder}
}

func (i importing) spec(t *testing.T, text string, p types.OvfCreateImportSpecParams) types.OvfCreateImportSpecResult {
	t.Helper()
	res, err := methods.CreateImportSpec(t.Context(), i.c.Client, &types.CreateImportSpec{
		This: *i.c.ServiceContent.OvfManager, OvfDescriptor: text, ResourcePool: i.pool.Reference(), Datastore: i.ds.Reference(), Cisp: &p,
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.Returnval
}

// lease begins an import and waits until it is ready.
func (i importing) lease(t *testing.T, spec types.BaseImportSpec) (*nfc.Lease, *nfc.LeaseInfo) {
	t.Helper()
	l, err := i.pool.ImportVApp(t.Context(), spec, i.folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	info, err := l.Wait(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return l, info
}

func upload(t *testing.T, u string, content []byte) int {
	t.Helper()
	res, err := http.Post(u, "application/x-vnd.vmware-streamVmdk", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestImportExportGivesTheBytesBack(t *testing.T) {
	s, c := start(t, vcsim.Options{VMs: 1})
	i := places(t, c)
	disk := backendtest.Noise(300_000, 1)
	sample := backendtest.OVFSample{Name: "s", Disks: [][]byte{disk}, Property: true, EULA: true, Option: true}
	r := i.spec(t, sample.Descriptor(), types.OvfCreateImportSpecParams{
		EntityName: "made", OvfManagerCommonParams: types.OvfManagerCommonParams{DeploymentOption: "large"}})
	if len(r.Error) != 0 || len(r.FileItem) != 1 || r.FileItem[0].Size != int64(len(disk)) {
		t.Fatalf("%+v", r)
	}
	l, info := i.lease(t, r.ImportSpec)
	if info.DeviceUrl[0].ImportKey != r.FileItem[0].DeviceId {
		t.Errorf("the lease calls it %q, the items %q", info.DeviceUrl[0].ImportKey, r.FileItem[0].DeviceId)
	}
	if status := upload(t, info.DeviceUrl[0].Url, disk); status != http.StatusCreated {
		t.Error(status)
	}
	if err := l.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Abort(t.Context(), nil); err == nil {
		t.Error("it ended twice")
	}
	sum := sha256.Sum256(disk)
	got := s.Leases()[0]
	if got.Ends() != 2 || got.Files[0].SHA256 != hex.EncodeToString(sum[:]) || !got.Files[0].Whole {
		t.Errorf("%+v", got)
	}
	vm := vmNamed(t, c, "/DC0/vm/made")
	if p := props(t, vm, "config"); p.Config.Hardware.NumCPU != 4 || p.Config.Hardware.MemoryMB != 256 || p.Config.GuestId != "debian10_64Guest" {
		t.Errorf("%+v", p.Config.Hardware)
	}
	out, err := vm.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	outInfo, err := out.Wait(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var back bytes.Buffer
	res, err := http.Get(outInfo.DeviceUrl[0].Url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = back.ReadFrom(res.Body)
	_ = res.Body.Close()
	if err != nil || !bytes.Equal(back.Bytes(), disk) {
		t.Errorf("%d bytes came back, %v", back.Len(), err)
	}
	entries, err := out.GetManifest(t.Context())
	if err != nil || len(entries) != 1 || entries[0].Size != int64(len(disk)) {
		t.Errorf("%+v %v", entries, err)
	}
	if err := out.Complete(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLeaseEndsRemoveTheVM(t *testing.T) {
	s, c := start(t, vcsim.Options{VMs: 1, NFC: vcsim.NFC{LeaseTimeout: time.Second}})
	i := places(t, c)
	sample := backendtest.OVFSample{Name: "s", Disks: [][]byte{{1}}, Systems: 2}
	for _, systems := range []int{1, 2} {
		sample.Systems = systems
		for _, how := range []string{"abort", "timeout"} {
			r := i.spec(t, sample.Descriptor(), types.OvfCreateImportSpecParams{EntityName: "half"})
			l, info := i.lease(t, r.ImportSpec)
			if s.Model().Map().Get(info.Entity) == nil {
				t.Fatal("nothing was made")
			}
			if how == "abort" {
				if err := l.Abort(t.Context(), nil); err != nil {
					t.Error(err)
				}
			}
			deadline := time.Now().Add(10 * time.Second)
			for s.Model().Map().Get(info.Entity) != nil {
				if time.Now().After(deadline) {
					t.Fatalf("%s left it behind", how)
				}
				time.Sleep(10 * time.Millisecond)
			}
			if status := upload(t, info.DeviceUrl[0].Url, []byte{1}); status != http.StatusNotFound {
				t.Errorf("an upload after the end: %d", status)
			}
		}
	}
	all := s.Leases()
	if !all[1].TimedOut || all[1].Ends() != 0 || all[0].Aborts != 1 {
		t.Errorf("%+v", all)
	}
}

func TestParseValidateAndFaults(t *testing.T) {
	_, c := start(t, vcsim.Options{VMs: 1})
	i := places(t, c)
	good := backendtest.OVFSample{Name: "s", Disks: [][]byte{{1}}, Property: true, EULA: true, Option: true}
	m := *c.ServiceContent.OvfManager
	p, err := methods.ParseDescriptor(t.Context(), c.Client, &types.ParseDescriptor{This: m, OvfDescriptor: good.Descriptor()})
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Returnval; len(r.Eula) != 1 || len(r.Property) != 3 || r.DefaultDeploymentOption != "small" || len(r.Network) != 1 || r.DefaultEntityName != "Sample" {
		t.Errorf("%+v", r)
	}
	strange := good
	strange.Strange = true
	for name, want := range map[string]struct {
		text, says string
		params     types.OvfCreateImportSpecParams
	}{
		"tape":         {text: strange.Descriptor(), says: "Tape"},
		"no XML":       {text: "<", says: "not valid"},
		"empty":        {text: "<Envelope/>", says: "VirtualSystem"},
		"provisioning": {text: good.Descriptor(), says: "provisioning", params: types.OvfCreateImportSpecParams{DiskProvisioning: "cheese"}},
		"option": {text: good.Descriptor(), says: "huge", params: types.OvfCreateImportSpecParams{
			OvfManagerCommonParams: types.OvfManagerCommonParams{DeploymentOption: "huge"}}},
	} {
		r := i.spec(t, want.text, want.params)
		if len(r.Error) == 0 || !strings.Contains(r.Error[0].LocalizedMessage, want.says) || r.ImportSpec != nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	hosts, err := find.NewFinder(c.Client).HostSystemList(t.Context(), "/DC0/host/*/*")
	if err != nil {
		t.Fatal(err)
	}
	v, err := methods.ValidateHost(t.Context(), c.Client, &types.ValidateHost{This: m, OvfDescriptor: strange.Descriptor(), Host: hosts[0].Reference()})
	if err != nil || len(v.Returnval.Error) != 1 || len(v.Returnval.SupportedDiskProvisioning) == 0 {
		t.Errorf("%+v %v", v, err)
	}
}

// TestNoDescriptorBreaksIt sends every descriptor in govmomi's module, at many of which
// the simulator's own CreateImportSpec panics.
func TestNoDescriptorBreaksIt(t *testing.T) {
	_, c := start(t, vcsim.Options{VMs: 1})
	i := places(t, c)
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/vmware/govmomi").Output()
	if err != nil {
		t.Fatal(err)
	}
	n, usable, vapps := 0, 0, 0
	err = filepath.WalkDir(filepath.Join(strings.TrimSpace(string(out)), "ovf", "fixtures"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".ovf" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		if !bytes.Equal(bytes.ToValidUTF8(text, nil), text) || bytes.ContainsRune(text, 0) {
			return nil // can't be sent as a string of XML
		}
		r := i.spec(t, string(text), types.OvfCreateImportSpecParams{EntityName: "x"})
		if len(r.Error) == 0 {
			usable++
		}
		if _, app := r.ImportSpec.(*types.VirtualAppImportSpec); app {
			vapps++
		}
		return nil
	})
	if err != nil || n < 900 || usable < 500 || vapps < 100 {
		t.Errorf("of %d descriptors %d can be imported, %d as vApps; %v", n, usable, vapps, err)
	}
	t.Logf("of %d descriptors %d can be imported, %d as vApps", n, usable, vapps)
}
