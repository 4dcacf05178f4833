package ui

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/tree"
)

// narrowTo shows in the list of VMs only what is in a place.
func (m *Model) narrowTo(n *tree.Node[*invRow]) {
	if n == nil {
		return
	}
	if n.Value.isVM() {
		m.say(theme.StateWarn, "a VM holds no others: enter goes to it")
		return
	}
	text := m.placeFilter(n.Value)
	m.focusOn(slotVMs)
	m.slots[slotVMs].pane().Filter(text)
	m.say(theme.StateOK, "VMs narrowed to "+n.Value.title()+"; esc clears the filter")
}

// placeFilter finds just the VMs of a place.
func (m *Model) placeFilter(r *invRow) string {
	var terms []string
	add := func(field, value string) {
		if value != "" {
			terms = append(terms, kind.FilterTerm(field, value))
		}
	}
	if m.env.Several() || r.obj == nil {
		add("conn", string(r.ref.Conn))
	}
	switch o := r.obj.(type) {
	case *backend.Folder:
		dc, path := m.folderPath(o)
		add("dc", dc)
		if path != "" {
			add("folder", "/"+path)
		}
	case *backend.Cluster:
		add("dc", o.Datacenter)
		add("cluster", o.Name)
	case *backend.Host:
		add("dc", o.Datacenter)
		add("host", o.Name)
	case *backend.ResourcePool:
		switch owner := m.poolOwner(o).(type) {
		case *backend.Cluster:
			add("dc", owner.Datacenter)
			add("cluster", owner.Name)
		case *backend.Host:
			add("dc", owner.Datacenter)
			add("host", owner.Name)
		}
		add("pool", "/"+o.Path)
	}
	return strings.Join(terms, " ")
}

// folderPath is the datacenter that a folder is in, and its path below that.
func (m *Model) folderPath(f *backend.Folder) (datacenter, path string) {
	var parts []string
	for range maxDepth {
		if f.Datacenter {
			return f.Name, strings.Join(parts, "/")
		}
		parts = append([]string{f.Name}, parts...)
		up, ok := m.store.Object(f.Up).(*backend.Folder)
		if !ok {
			break
		}
		f = up
	}
	return "", strings.Join(parts, "/")
}

// poolOwner is the cluster or host that a pool belongs to; nil when it is not known.
func (m *Model) poolOwner(p *backend.ResourcePool) backend.Object {
	for range maxDepth {
		up := m.store.Object(p.Up)
		pool, ok := up.(*backend.ResourcePool)
		if !ok {
			return up
		}
		p = pool
	}
	return nil
}
