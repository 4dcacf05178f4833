package vsphere

import (
	"context"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// askSums asks the server for checksums of the kind that the manifest has, so that both
// can be compared. Older servers have only SHA-1 and refuse; then sizes are compared.
// Source: HttpNfcLease.HttpNfcLeaseSetManifestChecksumType, API 6.7.
func (e *exporting) askSums(ctx context.Context) {
	if orDefault(e.op.Digest, "SHA256") != "SHA256" {
		return
	}
	req := &types.HttpNfcLeaseSetManifestChecksumType{This: e.lease.ref}
	for _, d := range e.lease.info.DeviceUrl {
		req.DeviceUrlsToChecksumTypes = append(req.DeviceUrlsToChecksumTypes,
			types.KeyValue{Key: d.Key, Value: string(types.HttpNfcLeaseManifestEntryChecksumTypeSha256)})
	}
	_ = e.c.read(ctx, e.doing, e.object, func(ctx context.Context) error {
		_, err := methods.HttpNfcLeaseSetManifestChecksumType(ctx, e.c.vc, req)
		return err
	})
}

// compare holds what arrived against what the server says that it sent.
func (e *exporting) compare(ctx context.Context) error {
	var sent []types.HttpNfcLeaseManifestEntry
	err := e.c.read(ctx, e.doing, e.object, func(ctx context.Context) error {
		res, err := methods.HttpNfcLeaseGetManifest(ctx, e.c.vc, &types.HttpNfcLeaseGetManifest{This: e.lease.ref})
		if err == nil {
			sent = res.Returnval
		}
		return err
	})
	if backend.ClassOf(err) == backend.ClassUnsupported {
		return nil
	}
	if err != nil {
		return err
	}
	for _, m := range sent {
		if err := e.same(m); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporting) same(m types.HttpNfcLeaseManifestEntry) error {
	got, ok := e.sums[m.Key]
	if !ok {
		return nil
	}
	for i := range e.files {
		if f := &e.files[i]; f.DeviceId == m.Key && m.Disk {
			f.Capacity, f.PopulatedSize = m.Capacity, m.PopulatedSize
		}
	}
	if m.Size > 0 && m.Size != got.Size {
		return e.refuse(backend.ClassOther, "%s: the server sent %d bytes, %d arrived", got.Name, m.Size, got.Size)
	}
	want := ""
	switch {
	case strings.EqualFold(m.ChecksumType, got.Sum.Algorithm):
		want = m.Checksum
	case got.Sum.Algorithm == "SHA1":
		want = m.Sha1
	}
	if want == "" {
		return nil
	}
	if !strings.EqualFold(want, got.Sum.Hex) {
		return e.refuse(backend.ClassOther, "%s: the %s checksum of what arrived is not that of the server", got.Name, got.Sum.Algorithm)
	}
	e.checked++
	return nil
}
