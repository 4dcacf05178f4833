package kind

import (
	"testing"

	"hvdeck/backend"
)

func inventoryOf(objects ...backend.Object) Places {
	byRef := map[backend.Ref]backend.Object{}
	byKind := map[backend.Kind][]backend.Object{}
	for _, o := range objects {
		byRef[o.Ref()] = o
		byKind[o.Ref().Kind] = append(byKind[o.Ref().Kind], o)
	}
	return NewPlaces("vc1", func(k backend.Kind) []backend.Object { return byKind[k] }, func(r backend.Ref) backend.Object { return byRef[r] })
}

func metaOf(conn backend.ConnID, k backend.Kind, id, name string) backend.Meta {
	return backend.Meta{ID: backend.Ref{Conn: conn, Kind: k, ID: id}, Name: name}
}

// Names occur twice, in two datacenters and on two connections: references tell them
// apart.
func TestPlacesOfOneName(t *testing.T) {
	dcs := []*backend.Folder{
		{Meta: metaOf("vc1", backend.KindFolder, "d1", "fra"), Datacenter: true, Path: "/fra"},
		{Meta: metaOf("vc1", backend.KindFolder, "d2", "ber"), Datacenter: true, Path: "/ber"},
	}
	a := &backend.Cluster{Meta: metaOf("vc1", backend.KindCluster, "c1", "prod"), Datacenter: "fra"}
	b := &backend.Cluster{Meta: metaOf("vc1", backend.KindCluster, "c2", "prod"), Datacenter: "ber"}
	root := &backend.ResourcePool{Meta: metaOf("vc1", backend.KindResourcePool, "r2", "Resources"), Up: b.ID, Cluster: "prod"}
	web := &backend.ResourcePool{Meta: metaOf("vc1", backend.KindResourcePool, "r3", "web"), Up: root.ID, Cluster: "prod", Path: "web"}
	sub := &backend.Folder{Meta: metaOf("vc1", backend.KindFolder, "f1", "x"), Up: dcs[1].ID, Holds: "VMs", Path: "/ber/vm/x"}
	other := &backend.Cluster{Meta: metaOf("vc2", backend.KindCluster, "c1", "elsewhere")}
	p := inventoryOf(dcs[0], dcs[1], a, b, root, web, sub, other)
	if got := p.ClusterOf(web); got != b.ID {
		t.Errorf("the pool is in %v", got)
	}
	if got := p.Datacenter(web) + p.Datacenter(sub); got != "berber" {
		t.Errorf("the datacenter is %q", got)
	}
	if got := p.Of(backend.KindCluster, nil); len(got) != 2 {
		t.Errorf("%d clusters", len(got))
	}
	for _, c := range []struct {
		o    backend.Object
		want string
	}{{a, "cluster prod (fra)"}, {b, "cluster prod (ber)"}, {web, "pool prod/web (ber)"}} {
		if got := p.KindLabel(c.o); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// What a server tells of pools and folders may lead in a circle.
func TestPlacesInACircle(t *testing.T) {
	x := &backend.ResourcePool{Meta: metaOf("vc1", backend.KindResourcePool, "x", "x")}
	y := &backend.ResourcePool{Meta: metaOf("vc1", backend.KindResourcePool, "y", "y"), Up: x.ID}
	x.Up = y.ID
	p := inventoryOf(x, y)
	if got := p.Datacenter(x); got != "" || !p.ClusterOf(x).IsZero() {
		t.Errorf("%q, %v", got, p.ClusterOf(x))
	}
}
