package libvirt

import (
	"context"
	"fmt"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// sizing is a change of vCPUs and memory under way.
type sizing struct {
	backend.VMResourcesOp
	c             *client
	ch            change
	runs, lasts   bool
	live, config  sizes // as they are now; live only where it runs
	waits, taken  []string
	progressOfRun backend.Progress
}

// sizes are those of a definition.
type sizes struct {
	vcpus, maxVCPUs   int
	memory, maxMemory uint64 // bytes
}

// setResources sets vCPUs and memory in the lasting definition, and at once where the
// VM runs and takes it. Sources: virDomainSetVcpusFlags, virDomainSetMemoryFlags.
func (c *client) setResources(ctx context.Context, o backend.VMResourcesOp, progress backend.Progress) (backend.Result, error) {
	ch, err := c.changeOf(ctx, o)
	if err != nil {
		return backend.Result{}, err
	}
	s := &sizing{VMResourcesOp: o, c: c, ch: ch, progressOfRun: progress}
	if err := s.look(ctx); err != nil {
		return backend.Result{}, err
	}
	if err := s.check(); err != nil {
		return backend.Result{}, err
	}
	defer c.configs.forget(ch.domain.UUID)
	if s.lasts {
		if err := s.setLasting(ctx); err != nil {
			return backend.Result{}, s.withTaken(err)
		}
	}
	if s.runs {
		if err := s.setLive(ctx); err != nil {
			return backend.Result{}, s.withTaken(err)
		}
	}
	return backend.Result{Text: strings.Join(s.waits, "; ")}, nil
}

// look reads what the VM has.
func (s *sizing) look(ctx context.Context) (err error) {
	if s.runs, err = s.c.vmRuns(ctx, s.ch.domain); err != nil {
		return err
	}
	if s.lasts, err = s.c.vmLasts(ctx, s.ch.domain); err != nil {
		return err
	}
	x, err := s.c.vmXML(ctx, s.ch.domain, 0)
	if err != nil {
		return err
	}
	s.live = sizesOf(x)
	if x, err = s.c.vmXML(ctx, s.ch.domain, libvirt.DomainXMLInactive); err != nil {
		return err
	}
	s.config = sizesOf(x)
	return nil
}

func sizesOf(x *libvirtxml.Domain) sizes {
	detail := &backend.Detail{VM: &backend.VMDetail{}}
	describeVM(detail, x)
	vm := detail.VM
	return sizes{vcpus: vm.VCPUs, maxVCPUs: vm.MaxVCPUs, memory: vm.Memory, maxMemory: vm.MaxMemory}
}

// check refuses what can't be, with what to ask for instead.
func (s *sizing) check() error {
	now := s.config
	if !s.lasts {
		now = s.live
	}
	maxVCPUs, maxMemory := orNow(s.MaxVCPUs, now.maxVCPUs), orNow(s.MaxMemory, now.maxMemory)
	vcpus, memory := orNow(s.VCPUs, now.vcpus), orNow(s.Memory, now.memory)
	refuse := func(remedy, format string, args ...any) error {
		err := s.ch.refuse(backend.ClassInvalid, format, args...)
		err.Remedy = remedy
		return err
	}
	switch {
	case s.VCPUs < 0 || s.MaxVCPUs < 0:
		return refuse("", "a VM can't have fewer than 1 vCPU")
	case s.Memory > 0 && s.Memory < 1<<20 || s.MaxMemory > 0 && s.MaxMemory < 1<<20:
		return refuse("", "a VM needs at least 1 MiB of memory")
	case s.Memory > memoryLimit || s.MaxMemory > memoryLimit:
		return refuse("", "this is more memory than libvirt can express")
	case vcpus > maxVCPUs && s.VCPUs > 0:
		return refuse("raise the maximum as well: it waits for the next start", "%d vCPUs are more than the maximum of %d", vcpus, maxVCPUs)
	case vcpus > maxVCPUs:
		return refuse("lower the vCPUs as well", "a maximum of %d vCPUs is less than the %d it has", maxVCPUs, vcpus)
	case memory > maxMemory && s.Memory > 0:
		return refuse("raise the maximum as well: it waits for the next start",
			"%d MiB of memory are more than the maximum of %d MiB", memory>>20, maxMemory>>20)
	case !s.lasts && (s.MaxVCPUs > 0 || s.MaxMemory > 0):
		return refuse("", "a running VM's maximum can't be changed, and this one has no lasting definition")
	default:
		return nil
	}
}

// orNow is the wish, or what there is.
func orNow[T int | uint64](wish, now T) T {
	if wish == 0 {
		return now
	}
	return wish
}

// step is one call.
type step struct {
	what string
	fn   func(*libvirt.Libvirt) error
}

func (s *sizing) vcpus(what string, n int, flags libvirt.DomainVCPUFlags) step {
	return step{what, func(lv *libvirt.Libvirt) error {
		return lv.DomainSetVcpusFlags(s.ch.domain, uint32(max(n, 0)), uint32(flags)) //nolint:gosec // checked to be positive
	}}
}

func (s *sizing) memory(what string, bytes uint64, flags libvirt.DomainMemoryModFlags) step {
	return step{what, func(lv *libvirt.Libvirt) error {
		return lv.DomainSetMemoryFlags(s.ch.domain, bytes>>10, uint32(flags)) //nolint:gosec // flags
	}}
}

// lastingSteps are in an order in which a maximum is never below what is used.
func (s *sizing) lastingSteps() []step {
	var steps []step
	use := s.vcpus("vCPUs", s.VCPUs, libvirt.DomainVCPUConfig)
	limit := s.vcpus("maximum of vCPUs", s.MaxVCPUs, libvirt.DomainVCPUConfig|libvirt.DomainVCPUMaximum)
	steps = append(steps, ordered(s.VCPUs > 0, use, s.MaxVCPUs > 0, limit, s.MaxVCPUs < s.config.maxVCPUs)...)
	use = s.memory("memory", s.Memory, libvirt.DomainMemConfig)
	limit = s.memory("maximum of memory", s.MaxMemory, libvirt.DomainMemConfig|libvirt.DomainMemMaximum)
	return append(steps, ordered(s.Memory > 0, use, s.MaxMemory > 0, limit, s.MaxMemory < s.config.maxMemory)...)
}

// ordered puts the limit first, unless it is lowered.
func ordered(hasUse bool, use step, hasLimit bool, limit step, lowered bool) []step {
	var steps []step
	if hasLimit && !lowered {
		steps = append(steps, limit)
	}
	if hasUse {
		steps = append(steps, use)
	}
	if hasLimit && lowered {
		steps = append(steps, limit)
	}
	return steps
}

func (s *sizing) setLasting(ctx context.Context) error {
	for _, st := range s.lastingSteps() {
		if err := s.do(ctx, st); err != nil {
			return err
		}
		s.taken = append(s.taken, st.what)
	}
	return nil
}

// setLive tries what a running VM can change. Where there is a lasting definition, a
// refusal only means that this part waits for the next start.
func (s *sizing) setLive(ctx context.Context) error {
	if s.MaxVCPUs > 0 && s.MaxVCPUs != s.live.maxVCPUs {
		s.wait("the maximum of vCPUs", "a running VM keeps its own")
	}
	if s.MaxMemory > 0 && s.MaxMemory != s.live.maxMemory {
		s.wait("the maximum of memory", "a running VM keeps its own")
	}
	if s.VCPUs > 0 && s.VCPUs != s.live.vcpus {
		st := s.vcpus(fmt.Sprintf("%d vCPUs", s.VCPUs), s.VCPUs, libvirt.DomainVCPULive)
		over := s.VCPUs > s.live.maxVCPUs
		if err := s.tryLive(ctx, st, over, fmt.Sprintf("it runs with a maximum of %d", s.live.maxVCPUs)); err != nil {
			return err
		}
	}
	if s.Memory == 0 || s.Memory == s.live.memory {
		return nil
	}
	st := s.memory(fmt.Sprintf("%d MiB of memory", s.Memory>>20), s.Memory, libvirt.DomainMemLive)
	over := s.Memory > s.live.maxMemory
	return s.tryLive(ctx, st, over, fmt.Sprintf("it runs with a maximum of %d MiB", s.live.maxMemory>>20))
}

// tryLive makes a change at once, or notes that it waits and why.
func (s *sizing) tryLive(ctx context.Context, st step, over bool, why string) error {
	if over && s.lasts {
		s.wait(st.what, why)
		return nil
	}
	err := s.do(ctx, st)
	if err == nil || !s.lasts || backend.ClassOf(err) == backend.ClassLost {
		return err
	}
	if e, ok := backendError(err); ok {
		why = e.Message
	}
	s.wait(st.what, why)
	return nil
}

func (s *sizing) wait(what, why string) {
	s.waits = append(s.waits, fmt.Sprintf("%s: from the next start (%s)", what, why))
}

func (s *sizing) do(ctx context.Context, st step) error {
	ch := s.ch
	ch.deed.doing = "set " + st.what + " of"
	ch.run = plainly(st.fn)
	_, err := s.c.carryOut(ctx, ch, s.progressOfRun)
	return err
}

// withTaken says what had been set before it failed.
func (s *sizing) withTaken(err error) error {
	if len(s.taken) == 0 {
		return err
	}
	return withMessage(err, fmt.Sprintf(" (its definition already has the new %s)", strings.Join(s.taken, ", ")))
}
