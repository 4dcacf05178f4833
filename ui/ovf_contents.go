package ui

import (
	"fmt"
	"strings"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/ovf"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/wizard"
)

// contentsStep tells what is in the package; with errors there is no way on.
func (i *ovfImport) contentsStep() ovfStep {
	return ovfStep{name: pageContents, page: func() wizard.Page {
		t := &wizard.Text{Name: pageContents, Lines: i.read.lines(&i.m.env.Theme.Glyphs)}
		if !i.read.useless() {
			t.Accept = wizard.Key{Key: "enter", Does: "next"}
		}
		return t
	}}
}

// textLines collects the lines of a page.
type textLines struct{ out []wizard.Line }

func (t *textLines) head(text string) {
	if len(t.out) > 0 {
		t.out = append(t.out, wizard.Line{})
	}
	t.out = append(t.out, wizard.Line{Tok: theme.Head, Text: text})
}

// fact is a name and a value of one line; nothing without a value.
func (t *textLines) fact(name, value string) {
	if strings.TrimSpace(value) != "" {
		t.out = append(t.out, wizard.Line{Tok: theme.Text, Indent: 2, Note: name, Text: clean.Line(value)})
	}
}

// text is text of several lines, as somebody else has written it.
func (t *textLines) text(value string) {
	for _, l := range strings.Split(strings.TrimSpace(clean.Text(value)), "\n") {
		t.out = append(t.out, wizard.Line{Tok: theme.Muted, Indent: 2, Text: strings.TrimSpace(l)})
	}
}

func (t *textLines) findings(g *theme.Glyphs, found []backend.Finding) {
	for _, f := range found {
		tok, sign := theme.Text, g.Dot
		switch f.Severity {
		case backend.SeverityError:
			tok, sign = theme.StateBad, g.Failed
		case backend.SeverityWarning:
			tok, sign = theme.StateWarn, g.Warn
		case backend.SeverityInfo:
		}
		t.out = append(t.out, wizard.Line{Tok: tok, Indent: 2, Text: sign + " " + clean.Text(f.Text)})
	}
}

func (r *ovfRead) lines(g *theme.Glyphs) []wizard.Line {
	t, d := &textLines{}, r.descriptor
	if r.useless() {
		t.head("Errors: this package can't be imported")
		t.findings(g, r.whole.Errors())
	}
	t.head("Package")
	t.fact("name", d.Name)
	if d.Collection {
		t.fact("holds", "a vApp of "+countOf(len(d.Systems), "VM"))
	}
	for _, p := range d.Products {
		t.fact("product", strings.TrimSpace(p.Name+" "+p.Version))
		t.fact("vendor", strings.TrimSpace(p.Vendor+" "+p.VendorURL))
		t.fact("page", p.ProductURL)
	}
	t.fact("manifest", r.manifestWords())
	t.fact("licences", countOrNone(len(d.EULAs)))
	t.fact("properties", countOrNone(len(d.Properties)))
	if d.Annotation != "" {
		t.text(d.Annotation)
	}
	if warned := len(d.Findings) - len(d.Errors()); warned > 0 {
		t.head("Worth knowing")
		t.findings(g, withoutErrors(d.Findings))
	}
	for _, s := range d.Systems {
		t.system(s)
	}
	t.disks(d)
	t.rest(d)
	return t.out
}

func (r *ovfRead) manifestWords() string {
	switch {
	case r.manifest < 0:
		return "none: nothing says whether the files are whole"
	case r.signed:
		return fmt.Sprintf("checksums of %s; signed, the signature is not verified", countOf(r.manifest, "file"))
	default:
		return "checksums of " + countOf(r.manifest, "file")
	}
}

func withoutErrors(found []backend.Finding) []backend.Finding {
	var out []backend.Finding
	for _, f := range found {
		if f.Severity != backend.SeverityError {
			out = append(out, f)
		}
	}
	return out
}

func (t *textLines) system(s ovf.System) {
	name := s.Name
	if name == "" {
		name = s.ID
	}
	t.head("VM " + clean.Line(name))
	t.fact("guest", s.OS)
	t.fact("hardware", s.Hardware)
	if s.CPUs > 0 {
		t.fact("vCPUs", kind.Count(s.CPUs))
	}
	if s.Memory > 0 {
		t.fact("memory", kind.Bytes(float64(s.Memory)))
	}
	t.fact("NICs on", strings.Join(s.Networks, ", "))
	for _, d := range s.Devices {
		t.fact("device", deviceWords(d))
	}
	if s.Description != "" {
		t.text(s.Description)
	}
}

func deviceWords(d ovf.Device) string {
	out := strings.TrimSpace(d.Kind + " " + d.SubType)
	if d.Name != "" {
		out += ": " + d.Name
	}
	for _, more := range []string{d.Quantity, d.Connection} {
		if more != "" {
			out += ", " + more
		}
	}
	return out
}

func (t *textLines) disks(d *ovf.Descriptor) {
	if len(d.Disks) > 0 {
		t.head("Disks")
	}
	files := map[string]ovf.File{}
	for _, f := range d.Files {
		files[f.ID] = f
	}
	for _, disk := range d.Disks {
		words := "of unknown size"
		if disk.Capacity > 0 {
			words = kind.Bytes(float64(disk.Capacity))
		}
		if disk.Populated > 0 {
			words += ", " + kind.Bytes(float64(disk.Populated)) + " written"
		}
		words += ", " + disk.Format
		if f, ok := files[disk.File]; ok {
			words += ", " + fileWords(f)
		} else if disk.File == "" {
			words += ", empty"
		}
		t.fact(clean.Line(disk.ID), words)
	}
}

func fileWords(f ovf.File) string {
	out := f.Href
	if f.Size >= 0 {
		out += " (" + kind.Bytes(float64(f.Size)) + ")"
	}
	if f.Compression != "" {
		out += ", " + f.Compression
	}
	return out
}

func (t *textLines) rest(d *ovf.Descriptor) {
	if len(d.Networks) > 0 {
		t.head("Networks")
	}
	for _, n := range d.Networks {
		t.fact(clean.Line(n.Name), orDash(n.Description))
	}
	if len(d.Options) > 0 {
		t.head("Deployment options")
	}
	for _, o := range d.Options {
		words := o.Label
		if o.Default {
			words += " (default)"
		}
		t.fact(clean.Line(o.ID), words)
	}
}

func countOf(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

func countOrNone(n int) string {
	if n == 0 {
		return "none"
	}
	return kind.Count(n)
}
