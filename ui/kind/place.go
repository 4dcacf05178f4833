package kind

import (
	"hvdeck/backend"
	"hvdeck/theme"
)

// Look is how an object of an inventory tree stands: a sign, a word that says the same,
// and their colour. What only holds others has no sign; what is old has that of the
// unknown.
func (e *Env) Look(o backend.Object) (sign, word string, tok theme.Token) {
	sign, word, tok = e.lookNow(o)
	if sign != "" && e.Stale(o) {
		sign, tok = e.Theme.Glyphs.Waiting, theme.Stale
	}
	return sign, word, tok
}

func (e *Env) lookNow(o backend.Object) (sign, word string, tok theme.Token) {
	switch o := o.(type) {
	case *backend.VM:
		v := vmColumns{e}
		sign, tok = v.vmLook(o)
		return sign, v.short(o), tok
	case *backend.Host:
		sign, tok = hostColumns{e}.look(o)
		return sign, hostWord(o), tok
	case *backend.Cluster:
		return "", "cluster", theme.Accent
	case *backend.ResourcePool:
		return "", poolWord(o), theme.Accent
	case *backend.Folder:
		if o.Datacenter {
			return "", "datacenter", theme.Accent
		}
		return "", "folder", theme.Muted
	}
	return "", o.Ref().Kind.String(), theme.Muted
}

// HealthOf is a hypervisor's own judgement of an object; unknown where it gives none.
func HealthOf(o backend.Object) backend.Health {
	switch o := o.(type) {
	case *backend.VM:
		return o.Alarm
	case *backend.Host:
		return o.Alarm
	case *backend.Cluster:
		return o.Alarm
	case *backend.ResourcePool:
		return o.Alarm
	case *backend.Folder:
		return o.Alarm
	case *backend.Alarm:
		return o.Status
	}
	return backend.HealthUnknown
}

// HealthLook is a judgement that needs a look as sign, word and colour; nothing for what
// is well or not judged.
func (e *Env) HealthLook(h backend.Health) (words string, tok theme.Token) {
	switch h {
	case backend.HealthRed:
		return e.Theme.Glyphs.Failed + " red", theme.StateBad
	case backend.HealthYellow:
		return e.Theme.Glyphs.Warn + " yellow", theme.StateWarn
	default:
		return "", theme.Text
	}
}

// healthWord is a judgement as filters know it.
func healthWord(h backend.Health) string {
	switch h {
	case backend.HealthRed:
		return "red"
	case backend.HealthYellow:
		return "yellow"
	case backend.HealthGreen:
		return "green"
	default:
		return "unknown"
	}
}

// healthFact is a line of the details; it has no value where there is nothing to say.
func (e *Env) healthFact(h backend.Health) Fact {
	if words, tok := e.HealthLook(h); words != "" {
		return Fact{"Health", words, tok}
	}
	if h == backend.HealthGreen {
		return Fact{"Health", "green", theme.Text}
	}
	return Fact{}
}
