package kind

import (
	"strconv"
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
	"hvdeck/ui/form"
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
	more, less        string // why it can't be raised or lowered now; "" when it can
}

func (r resource) field() keymap.Field {
	f := keymap.Field{Name: r.name, Label: r.label, Hint: r.hint, Type: keymap.NumberField, Default: strconv.FormatInt(r.now, 10), Required: true, Min: 1, Max: 4096}
	if r.size {
		f.Type, f.Min, f.Max = keymap.SizeField, 1<<20, 0
	}
	if r.more != "" || r.less != "" {
		f.Check = r.check
	}
	return f
}

// check says what the server would refuse.
func (r resource) check(value string) string {
	now, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if r.size {
		var size int64
		size, err = form.ParseSize(value)
		now = size
	}
	switch {
	case err != nil:
		return "" // said by the field itself
	case now > r.now:
		return r.more
	case now < r.now:
		return r.less
	default:
		return ""
	}
}

// resourcesOf are the numbers that the form asks for: vSphere has cores where libvirt has
// maxima.
func resourcesOf(s keymap.Selection) []resource {
	vm, d := firstVM(s), vmDetail(s)
	vcpus := resource{name: "vcpus", label: "vCPUs", now: int64(max(d.VCPUs, vm.VCPUs)), when: ", at once as far as the guest takes it"}
	memory := resource{name: "memory", label: "Memory", hint: "such as 4 GiB", now: int64(vm.Memory), size: true, when: vcpus.when} //nolint:gosec // bytes of memory
	if inInventory(s, s.First()) {
		return hotResources(vm, d, vcpus, memory)
	}
	// The maxima count from the next start.
	const hint, later = "counts from the next start", ", from the next start"
	mostCPUs := resource{name: "maxvcpus", label: "vCPUs at most", hint: hint, now: int64(max(d.MaxVCPUs, vm.VCPUs)), when: later}
	bytes := int64(max(d.MaxMemory, vm.Memory)) //nolint:gosec // as above
	mostMemory := resource{name: "maxmemory", label: "Memory at most", hint: hint, now: bytes, size: true, when: later}
	return []resource{vcpus, mostCPUs, memory, mostMemory}
}

// hotResources are those of a vSphere VM, with what it takes while it runs.
func hotResources(vm *backend.VM, d *backend.VMDetail, vcpus, memory resource) []resource {
	cores := resource{name: "cores", label: "Cores in a socket", now: int64(max(d.CoresPerSocket, 1))}
	vcpus.hint, memory.hint = hotWords(vm, d.HotAddCPU, d.HotRemoveCPU), hotWords(vm, d.HotAddMemory, false)
	vcpus.when, memory.when = ", at once", ", at once"
	if !vm.State.Running() {
		return []resource{vcpus, cores, memory}
	}
	off := func(allowed bool, why string) string {
		if allowed {
			return ""
		}
		return why
	}
	vcpus.more, vcpus.less = off(d.HotAddCPU, "it runs, and CPU hot add is off"), off(d.HotRemoveCPU, "it runs, and CPU hot remove is off")
	memory.more, memory.less = off(d.HotAddMemory, "it runs, and memory hot add is off"), "it runs: memory can't be taken away"
	cores.more, cores.less = "it runs: only while it is off", "it runs: only while it is off"
	return []resource{vcpus, cores, memory}
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
