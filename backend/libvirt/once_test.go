package libvirt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
	"hvdeck/backend/effect"
	"hvdeck/backend/lab"
)

// reading are procedures that change nothing at the server, or nothing that an operator
// asked for.
var reading = regexp.MustCompile(`^(CONNECT|AUTH)_|_(GET|LIST|LOOKUP|NUM|IS|HAS|DUMP)(_|$)|LOOKUP_BY|_(DOWNLOAD|SCREENSHOT|DEREGISTER|REGISTER)|SNAPSHOT_CURRENT`)

// unanswered are requests under way, by procedure and serial.
type unanswered struct {
	mu   sync.Mutex
	all  map[[2]uint32]int
	wire *backendtest.Wire
}

// wired makes a line ask a wire about every frame.
func wired(line *lab.FrameLine) *backendtest.Wire {
	u := &unanswered{all: map[[2]uint32]int{}, wire: backendtest.NewWire(line.Cut)}
	line.SetFrames(u.frame)
	return u.wire
}

func (u *unanswered) frame(f lab.Frame) ([][]byte, bool) {
	on := [][]byte{f.Bytes}
	key := [2]uint32{f.Procedure, f.Serial}
	changes := f.Program == programRemote && !reading.MatchString(remoteProcedure(f.Procedure))
	if f.Way == lab.ToServer && f.Kind == lab.FrameCall && changes {
		n, passes := u.wire.Request(remoteProcedure(f.Procedure))
		if !passes {
			return nil, true
		}
		u.mu.Lock()
		u.all[key] = n
		u.mu.Unlock()
		return on, true
	}
	u.mu.Lock()
	n, asked := u.all[key]
	if f.Way == lab.ToClient && f.Kind == lab.FrameReply && changes && asked {
		delete(u.all, key)
		u.mu.Unlock()
		if passes, alive := u.wire.Answer(n); !passes {
			return nil, alive
		}
		return on, true
	}
	u.mu.Unlock()
	passes, alive := u.wire.Passes()
	if !passes {
		return nil, alive
	}
	return on, true
}

// tracing is what package effect looks for.
func tracing(op backend.Op, was backendtest.Known) func(context.Context, backend.Backend) bool {
	e := effect.Of(op, was, time.Now())
	if e.Hidden() {
		return nil
	}
	return e.Seen
}

// onTestDriver are the operations that libvirt's test driver has and that are tried on
// it, as it is quick; the rest is tried on QEMU.
func onTestDriver() []string {
	return []string{
		"PowerOnOp", "PowerOffOp", "ResetOp", "SuspendOp", "ResumeOp", "ShutdownOp", "RebootOp",
		"SnapshotCreateOp", "SnapshotRevertOp", "SnapshotDeleteOp", "SnapshotEditOp",
		"StartOp", "StopOp", "AutostartOp", "UndefineOp", "DefineOp",
		"VMNewOp", "VMUndefineOp", "VMManagedSaveOp", "VMManagedSaveRemoveOp", "VMRenameOp", "VMCloneOp", "VMResourcesOp", "VMSendKeyOp",
		"PoolNewOp", "PoolBuildOp", "PoolRefreshOp", "PoolDeleteOp", "VolumeCreateOp", "VolumeDeleteOp", "VolumeCloneOp", "NetworkNewOp",
	}
}

// onQEMU are the operations that are tried on QEMU: those that are not on the test
// driver. The tests of the whole program lose power and snapshots on it.
func onQEMU() []string {
	var all []string
	for _, op := range backend.Ops() {
		if name := reflect.TypeOf(op).Name(); !slices.Contains(onTestDriver(), name) && name != "VolumeImportOp" {
			all = append(all, name)
		}
	}
	return all
}

// notArranged says of what can't be tried why.
func notArranged() map[string]string {
	cannot := map[string]string{
		"StandbyOp":        "needs a guest agent",
		"AnswerOp":         "libvirt VMs ask no questions",
		"VMScreenshotOp":   "changes nothing at the server",
		"VolumeDownloadOp": "changes nothing at the server",
		"VMMigrateOp":      "needs a second host; its one call is sent as all others are",
		"NodeSuspendOp":    "the machine would sleep",
	}
	for _, name := range []string{
		"VMRelocateOp", "VMRegisterOp", "HostMaintenanceOp", "HostLinkOp", "VolumeMoveOp", "FolderMakeOp", "OVFImportOp", "OVFExportOp", "AlarmAckOp",
	} {
		cannot[name] = "libvirt has no such operation"
	}
	return cannot
}

// once is what both tests have alike.
func once(l *lab.Libvirtd, driver string, line *lab.FrameLine) backendtest.Once {
	return backendtest.Once{
		Target: backendtest.Target{
			Name: driver, Running: "suite-on", Off: "suite-off", PoolDir: filepath.Join(l.Dir(), "images"), Patience: 20 * time.Second,
			Open: func(t *testing.T) backend.Backend { return dial(t, line.URI(driver), false) },
		},
		Wire: wired(line), Trace: tracing, Harmless: []string{"STORAGE_POOL_REFRESH"}, Cannot: notArranged(),
	}
}

// TestOnceTestDriver loses the answer of every operation that libvirt's test driver has.
func TestOnceTestDriver(t *testing.T) {
	t.Parallel()
	l := lab.StartLibvirtd(t)
	dial(t, l.URI("test"), false) // the driver forgets everything when its last client goes
	for _, name := range []string{"suite-on", "suite-off"} {
		l.Define("test", fmt.Sprintf(`<domain type='test'><name>%s</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>`, name))
	}
	o := once(l, "test", lab.StartFrameLine(t, l))
	o.Only = onTestDriver()
	backendtest.RunOnce(t, o)
	o.Only, o.Ways = []string{"PowerOffOp"}, []backendtest.How{backendtest.Silent}
	backendtest.RunOnce(t, o)
}

// TestOnceQEMU does the same with what the test driver has not.
func TestOnceQEMU(t *testing.T) {
	t.Parallel()
	l := lab.StartLibvirtd(t)
	l.DefineGuest("suite-on", false)
	l.DefineGuest("suite-off", false)
	l.Virsh("pool-create-as", "suite", "dir", "--target", filepath.Join(l.Dir(), "images"))
	network := filepath.Join(l.Dir(), "suite.xml")
	if err := os.WriteFile(network, []byte(`<network><name>suite</name><bridge name='hvsuite0'/></network>`), 0o600); err != nil {
		t.Fatal(err)
	}
	l.Virsh("net-create", network)
	o := once(l, "qemu", lab.StartFrameLine(t, l))
	o.Only = onQEMU()
	backendtest.RunOnce(t, o)
	// On a link that is gone as a whole it tries for a minute to take back what it has made.
	o.Only, o.Ways = []string{"VolumeImportOp"}, []backendtest.How{backendtest.AnswerLostThere}
	backendtest.RunOnce(t, o)
}
