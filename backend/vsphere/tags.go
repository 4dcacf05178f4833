package vsphere

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"

	"hvdeck/backend"
)

// The bounds of a round of tags: a server may have thousands of them.
const (
	tagBatch   = 100  // tags asked about in one call
	tagNames   = 1000 // names fetched at most in one round, which only the first needs
	tagRenamed = 20   // known names looked at again in a round, for renames
)

// tagger reads tags from the tagging service, which has a session of its own beside that
// of SOAP. It is safe for concurrent use.
type tagger struct {
	once   sync.Once
	mu     sync.Mutex // of the session; held during a round
	rc     *rest.Client
	in     bool // logged in
	off    bool // the server has no such service, or does not let us in
	closed bool
	owe    func(func(context.Context) error) // takes how to end a session that did not end
	labels map[string]tagLabel               // by the tag's id
	failed string                            // what the last round failed with, which was told; of the rounds' goroutine

	know sync.Mutex
	byVM map[string][]string // by moid, sorted; nil while unknown
}

// tagLabel is a tag as it is shown, and when it was fetched.
type tagLabel struct {
	text string
	at   time.Time
}

// of are the tags of a VM, a copy for its receiver; nil while they are unknown.
func (t *tagger) of(moid string) []string {
	t.know.Lock()
	defer t.know.Unlock()
	if t.byVM == nil {
		return nil
	}
	return append([]string{}, t.byVM[moid]...)
}

// replace takes over new tags and gives the VMs whose tags are others now.
func (t *tagger) replace(byVM map[string][]string) []string {
	t.know.Lock()
	defer t.know.Unlock()
	var changed []string
	first := t.byVM == nil
	for moid, now := range byVM {
		if first || !slices.Equal(now, t.byVM[moid]) {
			changed = append(changed, moid)
		}
	}
	for moid := range t.byVM {
		if byVM[moid] == nil {
			changed = append(changed, moid)
		}
	}
	t.byVM = byVM
	return changed
}

// tagRound fetches all tags of VMs in a number of calls that depends on the tags in use
// only. A server without tags is asked once, and that is told as an event.
func (w *watch) tagRound(ctx context.Context) (func(context.Context) error, error) {
	if !w.c.vc.IsVC() {
		return nil, nil
	}
	byVM, err := w.c.fetchTags(ctx)
	switch {
	case errors.Is(err, errNoTags):
		return func(context.Context) error { w.emit(backend.Happened{Event: w.c.noTags(err)}); return nil }, nil
	case err != nil:
		return w.tagsFailed(ctx, err)
	case byVM == nil:
		return nil, nil
	}
	w.c.tags.failed = ""
	return func(context.Context) error {
		first := !w.c.tags.known()
		changed := w.c.tags.replace(byVM)
		if first {
			w.rename() // "none" is news, too
		}
		for _, moid := range changed {
			if e, ok := w.entities[moid]; ok && !first {
				w.put(moid, e)
			}
		}
		w.flush()
		return nil
	}, nil
}

// tagsFailed tells once why tags stay as they are. Where the connection is at fault that is
// told by others.
func (w *watch) tagsFailed(ctx context.Context, err error) (func(context.Context) error, error) {
	var line *url.Error
	if ctx.Err() != nil || errors.As(err, &line) || w.c.tags.failed == err.Error() {
		return nil, err
	}
	w.c.tags.failed = err.Error()
	e := backend.Event{At: time.Now(), Conn: w.c.opts.ID, Severity: backend.SeverityWarning, Text: "the tags of VMs can't be read: " + err.Error()}
	return func(context.Context) error { w.emit(backend.Happened{Event: e}); return nil }, nil
}

func (t *tagger) known() bool {
	t.know.Lock()
	defer t.know.Unlock()
	return t.byVM != nil
}

// errNoTags means that this server will never tell tags.
var errNoTags = errors.New("no tags from this server")

func (c *Conn) noTags(why error) backend.Event {
	return backend.Event{At: time.Now(), Conn: c.opts.ID, Severity: backend.SeverityInfo, Text: why.Error()}
}

// fetchTags are the tags of all VMs; nil without an error when there is nothing to ask.
func (c *Conn) fetchTags(ctx context.Context) (map[string][]string, error) {
	t := &c.tags
	t.once.Do(func() { t.owe = c.debts.add; c.onClose(t.close) }) // takes mu when the connection is closed already
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.off || t.closed {
		return nil, nil
	}
	ctx, cancel := c.bounded(ctx, pageTimeout)
	defer cancel()
	if err := c.tagLogin(ctx); err != nil {
		return nil, err
	}
	byVM, err := t.fetch(ctx)
	if !rest.IsStatusError(err, http.StatusUnauthorized) {
		return byVM, err
	}
	t.in = false // the session has ended
	if err := c.tagLogin(ctx); err != nil {
		return nil, err
	}
	return t.fetch(ctx)
}

// tagLogin starts the session with the credentials of the SOAP one. Needs mu.
func (c *Conn) tagLogin(ctx context.Context) error {
	t := &c.tags
	if t.in {
		return nil
	}
	if t.rc == nil {
		t.rc, t.labels = rest.NewClient(c.vc), make(map[string]tagLabel)
		t.rc.Transport = &answers{next: c.traced(t.rc.Transport, "rest"), wire: c.wire}
	}
	err := t.rc.Login(ctx, c.user)
	t.in = err == nil
	for _, final := range []struct {
		code int
		why  string
	}{
		{http.StatusNotFound, "it has no tagging service"},
		{http.StatusUnauthorized, "its tagging service refuses the login"},
		{http.StatusForbidden, "its tagging service refuses the login"},
	} {
		if rest.IsStatusError(err, final.code) {
			t.off = true
			return &tagsOff{why: final.why}
		}
	}
	return err
}

// tagsOff says why a server tells no tags.
type tagsOff struct{ why string }

func (e *tagsOff) Error() string { return errNoTags.Error() + ": " + e.why }
func (e *tagsOff) Unwrap() error { return errNoTags }

// fetch reads which VMs have which tags. Needs mu.
func (t *tagger) fetch(ctx context.Context) (map[string][]string, error) {
	m := tags.NewManager(t.rc)
	ids, err := m.ListTags(ctx)
	if err != nil {
		return nil, err
	}
	on := make(map[string][]string) // tag to VMs
	for batch := range slices.Chunk(ids, tagBatch) {
		attached, err := m.ListAttachedObjectsOnTags(ctx, batch)
		if err != nil {
			return nil, err
		}
		for _, a := range attached {
			for _, o := range a.ObjectIDs {
				if ref := o.Reference(); ref.Type == "VirtualMachine" {
					on[a.TagID] = append(on[a.TagID], ref.Value)
				}
			}
		}
	}
	if err := t.name(ctx, m, on); err != nil {
		return nil, err
	}
	byVM := make(map[string][]string)
	for id, vms := range on {
		text := t.labels[id].text
		if text == "" {
			continue // deleted meanwhile, or beyond the bound: in the next round
		}
		for _, vm := range vms {
			byVM[vm] = append(byVM[vm], text)
		}
	}
	for _, list := range byVM {
		slices.Sort(list)
	}
	return byVM, nil
}

// name fetches the names of new tags, and those of the ones known for longest again.
// Needs mu.
func (t *tagger) name(ctx context.Context, m *tags.Manager, used map[string][]string) error {
	var fresh, old []string
	for id := range used {
		if _, known := t.labels[id]; known {
			old = append(old, id)
		} else {
			fresh = append(fresh, id)
		}
	}
	slices.SortFunc(old, func(a, b string) int { return t.labels[a].at.Compare(t.labels[b].at) })
	todo := append(fresh[:min(len(fresh), tagNames)], old[:min(len(old), tagRenamed)]...)
	categories := make(map[string]string)
	for _, id := range todo {
		tag, err := m.GetTag(ctx, id)
		if rest.IsStatusError(err, http.StatusNotFound) {
			delete(t.labels, id)
			continue
		}
		if err != nil {
			return err
		}
		category, ok := categories[tag.CategoryID]
		if !ok {
			got, err := m.GetCategory(ctx, tag.CategoryID)
			if err != nil {
				return err
			}
			category = got.Name
			categories[tag.CategoryID] = category
		}
		t.labels[id] = tagLabel{text: category + "/" + tag.Name, at: time.Now()}
	}
	return nil
}

// close ends the session for good; a round under way has ended with the connection.
func (t *tagger) close(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if t.in {
		if err := t.rc.Logout(ctx); err != nil && t.owe != nil {
			rc := t.rc
			t.owe(func(ctx context.Context) error {
				defer rc.CloseIdleConnections()
				err := rc.Logout(ctx)
				if rest.IsStatusError(err, http.StatusUnauthorized) {
					return nil // it has ended by itself
				}
				return err
			})
		}
		t.in = false
	}
}
