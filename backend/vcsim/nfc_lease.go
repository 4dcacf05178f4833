package vcsim

import (
	"crypto/sha1" //nolint:gosec // the API's own fingerprints and checksums
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/guard"
)

// lease is an HttpNfcLease. Its properties are under the registry's lock, the rest under
// that of nfc.
type lease struct {
	mo.HttpNfcLease
	srv   *Server
	seen  Lease
	files []*leaseFile
	alive chan struct{}
	ended chan struct{}
	end   sync.Once
}

// leaseFile is one device to be moved.
type leaseFile struct {
	url      types.HttpNfcLeaseDeviceUrl
	keep     string // key of kept content
	capacity int64  // bytes; 0 where it is no disk
	moved    LeaseFile
	manifest string // algorithm asked for: "sha1", "sha256"
}

// begun is what a lease is about when it is ready.
type begun struct {
	entity   types.ManagedObjectReference
	files    []*leaseFile
	capacity int64 // KB
}

// newLease makes a lease that is initializing; begin does the work of it.
func (s *Server) newLease(imports bool, begin func() (begun, *types.LocalizedMethodFault)) *lease {
	l := &lease{srv: s, alive: make(chan struct{}, 1), ended: make(chan struct{})}
	l.Self = s.newRef("HttpNfcLease", "lease")
	l.State = types.HttpNfcLeaseStateInitializing
	l.Mode = string(types.HttpNfcLeaseModePushOrGet)
	l.seen = Lease{ID: l.Self.Value, Import: imports, State: l.State}
	s.model.Map().Put(l)
	s.nfc.mu.Lock()
	s.nfc.leases[l.Self.Value] = l
	s.nfc.order = append(s.nfc.order, l.Self.Value)
	s.nfc.mu.Unlock()
	s.work.Add(1)
	guard.Go("simulated lease", nil, func() {
		defer s.work.Done()
		l.live(begin)
	})
	return l
}

func (s *Server) leaseTime() time.Duration {
	if s.opts.NFC.LeaseTimeout > 0 {
		return s.opts.NFC.LeaseTimeout
	}
	return 300 * time.Second
}

// live keeps a lease from its beginning to its end.
func (l *lease) live(begin func() (begun, *types.LocalizedMethodFault)) {
	if !l.initialize() {
		return
	}
	b, fault := begin()
	if fault != nil {
		l.broken(fault)
		return
	}
	l.seeing(b)
	if !l.lasts(l.srv.opts.NFC.Late) {
		l.undo()
		return
	}
	l.ready(b)
	limit := l.srv.leaseTime()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-l.srv.ctx.Done():
			return
		case <-l.ended:
			return
		case <-l.alive:
			timer.Reset(limit)
		case <-timer.C:
			l.expire()
			return
		}
	}
}

// initialize takes the time that is set for it; false where the lease has ended meanwhile:
// nothing has been made.
func (l *lease) initialize() bool {
	const steps = 10
	for n := range int32(steps) {
		if !l.lasts(l.srv.opts.NFC.Starting / steps) {
			return false
		}
		if l.srv.opts.NFC.Starting > 0 && !l.srv.opts.NFC.Still {
			l.publish(types.PropertyChange{Name: "initializeProgress", Val: n * 100 / steps})
		}
	}
	return true
}

// lasts waits; false where the lease, or the server, has ended.
func (l *lease) lasts(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.ended:
		return false
	case <-l.srv.ctx.Done():
		return false
	}
}

// seeing notes what an import has made before the client is told.
func (l *lease) seeing(b begun) {
	l.srv.nfc.mu.Lock()
	defer l.srv.nfc.mu.Unlock()
	l.seen.Entity = b.entity
}

func (l *lease) ready(b begun) {
	info := &types.HttpNfcLeaseInfo{
		Lease: l.Self, Entity: b.entity, TotalDiskCapacityInKB: b.capacity,
		LeaseTimeout: int32(max(l.srv.leaseTime()/time.Second, 1)),
	}
	for _, f := range b.files {
		f.url.Url += l.Self.Value + "/" + f.url.TargetId
		info.DeviceUrl = append(info.DeviceUrl, f.url)
	}
	l.srv.nfc.mu.Lock()
	l.seen.Entity, l.files, l.seen.State = b.entity, b.files, types.HttpNfcLeaseStateReady
	l.srv.nfc.mu.Unlock()
	select {
	case <-l.ended: // aborted while it was initializing
		l.undo()
		return
	default:
	}
	l.publish(types.PropertyChange{Name: "initializeProgress", Val: int32(100)}, types.PropertyChange{Name: "info", Val: info},
		types.PropertyChange{Name: "state", Val: types.HttpNfcLeaseStateReady})
	select {
	case <-l.ended: // in between
		l.undo()
	default:
	}
}

func (l *lease) publish(changes ...types.PropertyChange) {
	bg := &simulator.Context{Context: l.srv.ctx, Map: l.srv.model.Map()}
	update(bg, l, changes...)
}

// broken puts it into the error state.
func (l *lease) broken(fault *types.LocalizedMethodFault) {
	l.srv.nfc.mu.Lock()
	l.seen.State = types.HttpNfcLeaseStateError
	l.srv.nfc.mu.Unlock()
	l.publish(types.PropertyChange{Name: "error", Val: fault}, types.PropertyChange{Name: "state", Val: types.HttpNfcLeaseStateError})
}

// expire ends a lease that nobody extended.
func (l *lease) expire() {
	ours := false
	l.end.Do(func() { ours = true; close(l.ended) })
	if !ours {
		return
	}
	l.srv.nfc.mu.Lock()
	l.seen.TimedOut = true
	l.srv.nfc.mu.Unlock()
	l.undo()
	l.broken(&types.LocalizedMethodFault{Fault: &types.Timedout{}, LocalizedMessage: "The lease timed out."})
}

// undo removes what an import made.
func (l *lease) undo() {
	l.srv.nfc.mu.Lock()
	entity, keep := l.seen.Entity, l.srv.nfc.trouble.KeepVM
	l.srv.nfc.mu.Unlock()
	if !l.seen.Import || entity.Value == "" || keep {
		return
	}
	l.srv.remove(entity)
}

func (s *Server) saw(method string) {
	if s.opts.NFC.Seen != nil {
		s.opts.NFC.Seen(method)
	}
}

// leaseReceiver is the area of leases; those that have ended count calls still.
func (s *Server) leaseReceiver(call *simulator.Method) mo.Reference {
	if !strings.HasPrefix(call.Name, "HttpNfcLease") {
		return nil
	}
	s.saw(call.Name)
	s.nfc.mu.Lock()
	defer s.nfc.mu.Unlock()
	if l := s.nfc.leases[call.This.Value]; l != nil {
		return l
	}
	return nil
}

// over ends it by a call of the client; a fault when it has ended before.
func (l *lease) over(ctx *simulator.Context, state types.HttpNfcLeaseState, count *int) *soap.Fault {
	l.srv.nfc.mu.Lock()
	*count++
	broken := l.seen.State == types.HttpNfcLeaseStateError
	if !broken {
		l.seen.State = state
	}
	l.srv.nfc.mu.Unlock()
	ours := false
	l.end.Do(func() { ours = true; close(l.ended) })
	switch {
	case !ours && broken:
		return simulator.Fault("the lease is in the error state", &types.InvalidState{})
	case !ours:
		return simulator.Fault("the lease has ended", &types.ManagedObjectNotFound{Obj: l.Self})
	case broken && state == types.HttpNfcLeaseStateDone:
		return simulator.Fault("the lease is in the error state", &types.InvalidState{})
	}
	ctx.Map.Remove(ctx, l.Self)
	return nil
}

// HttpNfcLeaseComplete ends the lease; what was made stays.
func (l *lease) HttpNfcLeaseComplete(ctx *simulator.Context, _ *types.HttpNfcLeaseComplete) soap.HasFault {
	if fault := l.over(ctx, types.HttpNfcLeaseStateDone, &l.seen.Completes); fault != nil {
		return &methods.HttpNfcLeaseCompleteBody{Fault_: fault}
	}
	return &methods.HttpNfcLeaseCompleteBody{Res: &types.HttpNfcLeaseCompleteResponse{}}
}

// HttpNfcLeaseAbort ends the lease and removes what an import made.
func (l *lease) HttpNfcLeaseAbort(ctx *simulator.Context, _ *types.HttpNfcLeaseAbort) soap.HasFault {
	if fault := l.over(ctx, types.HttpNfcLeaseStateError, &l.seen.Aborts); fault != nil {
		return &methods.HttpNfcLeaseAbortBody{Fault_: fault}
	}
	l.undo()
	return &methods.HttpNfcLeaseAbortBody{Res: &types.HttpNfcLeaseAbortResponse{}}
}

// HttpNfcLeaseProgress extends the lease.
func (l *lease) HttpNfcLeaseProgress(ctx *simulator.Context, req *types.HttpNfcLeaseProgress) soap.HasFault {
	l.srv.nfc.mu.Lock()
	l.seen.Progress++
	l.seen.Percent = append(l.seen.Percent, req.Percent)
	l.srv.nfc.mu.Unlock()
	select {
	case <-l.ended:
		fault := simulator.Fault("the lease has ended", &types.InvalidState{})
		if l.State != types.HttpNfcLeaseStateError {
			fault = simulator.Fault("", &types.ManagedObjectNotFound{Obj: l.Self})
		}
		return &methods.HttpNfcLeaseProgressBody{Fault_: fault}
	default:
	}
	if req.Percent < 0 || req.Percent > 100 {
		return &methods.HttpNfcLeaseProgressBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "percent"})}
	}
	ctx.Map.AtomicUpdate(ctx, l, []types.PropertyChange{{Name: "transferProgress", Val: req.Percent}})
	select {
	case l.alive <- struct{}{}:
	default:
	}
	return &methods.HttpNfcLeaseProgressBody{Res: &types.HttpNfcLeaseProgressResponse{}}
}

// HttpNfcLeaseSetManifestChecksumType chooses the checksums of the manifest.
func (l *lease) HttpNfcLeaseSetManifestChecksumType(
	_ *simulator.Context, req *types.HttpNfcLeaseSetManifestChecksumType,
) soap.HasFault {
	l.srv.nfc.mu.Lock()
	defer l.srv.nfc.mu.Unlock()
	for _, kv := range req.DeviceUrlsToChecksumTypes {
		for _, f := range l.files {
			if f.url.Key == kv.Key {
				f.manifest = strings.ToLower(kv.Value)
			}
		}
	}
	return &methods.HttpNfcLeaseSetManifestChecksumTypeBody{Res: &types.HttpNfcLeaseSetManifestChecksumTypeResponse{}}
}

// HttpNfcLeaseGetManifest says what was moved.
func (l *lease) HttpNfcLeaseGetManifest(_ *simulator.Context, _ *types.HttpNfcLeaseGetManifest) soap.HasFault {
	l.srv.nfc.mu.Lock()
	defer l.srv.nfc.mu.Unlock()
	var all []types.HttpNfcLeaseManifestEntry
	for _, f := range l.files {
		if !f.moved.Whole {
			continue
		}
		e := types.HttpNfcLeaseManifestEntry{
			Key: f.url.Key, Sha1: f.moved.SHA1, Size: f.moved.Bytes, Disk: f.capacity > 0,
			Capacity: f.capacity, PopulatedSize: f.moved.Bytes, Checksum: f.moved.SHA1, ChecksumType: "sha1",
		}
		if f.manifest == "sha256" {
			e.Checksum, e.ChecksumType = f.moved.SHA256, "sha256"
		}
		all = append(all, e)
	}
	return &methods.HttpNfcLeaseGetManifestBody{Res: &types.HttpNfcLeaseGetManifestResponse{Returnval: all}}
}

// thumbprint is a certificate's as vSphere writes it.
func thumbprint(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // see above
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}
