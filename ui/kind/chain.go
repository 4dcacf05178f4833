package kind

import (
	"path"
	"slices"
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
)

// chainLines draws the files that a disk stands on, the one that is written to first,
// and says which snapshots each of them keeps.
func chainLines(d backend.Disk, tree []backend.Object) []string {
	if d.Path == "" {
		return nil
	}
	files := append([]string{d.Path}, d.Backing...)
	var out []string
	shown := path.Base
	if dir := path.Dir(d.Path); len(files) > 1 && slices.ContainsFunc(files, func(f string) bool { return path.Dir(f) != dir }) {
		shown = func(file string) string { return file }
	} else {
		out = append(out, "in "+dir)
	}
	for i, file := range files {
		lead := ""
		if i > 0 {
			lead = strings.Repeat("   ", i-1) + "└─ "
		}
		line := lead + shown(file)
		if notes := fileNotes(d.Label, file, i == 0, tree); len(notes) > 0 {
			line += "  " + strings.Join(notes, "; ")
		}
		out = append(out, line)
	}
	return out
}

// fileNotes say what a file of a disk's chain is to the snapshots.
func fileNotes(label, file string, written bool, tree []backend.Object) []string {
	var frozen, inside, began []string
	for _, o := range tree {
		s, ok := o.(*backend.Snapshot)
		if !ok {
			continue
		}
		for _, d := range s.Disks {
			switch {
			case d.Label != label:
			case d.Overlay == file:
				began = append(began, s.Name)
			case d.Image == file && d.Overlay == "":
				inside = append(inside, s.Name)
			case d.Image == file:
				frozen = append(frozen, s.Name)
			}
		}
	}
	var notes []string
	if written {
		notes = append(notes, "now")
	}
	for _, n := range []struct {
		word  string
		names []string
	}{{"since", began}, {"as of", frozen}, {"inside:", inside}} {
		if len(n.names) > 0 {
			slices.Sort(n.names)
			notes = append(notes, n.word+" "+strings.Join(n.names, ", "))
		}
	}
	return notes
}

// keptSection says where a snapshot's disks are, and draws the chain they are part of.
func (s snapshotColumns) keptSection(x *backend.Snapshot) []Section {
	if len(x.Disks) == 0 {
		return nil
	}
	var out []Section
	kept := Section{Title: "Kept in"}
	for _, d := range x.Disks {
		where := "inside " + d.Image
		if d.Overlay != "" {
			where = d.Image + ", which nothing writes to since; the disk went on in " + path.Base(d.Overlay)
		}
		kept.Facts = append(kept.Facts, Fact{d.Label, where, theme.Text})
	}
	out = append(out, kept)
	vm := s.Store.Detail(x.Parent)
	if vm == nil || vm.VM == nil {
		return out
	}
	for _, d := range vm.VM.Disks {
		if lines := chainLines(d, s.treeOf(x)); len(lines) > 0 && d.Device == "disk" {
			out = append(out, Section{Title: "Chain of " + d.Label, Lines: lines})
		}
	}
	return out
}
