package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend/clean"
	"hvdeck/backend/guard"
	"hvdeck/ui/wizard"
)

// completed is what tab makes of a path.
type completed struct {
	path  string // as far as there is no choice
	names []string
}

// completeTime bounds the reading of a folder: one of a network that is gone must not
// keep anybody waiting.
const completeTime = 5 * time.Second

// errNotWhole says that a folder was not read to its end: what is known of it completes
// nothing.
var errNotWhole = fmt.Errorf("the folder was not read within %s: type the path", completeTime)

// mostNames is how many names of a folder are shown.
const mostNames = 12

// completeSource completes the path that is typed. A folder is read aside, and what comes
// counts only while the same is still typed. One that never answers is waited for in the
// background: until then no other is read.
func (i *ovfImport) completeSource(p wizard.Page) tea.Cmd {
	page := p.(*wizard.Fields)
	typed := page.Form.Values()["source"]
	if isURL(typed) {
		return nil
	}
	listing := &i.m.ovf.listing
	if !listing.CompareAndSwap(false, true) {
		page.Form.SetHint("source", "a folder is still being read: type the path")
		return nil
	}
	life, fault := i.m.lifetime(), i.m.o.Fault
	return i.m.aside("complete", func() func() tea.Cmd {
		ctx, cancel := context.WithTimeout(life, completeTime)
		defer cancel()
		c, err := inTime(ctx, fault, listing, func() (completed, error) { return completePath(ctx, typed) })
		return func() tea.Cmd { i.completed(page, typed, c, err); return nil } //nolint:unparam // what goes on with an answer may be a command
	})
}

// inTime gives what read finds before ctx ends. A read that the system holds up goes on by
// itself; busy is true until it has ended.
func inTime(ctx context.Context, fault func(error), busy *atomic.Bool, read func() (completed, error)) (completed, error) {
	type answer struct {
		completed
		err error
	}
	done := make(chan answer, 1)
	guard.Go("complete", fault, func() {
		c, err := func() (completed, error) {
			defer busy.Store(false)
			return read()
		}()
		done <- answer{c, err}
	})
	select {
	case a := <-done:
		return a.completed, a.err
	case <-ctx.Done():
		return completed{}, errNotWhole
	}
}

// completed takes what a folder has, if the same is still typed.
func (i *ovfImport) completed(page *wizard.Fields, typed string, c completed, err error) {
	if i.box.Page() != wizard.Page(page) || page.Form.Values()["source"] != typed {
		return
	}
	if err != nil {
		page.Form.SetHint("source", clean.Line(err.Error()))
		return
	}
	page.Form.SetHint("source", c.words())
	if c.path != typed {
		page.Form.SetValue("source", c.path)
		i.typed = true
	}
}

// completePath reads the folder of a path for what begins as it does: packages and
// folders.
func completePath(ctx context.Context, path string) (completed, error) {
	dir, begin := filepath.Split(path)
	from := dir
	if from == "" {
		from = "."
	}
	f, err := os.Open(from) //nolint:gosec // the operator's own choice
	if err != nil {
		return completed{}, err
	}
	defer func() { _ = f.Close() }()
	var names []string
	whole := false
	for !whole && ctx.Err() == nil {
		entries, err := f.ReadDir(1000)
		for _, e := range entries {
			if name, ok := completes(from, e, begin); ok {
				names = append(names, name)
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return completed{}, err
		}
		whole = err != nil
	}
	if !whole {
		return completed{}, errNotWhole
	}
	slices.Sort(names)
	return completed{path: dir + commonBeginning(names, begin), names: names}, nil
}

// completes is the name of an entry that may be meant; a folder ends in a slash.
func completes(dir string, e os.DirEntry, begin string) (string, bool) {
	name := e.Name()
	if !strings.HasPrefix(name, begin) || (strings.HasPrefix(name, ".") && begin == "") {
		return "", false
	}
	folder := e.IsDir()
	if e.Type()&os.ModeSymlink != 0 {
		to, err := os.Stat(filepath.Join(dir, name))
		folder = err == nil && to.IsDir()
	}
	if folder {
		return name + "/", true
	}
	ext := strings.ToLower(filepath.Ext(name))
	return name, ext == ".ova" || ext == ".ovf"
}

// commonBeginning is what all names begin with; without names, what was typed.
func commonBeginning(names []string, typed string) string {
	if len(names) == 0 {
		return typed
	}
	out := names[0]
	for _, n := range names[1:] {
		for !strings.HasPrefix(n, out) {
			out = out[:len(out)-1]
		}
	}
	return strings.ToValidUTF8(out, "")
}

func (c completed) words() string {
	switch {
	case len(c.names) == 0:
		return "no .ova, .ovf or folder begins so"
	case len(c.names) == 1:
		return ""
	case len(c.names) > mostNames:
		return clean.Text(strings.Join(c.names[:mostNames], "  ")) + fmt.Sprintf("  and %d more", len(c.names)-mostNames)
	default:
		return clean.Text(strings.Join(c.names, "  "))
	}
}
