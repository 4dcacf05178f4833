package kind

import (
	"strconv"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func vmResources() keymap.Action {
	a := vmAction("resources", "Set vCPUs and memory…", "e", "Sets vCPUs and memory, at once where the guest takes it.", backend.VerbVMResources, keymap.Disruptive, nil)
	a.Detailed = true
	a.Form = func(s keymap.Selection) []keymap.Field {
		var fields []keymap.Field
		for _, r := range resourcesOf(s) {
			fields = append(fields, r.field())
		}
		return fields
	}
	a.Does = resourcesDoes
	a.Op = func(o backend.Object, s keymap.Selection, args keymap.Args) backend.Op {
		want := map[string]int64{}
		for _, r := range resourcesOf(s) {
			want[r.name] = differs(args, r.name, r.now)
		}
		return backend.VMResourcesOp{
			VM: o.Ref(), VCPUs: int(want["vcpus"]), MaxVCPUs: int(want["maxvcpus"]), CoresPerSocket: int(want["cores"]),
			Memory: uint64(want["memory"]), MaxMemory: uint64(want["maxmemory"]), //nolint:gosec // differs gives no negative numbers
		}
	}
	return a
}

// resource is one number of a VM that can be set, with its value now.
type resource struct {
	name, label, hint string
	now               int64
	size              bool   // bytes
	when              string // a change counts, of a VM that runs
}

func (r resource) field() keymap.Field {
	f := keymap.Field{Name: r.name, Label: r.label, Hint: r.hint, Type: keymap.NumberField, Default: strconv.FormatInt(r.now, 10), Required: true, Min: 1, Max: 4096}
	if r.size {
		f.Type, f.Min, f.Max = keymap.SizeField, 1<<20, 0
	}
	return f
}

// resourcesOf are the numbers that the form asks for: vSphere has cores where libvirt has
// maxima.
func resourcesOf(s keymap.Selection) []resource {
	vm, d := firstVM(s), vmDetail(s)
	vcpus := resource{name: "vcpus", label: "vCPUs", now: int64(max(d.VCPUs, vm.VCPUs)), when: ", at once as far as the guest takes it"}
	memory := resource{name: "memory", label: "Memory", hint: "such as 4 GiB", now: int64(vm.Memory), size: true, when: vcpus.when} //nolint:gosec // bytes of memory
	if inInventory(s, s.First()) {
		vcpus.hint, memory.hint = hotWords(vm, d.HotAddCPU, d.HotRemoveCPU), hotWords(vm, d.HotAddMemory, false)
		vcpus.when, memory.when = ", at once", ", at once"
		return []resource{vcpus, {name: "cores", label: "Cores in a socket", now: int64(max(d.CoresPerSocket, 1))}, memory}
	}
	// The maxima count from the next start.
	const hint, later = "counts from the next start", ", from the next start"
	mostCPUs := resource{name: "maxvcpus", label: "vCPUs at most", hint: hint, now: int64(max(d.MaxVCPUs, vm.VCPUs)), when: later}
	bytes := int64(max(d.MaxMemory, vm.Memory)) //nolint:gosec // as above
	mostMemory := resource{name: "maxmemory", label: "Memory at most", hint: hint, now: bytes, size: true, when: later}
	return []resource{vcpus, mostCPUs, memory, mostMemory}
}

// hotWords says what may change while a vSphere VM runs.
func hotWords(vm *backend.VM, more, less bool) string {
	switch {
	case !vm.State.Running():
		return ""
	case more && less:
		return "it runs: hot add and hot remove are on"
	case more:
		return "it runs: hot add is on, so only more"
	default:
		return "it runs, and hot add is off: only while it is off"
	}
}

// resourcesDoes says what changes, and when it counts.
func resourcesDoes(s keymap.Selection, args keymap.Args) []string {
	var out []string
	for _, r := range resourcesOf(s) {
		v := differs(args, r.name, r.now)
		if v == 0 {
			continue
		}
		words := func(v int64) string { return strconv.FormatInt(v, 10) }
		if r.size {
			words = func(v int64) string { return Bytes(float64(v)) }
		}
		if !firstVM(s).State.Running() {
			r.when = ""
		}
		out = append(out, r.label+": "+words(r.now)+" to "+words(v)+r.when)
	}
	if len(out) == 0 {
		return []string{"nothing is changed"}
	}
	return out
}

// differs is the answer, or 0 where it is what there is already.
func differs(args keymap.Args, name string, now int64) int64 {
	if v := args.Int(name, 0); v != now {
		return max(v, 0)
	}
	return 0
}
