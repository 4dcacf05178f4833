package kind

import (
	"testing"

	"hvdeck/backend"
	"hvdeck/keymap"
)

// A place belongs to its connection: the same id in another vCenter is another object.
func TestPlacementKeepsToItsConnection(t *testing.T) {
	host := backend.Ref{Conn: "vc1", Kind: backend.KindHost, ID: "host-12"}
	store := backend.Ref{Conn: "vc1", Kind: backend.KindPool, ID: "datastore\n1"}
	args := keymap.Args{"on": PlaceValue(host), "datastore": PlaceValue(store), "provisioning": "eager", "pool": "resgroup-1", "folder": ""}
	here := &backend.VM{Meta: backend.Meta{ID: backend.Ref{Conn: "vc1", Kind: backend.KindVM, ID: "vm-1"}}}
	if got, want := placeArg(here, args), (backend.Placement{Host: host, Datastore: store, Provisioning: "eager"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	there := &backend.VM{Meta: backend.Meta{ID: backend.Ref{Conn: "vc2", Kind: backend.KindVM, ID: "vm-1"}}}
	if got := placeArg(there, args); got != (backend.Placement{}) {
		t.Errorf("on the other vCenter: %+v", got)
	}
	args["on"] = PlaceValue(store) // no host
	if got := placeArg(here, args); !got.Host.IsZero() || !got.Cluster.IsZero() {
		t.Errorf("a datastore is no host: %+v", got)
	}
}

func TestPlaceOfReadsBack(t *testing.T) {
	for _, r := range []backend.Ref{{}, {Conn: "vc", Kind: backend.KindFolder, ID: "group-v3"}, {Conn: "vc", Kind: backend.KindCluster, ID: "a\nb:c"}} {
		if got := PlaceOf(PlaceValue(r)); got != r {
			t.Errorf("%+v became %+v", r, got)
		}
	}
	for _, v := range []string{"host-12", "vc\nhost-12", "vc\n999\nx", "vc\nx\ny"} {
		if got := PlaceOf(v); !got.IsZero() {
			t.Errorf("%q is %+v", v, got)
		}
	}
}
