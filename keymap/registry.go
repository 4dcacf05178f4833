package keymap

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"hvdeck/backend"
)

// Registry holds all actions. It is made once, at start, and read from then on.
type Registry struct {
	actions []Action
	byID    map[string]int
	byKey   map[Scope]map[string]int
	chains  [][]Scope
}

// New checks the declarations and applies the owner's keys: a map from action ID to
// the keys that replace its own (an empty list takes the key away). chains are the
// chains of scopes that occur on the screen; a key must be unique in each.
func New(actions []Action, chains [][]Scope, overrides map[string][]string) (*Registry, error) {
	r := &Registry{
		actions: slices.Clone(actions), byID: map[string]int{}, byKey: map[Scope]map[string]int{}, chains: chains,
	}
	for i := range r.actions {
		a := &r.actions[i]
		if _, twice := r.byID[a.ID]; twice {
			return nil, fmt.Errorf("action %q is declared twice", a.ID)
		}
		r.byID[a.ID] = i
	}
	if err := r.override(overrides); err != nil {
		return nil, err
	}
	if err := r.index(); err != nil {
		return nil, err
	}
	return r, r.checkMenus()
}

func (r *Registry) override(overrides map[string][]string) error {
	ids := make([]string, 0, len(overrides))
	for id := range overrides {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		i, ok := r.byID[id]
		if !ok {
			return fmt.Errorf("keys: there is no action %q%s", id, r.nearest(id))
		}
		r.actions[i].Keys = overrides[id]
	}
	return nil
}

// nearest suggests an action whose name has the same last part.
func (r *Registry) nearest(id string) string {
	last := id[strings.LastIndexByte(id, '.')+1:]
	for _, a := range r.actions {
		if strings.HasSuffix(a.ID, "."+last) {
			return fmt.Sprintf("; did you mean %q?", a.ID)
		}
	}
	return ""
}

func (r *Registry) index() error {
	for i, a := range r.actions {
		for _, k := range a.Keys {
			m := r.byKey[a.Scope]
			if m == nil {
				m = map[string]int{}
				r.byKey[a.Scope] = m
			}
			if j, taken := m[k]; taken {
				return clash(k, r.actions[j], a)
			}
			m[k] = i
		}
	}
	for _, chain := range r.chains {
		if err := r.checkChain(chain); err != nil {
			return err
		}
	}
	return nil
}

func (r *Registry) checkChain(chain []Scope) error {
	owner := map[string]int{}
	for _, scope := range chain {
		for k, i := range r.byKey[scope] {
			if j, taken := owner[k]; taken {
				return clash(k, r.actions[j], r.actions[i])
			}
			owner[k] = i
		}
	}
	return nil
}

func clash(key string, a, b Action) error {
	return fmt.Errorf("key %q is claimed by both %q and %q; give one of them another key", key, a.ID, b.ID)
}

func (r *Registry) checkMenus() error {
	for _, menu := range r.Menus() {
		taken := map[string]string{}
		for _, a := range r.Menu(menu) {
			if other, ok := taken[a.Key]; ok && overlap(r.actions[r.byID[other]], a) {
				return fmt.Errorf("key %q is claimed by both %q and %q on the %s menu", a.Key, other, a.ID, menu)
			}
			taken[a.Key] = a.ID
		}
	}
	return nil
}

// overlap reports whether two actions can stand on the same menu at once.
func overlap(a, b Action) bool {
	if a.Makes != b.Makes && a.Makes != backend.KindNone && b.Makes != backend.KindNone {
		return false // each stands on the menu of the kind that it makes
	}
	if len(a.Kinds) == 0 || len(b.Kinds) == 0 {
		return true
	}
	for _, k := range a.Kinds {
		if slices.Contains(b.Kinds, k) {
			return true
		}
	}
	return false
}

// Lookup finds the action of a key in a chain of scopes, innermost first.
func (r *Registry) Lookup(chain []Scope, key string) (Action, bool) {
	for _, scope := range chain {
		if i, ok := r.byKey[scope][key]; ok {
			return r.actions[i], true
		}
	}
	return Action{}, false
}

// ByID finds an action by its name.
func (r *Registry) ByID(id string) (Action, bool) {
	i, ok := r.byID[id]
	if !ok {
		return Action{}, false
	}
	return r.actions[i], true
}

// All gives every action in the order of declaration. It must not be written to.
func (r *Registry) All() []Action { return r.actions }

// In gives the actions with keys in a chain of scopes, innermost first.
func (r *Registry) In(chain []Scope) []Action {
	var out []Action
	for _, scope := range chain {
		for _, a := range r.actions {
			if a.Scope == scope && len(a.Keys) > 0 {
				out = append(out, a)
			}
		}
	}
	return out
}

// Menu gives the actions of a menu in the order of declaration.
func (r *Registry) Menu(m Menu) []Action {
	var out []Action
	for _, a := range r.actions {
		if a.Menu == m {
			out = append(out, a)
		}
	}
	return out
}

// Menus lists the menus in use, in the order of declaration.
func (r *Registry) Menus() []Menu {
	var out []Menu
	for _, a := range r.actions {
		if a.Menu != MenuNone && !slices.Contains(out, a.Menu) {
			out = append(out, a.Menu)
		}
	}
	return out
}

// KeyText is the keys of an action as they are shown: "j, down"; for an action on
// a menu the leading key and its own: "p o".
func (r *Registry) KeyText(a Action) string {
	if len(a.Keys) > 0 {
		return strings.Join(a.Keys, ", ")
	}
	if a.Menu == MenuNone {
		return ""
	}
	for _, lead := range r.actions {
		if lead.ID == "menu."+string(a.Menu) && len(lead.Keys) > 0 {
			return lead.Keys[0] + " " + a.Key
		}
	}
	return ""
}
