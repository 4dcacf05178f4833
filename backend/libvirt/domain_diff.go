package libvirt

import (
	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

// differences are what another definition of a VM has changed, added and removed: a
// section for each part in which the two differ, none where they are alike. What a
// running VM has besides (ids, aliases, addresses) does not count.
func differences(from, to *libvirtxml.Domain) []backend.DocumentSection {
	before, after := domainFacts(from), domainFacts(to)
	known := make(map[string]factGroup, len(before))
	for _, g := range before {
		known[g.key] = g
	}
	var sections []backend.DocumentSection
	stay := make(map[string]bool, len(after))
	for _, g := range after {
		stay[g.key] = true
		old, was := known[g.key]
		if !was {
			sections = append(sections, backend.DocumentSection{Title: g.title + ": added", Fields: g.fields})
			continue
		}
		if fields := changed(old.fields, g.fields); len(fields) > 0 {
			sections = append(sections, backend.DocumentSection{Title: g.title + ": changed", Fields: fields})
		}
	}
	for _, g := range before {
		if !stay[g.key] {
			sections = append(sections, backend.DocumentSection{Title: g.title + ": removed", Fields: g.fields})
		}
	}
	return sections
}

// changed are the fields that differ, as "old → new".
func changed(from, to []backend.Field) []backend.Field {
	old := make(map[string]string, len(from))
	for _, f := range from {
		old[f.Name] = f.Value
	}
	var fields []backend.Field
	for _, f := range to {
		was, known := old[f.Name]
		delete(old, f.Name)
		switch {
		case !known:
			fields = append(fields, backend.Field{Name: f.Name, Value: "none → " + f.Value})
		case was != f.Value:
			fields = append(fields, backend.Field{Name: f.Name, Value: was + " → " + f.Value})
		}
	}
	for _, f := range from {
		if was, left := old[f.Name]; left {
			fields = append(fields, backend.Field{Name: f.Name, Value: was + " → none"})
		}
	}
	return fields
}
