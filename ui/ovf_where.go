package ui

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/store"
	"hvdeck/ui/form"
	"hvdeck/ui/kind"
	"hvdeck/ui/wizard"
)

// whereStep asks for the name and for what it goes under; what the pages that follow
// offer depends on that.
func (i *ovfImport) whereStep() ovfStep {
	return ovfStep{name: pageWhere, page: i.wherePage, leave: i.leaveForm(pageWhere)}
}

// leaveForm keeps the answers of a page as they stand.
func (i *ovfImport) leaveForm(name string) func(wizard.Page) {
	return func(p wizard.Page) {
		if f, ok := p.(*wizard.Fields); ok {
			i.answers.pages[name] = f.Form.Values()
		}
	}
}

func (i *ovfImport) wherePage() wizard.Page {
	v := i.answers.page(pageWhere)
	under := i.unders()
	name, given := v["name"]
	if !given {
		name = i.suggestedName()
	}
	chosen := i.current(v["under"])
	if chosen == "" && len(under) > 0 {
		chosen = i.suggestedUnder(under)
	}
	return &wizard.Fields{Name: pageWhere, Form: form.New("", []form.Field{
		{Key: "name", Label: "Name", Required: true, Default: name, Suggested: !given, Validate: checkVMName, Warn: i.sameName},
		{Key: "under", Label: "Runs in", Kind: form.Choice, Default: chosen, Choices: choicesOf(under, i.places().KindLabel),
			Hint:     "a cluster, host, resource pool or vApp of " + string(i.answers.conn) + "; letters find one by its name",
			Validate: oneIsNeeded("no cluster, host or resource pool is known on this connection")},
	})}
}

// longestName is what vSphere takes for the name of an object, in characters.
const longestName = 80

func checkVMName(name string) error {
	switch {
	case utf8.RuneCountInString(name) > longestName:
		return fmt.Errorf("at most %d characters", longestName)
	case strings.ContainsFunc(name, unicode.IsControl):
		return errors.New("a name can't contain control characters")
	default:
		return nil
	}
}

func oneIsNeeded(otherwise string) func(string) error {
	return func(v string) error {
		if v == "" {
			return errors.New(otherwise)
		}
		return nil
	}
}

func (i *ovfImport) suggestedName() string {
	name := clean.Line(strings.TrimSpace(i.read.descriptor.Name))
	if name == "" {
		name = ovfSourceName(i.answers.source)
		name = clean.Line(strings.TrimSuffix(name, path.Ext(name)))
	}
	if runes := []rune(name); len(runes) > longestName {
		name = string(runes[:longestName])
	}
	return name
}

// vmNames are the names of the VMs of a connection at a revision of the store.
type vmNames struct {
	conn  backend.ConnID
	at    uint64
	names map[string]bool
}

// sameName warns of a VM of that name; in another folder the server takes it. It is asked
// at every key, so the names are gathered only when a VM has changed.
func (i *ovfImport) sameName(v form.Values) string {
	if at := i.m.store.Revs()[store.Of(backend.KindVM)]; i.names.names == nil || i.names.at != at || i.names.conn != i.answers.conn {
		i.names = vmNames{conn: i.answers.conn, at: at, names: map[string]bool{}}
		for _, o := range i.m.store.All(backend.KindVM) {
			if o.Ref().Conn == i.answers.conn {
				i.names.names[o.Title()] = true
			}
		}
	}
	if i.names.names[strings.TrimSpace(v["name"])] {
		return "there is a VM of this name on " + string(i.answers.conn) + "; two can't be in one folder"
	}
	return ""
}

// places are those of the connection.
func (i *ovfImport) places() kind.Places {
	return kind.NewPlaces(i.answers.conn, i.m.store.All, i.m.store.Object)
}

// unders are what a VM can be put under: clusters, hosts in none, pools but the root
// pools, which stand for those.
func (i *ovfImport) unders() []backend.Object {
	places := i.places()
	hosts := places.Of(backend.KindHost, func(o backend.Object) bool { return o.(*backend.Host).ClusterRef.IsZero() })
	pools := places.Of(backend.KindResourcePool, func(o backend.Object) bool {
		p := o.(*backend.ResourcePool)
		return p.Path != "" || p.VApp
	})
	return slices.Concat(places.Of(backend.KindCluster, nil), hosts, pools)
}

// suggestedUnder is where the VM or pool under the cursor is.
func (i *ovfImport) suggestedUnder(under []backend.Object) string {
	refs := []backend.Ref{}
	switch o := i.m.cursorObject().(type) {
	case *backend.VM:
		host, _ := i.m.store.Object(o.Host).(*backend.Host)
		refs = append(refs, o.PoolRef, o.Host)
		if host != nil {
			refs = append(refs, host.ClusterRef)
		}
	case *backend.Host:
		refs = append(refs, o.ID, o.ClusterRef)
	case *backend.Cluster:
		refs = append(refs, o.ID)
	case *backend.ResourcePool:
		refs = append(refs, o.ID)
	}
	for _, r := range refs {
		for _, u := range under {
			if u.Ref() == r {
				return kind.PlaceValue(r)
			}
		}
	}
	return kind.PlaceValue(under[0].Ref())
}

// choicesOf offers objects; the value of one is its PlaceValue.
func choicesOf(objects []backend.Object, label func(backend.Object) string) []form.Option {
	out := make([]form.Option, len(objects))
	for n, o := range objects {
		out[n] = form.Option{Value: kind.PlaceValue(o.Ref()), Label: label(o)}
	}
	return out
}

// refOf is what a choice names; zero for none, or when it is of a connection that was
// chosen before.
func (i *ovfImport) refOf(value string) backend.Ref {
	if r := kind.PlaceOf(value); r.Conn == i.answers.conn {
		return r
	}
	return backend.Ref{}
}

// current is an earlier choice, if it is of this connection.
func (i *ovfImport) current(value string) string { return kind.PlaceValue(i.refOf(value)) }

// under is what it goes under; nil when that is gone.
func (i *ovfImport) under() backend.Object {
	return i.m.store.Object(i.refOf(i.answers.page(pageWhere)["under"]))
}

// near keeps what is in the datacenter of what it goes under, or may be.
func (i *ovfImport) near(list []backend.Object) []backend.Object {
	places := i.places()
	here := places.Datacenter(i.under())
	return slices.DeleteFunc(list, func(o backend.Object) bool {
		there := places.Datacenter(o)
		return here != "" && there != "" && here != there
	})
}
