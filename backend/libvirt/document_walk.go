package libvirt

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"hvdeck/backend"
)

// element is one of an XML text, as far as a page shows it.
type element struct {
	name     string
	attrs    []xml.Attr
	text     strings.Builder
	children []*element
}

// maxElements and maxDepth bound a page: the server's texts have thousands of elements
// at most, a dozen deep.
const (
	maxElements = 200_000
	maxDepth    = 64
)

// parseElements reads an XML text into a tree.
func parseElements(text string) (*element, error) {
	root := &element{}
	stack := []*element{root}
	count := 0
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if count++; count > maxElements || len(stack) > maxDepth {
				return nil, errors.New("it is too large to be shown as a page")
			}
			e := &element{name: t.Name.Local, attrs: slices.Clone(t.Attr)}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text.Write(t)
		}
	}
	if len(root.children) == 0 {
		return nil, errors.New("the XML has no root element")
	}
	return root.children[0], nil
}

// documentSections makes a page of an XML text: elements that hold others become
// sections, the rest facts; those of one name are put on one line.
func documentSections(text string) ([]backend.DocumentSection, error) {
	root, err := parseElements(text)
	if err != nil {
		return nil, err
	}
	var all []backend.DocumentSection
	if facts := factsOf(root); len(facts) > 0 {
		all = append(all, backend.DocumentSection{Title: titleOf(root), Fields: facts})
	}
	for _, child := range root.children {
		all = child.sections(all, 0)
	}
	return all, nil
}

// sections adds the section of an element and those under it.
func (e *element) sections(all []backend.DocumentSection, depth int) []backend.DocumentSection {
	if e.isFact() {
		return all
	}
	all = append(all, backend.DocumentSection{Title: titleOf(e), Depth: depth, Fields: factsOf(e)})
	for _, child := range e.children {
		all = child.sections(all, depth+1)
	}
	return all
}

// isFact reports whether an element fits on a line: it holds no others, or only a list
// of values.
func (e *element) isFact() bool {
	return !slices.ContainsFunc(e.children, func(c *element) bool { return c.name != "value" || len(c.children) > 0 })
}

// factsOf are the facts directly under an element, those of one name joined.
func factsOf(e *element) []backend.Field {
	var names []string
	values := make(map[string][]string)
	for _, child := range e.children {
		if !child.isFact() {
			continue
		}
		name, value := child.fact()
		if value == "" {
			continue
		}
		if values[name] == nil {
			names = append(names, name)
		}
		values[name] = append(values[name], value)
	}
	var facts []backend.Field
	for _, name := range names {
		facts = append(facts, backend.Field{Name: name, Value: strings.Join(values[name], ", ")})
	}
	return facts
}

// fact is the name and value of an element that fits on a line.
func (e *element) fact() (name, value string) {
	text := strings.TrimSpace(e.text.String())
	switch {
	case e.name == "entry" || e.name == "enum":
		var values []string
		for _, c := range e.children {
			values = append(values, strings.TrimSpace(c.text.String()))
		}
		return readable(e.attr("name")), strings.Join(append(values, nonEmpty(text)...), ", ")
	case len(e.children) > 0:
		var values []string
		for _, c := range e.children {
			values = append(values, strings.TrimSpace(c.text.String()))
		}
		return readable(e.name), strings.Join(values, ", ")
	case len(e.attrs) == 0 && text == "":
		return readable(e.name), emptyWords(e.name)
	case len(e.attrs) == 1 && text == "":
		return readable(e.name), e.attrs[0].Value
	case e.attr("unit") != "" && len(e.attrs) == 1:
		return readable(e.name), text + " " + e.attr("unit")
	default:
		return readable(e.name), words(text, attrWords(e.attrs))
	}
}

// emptyWords is what an empty element means: most are marks, some empty lists.
func emptyWords(name string) string {
	switch name {
	case "power_management", "secmodel", "devices":
		return "none"
	case "doi":
		return ""
	default:
		return "yes"
	}
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// attrWords are attributes in words: "name Skylake, usable yes".
func attrWords(attrs []xml.Attr) string {
	parts := make([]string, 0, len(attrs))
	for _, a := range attrs {
		parts = append(parts, words(a.Name.Local, a.Value))
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// titleOf names a section by its element and what tells it from its likes.
func titleOf(e *element) string {
	title := readable(e.name)
	for _, key := range []string{"name", "type", "id", "mode"} {
		if v := e.attr(key); v != "" {
			title += " " + v
			break
		}
	}
	if v := e.attr("supported"); v == "no" {
		title += " (not supported)"
	}
	return title
}

// readable turns an element's name into words: "memory_device" is "Memory device",
// "baseBoard" is "Base board".
func readable(name string) string {
	if known, ok := elementWords()[name]; ok {
		return known
	}
	var b strings.Builder
	for i, r := range name {
		switch {
		case r == '_' || r == '-':
			b.WriteByte(' ')
			continue
		case i > 0 && r >= 'A' && r <= 'Z' && name[i-1] >= 'a' && name[i-1] <= 'z':
			b.WriteByte(' ')
			r += 'a' - 'A'
		}
		if b.Len() == 0 {
			r = []rune(strings.ToUpper(string(r)))[0]
		}
		b.WriteRune(r)
	}
	return b.String()
}

// elementWords are names that are no words.
func elementWords() map[string]string {
	return map[string]string{
		"bios": "BIOS", "cpu": "CPU", "cpus": "CPUs", "uuid": "UUID", "vcpu": "vCPUs", "os": "Operating system",
		"secmodel": "Security model", "iommu": "IOMMU", "arch": "Architecture", "numa": "NUMA", "topology": "Topology",
		"hostdev": "Host devices", "pool": "Pool", "volOptions": "Volumes", "poolOptions": "Pools", "baselabel": "Base label",
		"iothreads": "I/O threads", "oemStrings": "OEM strings", "power_management": "Sleep", "suspend_mem": "To memory",
		"suspend_disk": "To disk", "suspend_hybrid": "Hybrid", "wordsize": "Word size", "tpm": "TPM", "rng": "Random numbers",
	}
}
