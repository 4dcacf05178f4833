package store

import (
	"cmp"
	"slices"

	"hvdeck/backend"
)

// noteQuestion keeps the VMs that ask something by themselves, so that nobody has to look
// through all of them. Needs mu.
func (s *Store) noteQuestion(o backend.Object) {
	vm, ok := o.(*backend.VM)
	switch {
	case !ok:
	case vm.Question != nil:
		s.asking[vm.ID] = vm
	default:
		delete(s.asking, vm.ID)
	}
}

// Asking gives the VMs with a pending question, by connection and name.
func (s *Store) Asking() []*backend.VM {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]*backend.VM, 0, len(s.asking))
	for _, vm := range s.asking {
		out = append(out, vm)
	}
	slices.SortFunc(out, func(a, b *backend.VM) int {
		return cmp.Or(cmp.Compare(a.ID.Conn, b.ID.Conn), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID.ID, b.ID.ID))
	})
	return out
}
