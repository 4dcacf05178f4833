package backend

import (
	"context"
	"time"
)

// Further abilities of some backends, found by As; see extras.go.

// Finding is what a server says about an operation before it is carried out: with
// SeverityError it would refuse it.
type Finding struct {
	Severity Severity
	Text     string `clean:"text"`
	Object   Ref    // what it is about; may be zero
}

// Checker is implemented by backends that can ask the server about an operation without
// carrying it out; it changes nothing. Operations that can't be asked about give none.
// Sources: VirtualMachineProvisioningChecker.CheckRelocate_Task, CheckClone_Task,
// OvfManager.CreateImportSpec, ValidateHost, CreateDescriptor.
type Checker interface {
	Check(ctx context.Context, op Op) ([]Finding, error)
}

// FindBy is how an object is looked for.
type FindBy uint8

// The ways to look for a VM. A path is of the .vmx file, "[datastore] folder/vm.vmx"; an
// inventory path "/datacenter/vm/folder/name".
const (
	FindByName FindBy = iota
	FindByPath
	FindByInventory
	FindByUUID // BIOS or instance
	FindByIP
	FindByDNS
)

// Finder is implemented by backends that look VMs up at the server. Sources:
// SearchIndex.FindByDatastorePath, FindByInventoryPath, FindByUuid, FindByIp,
// FindByDnsName.
type Finder interface {
	// Find gives the VMs that match; none is no error. With a datacenter's name only
	// those in it.
	Find(ctx context.Context, by FindBy, text, datacenter string) ([]Ref, error)
}

// RemoteConsoler is implemented by backends that hand out tickets for the display of a
// VM. Sources: SessionManager.AcquireCloneTicket, VirtualMachine.AcquireTicket (webmks).
type RemoteConsoler interface {
	RemoteConsole(ctx context.Context, vm Ref) (*RemoteConsole, error)
}

// RemoteConsole says how to get to the display of a VM. Who has a ticket is let in
// without a password, so they are secrets.
type RemoteConsole struct {
	Address string // of the host with the display: "esx-01.example.net:443"
	Web     string // the page of the vSphere Client
	VMRC    Hidden // a link for VMware Remote Console: vmrc://clone:…
	Ticket  Hidden // webmks: wss://…/ticket/…
	// Missing says what could not be had, and why; "" when all could.
	Missing string `clean:"text"`
}

// TaskCanceller is implemented by backends that cancel tasks of others.
type TaskCanceller interface {
	// CancelTask asks the server to cancel a task; key is that of a RemoteTask.
	CancelTask(ctx context.Context, key string) error
}

// EventReader is implemented by backends that keep events.
type EventReader interface {
	// EventsOf are the last events about an object and what is in it, at most max, the
	// newest first.
	EventsOf(ctx context.Context, r Ref, max int) ([]Event, error)
}

// Historian is implemented by backends that keep past loads. Source:
// PerformanceManager.QueryPerf.
type Historian interface {
	// Spans are those that the server keeps of this object, the shortest first; it makes
	// no call.
	Spans(r Ref) []HistorySpan
	// History fetches one of them.
	History(ctx context.Context, r Ref, span HistorySpan) (*History, error)
}

// HistorySpan is a way in which past loads are kept: a mean for each Step, as far back
// as Back.
type HistorySpan struct {
	Name string // "last hour"
	Step time.Duration
	Back time.Duration
}

// History is the past load of an object.
type History struct {
	Ref    Ref
	At     time.Time // when it was asked for
	Span   HistorySpan
	Series []Series
}

// Series is one figure over time, oldest first. The value at i is the mean of the Step
// that ends at Begin + (i+1)*Step; NaN where the server has none.
type Series struct {
	Name   string // "CPU", "Disk read"
	Unit   string // "%", "B", "B/s", "ms"
	Begin  time.Time
	Values []float64
}

// OVFOptioner is implemented by backends that import and export OVF.
type OVFOptioner interface {
	// OVFOptions are what the server offers. Sources: OvfManager.ovfImportOption,
	// ovfExportOption.
	OVFOptions(ctx context.Context) (OVFOptions, error)
}

// OVFOptions are the keys that OVFImportOp.Options and OVFExportOp.Options take.
type OVFOptions struct{ Import, Export []OVFOption }

// OVFOption is one of them.
type OVFOption struct {
	Key  string `clean:"keep"`
	Text string `clean:"text"`
}
