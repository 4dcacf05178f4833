package backendtest

import (
	"os"
	"path/filepath"

	"hvdeck/backend"
)

// on gives every operation on this VM, and on other objects that don't exist, with
// arguments that are in order. None of them does harm if it is carried out after all.
func (r *run) on(vm backend.Ref) []backend.Op {
	none := func(k backend.Kind) backend.Ref {
		return backend.Ref{Conn: vm.Conn, Kind: k, ID: "00000000-0000-4000-8000-00000000dead"}
	}
	file := filepath.Join(r.t.TempDir(), "never")
	if err := os.WriteFile(file, []byte("never"), 0o600); err != nil {
		r.fatalf("write a file: %v", err)
	}
	all := []backend.Op{
		backend.PowerOnOp{VM: vm}, backend.PowerOffOp{VM: vm}, backend.ResetOp{VM: vm},
		backend.SuspendOp{VM: vm}, backend.ResumeOp{VM: vm}, backend.ShutdownOp{VM: vm},
		backend.RebootOp{VM: vm}, backend.StandbyOp{VM: vm},
		backend.AnswerOp{VM: vm, Question: "0", Choice: "0"},
	}
	snapshot := backend.Ref{Conn: vm.Conn, Kind: backend.KindSnapshot, ID: vm.ID + "/none"}
	all = append(all,
		backend.SnapshotCreateOp{VM: vm, Name: "never"},
		backend.SnapshotRevertOp{VM: vm, Snapshot: snapshot},
		backend.SnapshotDeleteOp{VM: vm, Snapshot: snapshot},
		backend.SnapshotEditOp{VM: vm, Snapshot: snapshot, Name: "never"},

		backend.VMUndefineOp{VM: vm}, backend.VMManagedSaveOp{VM: vm}, backend.VMManagedSaveRemoveOp{VM: vm},
		backend.VMRenameOp{VM: vm, Name: prefix + "never"}, backend.VMCloneOp{VM: vm, Name: prefix + "never"},
		backend.VMResourcesOp{VM: vm, VCPUs: 1},
		backend.VMMigrateOp{VM: vm, To: none(backend.KindHost), URI: "qemu+tcp://127.0.0.1:1/system", Live: true},
		backend.VMSendKeyOp{VM: vm, Keys: "ctrl"}, backend.VMScreenshotOp{VM: vm, File: file + ".png"},
		backend.VMAttachDiskOp{VM: vm, Device: "cdrom"}, backend.VMAttachNICOp{VM: vm, Network: prefix + "never"},
		backend.VMDetachOp{VM: vm, Device: "vdz"}, backend.VMMediaOp{VM: vm, Drive: "sdz"},
		backend.AutostartOp{Object: vm},
	)
	pool, volume := none(backend.KindPool), backend.Ref{Conn: vm.Conn, Kind: backend.KindVolume, ID: none(backend.KindPool).ID + "/never"}
	return append(all,
		backend.StartOp{Object: pool}, backend.StopOp{Object: pool}, backend.UndefineOp{Object: pool},
		backend.PoolBuildOp{Pool: pool}, backend.PoolRefreshOp{Pool: pool}, backend.PoolDeleteOp{Pool: pool},
		backend.VolumeCreateOp{Pool: pool, Name: prefix + "never", Format: "raw", Capacity: 1 << 20},
		backend.VolumeDeleteOp{Volume: volume}, backend.VolumeCloneOp{Volume: volume, Name: prefix + "never"},
		backend.VolumeResizeOp{Volume: volume, Capacity: 1 << 20}, backend.VolumeWipeOp{Volume: volume, Algorithm: "zero"},
		backend.VolumeUploadOp{Volume: volume, File: file},
		backend.VolumeImportOp{Pool: pool, Name: prefix + "never", Format: "raw", File: file},
		backend.VolumeDownloadOp{Volume: volume, File: file + ".down"},
		backend.SecretSetOp{Secret: none(backend.KindSecret), Value: backend.Hide([]byte("never"))},
		backend.DefineOp{Kind: backend.KindPool, Object: pool, Under: none(backend.KindHost), XML: "<pool type='dir'><name>hvdt-never</name>" +
			"<uuid>" + pool.ID + "</uuid><target><path>/nowhere</path></target></pool>"},

		backend.VMRelocateOp{VM: vm, To: backend.Placement{Host: none(backend.KindHost)}}, backend.VMRegisterOp{File: volume},
		backend.HostMaintenanceOp{Host: none(backend.KindHost), Enter: true}, backend.HostLinkOp{Host: none(backend.KindHost), Connect: true},
		backend.VolumeMoveOp{Volume: volume, Name: prefix + "never"}, backend.FolderMakeOp{Pool: pool, Name: prefix + "never"},
		backend.OVFImportOp{Under: none(backend.KindResourcePool), Source: file, Name: prefix + "never"},
		backend.OVFExportOp{Object: vm, File: file + ".ova"}, backend.AlarmAckOp{Alarm: none(backend.KindAlarm)},

		// New objects of a host that does not exist, with a name that none takes: a
		// driver of one host may not look at which one it is.
		backend.VMNewOp{Host: none(backend.KindHost), Name: "a/b", VCPUs: 1, Memory: 64 << 20},
		backend.PoolNewOp{Host: none(backend.KindHost), Name: "a/b", Type: "dir", Path: "/nowhere"},
		backend.NetworkNewOp{Host: none(backend.KindHost), Name: "a/b", Mode: "isolated"},
		backend.SecretNewOp{Host: none(backend.KindHost), Usage: "nonsense", UsageID: prefix + "never"},
		backend.NodeTuneOp{Host: none(backend.KindHost), PagesToScan: -1, SleepMillis: -1, MergeAcross: 2},
		backend.NodeSuspendOp{Host: none(backend.KindHost), To: "nowhere"},
	)
}

func opsOnUnknown(r *run) {
	for _, op := range r.on(r.unknown(backend.KindVM)) {
		classes := []backend.Class{backend.ClassNotFound}
		if op.Target().Kind == backend.KindHost {
			classes = append(classes, backend.ClassInvalid)
		}
		if r.b.Caps().Why(op.Verb()) != "" {
			classes = append(classes, backend.ClassUnsupported)
		}
		r.refused(op, classes...)
	}
}
