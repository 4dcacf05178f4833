package vsphere

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

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
	use, err := c.fileUse(ctx, doing, s, "")
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

// browseTimeout is how long a datastore may take to list one folder. One whose storage
// does not answer would keep the search task running for good.
const browseTimeout = 30 * time.Second

// browse runs one search task over a folder.
func (c *Conn) browse(ctx context.Context, s *store, doing, dir string, spec *types.HostDatastoreBrowserSearchSpec) ([]types.BaseFileInfo, error) {
	return c.browseWithin(ctx, browseTimeout, s, doing, dir, spec)
}

func (c *Conn) browseWithin(
	ctx context.Context, limit time.Duration, s *store, doing, dir string, spec *types.HostDatastoreBrowserSearchSpec,
) ([]types.BaseFileInfo, error) {
	a := &action{c: c, doing: doing, object: unescape(s.name)}
	var ref moref
	err := c.read(ctx, doing, a.object, func(ctx context.Context) error {
		res, err := methods.SearchDatastore_Task(ctx, c.vc, &types.SearchDatastore_Task{
			This: moref{Type: "HostDatastoreBrowser", Value: s.browser}, DatastorePath: s.path(dir), SearchSpec: spec,
		})
		if err == nil {
			ref = res.Returnval
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	made, err := a.answerOf(limited, ref)
	if err == nil {
		return as[types.HostDatastoreBrowserSearchResults](made).File, nil
	}
	if limited.Err() != nil {
		a.cancel(ref) // nobody waits for it any more
	}
	if errors.Is(limited.Err(), context.DeadlineExceeded) && errors.Is(err, context.DeadlineExceeded) {
		return nil, a.frozen()
	}
	return nil, err
}

// frozen is the error for a datastore that does not answer while the server does. It is
// not ClassUnreachable, which would end the connection for one datastore's sake.
func (a *action) frozen() error {
	e := a.refuse(backend.ClassBusy, "the storage of the datastore %s does not answer", a.object)
	e.Remedy = "look at the datastore's storage and at its hosts' paths to it"
	return e
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
		v.Modified = f.c.ours(*i.Modification)
	}
	switch info := info.(type) {
	case *types.FolderFileInfo:
		v.Type, v.Format = "dir", ""
	case *types.VmDiskFileInfo:
		if info.CapacityKb > 0 {
			v.Capacity = uint64(info.CapacityKb) << 10
		}
	}
	v.UsedBy = slices.Clone(f.use.of(v.Path, v.Type == "dir"))
	for _, home := range f.use.homeOf(v.Path) { // logs and the like
		v.UsedBy = addNew(v.UsedBy, home)
	}
	return v
}
