package libvirt

import (
	"slices"
	"strconv"
	"strings"

	"hvdeck/backend"
)

// poolField is one answer about a pool, as its form calls it.
type poolField struct{ what, value string }

func poolFields(o backend.PoolNewOp) []poolField {
	return []poolField{
		{"target path", o.Path}, {"source host", o.SourceHost}, {"exported directory", o.SourceDir},
		{"source device", o.SourceDevice}, {"source name", o.SourceName}, {"source format", o.SourceFormat},
		{"initiator", o.Initiator}, {"user", o.AuthUser},
	}
}

// poolType is what a type of pool needs and what it can use. Source: libvirt's
// virStoragePoolTypeInfo (storage_conf.c).
type poolType struct {
	needs   []string
	formats []string // that libvirt knows; nil when it has no choice
	auth    bool
}

func poolTypes() map[string]poolType {
	types := map[string]poolType{
		"dir":     {needs: []string{"target path"}},
		"fs":      {needs: []string{"target path", "source device"}},
		"netfs":   {needs: []string{"target path", "source host", "exported directory"}},
		"logical": {needs: []string{"source name"}},
		"iscsi":   {needs: []string{"source host", "source device"}, auth: true},
		"rbd":     {needs: []string{"source host", "source name"}, auth: true},
		"disk":    {needs: []string{"source device"}},
	}
	for name, t := range types {
		t.formats = backend.PoolFormats(name)
		types[name] = t
	}
	return types
}

// checkPool refuses what libvirt would refuse with other words, or take and fail with
// later.
func checkPool(o backend.PoolNewOp) error {
	refuse := func(format string, args ...any) error {
		return backend.Refuse(backend.ClassInvalid, "create pool", o.Name, format, args...)
	}
	t, known := poolTypes()[o.Type]
	if !known {
		return refuse("%q is no type of pool; there are dir, fs, netfs, logical, iscsi, rbd and disk", o.Type)
	}
	for _, f := range poolFields(o) {
		if f.value == "" && slices.Contains(t.needs, f.what) {
			return refuse("a pool of type %s needs a %s", o.Type, f.what)
		}
	}
	if o.SourceFormat != "" && !slices.Contains(t.formats, o.SourceFormat) {
		if t.formats == nil {
			return refuse("a pool of type %s has no source format", o.Type)
		}
		return refuse("%q is no format of type %s; there are %s", o.SourceFormat, o.Type, strings.Join(t.formats, ", "))
	}
	if err := checkPoolPaths(o); err != nil {
		return refuse("%s", err)
	}
	return checkPoolAuth(o, t, refuse)
}

func checkPoolAuth(o backend.PoolNewOp, t poolType, refuse func(string, ...any) error) error {
	switch {
	case o.AuthUser == "" && o.AuthSecret.IsZero():
		return nil
	case !t.auth:
		return refuse("a pool of type %s has no user and password", o.Type)
	case o.AuthUser == "":
		return refuse("the secret needs the name of its user")
	case o.AuthSecret.Kind != backend.KindSecret:
		return refuse("the user needs the secret with the password or key")
	default:
		return nil
	}
}

type pathError string

func (e pathError) Error() string { return string(e) }

// checkPoolPaths asks for whole paths and for ports that are numbers.
func checkPoolPaths(o backend.PoolNewOp) error {
	paths := []poolField{{"target path", o.Path}, {"exported directory", o.SourceDir}}
	switch o.Type {
	case "fs", "disk":
		paths = append(paths, poolField{"source device", o.SourceDevice})
	case "logical":
		for _, d := range devicesOf(o) {
			paths = append(paths, poolField{"source device", d})
		}
		if strings.Contains(o.SourceName, "/") {
			return pathError("the name of a volume group can't have a slash")
		}
	}
	for _, p := range paths {
		if p.value == "" || strings.HasPrefix(p.value, "/") || p.what == "exported directory" && o.SourceFormat == "cifs" ||
			p.what == "exported directory" && o.SourceFormat == "glusterfs" {
			continue
		}
		return pathError("the " + p.what + " has to begin with a slash: " + clip(p.value))
	}
	for _, h := range hostsOf(o.SourceHost) {
		if h.Port == "" {
			continue
		}
		if n, err := strconv.ParseUint(h.Port, 10, 16); err != nil || n == 0 {
			return pathError("the port of " + clip(h.Name) + " is not a number from 1 to 65535: " + clip(h.Port))
		}
	}
	return nil
}
