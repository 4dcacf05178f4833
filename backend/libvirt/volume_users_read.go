package libvirt

import (
	"context"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// domainTouched forgets the disks of a VM when an event may have changed them.
func (c *client) domainTouched(procedure uint32, id libvirt.UUID) {
	switch procedure {
	case procDomainReboot, procDomainWatchdog, procDomainIOError, procDomainMetadata, procDomainTunable:
	default:
		c.diskUsers.forget(id)
	}
}

// learnUsers reads in the background who uses which disk, if that is not known; a list
// is not kept waiting for it.
func (c *client) learnUsers() {
	if !c.diskUsers.begin() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	guard.Go("libvirt disk users", c.poll.fence.fail, func() {
		defer cancel()
		err := c.readUsers(ctx, userAge)
		c.diskUsers.ended(err == nil)
		if err == nil {
			c.poolRevs.bumpAll()
		}
	})
	guard.Go("libvirt disk users end", c.poll.fence.fail, func() {
		select {
		case <-c.poll.fence.done:
			cancel()
		case <-ctx.Done():
		}
	})
}

// fewUsers is how many VMs are read one by one on the polling connection; more are
// read on a connection of their own, so that lists go on meanwhile.
const fewUsers = 16

// readUsers reads every VM whose disks are not known, or known for longer than age.
// Sources: virConnectListAllDomains, virDomainGetXMLDesc.
func (c *client) readUsers(ctx context.Context, age time.Duration) error {
	all, err := read(ctx, c, "list VMs", "", func(lv *libvirt.Libvirt) ([]libvirt.Domain, error) {
		all, _, err := lv.ConnectListAllDomains(1, 0)
		return all, err
	})
	if err != nil {
		return err
	}
	c.diskUsers.keep(all)
	stale := c.diskUsers.stale(all, age)
	if len(stale) == 0 {
		return nil
	}
	snapshots, err := c.withSnapshots(ctx)
	if err != nil {
		return err
	}
	if len(stale) <= fewUsers {
		for _, d := range stale {
			if err := c.readUser(ctx, c.poll, d, snapshots[d.UUID]); err != nil {
				return err
			}
		}
		return nil
	}
	r, err := c.aside(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	return each(ctx, stale, func(ctx context.Context, d libvirt.Domain) error { return c.readUser(ctx, r, d, snapshots[d.UUID]) })
}

// readUser takes in what one VM uses; one that is gone uses nothing.
func (c *client) readUser(ctx context.Context, r *rpcConn, d libvirt.Domain, snapshots bool) error {
	began := time.Now()
	files, err := c.userFiles(ctx, r, d)
	if err == nil && snapshots {
		err = c.addSnapshots(ctx, r, d, files)
	}
	if err != nil {
		return ignoreGone(err)
	}
	c.diskUsers.put(d, files, began)
	return nil
}

// userFiles are the files and devices that a VM has now or will have at its next
// start: disks and media with the chains below as far as libvirt tells them, copies of
// them under way, kernels. A disk given as a volume is named as POOL/VOLUME too.
func (c *client) userFiles(ctx context.Context, r *rpcConn, d libvirt.Domain) (*diskFiles, error) {
	files := newDiskFiles()
	for _, flags := range []libvirt.DomainXMLFlags{0, libvirt.DomainXMLInactive} {
		text, err := c.domainText(ctx, r, d, flags)
		if err != nil {
			return nil, err
		}
		var x domainDisks
		if err := parsed("VM", d.Name, xmlUnmarshal(text, &x)); err != nil {
			return nil, err // not known: it may use anything
		}
		files.domain(&x)
		for i := range x.Disks {
			path, err := sourcePathOn(ctx, r, x.Disks[i].Source)
			if err != nil {
				return nil, err
			}
			files.paths = append(files.paths, path)
		}
	}
	return files, nil
}

// domainDisks is the part of a domain's XML that names files.
type domainDisks struct {
	OS struct {
		Kernel string `xml:"kernel"`
		Initrd string `xml:"initrd"`
	} `xml:"os"`
	Disks []libvirtxml.DomainDisk `xml:"devices>disk"`
}

// paths are those of all disks, with their chains and the copies that are being made
// of them; some may be empty.
func (x *domainDisks) paths() []string {
	paths := []string{x.OS.Kernel, x.OS.Initrd}
	for i := range x.Disks {
		d := diskOf(&x.Disks[i])
		paths = append(append(paths, d.Path), d.Backing...)
		if m := x.Disks[i].Mirror; m != nil {
			paths = append(paths, diskPath(m.Source))
		}
	}
	return paths
}

// sourcePath is the path of a disk's data, also where the disk is given as a volume;
// "" for an empty drive, and for a volume that can't be found.
func (c *client) sourcePath(ctx context.Context, s *libvirtxml.DomainDiskSource) (string, error) {
	path, err := sourcePathOn(ctx, c.poll, s)
	if backend.ClassOf(err) == backend.ClassUnreachable {
		err = c.transport.Explain(err)
	}
	return path, err
}

func sourcePathOn(ctx context.Context, r *rpcConn, s *libvirtxml.DomainDiskSource) (string, error) {
	if s == nil || s.Volume == nil {
		return diskPath(s), nil
	}
	d := deed{doing: "find volume", object: s.Volume.Volume, limit: readLimit}
	path, err := call(ctx, r, d, func(lv *libvirt.Libvirt) (string, error) {
		p, err := lv.StoragePoolLookupByName(s.Volume.Pool)
		if err != nil {
			return "", err
		}
		v, err := lv.StorageVolLookupByName(p, s.Volume.Volume)
		if err != nil {
			return "", err
		}
		return lv.StorageVolGetPath(v)
	})
	return path, ignoreGone(err)
}
