package ui

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"hvdeck/backend"
	"hvdeck/backend/clean"
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
	chosen := v["under"]
	if chosen == "" && len(under) > 0 {
		chosen = i.suggestedUnder(under)
	}
	return &wizard.Fields{Name: pageWhere, Form: form.New("", []form.Field{
		{Key: "name", Label: "Name", Required: true, Default: name, Suggested: !given, Validate: checkVMName, Warn: i.sameName},
		{Key: "under", Label: "Runs in", Kind: form.Choice, Default: chosen, Choices: choicesOf(under, i.underLabel),
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

// sameName warns of a VM of that name; in another folder the server takes it.
func (i *ovfImport) sameName(v form.Values) string {
	want := strings.TrimSpace(v["name"])
	for _, o := range i.m.store.All(backend.KindVM) {
		if o.Ref().Conn == i.answers.conn && o.Title() == want {
			return "there is a VM of this name on " + string(i.answers.conn) + "; two can't be in one folder"
		}
	}
	return ""
}

// unders are what a VM can be put under: clusters, hosts in none, pools but the root
// pools, which stand for those.
func (i *ovfImport) unders() []backend.Object {
	hosts := i.all(backend.KindHost, func(o backend.Object) bool { return o.(*backend.Host).ClusterRef.IsZero() })
	pools := i.all(backend.KindResourcePool, func(o backend.Object) bool {
		p := o.(*backend.ResourcePool)
		return p.Path != "" || p.VApp
	})
	return slices.Concat(i.all(backend.KindCluster, nil), hosts, pools)
}

// all lists the objects of a kind of the connection, by name.
func (i *ovfImport) all(k backend.Kind, keep func(backend.Object) bool) []backend.Object {
	var out []backend.Object
	for _, o := range i.m.store.All(k) {
		if o.Ref().Conn == i.answers.conn && (keep == nil || keep(o)) {
			out = append(out, o)
		}
	}
	kind.Order(out, nil, false)
	return out
}

func (i *ovfImport) underLabel(o backend.Object) string {
	switch o := o.(type) {
	case *backend.ResourcePool:
		what := "pool "
		if o.VApp {
			what = "vApp "
		}
		return what + strings.Trim(o.Cluster+"/"+o.Path, "/")
	case *backend.Host:
		return "host " + o.Name
	default:
		return "cluster " + o.Title()
	}
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
				return refValue(r)
			}
		}
	}
	return refValue(under[0].Ref())
}

// choicesOf offers objects; the value of one is its refValue.
func choicesOf(objects []backend.Object, label func(backend.Object) string) []form.Option {
	out := make([]form.Option, len(objects))
	for n, o := range objects {
		out[n] = form.Option{Value: refValue(o.Ref()), Label: label(o)}
	}
	return out
}

// refValue is a reference as the value of a choice; refOf reads it.
func refValue(r backend.Ref) string { return strconv.Itoa(int(r.Kind)) + ":" + r.ID }

func (i *ovfImport) refOf(value string) backend.Ref {
	k, id, ok := strings.Cut(value, ":")
	n, err := strconv.ParseUint(k, 10, 8)
	if !ok || err != nil {
		return backend.Ref{}
	}
	return backend.Ref{Conn: i.answers.conn, Kind: backend.Kind(n), ID: id}
}

// under is what it goes under; nil when that is gone.
func (i *ovfImport) under() backend.Object {
	return i.m.store.Object(i.refOf(i.answers.page(pageWhere)["under"]))
}

// datacenter is the name of the one that an object is in; "" where nobody says.
func (i *ovfImport) datacenter(o backend.Object) string {
	switch o := o.(type) {
	case *backend.Cluster:
		return o.Datacenter
	case *backend.Host:
		return o.Datacenter
	case *backend.ResourcePool:
		if up := i.m.store.Object(o.Up); up != nil {
			return i.datacenter(up)
		}
		return i.clusterNamed(o.Cluster)
	case *backend.Folder:
		if o.Datacenter {
			return o.Name
		}
		if up := i.m.store.Object(o.Up); up != nil {
			return i.datacenter(up)
		}
	case *backend.Pool:
		return extra(o.Extra, "Datacenter")
	case *backend.Network:
		return extra(o.Extra, "Datacenter")
	}
	return ""
}

func (i *ovfImport) clusterNamed(name string) string {
	for _, c := range i.all(backend.KindCluster, nil) {
		if c.Title() == name {
			return i.datacenter(c)
		}
	}
	return ""
}

func extra(fields []backend.Field, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// near keeps what is in the datacenter of what it goes under, or may be.
func (i *ovfImport) near(o backend.Object) bool {
	here := i.datacenter(i.under())
	there := i.datacenter(o)
	return here == "" || there == "" || here == there
}
