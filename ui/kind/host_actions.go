package kind

import (
	"strconv"
	"time"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func hostActions() []keymap.Action { return []keymap.Action{hostTune(), hostSuspend()} }

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
