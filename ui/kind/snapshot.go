package kind

import (
	"fmt"
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/table"
	"hvdeck/ui/tree"
)

type snapshotColumns struct{ *Env }

func snapshotSpec(e *Env) *Spec {
	s := snapshotColumns{e}
	return &Spec{
		Kind: backend.KindSnapshot, Title: "Snapshots", Names: []string{"snapshots", "snapshot"},
		Columns: s.columns(),
		Field: func(o backend.Object, name string) string {
			switch name {
			case "state":
				return o.(*backend.Snapshot).State.String()
			case "type":
				return o.(*backend.Snapshot).Storage.String()
			case "path":
				return o.(*backend.Snapshot).Path
			}
			return ""
		},
		Haystack: func(o backend.Object) string {
			x := o.(*backend.Snapshot)
			return strings.Join([]string{x.Path, x.Description, x.Storage.String()}, "\n")
		},
		Sections: s.overview,
	}
}

// SnapshotTree says how the tree widget reads snapshots.
func SnapshotTree(e *Env) tree.Spec[backend.Object, backend.Ref] {
	s := snapshotColumns{e}
	var cols []table.Column[backend.Object]
	for _, c := range s.columns() {
		cols = append(cols, c.Column)
	}
	return tree.Spec[backend.Object, backend.Ref]{
		ID: backend.Object.Ref,
		Parent: func(o backend.Object) (backend.Ref, bool) {
			up := o.(*backend.Snapshot).Up
			return up, !up.IsZero()
		},
		Label:   snapshotLabel,
		Current: func(o backend.Object) bool { return o.(*backend.Snapshot).Current },
		Title:   "SNAPSHOT",
		Columns: cols,
	}
}

// snapshotLabel says in a word, besides the tree's sign, where the VM stands.
func snapshotLabel(o backend.Object) table.Cell {
	if !o.(*backend.Snapshot).Current {
		return cell(o.Title(), theme.Text)
	}
	return table.Cell{Segs: []table.Seg{{Text: o.Title(), Tok: theme.Text}, {Text: "  now", Tok: theme.StateOK}}}
}

// columns stand right of the label; the label itself is the tree's.
func (s snapshotColumns) columns() []Column {
	snap := func(o backend.Object) *backend.Snapshot { return o.(*backend.Snapshot) }
	age := columnOf("age", "AGE", 0, 3, 6, 1, false)
	age.Right = true
	created := func(o backend.Object) string {
		if snap(o).Created.IsZero() {
			return "-"
		}
		return AgeShort(s.Now.Sub(snap(o).Created))
	}
	return []Column{
		s.textColumn(age, theme.Text, created),
		s.numColumn(columnOf("size", "SIZE", 0, 4, 6, 3, false), func(o backend.Object) float64 { return known(snap(o).Size) }, Short),
		s.textColumn(columnOf("kind", "KIND", 0, 4, 9, 2, false), theme.Muted, func(o backend.Object) string { return snapshotKind(snap(o)) }),
		s.textColumn(columnOf("state", "TAKEN", 0, 4, 9, 5, true), theme.Muted, func(o backend.Object) string { return snap(o).State.String() }),
		s.textColumn(columnOf("description", "DESCRIPTION", 0, 8, 60, 6, true), theme.Muted, func(o backend.Object) string {
			return strings.ReplaceAll(snap(o).Description, "\n", " ")
		}),
	}
}

func snapshotKind(x *backend.Snapshot) string {
	if x.DiskOnly {
		return "disk-only"
	}
	return x.Storage.String()
}

func (s snapshotColumns) overview(o backend.Object) []Section {
	x := o.(*backend.Snapshot)
	current := ""
	if x.Current {
		current = "yes: the VM's disks descend from it"
	}
	created := ""
	if !x.Created.IsZero() {
		created = When(x.Created) + ", " + Age(s.Now.Sub(x.Created)) + " ago"
	}
	tree := s.treeOf(x)
	children, all := Descendants(tree, x.ID)
	facts := compact([]Fact{
		{"VM", s.titleOf(x.Parent), theme.Text},
		{"Connection", string(x.ID.Conn), theme.Text},
		{"Path", x.Path, theme.Text},
		{"Current", current, theme.StateOK},
		{"Created", created, theme.Text},
		{"VM was", x.State.String(), theme.Text},
		{"Parent", orWord(s.titleOf(x.Up), "none: a root"), theme.Text},
		{"Children", childWords(children, all), theme.Text},
		{"Kind", snapshotKind(x), theme.Text},
		{"Quiesced", readOnlyWord(x.Quiesced), theme.Text},
		{"Size", Bytes(known(x.Size)), theme.Text},
	})
	out := append([]Section{{Facts: plus(facts, x.Extra)}}, s.keptSection(x)...)
	if x.Description != "" {
		out = append(out, Section{Title: "Description", Lines: strings.Split(x.Description, "\n")})
	}
	return out
}

func (s snapshotColumns) treeOf(x *backend.Snapshot) []backend.Object {
	tree, _ := s.Store.Children(backend.KindSnapshot, x.Parent)
	return tree
}

func (s snapshotColumns) titleOf(r backend.Ref) string {
	if o := s.Store.Object(r); o != nil {
		return o.Title()
	}
	return ""
}

func childWords(children, all int) string {
	switch children {
	case 0:
		return "none"
	case all:
		return fmt.Sprint(children)
	default:
		return fmt.Sprintf("%d, %d descendants", children, all)
	}
}

// Descendants counts the children of a snapshot, and all below it.
func Descendants(tree []backend.Object, of backend.Ref) (children, all int) {
	kids := map[backend.Ref][]backend.Ref{}
	for _, o := range tree {
		up := o.(*backend.Snapshot).Up
		kids[up] = append(kids[up], o.Ref())
	}
	seen := map[backend.Ref]bool{of: true}
	queue := kids[of]
	children = len(queue)
	for len(queue) > 0 {
		r := queue[0]
		queue = queue[1:]
		if seen[r] {
			continue
		}
		seen[r] = true
		all++
		queue = append(queue, kids[r]...)
	}
	return children, all
}

// Current finds the snapshot that the VM's disks descend from; nil for none.
func Current(tree []backend.Object) *backend.Snapshot {
	for _, o := range tree {
		if s := o.(*backend.Snapshot); s.Current {
			return s
		}
	}
	return nil
}
