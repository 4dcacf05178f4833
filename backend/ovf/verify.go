package ovf

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"runtime"
	"sync"

	"hvdeck/backend/guard"
)

// maxVerifying is how many files of this machine are read at a time.
const maxVerifying = 4

// names are the files that it comes as.
func (f File) names() ([]string, error) {
	if f.ChunkSize == 0 {
		return []string{f.Href}, nil
	}
	if f.Size < 0 {
		return nil, fmt.Errorf("the file %q comes in chunks, but its size is not given", f.Href)
	}
	n := max((f.Size+f.ChunkSize-1)/f.ChunkSize, 1)
	if f.Size > f.Size+f.ChunkSize-1 || n > MaxEntries {
		return nil, fmt.Errorf("the file %q comes in more than %d chunks", f.Href, MaxEntries)
	}
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s.%09d", f.Href, i)
	}
	return out, nil
}

// Verify reads every file once and compares it with the manifest and the descriptor: a
// sum that differs, a file that is missing or listed nowhere, a size that lies. It is nil
// without a manifest as far as files are there with the size that the descriptor says.
// progress may be nil; it gets bytes, total as far as it is known beforehand, from the
// goroutine that called Verify.
func (p *Package) Verify(ctx context.Context, progress func(done, total int64)) error {
	if err := p.checkDescriptorSum(); err != nil {
		return p.wrap(err, "")
	}
	v := &verifier{p: p, spelled: map[string]string{}, sizes: map[string]int64{}, progress: progress}
	if err := v.collect(); err != nil {
		return p.wrap(err, "")
	}
	before := make(map[string]fs.FileInfo, len(v.want))
	for _, name := range v.want {
		before[name] = p.stamp(name)
	}
	if err := v.read(ctx); err != nil {
		return p.wrap(err, "")
	}
	if err := v.compare(); err != nil {
		return p.wrap(err, "")
	}
	p.verified(before)
	return p.unpack(ctx)
}

// unpack reads what is compressed to its end, so that one that unpacks to more than it may
// is found before anything is made of it. At a server that would be one more download: there
// the upload finds it.
func (p *Package) unpack(ctx context.Context) error {
	if !p.here() {
		return nil
	}
	for _, f := range p.Descriptor.Files {
		if f.Compression == "" {
			continue
		}
		r, _, err := p.OpenFile(ctx, f)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r)
		_ = r.Close()
		if err != nil {
			return p.wrap(err, f.Href)
		}
	}
	return nil
}

type verifier struct {
	p           *Package
	want        []string          // names, each once
	spelled     map[string]string // how a source may spell them
	sizes       map[string]int64
	done, total int64
	progress    func(done, total int64)

	mu sync.Mutex // of sizes
}

// collect lists what the descriptor and the manifest name.
func (v *verifier) collect() error {
	for _, f := range v.p.Descriptor.Files {
		if reason := badHref(f.Href); reason != "" {
			return fmt.Errorf("the file %q %s", f.Href, reason)
		}
		names, err := f.names()
		if err != nil {
			return err
		}
		v.total += max(f.Size, 0)
		for _, name := range names {
			if _, listed := v.p.sum(name); v.p.Manifest != nil && !listed {
				return fmt.Errorf("the manifest does not list the file %q", name)
			}
			v.add(name)
		}
	}
	if v.p.Manifest == nil {
		return nil
	}
	for name := range v.p.Manifest.Sums {
		if reason := badName(name); reason != "" {
			return fmt.Errorf("the manifest: the file %q %s", name, reason)
		}
		if name != v.p.descriptor {
			v.add(name)
		}
	}
	return nil
}

func (v *verifier) add(name string) {
	for _, n := range spellings(name) {
		if _, there := v.spelled[n]; there {
			return
		}
	}
	for _, n := range spellings(name) {
		v.spelled[n] = name
	}
	v.want = append(v.want, name)
}

func (p *Package) sum(name string) (Sum, bool) {
	if p.Manifest == nil {
		return Sum{}, false
	}
	return p.Manifest.of(name)
}

func (v *verifier) read(ctx context.Context) error {
	if w, ok := v.p.src.(walker); ok {
		return w.walk(ctx, func(m member, r io.Reader) error {
			if name, wanted := v.spelled[m.name]; wanted {
				return v.file(name, r, v.count)
			}
			return nil
		})
	}
	return v.each(ctx)
}

// each reads the files one by one, as many at a time as there are processors where they
// are on this machine.
func (v *verifier) each(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	names := make(chan string, len(v.want))
	for _, name := range v.want {
		names <- name
	}
	close(names)
	at := 1
	if v.p.here() {
		at = max(1, min(runtime.GOMAXPROCS(0), maxVerifying, len(v.want)))
	}
	came, ended := make(chan int), make(chan error, at)
	for range at {
		guard.Go("verify a package", func(err error) { ended <- err }, func() {
			ended <- v.some(ctx, names, func(n int) { came <- n })
		})
	}
	var first error
	for at > 0 {
		select {
		case n := <-came:
			v.count(n)
		case err := <-ended:
			at--
			if err != nil && first == nil {
				first = err
				cancel()
			}
		}
	}
	return first
}

// some verifies files until there is none left.
func (v *verifier) some(ctx context.Context, names <-chan string, came func(n int)) error {
	for name := range names {
		r, _, err := v.p.src.open(ctx, name)
		if errors.Is(err, errMissing) {
			return fmt.Errorf("the file %q is not there", name)
		}
		if err != nil {
			return v.p.wrap(err, name)
		}
		err = v.file(name, r, came)
		_ = r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// count tells that bytes came.
func (v *verifier) count(n int) {
	v.done += int64(n)
	if v.progress != nil {
		v.progress(v.done, max(v.total, v.done))
	}
}

// file reads one to its end.
func (v *verifier) file(name string, r io.Reader, came func(n int)) error {
	var h hash.Hash
	want, listed := v.p.sum(name)
	if listed {
		h = hasher(want.Algorithm)
	}
	size, err := pass(nil, r, h, came)
	if err != nil {
		return v.p.wrap(cut(err), name)
	}
	v.mu.Lock()
	v.sizes[name] += size
	v.mu.Unlock()
	if listed && hex.EncodeToString(h.Sum(nil)) != want.Hex {
		return fmt.Errorf("the file %q does not match the %s of the manifest", name, want.Algorithm)
	}
	return nil
}

// cut puts the end of a stream that came too early in words.
func cut(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return err
}

// compare looks at what was read: all of it, with the sizes of the descriptor.
func (v *verifier) compare() error {
	for _, name := range v.want {
		if _, read := v.sizes[name]; !read {
			return fmt.Errorf("the file %q is not there", name)
		}
	}
	for _, f := range v.p.Descriptor.Files {
		names, err := f.names()
		if err != nil {
			return err
		}
		total := int64(0)
		for _, name := range names {
			total += v.sizeOf(name)
		}
		if f.Size >= 0 && total != f.Size {
			return fmt.Errorf("the file %q has %d bytes, not %d as the descriptor says", f.Href, total, f.Size)
		}
	}
	return nil
}

func (v *verifier) sizeOf(name string) int64 {
	for _, n := range spellings(name) {
		if wanted, ok := v.spelled[n]; ok {
			return v.sizes[wanted]
		}
	}
	return 0
}
