package vsphere

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"hvdeck/backend"
)

// Get implements backend.Backend: one call for one object. Extra configuration and
// vApp properties are not asked for, because they may hold passwords.
func (c *Conn) Get(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	d := &backend.Detail{Ref: r}
	var paths []string
	var fill func(*backend.Detail, props)
	switch r.Kind {
	case backend.KindVM:
		paths, fill = vmDetailPaths(), c.fillVM
	case backend.KindHost:
		paths, fill = hostDetailPaths(), fillHost
	case backend.KindSnapshot:
		paths, fill = []string{"config.name", "config.version", "config.guestFullName", "config.hardware", "vm"}, fillSnapshot
	case backend.KindCluster:
		paths, fill = leanPaths("ClusterComputeResource"), c.fillCluster
	case backend.KindResourcePool:
		paths, fill = resourcePoolPaths(), c.fillResourcePool
	case backend.KindPool:
		paths, fill = datastorePaths(), c.fillStore
	case backend.KindNetwork:
		paths, fill = append(leanPaths(c.moref(r).Type), "vm"), func(d *backend.Detail, got props) { c.fillNetwork(ctx, d, got) }
	case backend.KindFolder:
		paths, fill = leanPaths(c.moref(r).Type), c.fillFolder
	case backend.KindVolume:
		return nil, backend.Refuse(backend.ClassUnsupported, "describe", r.ID, "vSphere tells nothing more about a file")
	default:
		return nil, backend.Refuse(backend.ClassInvalid, "describe", "", "vSphere has no objects of the kind %q", r.Kind)
	}
	ref := c.moref(r)
	if r.Kind == backend.KindSnapshot {
		ref = snapshotRef(r)
	}
	got, err := c.retrieveOne(ctx, "describe", ref, paths...)
	if err != nil {
		return nil, err
	}
	d.At = time.Now()
	fill(d, got)
	d.Raw = raw(got)
	return d, nil
}

// raw is the properties as indented JSON, in the order of their paths.
func raw(got props) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(got); err != nil {
		return fmt.Sprintf("%q", err.Error())
	}
	return b.String()
}

func fillSnapshot(d *backend.Detail, got props) {
	add(d, "Hardware version", as[string](got["config.version"]))
	add(d, "Guest OS", as[string](got["config.guestFullName"]))
}

// add adds a fact unless it is empty.
func add(d *backend.Detail, name, value string) {
	if value != "" {
		d.Fields = append(d.Fields, backend.Field{Name: name, Value: value})
	}
}
