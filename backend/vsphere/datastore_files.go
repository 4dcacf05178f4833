package vsphere

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// listFiles lists the files and folders of a datastore, or of a folder in it when
// the parent is one of its volumes: one level, because a whole datastore may hold
// hundreds of thousands. The key of a volume is "<datastore moid>/<path>".
func (c *Conn) listFiles(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	moid, dir, _ := strings.Cut(q.Parent.ID, "/")
	if q.Parent.Kind != backend.KindPool && q.Parent.Kind != backend.KindVolume || moid == "" {
		return backend.Refuse(backend.ClassInvalid, "list files", "", "files are listed of one datastore")
	}
	pool := c.ref(backend.KindPool, moid)
	got, err := c.retrieveOne(ctx, "list files of", c.moref(pool), "name", "browser", "summary.accessible")
	if err != nil {
		return err
	}
	name := unescape(as[string](got["name"]))
	if !as[bool](got["summary.accessible"]) {
		return backend.Refuse(backend.ClassConflict, "list files of", name, "no host reaches the datastore")
	}
	found, err := c.browse(ctx, name, moidOf(got["browser"]), fmt.Sprintf("[%s] %s", name, dir))
	if err != nil {
		return err
	}
	f := fileReader{c: c, pool: pool, store: name, dir: dir}
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

// browse runs one search task.
func (c *Conn) browse(ctx context.Context, store, browser, folder string) ([]types.BaseFileInfo, error) {
	a := &action{c: c, doing: "list files of", object: store}
	made, err := a.task(ctx, func(ctx context.Context) (moref, error) {
		res, err := methods.SearchDatastore_Task(ctx, c.vc, &types.SearchDatastore_Task{
			This: moref{Type: "HostDatastoreBrowser", Value: browser}, DatastorePath: folder, SearchSpec: searchSpec(),
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
	pool  backend.Ref
	store string
	dir   string
}

func (f fileReader) volume(info types.BaseFileInfo) *backend.Volume {
	i := info.GetFileInfo()
	rel := path.Join(f.dir, i.Path)
	size := uint64(max(i.FileSize, 0))
	v := &backend.Volume{
		Meta: backend.Meta{ID: f.c.ref(backend.KindVolume, f.pool.ID+"/"+rel), Name: i.Path, Parent: f.pool},
		Path: fmt.Sprintf("[%s] %s", f.store, rel), Type: "file", Capacity: size, Allocation: size,
		Format: strings.TrimPrefix(path.Ext(i.Path), "."),
	}
	folder := f.dir
	switch info := info.(type) {
	case *types.FolderFileInfo:
		v.Type, v.Format, folder = "dir", "", rel
	case *types.VmDiskFileInfo:
		if info.CapacityKb > 0 {
			v.Capacity = uint64(info.CapacityKb) << 10
		}
	}
	if user := f.c.names.userOf(fmt.Sprintf("[%s] %s/", f.store, folder)); user != "" {
		v.UsedBy = []string{user}
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
