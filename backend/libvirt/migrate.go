package libvirt

import (
	"context"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// migrate moves a running VM; the two daemons talk to each other. Sources:
// virDomainMigrateToURI3, virDomainGetJobStats, virDomainAbortJob.
func (c *client) migrate(ctx context.Context, o backend.VMMigrateOp, progress backend.Progress) (backend.Result, error) {
	ch, err := c.changeOf(ctx, o)
	if err != nil {
		return backend.Result{}, err
	}
	if err := checkMigration(ch, o); err != nil {
		return backend.Result{}, err
	}
	ch.deed.limit, ch.abortable = longLimit, true
	flags, params := migrateFlags(o), migrateParams(o)
	ch.run = plainly(func(lv *libvirt.Libvirt) error {
		_, err := lv.DomainMigratePerform3Params(ch.domain, libvirt.OptString{o.URI}, params, nil, flags)
		return err
	})
	result, err := c.runJob(ctx, ch, progress)
	return result, withMigrateRemedy(ctx, err)
}

// checkMigration refuses what the server would take for something else.
func checkMigration(ch change, o backend.VMMigrateOp) error {
	switch {
	case o.URI == "":
		return ch.refuse(backend.ClassInvalid, "the URI of the destination is missing")
	case !strings.Contains(o.URI, "://"):
		return ch.refuse(backend.ClassInvalid, "%q is no URI: write it as qemu+ssh://host/system", clip(o.URI))
	case o.Undefine && !o.Persist:
		err := ch.refuse(backend.ClassInvalid, "it would have no definition anywhere after its next power off")
		err.Remedy = "define it at the destination as well, or keep the definition here"
		return err
	default:
		return nil
	}
}

func migrateFlags(o backend.VMMigrateOp) libvirt.DomainMigrateFlags {
	return libvirt.MigratePeer2peer |
		flagIf(o.Live, libvirt.MigrateLive) |
		flagIf(o.Persist, libvirt.MigratePersistDest) |
		flagIf(o.Undefine, libvirt.MigrateUndefineSource) |
		flagIf(o.CopyStorage, libvirt.MigrateNonSharedDisk) |
		flagIf(o.Unsafe, libvirt.MigrateUnsafe) |
		flagIf(o.AutoConverge, libvirt.MigrateAutoConverge)
}

func migrateParams(o backend.VMMigrateOp) []libvirt.TypedParam {
	params := []libvirt.TypedParam{}
	if o.DataURI != "" {
		params = append(params, libvirt.TypedParam{Field: libvirt.MigrateParamURI, Value: *libvirt.NewTypedParamValueString(o.DataURI)})
		// Disks go over sockets beside it: libvirt takes a directory's worth of names
		// from the memory's only where that is TCP.
		if path, unix := strings.CutPrefix(o.DataURI, "unix://"); unix && o.CopyStorage {
			params = append(params, libvirt.TypedParam{Field: libvirt.MigrateParamDisksURI,
				Value: *libvirt.NewTypedParamValueString("unix://" + path + "-disks")})
		}
	}
	if o.Bandwidth > 0 {
		mib := max(o.Bandwidth>>20, 1) // the call counts in MiB a second
		params = append(params, libvirt.TypedParam{Field: libvirt.MigrateParamBandwidth, Value: *libvirt.NewTypedParamValueUllong(mib)})
	}
	return params
}

// withMigrateRemedy says what helps with what migrations commonly fail over. A job
// that was aborted is a cancel only if it was the operator's.
func withMigrateRemedy(ctx context.Context, err error) error {
	e, ok := backendError(err)
	if !ok {
		return err
	}
	helped := *e
	if e.Class == backend.ClassCancelled && ctx.Err() == nil {
		helped.Class = backend.ClassOther
	}
	switch {
	case hasCode(e.Err, libvirt.ErrMigrateUnsafe):
		helped.Remedy = "put its disks on storage that both hosts share, copy the disks along, or choose to go on where it is unsafe"
	case strings.Contains(e.Message, "unable to connect to server"), strings.Contains(e.Message, "Unable to resolve address"):
		helped.Remedy = "give an address for the memory that this host can reach at the destination"
	case strings.Contains(e.Message, "Failed to connect to remote libvirt URI"):
		helped.Remedy = "the daemon of this host connects to the destination itself: it needs a URI, and a login, that work from there"
	case strings.Contains(e.Message, "already exists with uuid"), strings.Contains(e.Message, "already active"):
		helped.Remedy = "the destination has a VM of that name or UUID"
	default:
	}
	return &helped
}
