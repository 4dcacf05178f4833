package ovf

import (
	"fmt"
	"path"
	"strings"

	"hvdeck/backend"
)

// around compares the archive's list of files with the descriptor.
func (p *Package) around() []backend.Finding {
	var out []backend.Finding
	add := func(s backend.Severity, format string, args ...any) {
		if len(out) < maxFindings {
			out = append(out, backend.Finding{Severity: s, Text: fmt.Sprintf(format, args...)})
		}
	}
	list := p.src.list()
	if list == nil {
		return nil
	}
	left := map[string]int64{}
	for _, m := range list {
		left[m.name] = m.size
	}
	for _, f := range p.Descriptor.Files {
		p.aroundFile(f, left, add)
	}
	for _, m := range list {
		ext := strings.ToLower(path.Ext(m.name))
		if _, unused := left[m.name]; unused && ext != ".ovf" && ext != ".mf" && ext != ".cert" {
			add(backend.SeverityWarning, "the archive holds %q, which the descriptor does not name", m.name)
		}
	}
	return out
}

func (p *Package) aroundFile(f File, left map[string]int64, add func(backend.Severity, string, ...any)) {
	total := int64(0)
	names, err := f.names()
	if err != nil {
		add(backend.SeverityError, "%s", err)
		return
	}
	for _, name := range names {
		found := false
		for _, n := range spellings(name) {
			if size, ok := left[n]; ok {
				found = true
				total += size
				defer delete(left, n) // two files may share one
				break
			}
		}
		if !found {
			add(backend.SeverityError, "the file %q is not in the archive", name)
			return
		}
	}
	if f.Size >= 0 && total != f.Size {
		add(backend.SeverityError, "the file %q has %d bytes, not %d as the descriptor says", f.Href, total, f.Size)
	}
}
