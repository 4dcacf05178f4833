package backendtest

import (
	"slices"

	"hvdeck/backend"
)

func volumeCases() []testCase {
	return []testCase{
		{name: "volume/create", ops: []backend.Op{backend.VolumeCreateOp{}}, run: volumeCreate},
		{name: "volume/create-refused", ops: []backend.Op{backend.VolumeCreateOp{}}, run: volumeCreateRefused},
		{name: "volume/quotes", ops: []backend.Op{backend.VolumeCreateOp{}}, run: volumeQuotes},
		{name: "volume/backing", ops: []backend.Op{backend.VolumeCreateOp{}}, run: volumeBacking},
		{name: "volume/delete", ops: []backend.Op{backend.VolumeDeleteOp{}}, run: volumeDelete},
		{name: "volume/delete-used", ops: []backend.Op{backend.VolumeDeleteOp{}}, run: volumeDeleteUsed},
		{name: "volume/clone", ops: []backend.Op{backend.VolumeCloneOp{}}, run: volumeClone},
		{name: "volume/resize", ops: []backend.Op{backend.VolumeResizeOp{}}, run: volumeResize},
		{name: "volume/wipe", ops: []backend.Op{backend.VolumeWipeOp{}}, run: volumeWipe},
		{name: "volume/shrink-used", ops: []backend.Op{backend.VolumeResizeOp{}}, run: volumeShrinkUsed},
		{name: "volume/wipe-used", ops: []backend.Op{backend.VolumeWipeOp{}}, run: volumeWipeUsed},
	}
}

func volumeCreate(r *run) {
	p := r.pool()
	for _, format := range []string{"raw", "qcow2"} {
		v := r.volume(backend.VolumeCreateOp{Pool: p, Name: prefix + format, Format: format, Capacity: 8 * mib})
		if v.Name != prefix+format || v.Format != format || v.Capacity != 8*mib || v.Parent != p || v.Path == "" {
			r.errorf("the new volume is %+v", v)
		}
	}
	if got := len(r.checkList(backend.KindVolume, p)); got != 2 {
		r.errorf("%d volumes, want 2", got)
	}
	r.refused(backend.VolumeCreateOp{Pool: p, Name: prefix + "raw", Format: "raw", Capacity: 8 * mib}, backend.ClassConflict)
}

func volumeCreateRefused(r *run) {
	p := r.pool()
	good := backend.VolumeCreateOp{Pool: p, Name: prefix + "v", Format: "qcow2", Capacity: 8 * mib}
	r.needs(good.Verb())
	for _, name := range badNames() {
		bad := good
		bad.Name = name
		r.refused(bad, backend.ClassInvalid)
	}
	bad := good
	bad.Format = "nonsense"
	r.refused(bad, backend.ClassInvalid, backend.ClassUnsupported)
	// A backing file without its format lets a guest read any file of the host.
	base := r.volume(good)
	bad = good
	bad.Name, bad.Backing = prefix+"over", base.Path
	r.refused(bad, backend.ClassInvalid)
	r.do(backend.StopOp{Object: p})
	good.Name = prefix + "late"
	r.refused(good, backend.ClassConflict)
	r.do(backend.StartOp{Object: p})
	if got := len(r.seen(backend.KindVolume, p)); got != 1 {
		r.errorf("refused volumes left %d behind", got-1)
	}
}

func volumeBacking(r *run) {
	p := r.pool()
	base := r.volume(backend.VolumeCreateOp{Pool: p, Name: prefix + "base", Format: "qcow2", Capacity: 8 * mib})
	over := r.volume(backend.VolumeCreateOp{Pool: p, Name: prefix + "over", Format: "qcow2", Capacity: 8 * mib,
		Backing: base.Path, BackingFormat: "qcow2"})
	if over.Backing != base.Path {
		r.errorf("the volume stands on %q, want %q", over.Backing, base.Path)
	}
	r.await("the base says what stands on it", func() bool {
		return slices.Contains(byRef[*backend.Volume](r, base.ID, p).Under, over.Name)
	})
	r.refused(backend.VolumeDeleteOp{Volume: base.ID}, backend.ClassConflict, backend.ClassBusy)
	byRef[*backend.Volume](r, base.ID, p)
	r.do(backend.VolumeDeleteOp{Volume: over.ID})
	r.do(backend.VolumeDeleteOp{Volume: base.ID})
}

func volumeDelete(r *run) {
	p := r.pool()
	v := r.rawVolume(p, "v", mib)
	r.needs(backend.VerbVolumeDelete)
	r.do(backend.VolumeDeleteOp{Volume: v.ID})
	r.absent(backend.KindVolume, p, v.Name)
	r.refused(backend.VolumeDeleteOp{Volume: v.ID}, backend.ClassNotFound)
}

func volumeDeleteUsed(r *run) {
	p := r.pool()
	v := r.rawVolume(p, "v", mib)
	// Who looks on is told when a VM changes: a driver may know it by that.
	r.onlooker()
	op := r.smallVM()
	op.Disk = v.ID
	r.makeVM(op)
	r.await("the volume says who uses it", func() bool {
		now := byRef[*backend.Volume](r, v.ID, p)
		return now.UsedKnown && slices.Contains(now.UsedBy, op.Name)
	})
	r.refused(backend.VolumeDeleteOp{Volume: v.ID}, backend.ClassConflict, backend.ClassBusy)
	byRef[*backend.Volume](r, v.ID, p)
}

func volumeClone(r *run) {
	r.needs(backend.VerbVolumeClone)
	p := r.pool()
	v := r.rawVolume(p, "v", mib)
	op := backend.VolumeCloneOp{Volume: v.ID, Name: prefix + "copy"}
	made := byRef[*backend.Volume](r, r.do(op).Created, p)
	if made.Name != op.Name || made.Capacity != v.Capacity || made.Path == v.Path {
		r.errorf("the copy is %+v", made)
	}
	r.refused(op, backend.ClassConflict)
	for _, name := range r.badVolumeNames() {
		op.Name = name
		r.refused(op, backend.ClassInvalid)
	}
}

func volumeResize(r *run) {
	r.needs(backend.VerbVolumeResize)
	p := r.pool()
	v := r.rawVolume(p, "v", 2*mib)
	is := func(want uint64) {
		if got := byRef[*backend.Volume](r, v.ID, p).Capacity; got != want {
			r.errorf("the capacity is %d, want %d", got, want)
		}
	}
	r.do(backend.VolumeResizeOp{Volume: v.ID, Capacity: 4 * mib})
	is(4 * mib)
	r.refused(backend.VolumeResizeOp{Volume: v.ID, Capacity: mib}, backend.ClassInvalid, backend.ClassConflict)
	is(4 * mib)
	r.do(backend.VolumeResizeOp{Volume: v.ID, Capacity: mib, Shrink: true})
	is(mib)
}

func volumeWipe(r *run) {
	r.needs(backend.VerbVolumeWipe)
	p := r.pool()
	r.needs(backend.VerbVolumeUpload)
	v := r.rawVolume(p, "v", mib)
	r.do(backend.VolumeUploadOp{Volume: v.ID, File: r.file(mib)})
	r.refused(backend.VolumeWipeOp{Volume: v.ID, Algorithm: "nonsense"}, backend.ClassInvalid)
	r.do(backend.VolumeWipeOp{Volume: v.ID, Algorithm: "zero"})
	for i, b := range r.download(v.ID) {
		if b != 0 {
			r.fatalf("byte %d is %#x after the volume was wiped with zeros", i, b)
		}
	}
}

// neededVolumes are two volumes that must not lose their bytes: the disk of a VM that is
// off, and what another volume stands on.
func (r *run) neededVolumes() (pool backend.Ref, all []*backend.Volume) {
	p := r.pool()
	used := r.rawVolume(p, "used", 2*mib)
	op := r.smallVM()
	op.Disk = used.ID
	r.makeVM(op)
	base := r.rawVolume(p, "base", 2*mib)
	r.volume(backend.VolumeCreateOp{Pool: p, Name: prefix + "over", Format: "qcow2", Capacity: 2 * mib, Backing: base.Path, BackingFormat: "raw"})
	return p, []*backend.Volume{used, base}
}

func volumeShrinkUsed(r *run) {
	r.needs(backend.VerbVolumeResize)
	p, all := r.neededVolumes()
	for _, v := range all {
		r.refused(backend.VolumeResizeOp{Volume: v.ID, Capacity: mib, Shrink: true}, backend.ClassConflict)
		if got := byRef[*backend.Volume](r, v.ID, p).Capacity; got != v.Capacity {
			r.errorf("a refused resize left %d bytes of %d", got, v.Capacity)
		}
	}
	// To grow takes nothing away.
	r.do(backend.VolumeResizeOp{Volume: all[0].ID, Capacity: 4 * mib})
}

func volumeWipeUsed(r *run) {
	r.needs(backend.VerbVolumeWipe)
	_, all := r.neededVolumes()
	for _, v := range all {
		r.refused(backend.VolumeWipeOp{Volume: v.ID, Algorithm: "zero"}, backend.ClassConflict)
	}
}

// quotes is a name full of what XML has to escape; a server may refuse it.
const quotes = prefix + `it's "<&>`

func volumeQuotes(r *run) {
	p := r.pool()
	op := backend.VolumeCreateOp{Pool: p, Name: quotes, Format: "raw", Capacity: mib}
	r.needs(op.Verb())
	result, err := r.try(op)
	if err != nil {
		r.class("create a volume with quotes in its name", err, backend.ClassInvalid)
		r.absent(backend.KindVolume, p, quotes)
		return
	}
	if v := byRef[*backend.Volume](r, result.Created, p); v.Name != quotes || v.Capacity != mib {
		r.errorf("the volume is %+v", v)
	}
	r.do(backend.VolumeDeleteOp{Volume: result.Created})
	r.absent(backend.KindVolume, p, quotes)
}
