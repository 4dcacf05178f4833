package backendtest

import (
	"slices"
	"strings"

	"hvdeck/backend"
)

func basicCases() []testCase {
	return []testCase{
		{name: "about", run: about},
		{name: "caps", run: caps},
		{name: "get/vm", run: getVM},
		{name: "get/host", run: getHost},
		{name: "get/others", run: getOthers},
		{name: "get/unknown", run: getUnknown},
	}
}

func about(r *run) {
	a := r.b.About()
	for name, v := range map[string]string{"Product": a.Product, "Type": a.Type, "URI": a.URI} {
		if v == "" {
			r.errorf("About().%s is empty", name)
		}
	}
	if _, rest, ok := strings.Cut(a.URI, "://"); ok {
		if user, _, ok := strings.Cut(rest, "@"); ok && strings.Contains(user, ":") {
			r.errorf("About().URI shows a password")
		}
	}
	if a.ReadOnly {
		r.errorf("a connection for writing says that it is read-only")
	}
}

func caps(r *run) {
	c := r.b.Caps()
	for _, k := range []backend.Kind{backend.KindHost, backend.KindVM, backend.KindSnapshot} {
		if !slices.Contains(c.Kinds, k) {
			r.errorf("Caps().Kinds lacks %s", k)
		}
	}
	for _, k := range c.Watched {
		if !slices.Contains(c.Kinds, k) {
			r.errorf("Caps().Watched has %s, Kinds does not", k)
		}
	}
	if c.ReadOnly {
		r.errorf("a connection for writing says that it is read-only")
	}
	for _, v := range []backend.Verb{backend.VerbPowerOn, backend.VerbPowerOff, backend.VerbSnapCreate} {
		if why := c.Why(v); why != "" {
			r.errorf("%s is refused: %s", v, why)
		}
	}
}

func (r *run) get(ref backend.Ref) *backend.Detail {
	ctx, cancel := r.ctx()
	defer cancel()
	d, err := r.b.Get(ctx, ref)
	if err != nil {
		r.fatalf("get %s: %v", ref.Kind, err)
	}
	if d == nil {
		r.fatalf("get %s: neither details nor an error", ref.Kind)
	}
	if d.Ref != ref {
		r.errorf("get %s: details of %v, want of %v", ref.Kind, d.Ref, ref)
	}
	if d.At.IsZero() {
		r.errorf("get %s: the details don't say of when they are", ref.Kind)
	}
	return d
}

func getVM(r *run) {
	for _, name := range []string{r.Running, r.Off} {
		d := r.get(r.vm(name).ID)
		if d.VM == nil {
			r.errorf("get VM: no VMDetail")
		}
		if d.Raw == "" {
			r.errorf("get VM: no raw document")
		}
	}
}

func getHost(r *run) {
	hosts := r.list(backend.Query{Kind: backend.KindHost})
	if len(hosts) == 0 {
		r.fatalf("there is no host")
	}
	if d := r.get(hosts[0].Ref()); d.Host == nil {
		r.errorf("get host: no HostDetail")
	}
}

func getOthers(r *run) {
	for _, k := range r.b.Caps().Kinds {
		switch k {
		case backend.KindVM, backend.KindHost, backend.KindSnapshot, backend.KindVolume:
			continue
		default:
		}
		if all := r.list(backend.Query{Kind: k}); len(all) > 0 {
			r.get(all[0].Ref())
		}
	}
}

func getUnknown(r *run) {
	ctx, cancel := r.ctx()
	defer cancel()
	_, err := r.b.Get(ctx, r.unknown(backend.KindVM))
	r.class("get an unknown VM", err, backend.ClassNotFound)
}
