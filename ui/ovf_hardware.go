package ui

import (
	"cmp"
	"strings"

	"hvdeck/backend/ovf"
	"hvdeck/theme"
	"hvdeck/ui/wizard"
)

func (t *textLines) options(d *ovf.Descriptor) {
	if len(d.Options) > 0 {
		t.head("Deployment options")
	}
	for _, o := range d.Options {
		words := o.Label
		if o.Default {
			words += " (default)"
		}
		if o.ID == d.Option {
			words += " (shown here)"
		}
		t.item(o.ID, words)
	}
}

func (t *textLines) system(s ovf.System) {
	title := "Virtual machine " + s.Name
	if s.Name != s.ID {
		title += " (" + s.ID + ")"
	}
	if s.Within != "" {
		title += ", in " + s.Within
	}
	t.head(title)
	t.fact("Guest", s.OS)
	t.fact("Hardware", cmp.Or(s.Hardware, "no version")+", "+countOf(s.CPUs, "CPU")+", "+ovf.Bytes(s.Memory)+" memory")
	t.fact("Disks", strings.Join(s.Disks, ", "))
	t.fact("Networks", strings.Join(s.Networks, ", "))
	t.fact("Devices", s.DeviceWords())
	t.fact("Properties", strings.Join(s.Transports, ", "))
	t.note("Notes", s.Annotation)
}

func (t *textLines) disks(d *ovf.Descriptor) {
	if len(d.Disks) > 0 {
		t.head("Disks")
	}
	for _, disk := range d.Disks {
		t.item(disk.ID, d.DiskWords(disk))
	}
	if len(d.Files) > 0 {
		t.head("Files")
	}
	for _, f := range d.Files {
		t.item(f.Href, f.Words())
	}
}

func (t *textLines) properties(all []ovf.Property) {
	if len(all) > 0 {
		t.head("Properties")
	}
	for _, p := range all {
		t.item(p.Key, p.Words())
		if about := strings.TrimSpace(p.Label + " " + p.About); about != "" {
			t.out = append(t.out, wizard.Line{Tok: theme.Muted, Indent: 4, Text: short(about)})
		}
	}
}
