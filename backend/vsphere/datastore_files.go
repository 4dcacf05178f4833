package vsphere

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// listFiles lists the files and folders of a datastore, or of a folder in it when
// the parent is one of its volumes: one level, because a whole datastore may hold
// hundreds of thousands. The key of a volume is "<datastore moid>/<path>".
func (c *Conn) listFiles(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	const doing = "list files of"
	pool, dir := c.splitVolume(q.Parent)
	if q.Parent.Kind != backend.KindPool && q.Parent.Kind != backend.KindVolume || pool.ID == "" {
		return backend.Refuse(backend.ClassInvalid, "list files", "", "files are listed of one datastore")
	}
	s, err := c.store(ctx, doing, pool)
	if err != nil {
		return err
	}
	found, err := c.browse(ctx, s, doing, dir, searchSpec())
	if err != nil {
		return err
	}
	use, err := c.fileUse(ctx, doing, s)
	if backend.ClassOf(err) == backend.ClassUnreachable {
		return err
	}
	if err != nil { // some VM may not be read: the files are shown all the same
		use = &fileUse{}
	}
	f := fileReader{c: c, store: s, dir: dir, use: use}
	want := make(map[backend.Ref]bool, len(q.Refs))
	for _, r := range q.Refs {
		want[r] = true
	}
	var page []backend.Object
	for _, info := range found {
		if v := f.volume(info); len(want) == 0 || want[v.ID] {
			page = append(page, v)
		}
	}
	if len(page) > 0 {
		emit(page)
	}
	return nil
}

// browse runs one search task over a folder.
func (c *Conn) browse(ctx context.Context, s *store, doing, dir string, spec *types.HostDatastoreBrowserSearchSpec) ([]types.BaseFileInfo, error) {
	a := &action{c: c, doing: doing, object: unescape(s.name)}
	made, err := a.task(ctx, func(ctx context.Context) (moref, error) {
		res, err := methods.SearchDatastore_Task(ctx, c.vc, &types.SearchDatastore_Task{
			This: moref{Type: "HostDatastoreBrowser", Value: s.browser}, DatastorePath: s.path(dir), SearchSpec: spec,
		})
		if err != nil {
			return moref{}, err
		}
		return res.Returnval, nil
	})
	if err != nil {
		if e := fail("", "", err); e.Class == backend.ClassLost {
			e.Class, e.Remedy = backend.ClassUnreachable, "" // nothing was changed
			return nil, e
		}
		return nil, err
	}
	return as[types.HostDatastoreBrowserSearchResults](made).File, nil
}

// searchSpec asks for sizes, and for what a server tells only of files it knows.
func searchSpec() *types.HostDatastoreBrowserSearchSpec {
	yes := true
	return &types.HostDatastoreBrowserSearchSpec{
		SortFoldersFirst: &yes,
		MatchPattern:     []string{"*"},
		Details:          &types.FileQueryFlags{FileType: true, FileSize: true, Modification: true},
		Query: []types.BaseFileQuery{
			&types.FolderFileQuery{}, &types.IsoImageFileQuery{}, &types.VmConfigFileQuery{},
			&types.VmDiskFileQuery{Details: &types.VmDiskFileQueryFlags{CapacityKb: true, Thin: &yes}},
			&types.FileQuery{},
		},
	}
}

// fileReader translates the files of one folder.
type fileReader struct {
	c     *Conn
	store *store
	dir   string
	use   *fileUse
}

func (f fileReader) volume(info types.BaseFileInfo) *backend.Volume {
	i := info.GetFileInfo()
	rel := path.Join(f.dir, i.Path)
	size := uint64(max(i.FileSize, 0))
	v := &backend.Volume{
		Meta: backend.Meta{ID: f.c.volumeRef(f.store.pool, rel), Name: i.Path, Parent: f.store.pool},
		Path: f.store.path(rel), Type: "file", Capacity: size, Allocation: size,
		Format: strings.TrimPrefix(path.Ext(i.Path), "."), UsedKnown: f.use.known,
	}
	if i.Modification != nil {
		v.Modified = *i.Modification
	}
	folder := path.Dir(v.Path)
	switch info := info.(type) {
	case *types.FolderFileInfo:
		v.Type, v.Format, folder = "dir", "", v.Path
	case *types.VmDiskFileInfo:
		if info.CapacityKb > 0 {
			v.Capacity = uint64(info.CapacityKb) << 10
		}
	}
	v.UsedBy = slices.Clone(f.use.of(v.Path, v.Type == "dir"))
	if home := f.c.names.userOf(folder + "/"); home != "" { // logs and the like
		v.UsedBy = addNew(v.UsedBy, home)
	}
	return v
}

// learnHome notes the folder that a VM's .vmx is in.
func (n *names) learnHome(moid, vmx string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if i := strings.LastIndexByte(vmx, '/'); i > 0 {
		n.homes[vmx[:i+1]] = moid
	}
}

// userOf is the name of the VM whose folder this is; "" when it is nobody's.
func (n *names) userOf(folder string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.vms[n.homes[folder]]
}
