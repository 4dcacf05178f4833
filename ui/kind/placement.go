package kind

import (
	"slices"
	"strconv"
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
)

// Where a VM goes in a vSphere inventory, as forms ask for it.

// inInventory reports whether a VM has places to choose from: a .vmx file is in a
// datastore of vSphere; libvirt VMs have none.
func inInventory(vm *backend.VM) bool { return vm.Path != "" }

// placeFields ask for a placement; unchanged is the choice that leaves things as they are.
func placeFields(s keymap.Selection, unchanged string) []keymap.Field {
	stay := keymap.FieldChoice{Value: "", Label: unchanged}
	return []keymap.Field{
		{Name: "on", Label: "Host or cluster", Type: keymap.ChoiceField, Choices: append([]keymap.FieldChoice{stay}, onChoices(s)...)},
		{Name: "pool", Label: "Resource pool", Type: keymap.ChoiceField, Choices: append([]keymap.FieldChoice{stay}, poolChoices(s)...)},
		{Name: "datastore", Label: "Datastore", Type: keymap.ChoiceField, Choices: append([]keymap.FieldChoice{stay}, storeChoices(s)...)},
		{Name: "provisioning", Label: "Disks", Type: keymap.ChoiceField, Choices: provisioningChoices(), Only: isGiven("datastore")},
		{Name: "folder", Label: "Folder", Type: keymap.ChoiceField, Choices: append([]keymap.FieldChoice{stay}, folderChoices(s)...)},
	}
}

// isGiven shows a field once an earlier one is not empty.
func isGiven(name string) func(keymap.Args) bool {
	return func(a keymap.Args) bool { return a[name] != "" }
}

func provisioningChoices() []keymap.FieldChoice {
	var out []keymap.FieldChoice
	for _, p := range backend.Provisionings() {
		out = append(out, keymap.FieldChoice{Value: p, Label: provisioningLabel(p)})
	}
	return out
}

func provisioningLabel(p string) string {
	switch p {
	case "":
		return "as they are"
	case "thick":
		return "thick, zeroed when first written"
	case "eager":
		return "thick, zeroed at once"
	default:
		return p
	}
}

// PlaceValue is a reference as the value of a choice; PlaceOf reads it. It holds the
// connection as well: two vCenters give the same ids.
func PlaceValue(r backend.Ref) string {
	if r.IsZero() {
		return ""
	}
	return string(r.Conn) + "\n" + strconv.Itoa(int(r.Kind)) + "\n" + r.ID
}

// PlaceOf is what a value names; zero for none.
func PlaceOf(value string) backend.Ref {
	conn, rest, _ := strings.Cut(value, "\n")
	kind, id, ok := strings.Cut(rest, "\n")
	n, err := strconv.ParseUint(kind, 10, 8)
	if !ok || err != nil {
		return backend.Ref{}
	}
	return backend.Ref{Conn: backend.ConnID(conn), Kind: backend.Kind(n), ID: id}
}

// placeArg is the placement that was chosen, as far as it is on the connection of the
// object: a place of another one is none.
func placeArg(o backend.Object, args keymap.Args) backend.Placement {
	chosen := func(field string, kinds ...backend.Kind) backend.Ref {
		if r := PlaceOf(args[field]); r.Conn == o.Ref().Conn && slices.Contains(kinds, r.Kind) {
			return r
		}
		return backend.Ref{}
	}
	p := backend.Placement{
		Cluster: chosen("on", backend.KindCluster), Host: chosen("on", backend.KindHost),
		ResourcePool: chosen("pool", backend.KindResourcePool), Datastore: chosen("datastore", backend.KindPool),
		Folder: chosen("folder", backend.KindFolder),
	}
	if !p.Datastore.IsZero() {
		p.Provisioning = args["provisioning"]
	}
	return p
}

// placeWords says where a placement leads, a line for each part.
func placeWords(s keymap.Selection, p backend.Placement) []string {
	var out []string
	for _, part := range []struct {
		what string
		ref  backend.Ref
	}{
		{"to the cluster ", p.Cluster}, {"to the host ", p.Host}, {"into the resource pool ", p.ResourcePool},
		{"to the datastore ", p.Datastore}, {"into the folder ", p.Folder},
	} {
		if !part.ref.IsZero() {
			out = append(out, part.what+placeName(s, part.ref))
		}
	}
	if p.Provisioning != "" {
		out = append(out, "its disks become "+provisioningLabel(p.Provisioning))
	}
	return out
}

// placeName names a place in full.
func placeName(s keymap.Selection, r backend.Ref) string {
	switch o := s.Lookup(r).(type) {
	case *backend.Folder:
		return o.Path
	case *backend.ResourcePool:
		return poolLabel(o)
	case nil:
		return "that has gone meanwhile"
	default:
		return o.Title()
	}
}

func poolLabel(p *backend.ResourcePool) string { return joined("/", p.Cluster, orWord(p.Path, p.Name)) }

// onChoices are the clusters, whose scheduler chooses a host, and the hosts.
func onChoices(s keymap.Selection) []keymap.FieldChoice {
	var out []keymap.FieldChoice
	for _, o := range ofConn(s, backend.KindCluster, nil) {
		out = append(out, keymap.FieldChoice{Value: PlaceValue(o.Ref()), Label: "cluster " + inDatacenter(s, o.Title(), o.(*backend.Cluster).Datacenter)})
	}
	for _, o := range ofConn(s, backend.KindHost, hostUsable) {
		h := o.(*backend.Host)
		out = append(out, keymap.FieldChoice{Value: PlaceValue(h.ID), Label: hostLabel(s, h)})
	}
	return out
}

// hostLabel is a host with its cluster, which says where it is.
func hostLabel(s keymap.Selection, h *backend.Host) string {
	if h.Cluster != "" {
		return h.Name + " in " + h.Cluster
	}
	return inDatacenter(s, h.Name, h.Datacenter)
}

func hostUsable(o backend.Object) bool {
	h, ok := o.(*backend.Host)
	return ok && h.Link == backend.LinkConnected && !h.Maintenance && !h.Standby
}

func poolChoices(s keymap.Selection) []keymap.FieldChoice {
	var out []keymap.FieldChoice
	for _, o := range ofConn(s, backend.KindResourcePool, nil) {
		out = append(out, keymap.FieldChoice{Value: PlaceValue(o.Ref()), Label: poolLabel(o.(*backend.ResourcePool))})
	}
	return sortedChoices(out)
}

func storeChoices(s keymap.Selection) []keymap.FieldChoice {
	var out []keymap.FieldChoice
	for _, o := range ofConn(s, backend.KindPool, poolUsable) {
		p := o.(*backend.Pool)
		out = append(out, keymap.FieldChoice{
			Value: PlaceValue(p.ID), Label: inDatacenter(s, p.Name, fieldNamed(p.Extra, "Datacenter")) + ", " + Bytes(float64(p.Available)) + " free",
		})
	}
	return out
}

func folderChoices(s keymap.Selection) []keymap.FieldChoice {
	var out []keymap.FieldChoice
	for _, o := range ofConn(s, backend.KindFolder, func(o backend.Object) bool { return o.(*backend.Folder).Holds == "VMs" }) {
		out = append(out, keymap.FieldChoice{Value: PlaceValue(o.Ref()), Label: o.(*backend.Folder).Path})
	}
	return sortedChoices(out)
}

func sortedChoices(list []keymap.FieldChoice) []keymap.FieldChoice {
	slices.SortFunc(list, func(a, b keymap.FieldChoice) int { return strings.Compare(a.Label, b.Label) })
	return list
}

// inDatacenter adds the datacenter where the connection has several.
func inDatacenter(s keymap.Selection, name, dc string) string {
	several := len(ofConn(s, backend.KindFolder, func(o backend.Object) bool { return o.(*backend.Folder).Datacenter })) > 1
	if !several || dc == "" {
		return name
	}
	return name + " (" + dc + ")"
}
