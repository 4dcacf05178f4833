package effect

import (
	"hvdeck/backend"
	"hvdeck/backend/definition"
)

// transfer is what goes through this machine: it ends with the connection, and what has
// come of it may be a part.
func transfer(op backend.Op, _ Known) (Trace, bool) {
	switch op.(type) {
	case backend.VolumeUploadOp:
		return hidden("the volume may hold a part of the file: upload it again before you use it")
	case backend.VolumeImportOp:
		return hidden("look for a volume of that name, which may hold a part of the file: delete it before you upload it again")
	case backend.OVFImportOp:
		return hidden("look for a VM or vApp of that name: keep it when it is whole, else delete it before you import it again")
	case backend.VolumeDownloadOp, backend.OVFExportOp, backend.VMScreenshotOp:
		return hidden("nothing was changed at the server; to do it again does no harm")
	default:
		return Trace{}, false
	}
}

// defined is an object's own text. That of a new object names it; whether the server
// took a change of another's does not show for certain.
func defined(op backend.Op, was Known) (Trace, bool) {
	o, is := op.(backend.DefineOp)
	if !is {
		return Trace{}, false
	}
	head, err := definition.Read(o.XML, o.Kind)
	if !o.Object.IsZero() || err != nil || head.Name == "" {
		return hidden("open its definition and compare before you send it again")
	}
	switch o.Kind {
	case backend.KindVM, backend.KindPool, backend.KindNetwork, backend.KindInterface:
	default:
		return hidden("look for it before you send its definition again")
	}
	return appears(was, o.Kind, backend.Ref{Conn: o.Target().Conn}, func(x backend.Object) bool { return x.Title() == head.Name },
		func(x backend.Object) bool { return head.UUID == "" || uuidOf(x) == head.UUID })
}

// uuidOf is "" for what has none.
func uuidOf(o backend.Object) string {
	switch o := o.(type) {
	case *backend.VM:
		return o.UUID
	case *backend.Pool:
		return o.UUID
	case *backend.Network:
		return o.UUID
	default:
		return ""
	}
}
