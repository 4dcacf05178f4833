package backend

import "fmt"

// SetPaths fills in the Path of all snapshots of one VM from their names and Up
// references. Where several have the same path, an index in the order given
// follows the second and later ones: "/base/updated", "/base/updated[1]"; the
// index of the first is 0 and not written. A snapshot whose parent is missing
// counts as a root.
func SetPaths(all []*Snapshot) {
	byRef := make(map[Ref]*Snapshot, len(all))
	for _, s := range all {
		byRef[s.ID] = s
	}
	plain := make(map[Ref]string, len(all))
	var pathOf func(s *Snapshot, depth int) string
	pathOf = func(s *Snapshot, depth int) string {
		if p, ok := plain[s.ID]; ok {
			return p
		}
		p := "/" + s.Name
		if up := byRef[s.Up]; up != nil && up != s && depth < len(all) {
			p = pathOf(up, depth+1) + p
		}
		plain[s.ID] = p
		return p
	}
	seen := make(map[string]int, len(all))
	for _, s := range all {
		p := pathOf(s, 0)
		n := seen[p]
		seen[p] = n + 1
		s.Path = p
		if n > 0 {
			s.Path = fmt.Sprintf("%s[%d]", p, n)
		}
	}
}
