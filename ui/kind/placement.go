package kind

import (
	"slices"
	"strconv"
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
)

// Where a VM goes in a vSphere inventory, as forms ask for it.

// inInventory reports whether an object's connection has places to choose from.
func inInventory(s keymap.Selection, o backend.Object) bool {
	return o != nil && s.Caps(o.Ref().Conn).Places
}

// placeFields ask for a placement; unchanged is the choice that leaves things as they are.
func placeFields(s keymap.Selection, unchanged string) []keymap.Field {
	p := placesOf(s)
	field := func(name, label string, list []backend.Object, words func(backend.Object) string) keymap.Field {
		choices := append([]keymap.FieldChoice{{Value: "", Label: unchanged}}, placeChoices(list, words)...)
		return keymap.Field{Name: name, Label: label, Type: keymap.ChoiceField, Choices: choices}
	}
	on := slices.Concat(p.Of(backend.KindCluster, nil), p.Hosts()) // of a cluster its scheduler chooses a host
	return []keymap.Field{
		field("on", "Host or cluster", on, p.KindLabel), field("pool", "Resource pool", p.Pools(), p.Label),
		field("datastore", "Datastore", p.Stores(), p.Label),
		{Name: "provisioning", Label: "Disks", Type: keymap.ChoiceField, Choices: provisioningChoices(), Only: isGiven("datastore")},
		field("folder", "Folder", p.Folders(), p.Label),
	}
}

// isGiven shows a field once an earlier one is not empty.
func isGiven(name string) func(keymap.Args) bool {
	return func(a keymap.Args) bool { return a[name] != "" }
}

func provisioningChoices() []keymap.FieldChoice {
	var out []keymap.FieldChoice
	for _, p := range backend.Provisionings() {
		out = append(out, keymap.FieldChoice{Value: p, Label: ProvisioningLabel(p)})
	}
	return out
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
		out = append(out, "its disks become "+ProvisioningLabel(p.Provisioning))
	}
	return out
}

// placeName names a place in full.
func placeName(s keymap.Selection, r backend.Ref) string {
	switch o := s.Lookup(r).(type) {
	case *backend.Folder, *backend.ResourcePool:
		return placesOf(s).Label(o)
	case nil:
		return "that has gone meanwhile"
	default:
		return o.Title()
	}
}

func placeChoices(list []backend.Object, label func(backend.Object) string) []keymap.FieldChoice {
	out := make([]keymap.FieldChoice, 0, len(list))
	for _, o := range list {
		out = append(out, keymap.FieldChoice{Value: PlaceValue(o.Ref()), Label: label(o)})
	}
	return out
}

// hostLabel is a host with its cluster, which says where it is.
func hostLabel(s keymap.Selection, h *backend.Host) string { return placesOf(s).Label(h) }

func sortedChoices(list []keymap.FieldChoice) []keymap.FieldChoice {
	slices.SortFunc(list, func(a, b keymap.FieldChoice) int { return strings.Compare(a.Label, b.Label) })
	return list
}
