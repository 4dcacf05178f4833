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
		t := &wizard.Text{Name: pageContents, Lines: i.read.text}
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
	t.out = append(t.out, wizard.Line{Tok: theme.Head, Text: clean.Line(text)})
}

// fact is a name and a value of one line; nothing without a value.
func (t *textLines) fact(name, value string) {
	if strings.TrimSpace(value) != "" {
		t.out = append(t.out, wizard.Line{Tok: theme.Text, Indent: 2, Note: clean.Line(name), Text: clean.Line(value)})
	}
}

// item is a name and what there is to say of it.
func (t *textLines) item(name, about string) {
	t.out = append(t.out, wizard.Line{Tok: theme.Text, Indent: 2, Text: strings.TrimSpace(clean.Line(name) + "  " + clean.Line(about))})
}

// note is foreign text of several lines with a name before it.
func (t *textLines) note(name, value string) {
	for n, l := range strings.Split(strings.TrimSpace(clean.Text(value)), "\n") {
		if n > 0 {
			name = " "
		}
		t.fact(name, strings.TrimSpace(l))
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

// lines are what is in the package, in the words of hvdeck ovf inspect.
func (r *ovfRead) lines(g *theme.Glyphs) []wizard.Line {
	t, d := &textLines{}, r.descriptor
	if r.useless() {
		t.head("Errors: this package can't be imported")
		t.findings(g, r.whole.Errors())
	}
	t.head(orElse(d.Name, "a package without a name"))
	if d.Collection {
		t.fact("Holds", "a vApp of "+countOf(len(d.Systems), "virtual machine"))
	}
	t.fact("Manifest", r.manifestWords())
	for _, p := range d.Products {
		t.product(p)
	}
	t.fact("Licences", countOrNone(len(d.EULAs)))
	t.fact("Properties", countOrNone(len(d.Properties)))
	t.note("Notes", d.Annotation)
	if others := withoutErrors(d.Findings); len(others) > 0 {
		t.head("Findings")
		t.findings(g, others)
	}
	t.options(d)
	for _, s := range d.Systems {
		t.system(s)
	}
	t.disks(d)
	if len(d.Networks) > 0 {
		t.head("Networks to map")
	}
	for _, n := range d.Networks {
		t.item(n.Name, n.Description)
	}
	t.properties(d.Properties)
	return t.out
}

func (t *textLines) product(p ovf.Product) {
	name := strings.TrimSpace(p.Name + " " + p.Version)
	if p.Vendor != "" {
		name += ", by " + p.Vendor
	}
	t.fact("Product", strings.TrimPrefix(name, ", "))
	for _, url := range []string{p.ProductURL, p.AppURL, p.VendorURL} {
		t.fact(" ", url)
	}
}

func (r *ovfRead) manifestWords() string {
	out := "none: what is inside can't be verified"
	if r.manifest >= 0 {
		out = "checksums of " + countOf(r.manifest, "file") + ", compared before anything is made"
	}
	if r.signed {
		out += "; there is a certificate, which is not checked"
	}
	return out
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

func orElse(s, otherwise string) string {
	if strings.TrimSpace(s) == "" {
		return otherwise
	}
	return s
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
