package vsphere_test

import (
	"context"
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
	"hvdeck/backend/vsphere"
)

// reading are requests that change nothing at the server, or nothing that an operator
// asked for.
var reading = regexp.MustCompile(`^(GET|HEAD|POST|DELETE|Login|Logout|SessionIsActive|CurrentTime|ExportVm|ExportVApp|CreateDescriptor|CreateImportSpec|ParseDescriptor|ValidateHost|GetAlarmState|SearchDatastore_Task|AcquireTicket|List\w*|(Retrieve|Query|Fetch|WaitFor|Find|Read|Search|Check|Cancel|HttpNfcLease|Create(Filter|ContainerView|PropertyCollector|Collector)|Destroy(PropertyFilter|PropertyCollector|View|Collector)|Reset(Collector)|Rewind|SetCollector)\w*)$`)

// asking makes a line ask a wire about every request. The answer to a method is known by
// its name: a test has one under way.
func asking(line *lab.SOAPLine) *backendtest.Wire {
	wire := backendtest.NewWire(line.Cut)
	var mu sync.Mutex
	pending := map[string]int{}
	line.SetRequests(func(r lab.Request) (bool, bool) {
		if r.Way == lab.ToServer && !reading.MatchString(r.Name) {
			n, passes := wire.Request(r.Name)
			mu.Lock()
			pending[r.Name] = n
			mu.Unlock()
			return passes, true
		}
		mu.Lock()
		n, asked := pending[r.Name]
		if r.Way == lab.ToClient && r.Name == "" { // what is no SOAP is answered without a name
			n, asked = pending["PUT"]
			r.Name = "PUT"
		}
		delete(pending, r.Name)
		mu.Unlock()
		if r.Way == lab.ToClient && asked {
			return wire.Answer(n)
		}
		return wire.Passes()
	})
	return wire
}

func tracing(op backend.Op, was backendtest.Known) func(context.Context, backend.Backend) bool {
	e := effect.Of(op, was, time.Now())
	if e.Hidden() {
		return nil
	}
	return e.Seen
}

// untried says of what is not tried why.
func untried() map[string]string {
	cannot := map[string]string{
		"AnswerOp":         "the suite has no VM that asks something",
		"VolumeDownloadOp": "changes nothing at the server",
		"OVFExportOp":      "changes nothing at the server",
	}
	for _, name := range []string{
		"StartOp", "StopOp", "AutostartOp", "UndefineOp", "DefineOp", "VMNewOp", "VMManagedSaveOp", "VMManagedSaveRemoveOp", "VMMigrateOp", "VMSendKeyOp",
		"VMScreenshotOp", "VMAttachDiskOp", "VMAttachNICOp", "VMDetachOp", "VMMediaOp", "PoolNewOp", "PoolBuildOp", "PoolRefreshOp", "PoolDeleteOp",
		"VolumeCreateOp", "VolumeResizeOp", "VolumeWipeOp", "NetworkNewOp", "SecretNewOp", "SecretSetOp", "NodeTuneOp", "NodeSuspendOp",
	} {
		cannot[name] = "the driver has no such operation"
	}
	return cannot
}

// besides are those of all operations that are not named.
func besides(names ...string) []string {
	var all []string
	for _, op := range backend.Ops() {
		if name := reflect.TypeOf(op).Name(); !slices.Contains(names, name) {
			all = append(all, name)
		}
	}
	return all
}

// TestOnce loses the answer of every operation that a vCenter has.
func TestOnce(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1")
	t.Parallel()
	v.Govc("vm.change", "-vm", "DC0_H0_VM0", "-e", "SET.guest.toolsRunningStatus=guestToolsRunning")
	line := lab.StartSOAPLine(t, v)
	o := backendtest.Once{
		Target: backendtest.Target{
			Name: "vcsim", Running: "DC0_H0_VM0", Off: "DC0_C0_RP0_VM0", Pool: "LocalDS_0", Patience: 20 * time.Second,
			Open:    func(t *testing.T) backend.Backend { return dial(t, vsphere.Options{URL: line.URL()}) },
			Missing: missing(),
		},
		Wire: asking(line), Trace: tracing, Cannot: untried(), Only: besides("AlarmAckOp", "OVFImportOp"),
	}
	backendtest.RunOnce(t, o)
	// On a link that is gone as a whole an import tries for most of a minute to end its lease.
	o.Only = []string{"OVFImportOp"}
	o.Ways = []backendtest.How{backendtest.AnswerLost, backendtest.AnswerLostThere, backendtest.RequestLost}
	backendtest.RunOnce(t, o)
	o.Only, o.Ways = []string{"PowerOffOp"}, []backendtest.How{backendtest.Silent}
	backendtest.RunOnce(t, o)
}

// TestOnceAlarm is by itself, as an alarm can be acknowledged only once.
func TestOnceAlarm(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1")
	t.Parallel()
	v.Govc("event.post", "-s", "warning", "-i", "vcsim.vm.failure", "/DC0/vm/DC0_H0_VM0")
	line := lab.StartSOAPLine(t, v)
	b := dial(t, vsphere.Options{URL: line.URL()})
	alarms := list(t, b, backend.Query{Kind: backend.KindAlarm})
	i := slices.IndexFunc(alarms, func(o backend.Object) bool {
		a, is := o.(*backend.Alarm)
		return is && a.ObjectName == "DC0_H0_VM0"
	})
	if i < 0 {
		t.Fatalf("no alarm of the VM among %d", len(alarms))
	}
	alarm := alarms[i].Ref()
	line.SetRequests(func(r lab.Request) (bool, bool) {
		lost := r.Way == lab.ToClient && r.Name == "AcknowledgeAlarm"
		return !lost, !lost
	})
	_, err := b.Do(t.Context(), backend.AlarmAckOp{Alarm: alarm}, backend.Progress{})
	if backend.ClassOf(err) != backend.ClassLost {
		t.Errorf("%v", err)
	}
	if n := line.Requests("AcknowledgeAlarm"); n != 1 {
		t.Errorf("acknowledged %d times", n)
	}
	e := effect.Of(backend.AlarmAckOp{Alarm: alarm}, known{alarms[i]}, time.Now())
	if !e.Seen(t.Context(), b) {
		t.Error("its effect is not seen")
	}
}

// known is an object of which nothing else is known.
type known struct{ o backend.Object }

func (k known) Object(backend.Ref) backend.Object  { return k.o }
func (k known) Detail(backend.Ref) *backend.Detail { return nil }
func (k known) Children(backend.Kind, backend.Ref) ([]backend.Object, time.Time) {
	return nil, time.Time{}
}
