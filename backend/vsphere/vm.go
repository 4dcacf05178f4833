package vsphere

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// vmState is what is remembered of a VM. Ten thousand of them are kept, so strings
// that many share are interned.
type vmState struct {
	name, uuid, ip, path   string
	guestConfig, guestTold string
	host, pool, parent     string
	stores, nets           []string // datastores and networks that it uses
	toolsRun, toolsVersion string
	link                   string // connection state, "" while connected
	cpus, memMB, snaps     int32
	snapRev                uint64
	power                  backend.PowerState
	alarm                  backend.Health
	template               bool
	booted                 time.Time
	question               *backend.Question
	activity               backend.Activity
	counted                vmPlace
}

func (v *vmState) set(n *names, path string, val any) bool {
	switch path {
	case "name":
		v.name = unescape(as[string](val))
	case "parent":
		v.parent = n.intern(moidOf(val))
	case "resourcePool":
		v.pool = n.intern(moidOf(val))
	case "overallStatus":
		v.alarm = health(val)
	case "runtime.powerState":
		v.power = powerState(as[types.VirtualMachinePowerState](val))
	case "runtime.connectionState":
		v.link = linkOf(as[types.VirtualMachineConnectionState](val))
	case "runtime.host":
		v.host = n.intern(moidOf(val))
	case "runtime.bootTime":
		v.booted = as[time.Time](val)
	case "runtime.question":
		v.question = questionOf(val)
	default:
		return v.setConfig(n, path, val)
	}
	return true
}

func (v *vmState) setConfig(n *names, path string, val any) bool {
	switch path {
	case "summary.config.numCpu":
		v.cpus = max(as[int32](val), 0)
	case "summary.config.memorySizeMB":
		v.memMB = as[int32](val)
	case "summary.config.uuid":
		v.uuid = as[string](val)
	case "summary.config.template":
		v.template = as[bool](val)
	case "summary.config.vmPathName":
		v.path = as[string](val)
	case "summary.config.guestFullName":
		v.guestConfig = n.intern(as[string](val))
	case "guest.guestFullName":
		v.guestTold = n.intern(as[string](val))
	case "guest.ipAddress":
		v.ip = as[string](val)
	case "guest.toolsRunningStatus":
		v.toolsRun = n.intern(as[string](val))
	case "guest.toolsVersionStatus2":
		v.toolsVersion = n.intern(as[string](val))
	case "datastore":
		v.stores = n.moids(val)
	case "network":
		v.nets = n.moids(val)
	case "snapshot":
		v.snaps, v.snapRev = treeSummary(val)
	default:
		return false
	}
	return true
}

func (v *vmState) object(c *Conn, moid string) backend.Object {
	vm := &backend.VM{
		Meta: backend.Meta{ID: c.ref(backend.KindVM, moid), Name: v.name},
		UUID: v.uuid, State: v.power, Reason: v.link, Activity: v.activity,
		Pool: c.names.place(v.pool), VCPUs: int(v.cpus), Memory: uint64(max(v.memMB, 0)) << 20,
		IP: v.ip, Guest: orDefault(v.guestTold, v.guestConfig), Tools: toolsWords(v.toolsRun, v.toolsVersion),
		DomainID: -1, Persistent: true, Template: v.template, Path: v.path, Booted: c.ours(v.booted),
		Snapshots: int(v.snaps), SnapshotRev: v.snapRev, Alarm: v.alarm,
	}
	vm.Datacenter, vm.Folder, vm.FolderRef = c.names.datacenter(v.parent), c.names.intern(c.names.folderPath(v.parent)), c.folderRef(v.parent)
	vm.Tags = c.tags.of(moid)
	if v.pool != "" {
		vm.PoolRef, vm.PoolPath = c.ref(backend.KindResourcePool, v.pool), c.names.intern(c.names.poolPath(v.pool))
	}
	if v.host != "" {
		vm.Host, vm.HostName = c.ref(backend.KindHost, v.host), c.names.place(v.host)
		_, cluster := c.names.above(v.host, "ClusterComputeResource")
		vm.Cluster = cluster.name
		if vm.Datacenter == "" { // a VM of a vApp is in no folder
			id, dc := c.names.above(v.host, "Datacenter")
			vm.Datacenter, vm.FolderRef = dc.name, c.folderRef(id)
		}
	}
	if v.question != nil {
		q := *v.question
		vm.Question = &q
		vm.Activity = backend.ActivityBlocked
	}
	return vm
}

func (n *names) datacenter(moid string) string {
	_, p := n.above(moid, "Datacenter")
	return p.name
}

func powerState(s types.VirtualMachinePowerState) backend.PowerState {
	switch s {
	case types.VirtualMachinePowerStatePoweredOn:
		return backend.PowerOn
	case types.VirtualMachinePowerStatePoweredOff:
		return backend.PowerOff
	case types.VirtualMachinePowerStateSuspended:
		return backend.PowerSuspended
	default:
		return backend.PowerUnknown
	}
}

func linkOf(s types.VirtualMachineConnectionState) string {
	if s == types.VirtualMachineConnectionStateConnected {
		return ""
	}
	return string(s)
}

// toolsWords puts the state of VMware Tools in words.
func toolsWords(run, version string) string {
	words := ""
	switch types.VirtualMachineToolsRunningStatus(run) {
	case types.VirtualMachineToolsRunningStatusGuestToolsRunning:
		words = "running"
	case types.VirtualMachineToolsRunningStatusGuestToolsNotRunning:
		words = "not running"
	case types.VirtualMachineToolsRunningStatusGuestToolsExecutingScripts:
		words = "starting"
	}
	switch types.VirtualMachineToolsVersionStatus(version) {
	case types.VirtualMachineToolsVersionStatusGuestToolsNotInstalled:
		return "not installed"
	case types.VirtualMachineToolsVersionStatusGuestToolsNeedUpgrade, types.VirtualMachineToolsVersionStatusGuestToolsSupportedOld,
		types.VirtualMachineToolsVersionStatusGuestToolsTooOld:
		return words + ", out of date"
	}
	return words
}

// questionOf translates a pending question.
func questionOf(val any) *backend.Question {
	info, ok := val.(types.VirtualMachineQuestionInfo)
	if !ok {
		return nil
	}
	q := &backend.Question{ID: info.Id, Text: messageText(info.Text), Default: -1}
	for i, d := range info.Choice.ChoiceInfo {
		e := d.GetElementDescription()
		q.Choices = append(q.Choices, backend.Choice{Key: e.Key, Label: orDefault(e.Label, e.Summary)})
		if int32(i) == info.Choice.DefaultIndex {
			q.Default = i
		}
	}
	return q
}

// messageText is a message without the id that servers put in front of it:
// "msg.uuid.altered: This virtual machine …".
func messageText(text string) string {
	id, rest, ok := strings.Cut(text, ":")
	if !ok || !strings.HasPrefix(id, "msg.") || strings.ContainsAny(id, " \n") {
		return text
	}
	return strings.TrimSpace(rest)
}

// treeSummary counts the snapshots and gives the tree a revision: a hash of what is
// shown of it.
func treeSummary(val any) (int32, uint64) {
	info, ok := val.(types.VirtualMachineSnapshotInfo)
	if !ok {
		return 0, 1
	}
	h := fnv.New64a()
	n := hashTree(h, info.RootSnapshotList, 0)
	if info.CurrentSnapshot != nil {
		fmt.Fprintf(h, "@%s", info.CurrentSnapshot.Value)
	}
	return n, max(h.Sum64(), 2)
}

func hashTree(h io.Writer, list []types.VirtualMachineSnapshotTree, depth int) int32 {
	n := int32(0)
	for _, s := range list {
		n++
		fmt.Fprintf(h, "%d %s %q %q %s", depth, s.Snapshot.Value, s.Name, s.Description, s.State)
		n += hashTree(h, s.ChildSnapshotList, depth+1)
	}
	return n
}
