package ui

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/form"
	"hvdeck/ui/overlay"
)

// findAsked is what is looked for, and how.
type findAsked struct {
	typed      string // as a whole
	text       string // without the datacenter
	datacenter string
	by         []backend.FindBy
}

// parseFind reads what was typed: what it looks like says how it is looked for.
func parseFind(typed string) findAsked {
	a := findAsked{typed: strings.TrimSpace(typed)}
	a.text = a.typed
	if i := strings.LastIndexByte(a.typed, '@'); i > 0 && i < len(a.typed)-1 {
		a.text, a.datacenter = strings.TrimSpace(a.typed[:i]), strings.TrimSpace(a.typed[i+1:])
	}
	_, notIP := netip.ParseAddr(a.text)
	switch {
	case strings.HasPrefix(a.text, "["):
		a.by = []backend.FindBy{backend.FindByPath}
	case strings.HasPrefix(a.text, "/"):
		a.by = []backend.FindBy{backend.FindByInventory}
	case isUUID(a.text):
		a.by = []backend.FindBy{backend.FindByUUID}
	case notIP == nil:
		a.by = []backend.FindBy{backend.FindByIP}
	default:
		a.by = []backend.FindBy{backend.FindByName, backend.FindByDNS}
	}
	return a
}

// isUUID takes one with or without its dashes.
func isUUID(s string) bool {
	plain := strings.ReplaceAll(s, "-", "")
	return len(plain) == 32 && strings.Trim(strings.ToLower(plain), "0123456789abcdef") == ""
}

// ways names how it was looked for.
func (a findAsked) ways() string {
	words := make([]string, len(a.by))
	for i, by := range a.by {
		words[i] = [...]string{"name", ".vmx path", "inventory path", "UUID", "IP address", "DNS name"}[by]
	}
	return strings.Join(words, " or ")
}

// matches reports whether a VM of the store is the one.
func (a findAsked) matches(vm *backend.VM) bool {
	if strings.EqualFold(vm.Name, a.typed) {
		return true
	}
	if a.datacenter != "" && !strings.EqualFold(vm.Datacenter, a.datacenter) {
		return false
	}
	switch a.by[0] {
	case backend.FindByPath:
		return strings.EqualFold(vm.Path, a.text)
	case backend.FindByInventory:
		return strings.EqualFold(inventoryPath(vm), a.text)
	case backend.FindByUUID:
		return strings.EqualFold(strings.ReplaceAll(vm.UUID, "-", ""), strings.ReplaceAll(a.text, "-", ""))
	case backend.FindByIP:
		return vm.IP == a.text
	default:
		return strings.EqualFold(vm.Name, a.text) || vm.DomainID >= 0 && vm.Path == "" && fmt.Sprint(vm.DomainID) == a.text
	}
}

// inventoryPath is the path of a VM as govc writes it; "" where there are no folders.
func inventoryPath(vm *backend.VM) string {
	if vm.Datacenter == "" {
		return ""
	}
	parts := []string{"", vm.Datacenter, "vm"}
	if vm.Folder != "" {
		parts = append(parts, vm.Folder)
	}
	return strings.Join(append(parts, vm.Name), "/")
}

// resembles reports whether the name holds what was typed: an offer where nothing is it.
func (a findAsked) resembles(vm *backend.VM) bool {
	if a.datacenter != "" && !strings.EqualFold(vm.Datacenter, a.datacenter) {
		return false
	}
	return strings.Contains(strings.ToLower(vm.Name), strings.ToLower(a.text))
}

func findAction() keymap.Action {
	return act("find", "Find VM…", "By name, .vmx path, inventory path, UUID, IP address, DNS name or libvirt id; asks the servers for what is not listed. "+
		"@datacenter after it narrows.", keymap.Global, "Console", "f")
}

// askFind asks what to look for.
func (m *Model) askFind() {
	m.ask("Find VM", []form.Field{{
		Key: "what", Label: "Find", Required: true,
		Hint: "a name, [datastore] folder/vm.vmx, /datacenter/vm/name, a UUID, an IP address, a DNS name or a libvirt id; then @datacenter, if you like",
	}}, func(v form.Values) tea.Cmd { return m.find(parseFind(v["what"])) })
}

// finding gathers the answers of the connections.
type finding struct {
	asked   findAsked
	from    spot
	words   string // in the box, at the foot once that is closed
	box     overlayBox
	open    int // answers that are still out
	found   []backend.Ref
	told    []string // what each connection had to say
	similar []backend.Object
}

// find looks in the list first, then asks every server that can look for itself.
func (m *Model) find(a findAsked) tea.Cmd {
	var exact, similar []backend.Object
	for _, o := range m.store.All(backend.KindVM) {
		switch vm := o.(*backend.VM); {
		case a.matches(vm):
			exact = append(exact, o)
		case a.resembles(vm):
			similar = append(similar, o)
		}
	}
	if len(exact) > 0 {
		return m.offerFound("Found", exact)
	}
	f := &finding{asked: a, similar: similar, from: m.here()}
	var cmds []tea.Cmd
	for _, c := range m.store.Conns() {
		if cmd := m.findOn(f, c.ID); cmd != nil {
			f.open++
			cmds = append(cmds, cmd)
		}
	}
	if f.open == 0 {
		return m.showFound(f)
	}
	f.words = "looking for " + a.text + " on " + countWords(f.open, "server") + "…"
	f.box = m.waitBox("Find VM", f.words, func() {
		f.from = spot{focus: -1} // where the operator goes then is not left for it
		m.say(theme.StateBusy, f.words)
	})
	return tea.Batch(cmds...)
}

// findOn asks one connection; nil where it can't be asked.
func (m *Model) findOn(f *finding, id backend.ConnID) tea.Cmd {
	b, err := m.o.Poller.Backend(id)
	if err != nil {
		f.told = append(f.told, fmt.Sprintf("%s: not asked, it is %s", id, m.env.Conn(id).Phase))
		return nil
	}
	if _, ok := backend.As[backend.Finder](b); !ok {
		f.told = append(f.told, fmt.Sprintf("%s: not in its list, which is all there is", id))
		return nil
	}
	asked := f.asked
	return direct(m, "find", id, func(ctx context.Context, b backend.Backend) ([]backend.Ref, error) {
		return findThere(ctx, b, asked)
	}, func(found []backend.Ref, err error) tea.Cmd {
		f.open--
		switch {
		case err != nil:
			f.told = append(f.told, fmt.Sprintf("%s: %s", id, strings.ReplaceAll(errorWords(err), "\n", " ")))
		case len(found) == 0:
			f.told = append(f.told, fmt.Sprintf("%s: the server finds none by %s", id, asked.ways()))
		}
		f.found = append(f.found, found...)
		if f.open > 0 {
			return nil
		}
		return m.foundAll(f)
	})
}

// findThere tries one way after the other until one finds something.
func findThere(ctx context.Context, b backend.Backend, a findAsked) ([]backend.Ref, error) {
	finder, ok := backend.As[backend.Finder](b)
	if !ok {
		return nil, backend.Refuse(backend.ClassUnsupported, "find", a.text, "not supported by this connection")
	}
	for _, by := range a.by {
		found, err := finder.Find(ctx, by, a.text, a.datacenter)
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	return nil, nil
}

// foundAll shows what the servers have said; who has gone on to something else is told
// at the foot, and stays there.
func (m *Model) foundAll(f *finding) tea.Cmd {
	m.unsay(f.words)
	if f.box != nil {
		m.closeOverlay(f.box)
	}
	if m.still(f.from) {
		return m.askArrived(f.from, "find VM", func() tea.Cmd { return m.showFound(f) })
	}
	objects, unlisted := m.listed(f)
	again := ""
	if key := m.keyFor("find"); key != "" {
		again = "; " + key + " shows it"
	}
	switch n := len(objects) + unlisted; {
	case n == 0:
		m.say(theme.StateWarn, "find VM: nothing is called "+f.asked.typed+again)
	case n == 1 && unlisted == 0:
		m.say(theme.StateOK, "found "+m.targetWords(objects)+again)
	default:
		m.say(theme.StateOK, "found "+countWords(n, "VM")+" for "+f.asked.typed+again)
	}
	return nil
}

// listed are those of what was found that the list has, and how many it has not.
func (m *Model) listed(f *finding) (objects []backend.Object, unlisted int) {
	for _, r := range slices.Compact(f.found) {
		if o := m.store.Object(r); o != nil {
			objects = append(objects, o)
		} else {
			unlisted++
		}
	}
	return objects, unlisted
}

// showFound goes to the one, offers several, or says where was looked.
func (m *Model) showFound(f *finding) tea.Cmd {
	objects, unlisted := m.listed(f)
	slices.Sort(f.told)
	switch {
	case len(objects) > 0:
		return m.offerFound("Found", objects)
	case unlisted > 0:
		m.message("Find VM", countWords(unlisted, "VM")+" found at the server, but not listed here yet: try again in a moment.", theme.StateWarn)
		return nil
	case len(f.similar) > 0:
		return m.offerFound("Nothing is called "+f.asked.typed+"; these come near", f.similar)
	}
	where := ""
	if f.asked.datacenter != "" {
		where = " in " + f.asked.datacenter
	}
	m.message("Find VM", fmt.Sprintf("No VM%s by %s: %s\n\nLooked at:\n%s", where, f.asked.ways(), f.asked.text, strings.Join(f.told, "\n")), theme.StateWarn)
	return nil
}

// offerFound goes to the only one, or offers all.
func (m *Model) offerFound(title string, objects []backend.Object) tea.Cmd {
	if len(objects) == 1 && title == "Found" {
		return m.goTo(objects[0])
	}
	const most = 200
	if len(objects) > most {
		title += fmt.Sprintf(" (%d of %d)", most, len(objects))
		objects = objects[:most]
	}
	items := make([]overlay.MenuItem, len(objects))
	for i, o := range objects {
		items[i] = overlay.MenuItem{Title: foundWords(o)}
	}
	m.menuOf(title, items, func(i int) tea.Cmd { return m.goTo(objects[i]) })
	return nil
}

// foundWords tell VMs of one name apart.
func foundWords(o backend.Object) string {
	out := o.Title() + " on " + string(o.Ref().Conn)
	if vm, ok := o.(*backend.VM); ok {
		if path := inventoryPath(vm); path != "" {
			return out + ", " + path
		}
		return out + ", " + vm.HostName
	}
	return out
}
