package ui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/keymap"
	"hvdeck/theme"
)

func whenExportable(_ keymap.Selection, o backend.Object) string {
	switch o := o.(type) {
	case *backend.VM:
		if o.State != backend.PowerOff {
			return "only what is off: it is " + o.State.String()
		}
	case *backend.ResourcePool:
		if !o.VApp {
			return "only a vApp, not a plain resource pool"
		}
	}
	return ""
}

// exportOVF asks the server what it offers, as the form offers that; from then on it is
// an action as any other.
func (m *Model) exportOVF(s keymap.Selection) tea.Cmd {
	if why := exportAction(nil).WhyNone(s); why != "" {
		m.say(theme.StateWarn, "export OVF or OVA: "+why)
		return nil
	}
	conn := s.First().Ref().Conn
	asked, asking := m.here(), "asking "+string(conn)+" what it offers for an export…"
	m.say(theme.StateBusy, asking)
	return direct(m, "export options", conn, func(ctx context.Context, b backend.Backend) (backend.OVFOptions, error) {
		if o, ok := backend.As[backend.OVFOptioner](b); ok {
			return o.OVFOptions(ctx)
		}
		return backend.OVFOptions{}, nil
	}, func(offered backend.OVFOptions, err error) tea.Cmd {
		m.unsay(asking)
		return m.askArrived(asked, "export OVF or OVA", func() tea.Cmd {
			if err != nil {
				m.say(theme.StateWarn, "the export options of the server are not known: "+clean.Line(err.Error()))
			}
			return m.actOn(exportAction(offered.Export), s)
		})
	})
}

// exportAction is the export with the options that a server offers.
func exportAction(offered []backend.OVFOption) keymap.Action {
	a := act("ovf.export", "Export OVF or OVA…", "Writes a VM or vApp that is off to a file of this machine, with a manifest.",
		keymap.Rows(backend.KindVM), "OVF and OVA")
	a.Menu, a.Key, a.Needs, a.Arity = keymap.MenuManage, "x", backend.VerbOVFExport, keymap.One
	a.Kinds, a.When = []backend.Kind{backend.KindVM, backend.KindResourcePool}, whenExportable
	a.Checked = true
	a.Form = func(s keymap.Selection) []keymap.Field { return exportFields(s, offered) }
	a.Gather = lookAtExport
	a.RiskOf = func(_ keymap.Selection, args keymap.Args) keymap.Risk {
		if args.On("overwrite") {
			return keymap.Disruptive
		}
		return keymap.Safe
	}
	a.Does = func(_ keymap.Selection, args keymap.Args) []string { return []string{"Writes " + args["file"]} }
	a.Loses = func(_ keymap.Selection, args keymap.Args) []string {
		if !args.On("overwrite") {
			return nil
		}
		return []string{"What is at " + args["file"] + " now is replaced when the export is complete."}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		op := backend.OVFExportOp{
			Object: o.Ref(), File: exportFile(args), Overwrite: args.On("overwrite"), Digest: args["digest"],
			Name: strings.TrimSpace(args["name"]), Description: args["description"], Images: args.On("images"),
		}
		for _, option := range offered {
			if args.On(optionField + option.Key) {
				op.Options = append(op.Options, option.Key)
			}
		}
		return op
	}
	return a
}

// optionField begins the names of the fields of the server's options.
const optionField = "option "

func exportFields(s keymap.Selection, offered []backend.OVFOption) []keymap.Field {
	fields := []keymap.Field{
		{Name: "file", Label: "File", Type: keymap.PathField, Required: true, Default: exportName(s.First()), Check: checkExportFile,
			Hint: ".ova: one file; .ovf: the disks come beside it"},
		{Name: "overwrite", Label: "Overwrite", Type: keymap.ToggleField, Default: "no", Hint: "replaces a file that is there, when all of it is here"},
		{Name: "digest", Label: "Checksums", Type: keymap.ChoiceField, Default: "SHA256", Choices: []keymap.FieldChoice{
			{Value: "SHA256", Label: "SHA-256"}, {Value: "SHA1", Label: "SHA-1"}, {Value: "SHA512", Label: "SHA-512"}, {Value: "none", Label: "none"},
		}},
		{Name: "name", Label: "Name", Hint: "in the descriptor; empty: that of the object"},
		{Name: "description", Label: "Description", Hint: "in the descriptor"},
		{Name: "images", Label: "Include media", Type: keymap.ToggleField, Default: "no", Hint: "ISO and floppy images that are in its drives"},
	}
	for _, o := range offered {
		fields = append(fields, keymap.Field{Name: optionField + o.Key, Label: shortLine(o.Key), Hint: short(o.Text), Type: keymap.ToggleField, Default: "no"})
	}
	return fields
}

// exportName is a file in the folder that the program was started in.
func exportName(o backend.Object) string {
	name := strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == filepath.Separator || r < ' ' {
			return '-'
		}
		return r
	}, strings.TrimLeft(clean.Line(o.Title()), ".")) + ".ova"
	if path, err := filepath.Abs(name); err == nil {
		return path
	}
	return name
}

func exportFile(args keymap.Args) string { return strings.TrimSpace(args["file"]) }

func checkExportFile(v string) string {
	switch strings.ToLower(filepath.Ext(strings.TrimSpace(v))) {
	case ".ova", ".ovf":
		return ""
	default:
		return "a name that ends in .ova or .ovf"
	}
}

// lookAtExport refuses what would not be overwritten, or has no folder, before a server
// is asked.
func lookAtExport(_ context.Context, args keymap.Args, _ backend.Hidden) (backend.Hidden, error) {
	file := exportFile(args)
	folder, err := os.Stat(filepath.Dir(file))
	switch {
	case err != nil:
		return backend.Hidden{}, exportRefused(file, err.Error(), "Choose a folder that is there.")
	case !folder.IsDir():
		return backend.Hidden{}, exportRefused(file, filepath.Dir(file)+" is no folder", "Choose a folder that is there.")
	}
	at, err := os.Lstat(file)
	switch {
	case os.IsNotExist(err):
		return backend.Hidden{}, nil
	case err != nil:
		return backend.Hidden{}, exportRefused(file, err.Error(), "")
	case !at.Mode().IsRegular():
		return backend.Hidden{}, exportRefused(file, "there is something that is no file", "Choose another name.")
	case !args.On("overwrite"):
		return backend.Hidden{}, exportRefused(file, fmt.Sprintf("a file of %d bytes is there", at.Size()), "Tick Overwrite, or choose another name.")
	default:
		return backend.Hidden{}, nil
	}
}

func exportRefused(file, why, remedy string) error {
	return &backend.Error{Class: backend.ClassConflict, Doing: "export to", Object: file, Message: why, Remedy: remedy}
}

// ovfCommands are the functions of ovfActions that act on no selection.
func (m *Model) ovfCommands() map[string]func() tea.Cmd {
	return map[string]func() tea.Cmd{"ovf.import": m.importOVF}
}
