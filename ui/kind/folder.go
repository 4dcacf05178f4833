package kind

import (
	"hvdeck/backend"
	"hvdeck/theme"
)

// folderSpec has no columns: folders stand in the inventory trees, in no list.
func folderSpec(e *Env) *Spec {
	f := func(o backend.Object) *backend.Folder { return o.(*backend.Folder) }
	return &Spec{
		Kind: backend.KindFolder, Title: "Folders", Names: []string{"folders", "folder"},
		Field: func(o backend.Object, field string) string {
			switch field {
			case "type":
				return folderWord(f(o))
			case "path", "folder":
				return f(o).Path
			case "state":
				return healthWord(f(o).Alarm)
			}
			return ""
		},
		Haystack: func(o backend.Object) string { return o.Title() + "\n" + string(o.Ref().Conn) },
		Sections: func(o backend.Object) []Section {
			return []Section{{Facts: plus(compact([]Fact{
				{"Path", f(o).Path, theme.Text},
				{"For", folderWord(f(o)), theme.Text},
				e.healthFact(f(o).Alarm),
				{"Connection", string(o.Ref().Conn), theme.Text},
			}), f(o).Extra)}}
		},
	}
}

// folderWord says what a folder is for.
func folderWord(f *backend.Folder) string {
	if f.Datacenter {
		return "datacenter"
	}
	return f.Holds
}
