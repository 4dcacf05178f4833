package ui

import (
	"slices"

	"hvdeck/backend"
	"hvdeck/ui/form"
	"hvdeck/ui/kind"
	"hvdeck/ui/wizard"
)

// placeStep asks for host, folder and datastore, from what is near.
func (i *ovfImport) placeStep() ovfStep {
	return ovfStep{name: pagePlace, page: i.placePage, leave: i.leaveForm(pagePlace)}
}

func (i *ovfImport) placePage() wizard.Page {
	v, places, stores := i.answers.page(pagePlace), i.places(), i.datastores()
	store := i.current(v["datastore"])
	if store == "" && len(stores) > 0 {
		store = kind.PlaceValue(roomiest(stores).ID)
	}
	var fields []form.Field
	if hosts := i.hostsOfCluster(); len(hosts) > 0 {
		fields = append(fields, form.Field{Key: "host", Label: "Host", Kind: form.Choice, Default: i.current(v["host"]),
			Choices: append([]form.Option{{Label: "as the server chooses"}}, choicesOf(hosts, places.Label)...)})
	}
	if folders := i.folders(); len(folders) > 0 {
		fields = append(fields, form.Field{Key: "folder", Label: "Folder", Kind: form.Choice, Default: i.current(v["folder"]),
			Choices: append([]form.Option{{Label: "the datacenter's own"}}, choicesOf(folders, places.Label)...)})
	}
	disks := form.Field{Key: "provisioning", Label: "Disks", Kind: form.Choice, Default: v["provisioning"], Warn: i.tight}
	for _, p := range backend.OVFProvisionings() {
		disks.Choices = append(disks.Choices, form.Option{Value: p, Label: kind.ProvisioningLabel(p)})
	}
	fields = append(fields, form.Field{Key: "datastore", Label: "Datastore", Kind: form.Choice, Default: store, Choices: choicesOf(stores, places.Label),
		Hint: "the server says later whether the host reaches it", Validate: oneIsNeeded("no datastore that can be written is known here")},
		disks, form.Field{Key: "on", Label: "Power on", Kind: form.YesNo, Default: v["on"], Hint: "when all of it is there"})
	return &wizard.Fields{Name: pagePlace, Form: form.New("", fields)}
}

// hostsOfCluster are the hosts that may be chosen; none where it goes under a host.
func (i *ovfImport) hostsOfCluster() []backend.Object {
	places := i.places()
	cluster := places.ClusterOf(i.under())
	if cluster.IsZero() {
		return nil
	}
	return slices.DeleteFunc(places.Hosts(), func(o backend.Object) bool { return o.(*backend.Host).ClusterRef != cluster })
}

// folders are those for VMs; what goes into a vApp has none.
func (i *ovfImport) folders() []backend.Object {
	if p, ok := i.under().(*backend.ResourcePool); ok && p.VApp {
		return nil
	}
	return i.near(i.places().Folders())
}

func (i *ovfImport) datastores() []backend.Object { return i.near(i.places().Stores()) }

// roomiest is the one with the most room.
func roomiest(stores []backend.Object) *backend.Pool {
	return slices.MaxFunc(stores, func(a, b backend.Object) int {
		return int(min(a.(*backend.Pool).Available>>20, 1<<60)) - int(min(b.(*backend.Pool).Available>>20, 1<<60))
	}).(*backend.Pool)
}

// tight warns where the disks don't fit: thick ones as large as they are, thin ones with
// what has been written.
func (i *ovfImport) tight(v form.Values) string {
	p, ok := i.m.store.Object(i.refOf(v["datastore"])).(*backend.Pool)
	if !ok {
		return ""
	}
	need, words := i.diskRoom(v["provisioning"])
	if need <= p.Available {
		return ""
	}
	return "the disks take " + kind.Bytes(float64(need)) + words + ", " + p.Name + " has " + kind.Bytes(float64(p.Available)) + " free"
}

func (i *ovfImport) diskRoom(provisioning string) (bytes uint64, words string) {
	for _, d := range i.read.descriptor.Disks {
		if provisioning == "thin" {
			bytes += d.Populated
			continue
		}
		bytes += d.Capacity
	}
	if provisioning == "thin" {
		return bytes, " at least"
	}
	return bytes, ""
}
