package backendtest

import (
	"fmt"
	"regexp"
	"strings"

	"hvdeck/backend"
)

func definitionCases() []testCase {
	ops := []backend.Op{backend.DefineOp{}}
	return []testCase{
		{name: "definition/templates", run: templates},
		{name: "definition/vm", ops: ops, run: defineVM},
		{name: "definition/vm-transient", ops: ops, run: defineTransient},
		{name: "definition/another", ops: ops, run: defineAnother},
		{name: "definition/bad-xml", ops: ops, run: defineBadXML},
		{name: "definition/entities", ops: ops, run: defineEntities},
		{name: "definition/pool", ops: ops, run: definePool},
		{name: "definition/volume", ops: ops, run: defineVolume},
		{name: "definition/network", ops: ops, run: defineNetwork},
		{name: "definition/secret", ops: ops, run: defineSecret},
		{name: "definition/snapshot", ops: ops, run: defineSnapshot},
	}
}

func (r *run) definer() backend.Definer {
	d, ok := backend.As[backend.Definer](r.b)
	if !ok {
		r.fatalf("the driver has no Definer")
	}
	return d
}

func (r *run) template(under backend.Ref, k backend.Kind) string {
	ctx, cancel := r.ctx()
	defer cancel()
	text, err := r.definer().Template(ctx, under, k)
	if err != nil {
		r.fatalf("make a template of a %s: %v", k, err)
	}
	return text
}

// definition reads a definition by the second connection.
func (r *run) definition(ref backend.Ref) string {
	d, ok := backend.As[backend.Definer](r.other())
	if !ok {
		r.fatalf("the driver has no Definer")
	}
	ctx, cancel := r.ctx()
	defer cancel()
	text, err := d.Definition(ctx, ref)
	if err != nil {
		r.fatalf("read the definition of a %s: %v", ref.Kind, err)
	}
	return text
}

// replaced puts new text in the place of the first element of this name.
func (r *run) replaced(text, element, with string) string {
	re := regexp.MustCompile(`(?s)<` + element + `(\s[^>]*)?>[^<]*</` + element + `>`)
	at := re.FindStringIndex(text)
	if at == nil {
		r.fatalf("there is no <%s> in %s", element, text)
	}
	return text[:at[0]] + with + text[at[1]:]
}

// vmText is the definition of a new small VM.
func (r *run) vmText() string {
	r.needs(backend.VerbFor(backend.KindVM, backend.ActDefine))
	text := r.replaced(r.template(r.hostRef(), backend.KindVM), "name", "<name>"+prefix+"vm</name>")
	text = r.replaced(text, "memory", "<memory unit='MiB'>64</memory>")
	if strings.Contains(text, "<currentMemory") {
		text = r.replaced(text, "currentMemory", "")
	}
	return text
}

func templates(r *run) {
	r.needs(backend.VerbFor(backend.KindVM, backend.ActDefine))
	for _, k := range []backend.Kind{backend.KindVM, backend.KindPool, backend.KindNetwork} {
		one, two := r.template(r.hostRef(), k), r.template(r.hostRef(), k)
		if one == "" || strings.Contains(one, "<uuid>") && one == two {
			r.errorf("two templates of a %s have one UUID", k)
		}
	}
}

func defineVM(r *run) {
	text := r.vmText()
	r.dropVM(prefix + "vm")
	r.later(func() { r.dropVM(prefix + "vm") })
	vm := r.do(backend.DefineOp{Kind: backend.KindVM, Under: r.hostRef(), XML: text}).Created
	if got := r.vmAt(vm); got.Name != prefix+"vm" || !isOff(got.State) || !got.Persistent {
		r.errorf("the VM is %+v", got)
	}
	edited := strings.Replace(r.definition(vm), "</name>", "</name>\n  <title>a &lt;title&gt;</title>", 1)
	edited = r.replaced(edited, "memory", "<memory unit='MiB'>80</memory>")
	edited = r.replaced(edited, "currentMemory", "<currentMemory unit='MiB'>72</currentMemory>")
	r.do(backend.DefineOp{Kind: backend.KindVM, Under: r.hostRef(), Object: vm, XML: edited})
	if !strings.Contains(r.definition(vm), "a &lt;title&gt;") {
		r.errorf("the title is not in the definition")
	}
	if d := r.vmDetail(vm); d.Memory != 72*mib || d.MaxMemory != 80*mib {
		r.errorf("memory %d of %d, want 72 of 80 MiB", d.Memory, d.MaxMemory)
	}
}

func defineTransient(r *run) {
	op := backend.DefineOp{Kind: backend.KindVM, Under: r.hostRef(), XML: r.vmText(), Transient: true}
	r.needs(op.Verb())
	r.dropVM(prefix + "vm")
	r.later(func() { r.dropVM(prefix + "vm") })
	vm := r.do(op).Created
	r.awaitState(vm, "running", isOn)
	if r.vmAt(vm).Persistent {
		r.errorf("a transient VM is persistent")
	}
	r.do(backend.PowerOffOp{VM: vm})
	r.await("the VM is gone", func() bool { return r.named(backend.KindVM, backend.Ref{}, prefix+"vm") == nil })
}

// defineAnother gives the definition of one VM as that of another.
func defineAnother(r *run) {
	r.needs(backend.VerbFor(backend.KindVM, backend.ActDefine))
	vm := r.makeVM(r.smallVM())
	was := r.definition(vm)
	other := r.definition(r.vm(r.Off).ID)
	op := backend.DefineOp{Kind: backend.KindVM, Under: r.hostRef(), Object: vm, XML: other}
	r.refused(op, backend.ClassInvalid, backend.ClassConflict)
	op.XML = r.replaced(was, "name", "<name>"+r.Off+"</name>")
	r.refused(op, backend.ClassInvalid, backend.ClassConflict)
	if r.definition(vm) != was {
		r.errorf("a refused definition changed the VM")
	}
}

func defineBadXML(r *run) {
	r.needs(backend.VerbFor(backend.KindVM, backend.ActDefine))
	vm := r.makeVM(r.smallVM())
	was := r.definition(vm)
	for _, bad := range []string{
		"", "nonsense", "<domain>\n<name>x</domain>", "<pool type='dir'><name>hvdt-x</name></pool>",
		strings.Replace(was, "</name>", "</name><memory unit='KiB'>-1</memory>", 1),
	} {
		r.refused(backend.DefineOp{Kind: backend.KindVM, Under: r.hostRef(), Object: vm, XML: bad}, backend.ClassInvalid, backend.ClassConflict)
	}
	if r.definition(vm) != was {
		r.errorf("a refused definition changed the VM")
	}
}

// defineEntities refuses entities that read a file of the host or grow without end.
func defineEntities(r *run) {
	r.needs(backend.VerbFor(backend.KindVM, backend.ActDefine))
	text := r.vmText()
	r.later(func() { r.dropVM(prefix + "vm") })
	bomb := "<!DOCTYPE domain [<!ENTITY a0 'ha'>"
	for i := 1; i <= 12; i++ {
		bomb += fmt.Sprintf("<!ENTITY a%d '%s'>", i, strings.Repeat(fmt.Sprintf("&a%d;", i-1), 10))
	}
	for entity, head := range map[string]string{
		"&out;": "<!DOCTYPE domain [<!ENTITY out SYSTEM 'file:///etc/passwd'>]>", "&a12;": bomb + "]>",
	} {
		op := backend.DefineOp{Kind: backend.KindVM, Under: r.hostRef(),
			XML: head + strings.Replace(text, "</name>", "</name><description>"+entity+"</description>", 1)}
		_, err := r.try(op)
		r.class("define with an entity", err, backend.ClassInvalid)
		if strings.Contains(fmt.Sprint(err), "root:") {
			r.errorf("the error shows a file of the host")
		}
		r.absent(backend.KindVM, backend.Ref{}, prefix+"vm")
	}
}

func definePool(r *run) {
	r.needs(backend.VerbFor(backend.KindPool, backend.ActDefine))
	dir := r.poolDir(prefix + "pool")
	text := r.replaced(r.template(r.hostRef(), backend.KindPool), "name", "<name>"+prefix+"pool</name>")
	text = r.replaced(text, "path", "<path>"+dir+"</path>")
	r.dropPool(prefix + "pool")
	r.later(func() { r.dropPool(prefix + "pool") })
	p := r.do(backend.DefineOp{Kind: backend.KindPool, Under: r.hostRef(), XML: text}).Created
	if got := byRef[*backend.Pool](r, p, backend.Ref{}); got.Name != prefix+"pool" || got.Path != dir || got.State != backend.PoolInactive {
		r.errorf("the pool is %+v", got)
	}
	edited := r.replaced(r.definition(p), "path", "<path>"+dir+"-2</path>")
	r.do(backend.DefineOp{Kind: backend.KindPool, Under: r.hostRef(), Object: p, XML: edited})
	if got := byRef[*backend.Pool](r, p, backend.Ref{}); got.Path != dir+"-2" {
		r.errorf("the pool is in %q", got.Path)
	}
	another := r.replaced(r.definition(p), "name", "<name>"+prefix+"other</name>")
	r.refused(backend.DefineOp{Kind: backend.KindPool, Under: r.hostRef(), Object: p, XML: another}, backend.ClassInvalid, backend.ClassConflict)
}

func defineVolume(r *run) {
	p := r.pool()
	text := r.replaced(r.template(p, backend.KindVolume), "name", "<name>"+prefix+"v</name>")
	text = r.replaced(text, "capacity", "<capacity unit='MiB'>8</capacity>")
	if strings.Contains(text, "<allocation") {
		text = r.replaced(text, "allocation", "")
	}
	v := byRef[*backend.Volume](r, r.do(backend.DefineOp{Kind: backend.KindVolume, Under: p, XML: text}).Created, p)
	if v.Name != prefix+"v" || v.Capacity != 8*mib {
		r.errorf("the volume is %+v", v)
	}
	r.refused(backend.DefineOp{Kind: backend.KindVolume, Under: p, Object: v.ID, XML: text}, backend.ClassUnsupported, backend.ClassInvalid)
}

func defineNetwork(r *run) {
	r.needs(backend.VerbFor(backend.KindNetwork, backend.ActDefine))
	n := r.makeNetwork(r.plainNetwork())
	edited := strings.Replace(r.definition(n), "</name>", "</name><domain name='hvdt.example'/>", 1)
	r.do(backend.DefineOp{Kind: backend.KindNetwork, Under: r.hostRef(), Object: n, XML: edited})
	if !strings.Contains(r.definition(n), "hvdt.example") {
		r.errorf("the domain is not in the definition")
	}
	another := r.replaced(r.definition(n), "name", "<name>"+prefix+"other</name>")
	r.refused(backend.DefineOp{Kind: backend.KindNetwork, Under: r.hostRef(), Object: n, XML: another}, backend.ClassInvalid, backend.ClassConflict)
}

func defineSecret(r *run) {
	op := r.plainSecret()
	ref := r.makeSecret(op)
	text := r.definition(ref)
	if strings.Contains(text, "three") {
		r.errorf("the definition of a secret shows its value")
	}
	edited := r.replaced(text, "description", "<description>new words</description>")
	r.do(backend.DefineOp{Kind: backend.KindSecret, Under: r.hostRef(), Object: ref, XML: edited})
	if got := byRef[*backend.Secret](r, ref, backend.Ref{}); got.Description != "new words" {
		r.errorf("the description is %q", got.Description)
	}
	r.hasValue(ref, op.Value.Reveal())
}

func defineSnapshot(r *run) {
	r.needs(backend.VerbFor(backend.KindSnapshot, backend.ActDefine))
	vm := r.ensureOff(r.Off)
	s := r.create(vm, "base")
	edited := r.replaced(r.definition(s.ID), "description", "<description>new words</description>")
	r.do(backend.DefineOp{Kind: backend.KindSnapshot, Under: vm, Object: s.ID, XML: edited})
	if got := r.byPath(vm, "/base"); got.Description != "new words" || got.ID != s.ID || !got.Current {
		r.errorf("the snapshot is %+v", got)
	}
}
