package effect

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
)

// shelf is what is known, and a server of which only what is there is asked.
type shelf struct {
	backend.Backend
	objects []backend.Object
	details []*backend.Detail
	places  bool // an inventory with places, and pools with files
	fails   bool
}

func (s shelf) List(_ context.Context, q backend.Query, emit func([]backend.Object)) error {
	if s.fails {
		return errors.New("gone")
	}
	for _, o := range s.objects {
		if o.Ref().Kind == q.Kind && (q.Parent.IsZero() || o.Owner() == q.Parent) && (len(q.Refs) == 0 || o.Ref() == q.Refs[0]) {
			emit([]backend.Object{o})
		}
	}
	return nil
}

func (s shelf) Get(_ context.Context, r backend.Ref) (*backend.Detail, error) {
	d := s.Detail(r)
	if s.fails || d == nil {
		return nil, errors.New("gone")
	}
	return d, nil
}

func (s shelf) About() backend.About { return backend.About{ServerTime: time.Hour} }
func (s shelf) Caps() backend.Caps   { return backend.Caps{Places: s.places, Files: s.places} }

func (s shelf) Object(r backend.Ref) backend.Object {
	for _, o := range s.objects {
		if o.Ref() == r {
			return o
		}
	}
	return nil
}

func (s shelf) Detail(r backend.Ref) *backend.Detail {
	for _, d := range s.details {
		if d.Ref == r {
			return d
		}
	}
	return nil
}

func (s shelf) Children(k backend.Kind, parent backend.Ref) ([]backend.Object, time.Time) {
	if parent.ID == "" {
		parent = backend.Ref{}
	}
	var all []backend.Object
	for _, o := range s.objects {
		if o.Ref().Kind == k && o.Owner() == parent {
			all = append(all, o)
		}
	}
	return all, time.Now()
}

func ref(k backend.Kind, id string) backend.Ref { return backend.Ref{Conn: "c", Kind: k, ID: id} }
func vmRef(id string) backend.Ref               { return ref(backend.KindVM, id) }

// with is a shelf with these objects.
func with(objects ...backend.Object) shelf { return shelf{objects: objects} }

// a is the VM "a", changed.
func a(change func(*backend.VM)) *backend.VM {
	vm := &backend.VM{Meta: backend.Meta{ID: vmRef("a"), Name: "a"}, State: backend.PowerOff, Persistent: true, VCPUs: 1}
	if change != nil {
		change(vm)
	}
	return vm
}

func state(s backend.PowerState) *backend.VM { return a(func(vm *backend.VM) { vm.State = s }) }

func snap(id string, up string, current bool, change func(*backend.Snapshot)) *backend.Snapshot {
	s := &backend.Snapshot{Meta: backend.Meta{ID: ref(backend.KindSnapshot, id), Name: id, Parent: vmRef("a")}, Current: current,
		Created: time.Now().Add(-time.Hour)}
	if up != "" {
		s.Up = ref(backend.KindSnapshot, up)
	}
	if change != nil {
		change(s)
	}
	return s
}

// detailed is a shelf with the VM "a" and these dear fields of it.
func detailed(vm backend.VMDetail) shelf {
	return shelf{objects: []backend.Object{a(nil)}, details: []*backend.Detail{{Ref: vmRef("a"), VM: &vm}}}
}

// sight is an operation, what was there before and what is there now.
type sight struct {
	op       backend.Op
	was, now shelf
	want     string // "done", "not yet", or part of where to look when nothing can be seen
}

func (c sight) check(t *testing.T, name string) {
	t.Helper()
	trace := Of(c.op, c.was, time.Now())
	seen := trace.Seen(t.Context(), c.now)
	switch {
	case trace.Look() == "":
		t.Errorf("%s: nobody says where to look", name)
	case c.want == "done" || c.want == "not yet":
		if trace.Hidden() || seen != (c.want == "done") {
			t.Errorf("%s: hidden %v, seen %v, want %s", name, trace.Hidden(), seen, c.want)
		}
	case !trace.Hidden() || seen || !strings.Contains(trace.Look(), c.want):
		t.Errorf("%s: hidden %v, seen %v, look %q, want %q", name, trace.Hidden(), seen, trace.Look(), c.want)
	}
	c.now.fails = true
	if trace.Seen(t.Context(), c.now) {
		t.Errorf("%s: sure, though nobody answers", name)
	}
}

func checkAll(t *testing.T, all map[string]sight) {
	t.Helper()
	for name, c := range all {
		c.check(t, name)
	}
}

func TestPower(t *testing.T) {
	t.Parallel()
	vm := vmRef("a")
	off, on, paused := with(state(backend.PowerOff)), with(state(backend.PowerOn)), with(state(backend.PowerPaused))
	transient := with(a(func(vm *backend.VM) { vm.State, vm.Persistent = backend.PowerOn, false }))
	asks := with(a(func(vm *backend.VM) { vm.Question = &backend.Question{ID: "q"} }))
	checkAll(t, map[string]sight{
		"runs":                {backend.PowerOnOp{VM: vm}, off, on, "done"},
		"idles":               {backend.PowerOnOp{VM: vm}, off, with(state(backend.PowerIdle)), "done"},
		"may yet start":       {backend.PowerOnOp{VM: vm}, off, off, "not yet"},
		"ran before":          {backend.PowerOnOp{VM: vm}, on, on, "it was so before"},
		"runs elsewhere":      {backend.PowerOnOp{VM: vm, Host: ref(backend.KindHost, "h")}, off, on, "not yet"},
		"nobody knew it":      {backend.PowerOnOp{VM: vm}, with(), on, "done"},
		"is off":              {backend.PowerOffOp{VM: vm}, on, off, "done"},
		"may yet go off":      {backend.PowerOffOp{VM: vm}, on, on, "not yet"},
		"gone, of all things": {backend.PowerOffOp{VM: vm}, on, with(), "not yet"},
		"vanishes when off":   {backend.PowerOffOp{VM: vm}, transient, with(), "done"},
		"was shut down":       {backend.ShutdownOp{VM: vm}, on, off, "done"},
		"the guest decides":   {backend.ShutdownOp{VM: vm}, on, on, "not yet"},
		"paused":              {backend.SuspendOp{VM: vm}, on, paused, "done"},
		"resumed":             {backend.ResumeOp{VM: vm}, paused, on, "done"},
		"may yet resume":      {backend.ResumeOp{VM: vm}, paused, paused, "not yet"},
		"sleeps":              {backend.StandbyOp{VM: vm}, on, with(state(backend.PowerSuspended)), "done"},
		"reset":               {backend.ResetOp{VM: vm}, on, on, "console"},
		"reboot":              {backend.RebootOp{VM: vm}, on, on, "the guest decides"},
		"answered":            {backend.AnswerOp{VM: vm, Question: "q"}, asks, on, "done"},
		"still asks":          {backend.AnswerOp{VM: vm, Question: "q"}, asks, asks, "not yet"},
	})
}

func TestSnapshots(t *testing.T) {
	t.Parallel()
	vm := vmRef("a")
	fresh := func(s *backend.Snapshot) { s.Name, s.Created = "new", time.Now().Add(time.Hour) } // by the server's clock
	root, child := snap("1", "", true, nil), snap("2", "1", false, nil)
	two, none := with(a(nil), root, child), with(a(nil))
	deleteRoot := backend.SnapshotDeleteOp{VM: vm, Snapshot: root.ID}
	withAll := backend.SnapshotDeleteOp{VM: vm, Snapshot: root.ID, Children: true}
	edit := backend.SnapshotEditOp{VM: vm, Snapshot: root.ID, Name: "1", Description: "one"}
	edited := with(a(nil), snap("1", "", true, func(s *backend.Snapshot) { s.Description = "one" }))
	back := backend.SnapshotRevertOp{VM: vm, Snapshot: child.ID}
	stands := snap("2", "1", true, nil)
	checkAll(t, map[string]sight{
		"taken":                      {backend.SnapshotCreateOp{VM: vm, Name: "new"}, none, with(a(nil), snap("3", "", true, fresh)), "done"},
		"is being written":           {backend.SnapshotCreateOp{VM: vm, Name: "new"}, none, with(a(nil), snap("3", "", false, fresh)), "not yet"},
		"may yet be taken":           {backend.SnapshotCreateOp{VM: vm, Name: "new"}, none, none, "not yet"},
		"was there before":           {backend.SnapshotCreateOp{VM: vm, Name: "1"}, two, two, "not yet"},
		"deleted":                    {deleteRoot, two, with(a(nil), snap("2", "", true, nil)), "done"},
		"may yet be deleted":         {deleteRoot, two, two, "not yet"},
		"gone with its VM":           {deleteRoot, two, with(), "not yet"},
		"deleted with all below":     {withAll, two, none, "done"},
		"one below is there":         {withAll, two, with(a(nil), snap("2", "", true, nil)), "not yet"},
		"the current one, whichever": {backend.SnapshotDeleteOp{VM: vm}, two, none, "look at the object"},
		"edited":                     {edit, two, edited, "done"},
		"may yet be edited":          {edit, two, two, "not yet"},
		"was so before":              {edit, edited, edited, "it was so before"},
		"reverted":                   {back, two, with(a(nil), snap("1", "", false, nil), stands), "done"},
		"may yet be reverted":        {back, two, two, "not yet"},
		"stood on it before":         {backend.SnapshotRevertOp{VM: vm, Snapshot: root.ID}, two, two, "stood on this snapshot before"},
		"reverted, may yet run":      {backend.SnapshotRevertOp{VM: vm, Snapshot: child.ID, After: backend.AfterRun}, two, with(a(nil), stands), "not yet"},
		"reverted, and runs":         {backend.SnapshotRevertOp{VM: vm, Snapshot: child.ID, After: backend.AfterRun}, two, with(state(backend.PowerOn), stands), "done"},
	})
}

func TestLife(t *testing.T) {
	t.Parallel()
	vm, none := vmRef("a"), with()
	is := with(a(nil))
	named := func(name string, change func(*backend.VM)) *backend.VM {
		return a(func(vm *backend.VM) {
			vm.ID, vm.Name = vmRef(name), name
			if change != nil {
				change(vm)
			}
		})
	}
	made := with(a(nil), named("new", nil))
	pool := &backend.Pool{Meta: backend.Meta{ID: ref(backend.KindPool, "p")}, State: backend.PoolRunning, Path: "/p"}
	volume := &backend.Volume{Meta: backend.Meta{ID: ref(backend.KindVolume, "p/v"), Parent: pool.ID}, Path: "/p/v"}
	disks := detailed(backend.VMDetail{Disks: []backend.Disk{{Label: "vda", Path: "/p/v"}}})
	withDisk := backend.VMUndefineOp{VM: vm, Disks: []string{"vda"}}
	vcenter := with()
	vcenter.places = true
	vmx := &backend.Volume{Meta: backend.Meta{ID: ref(backend.KindVolume, "p/a.vmx")}, Path: "[ds] a.vmx"}
	atVMX := with(a(func(vm *backend.VM) { vm.Path = "[ds] a.vmx" }))
	checkAll(t, map[string]sight{
		"made":                        {backend.VMNewOp{Name: "new", VCPUs: 1}, is, made, "done"},
		"made, may yet start":         {backend.VMNewOp{Name: "new", VCPUs: 1, Start: true}, is, made, "not yet"},
		"made otherwise":              {backend.VMNewOp{Name: "new", VCPUs: 2}, is, made, "not yet"},
		"may yet be made":             {backend.VMNewOp{Name: "new", VCPUs: 1}, is, is, "not yet"},
		"cloned":                      {backend.VMCloneOp{VM: vm, Name: "new"}, is, made, "done"},
		"the original":                {backend.VMCloneOp{VM: vm, Name: "a"}, is, is, "not yet"},
		"undefined":                   {backend.VMUndefineOp{VM: vm}, is, none, "done"},
		"undefined, runs on":          {backend.VMUndefineOp{VM: vm}, is, with(a(func(vm *backend.VM) { vm.Persistent = false })), "done"},
		"may yet be undefined":        {backend.VMUndefineOp{VM: vm}, is, is, "not yet"},
		"its disk is gone as well":    {withDisk, disks, with(pool), "done"},
		"its disk may yet go":         {withDisk, disks, with(pool, volume), "not yet"},
		"no pool shows its disk":      {withDisk, disks, none, "not yet"},
		"its disks were not known":    {withDisk, is, with(pool), "not yet"},
		"deleted with its files":      {withDisk, is, vcenter, "done"},
		"renamed":                     {backend.VMRenameOp{VM: vm, Name: "b"}, is, with(a(func(vm *backend.VM) { vm.Name = "b" })), "done"},
		"may yet be renamed":          {backend.VMRenameOp{VM: vm, Name: "b"}, is, is, "not yet"},
		"renamed and gone?":           {backend.VMRenameOp{VM: vm, Name: "b"}, is, none, "not yet"},
		"saved":                       {backend.VMManagedSaveOp{VM: vm}, with(state(backend.PowerOn)), with(state(backend.PowerSaved)), "done"},
		"discarded":                   {backend.VMManagedSaveRemoveOp{VM: vm}, with(state(backend.PowerSaved)), is, "done"},
		"has left":                    {backend.VMMigrateOp{VM: vm, Undefine: true}, is, none, "done"},
		"gone, nobody knows where to": {backend.VMMigrateOp{VM: vm}, is, none, "not yet"},
		"left its definition":         {backend.VMMigrateOp{VM: vm}, is, with(a(func(vm *backend.VM) { vm.Reason = "migrated" })), "done"},
		"was off anyway":              {backend.VMMigrateOp{VM: vm}, is, is, "not yet"},
		"registered":                  {backend.VMRegisterOp{File: vmx.ID}, with(vmx), atVMX, "done"},
		"may yet be registered":       {backend.VMRegisterOp{File: vmx.ID}, with(vmx), is, "not yet"},
		"nobody sees its keys":        {backend.VMSendKeyOp{VM: vm, Keys: "a"}, is, is, "console"},
	})
}

func TestSizesAndDevices(t *testing.T) {
	t.Parallel()
	vm := vmRef("a")
	small, large := detailed(backend.VMDetail{VCPUs: 1, Memory: 5}), detailed(backend.VMDetail{VCPUs: 2, Memory: 5})
	cd := backend.Disk{Label: "sda", Device: "cdrom"}
	empty, full := detailed(backend.VMDetail{Disks: []backend.Disk{cd}}), detailed(backend.VMDetail{Disks: []backend.Disk{{Label: "sda", Device: "cdrom", Path: "/iso"}}})
	nic := backend.NIC{MAC: "52:54:00:00:00:01", Network: "n"}
	one, two := detailed(backend.VMDetail{NICs: []backend.NIC{nic}}), detailed(backend.VMDetail{NICs: []backend.NIC{nic, {MAC: "52:54:00:00:00:02", Network: "n"}}})
	bare := detailed(backend.VMDetail{})
	checkAll(t, map[string]sight{
		"grown":               {backend.VMResourcesOp{VM: vm, VCPUs: 2}, small, large, "done"},
		"may yet grow":        {backend.VMResourcesOp{VM: vm, VCPUs: 2, Memory: 6}, small, large, "not yet"},
		"was so before":       {backend.VMResourcesOp{VM: vm, Memory: 5}, small, large, "it was so before"},
		"nobody knew":         {backend.VMResourcesOp{VM: vm, VCPUs: 2}, with(a(nil)), large, "not known"},
		"disk attached":       {backend.VMAttachDiskOp{VM: vm, Path: "/iso", Device: "cdrom"}, bare, full, "done"},
		"drive attached":      {backend.VMAttachDiskOp{VM: vm, Device: "cdrom"}, bare, empty, "done"},
		"had a drive already": {backend.VMAttachDiskOp{VM: vm, Device: "cdrom"}, empty, empty, "not yet"},
		"NIC attached":        {backend.VMAttachNICOp{VM: vm, Network: "n"}, one, two, "done"},
		"may yet be attached": {backend.VMAttachNICOp{VM: vm, Network: "n"}, one, one, "not yet"},
		"NIC detached":        {backend.VMDetachOp{VM: vm, Device: "52:54:00:00:00:02"}, two, one, "done"},
		"may yet let go":      {backend.VMDetachOp{VM: vm, Device: "sda"}, full, full, "not yet"},
		"inserted":            {backend.VMMediaOp{VM: vm, Drive: "sda", Path: "/iso"}, empty, full, "done"},
		"ejected":             {backend.VMMediaOp{VM: vm, Drive: "sda"}, full, empty, "done"},
		"was empty before":    {backend.VMMediaOp{VM: vm, Drive: "sda"}, empty, empty, "it was so before"},
	})
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	vm, h, folder := vmRef("a"), ref(backend.KindHost, "h"), ref(backend.KindFolder, "f")
	is := with(a(nil))
	there := with(a(func(vm *backend.VM) { vm.Host, vm.FolderRef = h, folder }))
	to := backend.Placement{Host: h, Folder: folder}
	host := func(maintenance bool, link backend.Link) shelf {
		return with(&backend.Host{Meta: backend.Meta{ID: h}, Maintenance: maintenance, Link: link})
	}
	up, down := host(false, backend.LinkConnected), host(true, backend.LinkDisconnected)
	alarm := func(acked bool) shelf {
		return with(&backend.Alarm{Meta: backend.Meta{ID: ref(backend.KindAlarm, "x")}, Acked: acked})
	}
	checkAll(t, map[string]sight{
		"moved":             {backend.VMRelocateOp{VM: vm, To: to}, is, there, "done"},
		"may yet move":      {backend.VMRelocateOp{VM: vm, To: to}, is, is, "not yet"},
		"was there before":  {backend.VMRelocateOp{VM: vm, To: to}, there, there, "it was so before"},
		"to wherever":       {backend.VMRelocateOp{VM: vm, To: backend.Placement{Cluster: h}}, is, there, "look where"},
		"in maintenance":    {backend.HostMaintenanceOp{Host: h, Enter: true}, up, down, "done"},
		"may yet enter":     {backend.HostMaintenanceOp{Host: h, Enter: true}, up, up, "not yet"},
		"back":              {backend.HostMaintenanceOp{Host: h}, down, up, "done"},
		"connected":         {backend.HostLinkOp{Host: h, Connect: true}, down, up, "done"},
		"disconnected":      {backend.HostLinkOp{Host: h}, up, down, "done"},
		"acknowledged":      {backend.AlarmAckOp{Alarm: ref(backend.KindAlarm, "x")}, alarm(false), alarm(true), "done"},
		"was so before":     {backend.AlarmAckOp{Alarm: ref(backend.KindAlarm, "x")}, alarm(true), alarm(true), "it was so before"},
		"the host may wake": {backend.NodeSuspendOp{Host: h}, up, up, "sleeps"},
	})
}

func TestHostObjects(t *testing.T) {
	t.Parallel()
	p, n := ref(backend.KindPool, "p"), ref(backend.KindNetwork, "n")
	pool := func(s backend.PoolState, auto bool) shelf {
		return with(&backend.Pool{Meta: backend.Meta{ID: p, Name: "p"}, State: s, Autostart: auto, Persistent: true})
	}
	network := func(active, lasts bool) shelf {
		return with(&backend.Network{Meta: backend.Meta{ID: n, Name: "n"}, Active: active, Persistent: lasts})
	}
	on, off := pool(backend.PoolRunning, true), pool(backend.PoolInactive, false)
	secret := with(&backend.Secret{Meta: backend.Meta{ID: ref(backend.KindSecret, "s")}, Usage: "ceph", UsageID: "x"})
	tuned := func(pages uint64) shelf {
		return shelf{details: []*backend.Detail{{Ref: ref(backend.KindHost, "h"), Host: &backend.HostDetail{Sharing: &backend.MemorySharing{PagesToScan: pages}}}}}
	}
	tune := backend.NodeTuneOp{Host: ref(backend.KindHost, "h"), PagesToScan: 7, SleepMillis: -1, MergeAcross: -1}
	text := "<network><name>n</name></network>"
	checkAll(t, map[string]sight{
		"pool runs":               {backend.StartOp{Object: p}, off, on, "done"},
		"pool may yet start":      {backend.StartOp{Object: p}, off, off, "not yet"},
		"pool ran before":         {backend.StartOp{Object: p}, on, on, "it was so before"},
		"pool stopped":            {backend.StopOp{Object: p}, on, off, "done"},
		"no such pool":            {backend.StopOp{Object: p}, on, with(), "not yet"},
		"network vanishes":        {backend.StopOp{Object: n}, network(true, false), with(), "done"},
		"network may yet stop":    {backend.StopOp{Object: n}, network(true, true), network(true, true), "not yet"},
		"autostart set":           {backend.AutostartOp{Object: p, On: true}, off, on, "done"},
		"autostart may yet clear": {backend.AutostartOp{Object: p}, on, on, "not yet"},
		"autostart was set":       {backend.AutostartOp{Object: p, On: true}, on, on, "it was so before"},
		"VM autostarts":           {backend.AutostartOp{Object: vmRef("a"), On: true}, with(a(nil)), with(a(func(vm *backend.VM) { vm.Autostart = true })), "done"},
		"undefined":               {backend.UndefineOp{Object: p}, off, with(), "done"},
		"undefined, runs on":      {backend.UndefineOp{Object: n}, network(true, true), network(true, false), "done"},
		"may yet be undefined":    {backend.UndefineOp{Object: p}, off, off, "not yet"},
		"pool made":               {backend.PoolNewOp{Name: "p", Start: true, Autostart: true}, with(), on, "done"},
		"pool may yet start too":  {backend.PoolNewOp{Name: "p", Start: true}, with(), off, "not yet"},
		"pool was there":          {backend.PoolNewOp{Name: "p"}, off, off, "there before"},
		"network was there":       {backend.NetworkNewOp{Name: "n"}, network(false, true), network(false, true), "there before"},
		"secret was there":        {backend.SecretNewOp{Usage: "ceph", UsageID: "x"}, secret, secret, "there before"},
		"definition was there":    {backend.DefineOp{Kind: backend.KindNetwork, XML: text}, network(false, true), network(false, true), "there before"},
		"built?":                  {backend.PoolNewOp{Name: "p", Build: true}, with(), off, "it was built"},
		"pool built":              {backend.PoolBuildOp{Pool: p}, off, off, "start it"},
		"network made":            {backend.NetworkNewOp{Name: "n", Start: true}, with(), network(true, true), "done"},
		"network not started":     {backend.NetworkNewOp{Name: "n", Start: true}, with(), network(false, true), "not yet"},
		"secret made":             {backend.SecretNewOp{Usage: "ceph", UsageID: "x"}, with(), secret, "done"},
		"its value?":              {backend.SecretNewOp{Usage: "ceph", UsageID: "x", Value: backend.Hide([]byte("v"))}, with(), secret, "set its value again"},
		"value set?":              {backend.SecretSetOp{Secret: ref(backend.KindSecret, "s")}, secret, secret, "set it again"},
		"tuned":                   {tune, tuned(1), tuned(7), "done"},
		"may yet be tuned":        {tune, tuned(1), tuned(1), "not yet"},
		"defined":                 {backend.DefineOp{Kind: backend.KindNetwork, XML: text}, with(), network(false, true), "done"},
		"may yet be defined":      {backend.DefineOp{Kind: backend.KindNetwork, XML: text}, with(), with(), "not yet"},
		"redefined?":              {backend.DefineOp{Kind: backend.KindNetwork, Object: n, XML: text}, network(false, true), network(false, true), "open its definition"},
	})
}

func TestVolumesAndFiles(t *testing.T) {
	t.Parallel()
	pool := &backend.Pool{Meta: backend.Meta{ID: ref(backend.KindPool, "p")}, State: backend.PoolRunning}
	at := func(path string, size uint64) *backend.Volume {
		return &backend.Volume{Meta: backend.Meta{ID: ref(backend.KindVolume, "p/"+path), Name: path, Parent: pool.ID}, Capacity: size, Allocation: 2, Format: "raw"}
	}
	v := at("v", 5).ID
	none, five, six := with(pool), with(pool, at("v", 5)), with(pool, at("v", 6))
	off := with(&backend.Pool{Meta: backend.Meta{ID: pool.ID}, State: backend.PoolInactive})
	inside := at("dir/v", 5)
	inside.Parent = ref(backend.KindVolume, "p/dir")
	files := with(pool, inside)
	files.places = true
	create := backend.VolumeCreateOp{Pool: pool.ID, Name: "v", Capacity: 5, Format: "raw"}
	whole := create
	whole.Allocation = 5
	checkAll(t, map[string]sight{
		"deleted":              {backend.VolumeDeleteOp{Volume: v}, five, none, "done"},
		"may yet be deleted":   {backend.VolumeDeleteOp{Volume: v}, five, five, "not yet"},
		"of a pool that's off": {backend.VolumeDeleteOp{Volume: v}, five, off, "not yet"},
		"of no pool":           {backend.VolumeDeleteOp{Volume: v}, five, with(), "not yet"},
		"resized":              {backend.VolumeResizeOp{Volume: v, Capacity: 6}, five, six, "done"},
		"may yet be resized":   {backend.VolumeResizeOp{Volume: v, Capacity: 6}, five, five, "not yet"},
		"had that size before": {backend.VolumeResizeOp{Volume: v, Capacity: 5}, five, five, "it was so before"},
		"created":              {create, none, five, "done"},
		"another of its name":  {create, none, six, "not yet"},
		"was created before":   {create, five, five, "there before"},
		"folder was there":     {backend.FolderMakeOp{Pool: pool.ID, Name: "v"}, five, five, "it was so before"},
		"is being allocated":   {whole, none, five, "not yet"},
		"moved":                {backend.VolumeMoveOp{Volume: v, Name: "dir/v"}, five, files, "done"},
		"may yet move":         {backend.VolumeMoveOp{Volume: v, Name: "w"}, five, five, "not yet"},
		"folder made":          {backend.FolderMakeOp{Pool: pool.ID, Name: "v"}, none, five, "done"},
		"may yet be made":      {backend.FolderMakeOp{Pool: pool.ID, Name: "v"}, none, none, "not yet"},
		"copied?":              {backend.VolumeCloneOp{Volume: v, Name: "w"}, five, five, "compare its size"},
		"wiped?":               {backend.VolumeWipeOp{Volume: v}, five, five, "wipe it again"},
		"uploaded?":            {backend.VolumeUploadOp{Volume: v}, five, five, "upload it again"},
		"imported?":            {backend.VolumeImportOp{Pool: pool.ID, Name: "v"}, none, five, "delete it before"},
		"downloaded":           {backend.VolumeDownloadOp{Volume: v}, five, five, "no harm"},
	})
}

// TestEveryOperationHasAHome: what nobody has thought of would be looked for in vain.
func TestEveryOperationHasAHome(t *testing.T) {
	t.Parallel()
	for _, op := range backend.Ops() {
		homes := 0
		for _, area := range areas() {
			if _, mine := area(op, with()); mine {
				homes++
			}
		}
		if homes != 1 {
			t.Errorf("%s has %d areas, want 1", reflect.TypeOf(op), homes)
		}
	}
}
