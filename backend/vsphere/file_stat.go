package vsphere

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// store is a datastore as operations on its files need it.
type store struct {
	pool       backend.Ref
	name       string // as the server writes it, with %2f and the like
	datacenter string // moid
	browser    string // moid
	reached    bool   // by some host
	vms        []moref
}

// path is the datastore path of a file: "[store] folder/file".
func (s *store) path(rel string) string { return "[" + s.name + "] " + rel }

// dc is the datacenter, which the API wants beside a datastore path.
func (s *store) dc() *moref { return &moref{Type: "Datacenter", Value: s.datacenter} }

// store reads a datastore. One that no host reaches is refused.
func (c *Conn) store(ctx context.Context, doing string, pool backend.Ref) (*store, error) {
	s, err := c.anyStore(ctx, doing, pool)
	if err == nil && !s.reached {
		return nil, backend.Refuse(backend.ClassConflict, doing, unescape(s.name), "no host reaches the datastore")
	}
	return s, err
}

// anyStore reads a datastore, one that no host reaches as well.
func (c *Conn) anyStore(ctx context.Context, doing string, pool backend.Ref) (*store, error) {
	if err := c.learnPlaces(ctx); err != nil {
		return nil, err
	}
	got, err := c.retrieveOne(ctx, doing, c.moref(pool), "name", "browser", "summary.accessible", "vm")
	if err != nil {
		return nil, err
	}
	s := &store{
		pool: pool, name: as[string](got["name"]), browser: moidOf(got["browser"]),
		reached: as[bool](got["summary.accessible"]),
		vms:     as[types.ArrayOfManagedObjectReference](got["vm"]).ManagedObjectReference,
	}
	s.datacenter, _ = c.names.above(pool.ID, "Datacenter")
	return s, nil
}

// fileFacts are what is known of one file before something is done with it.
type fileFacts struct {
	dir      bool
	size     uint64
	modified time.Time
}

// stat looks for a file; nil when there is none. A folder on the way that does not exist
// is an error, of ClassNotFound.
func (c *Conn) stat(ctx context.Context, doing string, s *store, rel string) (*fileFacts, error) {
	name := path.Base(rel)
	found, err := c.browse(ctx, s, doing, parentOf(rel), statSpec(name))
	if err != nil {
		return nil, err
	}
	return factsOfFile(found, name), nil
}

// factsOfFile are those of the file of that name; nil when there is none.
func factsOfFile(found []types.BaseFileInfo, name string) *fileFacts {
	for _, info := range found {
		f := info.GetFileInfo()
		if path.Base(f.Path) != name {
			continue
		}
		_, dir := info.(*types.FolderFileInfo)
		facts := &fileFacts{dir: dir, size: uint64(max(f.FileSize, 0))}
		if f.Modification != nil {
			facts.modified = *f.Modification
		}
		return facts
	}
	return nil
}

// statSpec asks for one file. A query for virtual disks would hide the files with their
// data, so there is none.
func statSpec(name string) *types.HostDatastoreBrowserSearchSpec {
	return &types.HostDatastoreBrowserSearchSpec{
		MatchPattern: []string{literal(name)},
		Details:      &types.FileQueryFlags{FileType: true, FileSize: true, Modification: true},
		Query:        []types.BaseFileQuery{&types.FolderFileQuery{}, &types.FileQuery{}},
	}
}

// literal is a pattern that matches the name, and little else: what the server would
// take for a wildcard matches any character.
func literal(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`*?[]\`, r) {
			return '?'
		}
		return r
	}, name)
}

// file is what an operation on an existing file starts with.
type file struct {
	store *store
	rel   string
	facts *fileFacts
}

// file finds a file, and gives an error when there is none.
func (a *action) file(ctx context.Context, r backend.Ref) (*file, error) {
	pool, rel := a.c.splitVolume(r)
	a.object = path.Base(rel)
	if err := a.checkPath(rel); err != nil {
		return nil, err
	}
	s, err := a.c.store(ctx, a.doing, pool)
	if err != nil {
		return nil, err
	}
	facts, err := a.c.stat(ctx, a.doing, s, rel)
	if err != nil {
		return nil, err
	}
	if facts == nil {
		return nil, a.refuse(backend.ClassNotFound, "there is no file %s", s.path(rel))
	}
	return &file{store: s, rel: rel, facts: facts}, nil
}

// newFile checks where a new file or folder is to go: a path whose folder exists, and at
// it nothing.
func (a *action) newFile(ctx context.Context, pool backend.Ref, rel string) (*store, error) {
	if err := a.checkPath(rel); err != nil {
		return nil, err
	}
	s, err := a.c.store(ctx, a.doing, pool)
	if err != nil {
		return nil, err
	}
	facts, err := a.c.stat(ctx, a.doing, s, rel)
	if backend.ClassOf(err) == backend.ClassNotFound {
		e := a.refuse(backend.ClassNotFound, "there is no folder %s", s.path(parentOf(rel)))
		e.Remedy = "make the folder first"
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	if facts != nil {
		e := a.refuse(backend.ClassConflict, "%s exists already", s.path(rel))
		e.Remedy = "choose another name"
		return nil, e
	}
	return s, nil
}
