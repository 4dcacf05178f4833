package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"hvdeck/backend/clean"
	"hvdeck/backend/ovf"
)

// The page of hvdeck ovf inspect.
const (
	pageWidth = 80
	pageLabel = 13
	eulaLines = 3 // of a licence that is not shown in full
)

// page collects lines of at most pageWidth cells.
type page struct{ b strings.Builder }

// heading begins a part.
func (p *page) heading(s string) {
	if p.b.Len() > 0 {
		p.b.WriteString("\n")
	}
	p.wrapped(s, "")
}

// field is a label and its text; nothing for an empty text.
func (p *page) field(label, text string) {
	if text == "" {
		return
	}
	for i, line := range wrapText(text, pageWidth-pageLabel) {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(&p.b, "%s\n", strings.TrimRight(fmt.Sprintf("  %-*s%s", pageLabel-2, label, line), " "))
	}
}

func (p *page) wrapped(text, indent string) {
	for _, line := range wrapText(text, pageWidth-len(indent)) {
		p.b.WriteString(strings.TrimRight(indent+line, " ") + "\n")
	}
}

// wrapText breaks at spaces only: the names of files and keys hold hyphens and dots. What is
// longer than a line is cut where the line ends.
func wrapText(text string, width int) []string {
	var out []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && ansi.StringWidth(line)+1+ansi.StringWidth(word) <= width {
				line += " " + word
				continue
			}
			if line != "" {
				out = append(out, line)
			}
			for ansi.StringWidth(word) > width {
				out = append(out, ansi.Cut(word, 0, width))
				word = ansi.Cut(word, width, ansi.StringWidth(word))
			}
			line = word
		}
		out = append(out, line)
	}
	return out
}

// text is the page. Everything that the package wrote is cleaned first.
func (r *ovfReport) text(eulas bool) string {
	d := *r.d
	clean.NewCleaner().Object(&d)
	p := &page{}
	r.head(p, &d)
	for _, s := range d.Systems {
		system(p, s)
	}
	disks(p, &d)
	if len(d.Networks) > 0 {
		p.heading("Networks to map")
		for _, n := range d.Networks {
			p.item(n.Name, n.Description)
		}
	}
	properties(p, d.Properties)
	licences(p, d.EULAs, eulas)
	r.findings(p, &d)
	return p.b.String()
}

// item is a name and what there is to say of it: on one line where that fits.
func (p *page) item(name, about string) {
	if about == "" {
		p.wrapped(name, "  ")
		return
	}
	if line := "  " + name + "  " + about; ansi.StringWidth(line) <= pageWidth && !strings.Contains(about, "\n") {
		p.b.WriteString(line + "\n")
		return
	}
	p.wrapped(name, "  ")
	p.wrapped(about, "      ")
}

func (r *ovfReport) head(p *page, d *ovf.Descriptor) {
	p.heading(cmp.Or(d.Name, "a package without a name"))
	p.field("Source", clean.Line(r.p.Source))
	kind := "OVF with files beside it"
	if r.p.Archive {
		kind = "OVA archive"
	}
	p.field("Kind", fmt.Sprintf("%s, format version %s", kind, cmp.Or(d.Version, "not known")))
	p.field("Manifest", r.manifest())
	for _, product := range d.Products {
		name := strings.TrimSpace(product.Name + " " + product.Version)
		if product.Vendor != "" {
			name += ", by " + product.Vendor
		}
		p.field("Product", strings.TrimPrefix(name, ", "))
		for _, url := range []string{product.ProductURL, product.AppURL, product.VendorURL} {
			p.field("", url)
		}
	}
	p.field("Notes", d.Annotation)
	if len(d.Options) == 0 {
		return
	}
	p.heading("Deployment options")
	for _, o := range d.Options {
		name := o.ID
		if o.Default {
			name += " (default)"
		}
		if o.ID == d.Option {
			name += " (shown here)"
		}
		p.item(name, o.Label)
		if o.Description != "" {
			p.wrapped(clean.Text(o.Description), "      ")
		}
	}
}

func joinWords(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), ": ")
}

func (r *ovfReport) manifest() string {
	signed := ""
	if r.p.Signed {
		signed = "; there is a certificate, which is not checked"
	}
	checked := "; files not compared yet, --verify does that"
	switch {
	case r.verifyErr != nil:
		checked = "; it does NOT match: " + clean.Line(r.verifyErr.Error())
	case r.verified:
		checked = "; every file matches"
	}
	if r.p.Manifest == nil {
		return "none: what is inside can't be verified" + strings.Replace(checked, "every file matches", "files have the sizes that the descriptor says", 1) + signed
	}
	algorithms := map[string]bool{}
	for _, s := range r.p.Manifest.Sums {
		algorithms[s.Algorithm] = true
	}
	names := []string{}
	for a := range algorithms {
		names = append(names, a)
	}
	slices.Sort(names)
	return fmt.Sprintf("%s of %s%s%s", strings.Join(names, ", "), counted(len(r.p.Manifest.Sums), "file"), checked, signed)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func system(p *page, s ovf.System) {
	title := "Virtual machine " + s.Name
	if s.Name != s.ID {
		title += " (" + s.ID + ")"
	}
	if s.Within != "" {
		title += ", in " + s.Within
	}
	p.heading(title)
	p.field("Guest", s.OS)
	p.field("Hardware", fmt.Sprintf("%s, %s, %s memory", cmp.Or(s.Hardware, "no version"), counted(s.CPUs, "CPU"), ovf.Bytes(s.Memory)))
	p.field("Disks", strings.Join(s.Disks, ", "))
	p.field("Networks", strings.Join(s.Networks, ", "))
	p.field("Devices", s.DeviceWords())
	p.field("Properties", strings.Join(s.Transports, ", "))
	p.field("Notes", s.Annotation)
}

func disks(p *page, d *ovf.Descriptor) {
	if len(d.Disks) > 0 {
		p.heading("Disks")
	}
	for _, disk := range d.Disks {
		p.item(disk.ID, d.DiskWords(disk))
	}
	if len(d.Files) > 0 {
		p.heading("Files")
	}
	for _, f := range d.Files {
		p.item(f.Href, f.Words())
	}
}

func properties(p *page, all []ovf.Property) {
	if len(all) > 0 {
		p.heading("Properties")
	}
	category := ""
	for _, prop := range all {
		if prop.Category != category {
			category = prop.Category
			p.wrapped("["+category+"]", "  ")
		}
		p.item(prop.Key, prop.Words())
		if about := joinWords(prop.Label, prop.About); about != "" {
			p.wrapped(about, "      ")
		}
	}
}

func licences(p *page, all []ovf.EULA, full bool) {
	for i, e := range all {
		title := fmt.Sprintf("Licence %d of %d", i+1, len(all))
		if e.System != "" {
			title += ", of " + e.System
		}
		p.heading(title)
		lines := strings.Split(strings.TrimSpace(e.Text), "\n")
		if !full {
			lines = slices.DeleteFunc(lines, func(s string) bool { return strings.TrimSpace(s) == "" })
		}
		for n, line := range lines {
			if n == eulaLines && !full {
				p.wrapped(fmt.Sprintf("… %s more; --eula shows them", counted(len(lines)-n, "line")), "  ")
				break
			}
			p.wrapped(strings.TrimSpace(line), "  ")
		}
	}
}

func (r *ovfReport) findings(p *page, d *ovf.Descriptor) {
	if len(d.Findings) == 0 {
		return
	}
	p.heading("Findings")
	for _, f := range d.Findings {
		p.wrapped(severityWord(f.Severity)+": "+f.Text, "  ")
	}
}
