package kind

import (
	"strconv"
	"time"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func hostActions() []keymap.Action {
	return []keymap.Action{hostEnterMaintenance(), hostExitMaintenance(), hostReconnect(), hostDisconnect(), hostTune(), hostSuspend()}
}

func hostAction(id, title, key, help string, needs backend.Verb, risk keymap.Risk, when func(*backend.Host) string) keymap.Action {
	a := onEach(manageAction(backend.KindHost, id, title, key, help, needs, risk))
	a.When = func(_ keymap.Selection, o backend.Object) string { return when(o.(*backend.Host)) }
	return a
}

func hostEnterMaintenance() keymap.Action {
	a := hostAction("maintenance-enter", "Enter maintenance mode…", "m", "Takes a host out of service; its VMs have to go.", backend.VerbHostMaintenance,
		keymap.Disruptive, func(h *backend.Host) string {
			if h.Maintenance {
				return "it is in maintenance mode"
			}
			return whenLinked(h)
		})
	a.Checked = true
	a.Form = func(keymap.Selection) []keymap.Field {
		return []keymap.Field{
			{Name: "evacuate", Label: "Evacuate", Hint: "move VMs that are off or suspended away as well", Type: keymap.ToggleField, Default: "no"},
			{Name: "minutes", Label: "Within minutes", Hint: "empty: as long as it takes", Type: keymap.NumberField, Min: 1, Max: 24 * 60},
		}
	}
	a.Does = func(s keymap.Selection, _ keymap.Args) []string {
		running := 0
		for _, o := range s.Objects {
			running += max(o.(*backend.Host).Active, 0)
		}
		if running == 0 {
			return []string{"no VM runs there"}
		}
		return []string{plural(running, "VM") + " running there"}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.HostMaintenanceOp{Host: o.Ref(), Enter: true, Evacuate: args.On("evacuate"), Within: time.Duration(args.Int("minutes", 0)) * time.Minute}
	}
	return a
}

func hostExitMaintenance() keymap.Action {
	a := hostAction("maintenance-exit", "Exit maintenance mode", "M", "Takes a host back into service.", backend.VerbHostMaintenance, keymap.Safe,
		func(h *backend.Host) string {
			if !h.Maintenance {
				return "it is not in maintenance mode"
			}
			return whenLinked(h)
		})
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.HostMaintenanceOp{Host: o.Ref()}
	}
	return a
}

func hostReconnect() keymap.Action {
	a := hostAction("reconnect", "Reconnect", "r", "Connects a host to its vCenter again.", backend.VerbHostLink, keymap.Safe, func(h *backend.Host) string {
		if h.Link == backend.LinkConnected {
			return "it is connected"
		}
		return ""
	})
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.HostLinkOp{Host: o.Ref(), Connect: true}
	}
	return a
}

func hostDisconnect() keymap.Action {
	a := hostAction("disconnect", "Disconnect", "x", "Its vCenter lets go of a host; VMs run on.", backend.VerbHostLink, keymap.Disruptive, whenLinked)
	a.Loses = says("Its VMs run on, but nobody sees or moves them until it is connected again.")
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.HostLinkOp{Host: o.Ref()}
	}
	return a
}

func whenLinked(h *backend.Host) string {
	if h.Link == backend.LinkConnected {
		return ""
	}
	return "it is " + h.Link.String()
}

func hostTune() keymap.Action {
	a := manageAction(backend.KindHost, "tune", "Tune memory sharing…", "t", "Sets how the host shares equal memory pages (KSM).", backend.VerbNodeTune,
		keymap.Disruptive)
	a.Detailed = true
	a.Form = func(s keymap.Selection) []keymap.Field {
		now := sharingOf(s)
		return []keymap.Field{
			{Name: "pages", Label: "Pages to scan", Hint: "at each wake-up", Type: keymap.NumberField, Default: strconv.FormatUint(now.PagesToScan, 10),
				Min: 1, Max: 1 << 31},
			{Name: "sleep", Label: "Sleep", Hint: "milliseconds between wake-ups", Type: keymap.NumberField, Default: strconv.FormatUint(now.SleepMillis, 10),
				Max: 1 << 31},
			{Name: "across", Label: "Across NUMA cells", Hint: "can only be changed while no page is shared", Type: keymap.ToggleField, Default: yesIf(now.MergeAcross)},
		}
	}
	a.Op = func(o backend.Object, s keymap.Selection, args keymap.Args) backend.Op {
		now := sharingOf(s)
		return backend.NodeTuneOp{
			Host: o.Ref(), PagesToScan: changed(args.Int("pages", -1), now.PagesToScan),
			SleepMillis: changed(args.Int("sleep", -1), now.SleepMillis), MergeAcross: changedFlag(args, now.MergeAcross),
		}
	}
	return a
}

func sharingOf(s keymap.Selection) backend.MemorySharing {
	if s.First() == nil || s.Detail == nil {
		return backend.MemorySharing{}
	}
	d := s.Detail(s.First().Ref())
	if d == nil || d.Host == nil || d.Host.Sharing == nil {
		return backend.MemorySharing{}
	}
	return *d.Host.Sharing
}

// changed is the new number, or -1 where it is the old one: what was not touched is
// not set.
func changed(now int64, was uint64) int64 {
	if now >= 0 && uint64(now) == was {
		return -1
	}
	return now
}

func changedFlag(args keymap.Args, was bool) int64 {
	switch {
	case args["across"] == "" || args.On("across") == was:
		return -1
	case args.On("across"):
		return 1
	default:
		return 0
	}
}

func hostSuspend() keymap.Action {
	a := manageAction(backend.KindHost, "suspend", "Put the host to sleep…", "z", "Suspends the whole host; it wakes after the time given.",
		backend.VerbNodeSuspend, keymap.Irreversible)
	least := int64(backend.MinNodeSuspend / time.Second)
	a.Form = func(keymap.Selection) []keymap.Field {
		return []keymap.Field{
			{Name: "to", Label: "To", Type: keymap.ChoiceField, Default: "mem", Choices: []keymap.FieldChoice{
				{Value: "mem", Label: "memory (S3)"}, {Value: "disk", Label: "disk (S4)"}, {Value: "hybrid", Label: "both"},
			}},
			{Name: "seconds", Label: "Wake after", Hint: "seconds, at least " + strconv.FormatInt(least, 10), Type: keymap.NumberField, Default: "3600",
				Required: true, Min: least, Max: 1 << 31},
		}
	}
	a.Loses = func(s keymap.Selection, args keymap.Args) []string {
		lines := []string{"EVERY VM on this host stands still, and so does this connection, for " + (time.Duration(args.Int("seconds", 0)) * time.Second).String() + "."}
		if h, ok := s.First().(*backend.Host); ok && h.Active > 0 {
			lines = append(lines, plural(h.Active, "VM")+" running now.")
		}
		return append(lines, "If its clock can't wake it, someone has to press its button.")
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.NodeSuspendOp{Host: o.Ref(), To: args["to"], For: time.Duration(args.Int("seconds", 0)) * time.Second}
	}
	return a
}
