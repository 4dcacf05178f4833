package kind

import (
	"hvdeck/backend"
	"hvdeck/keymap"
)

func interfaceActions() []keymap.Action {
	active := func(o backend.Object) bool { return o.(*backend.Interface).Active }
	k := backend.KindInterface
	undefine := undefineAction(k, keymap.Irreversible, "The host no longer knows how to bring it up.")
	undefine.When = whenActive(active, false)
	return []keymap.Action{
		startAction(k, active), stopAction(k, active, "The host, this connection included, loses what goes over it."), undefine,
	}
}
