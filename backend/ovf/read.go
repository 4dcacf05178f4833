package ovf

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hvdeck/backend"
)

const maxFindings = 500

// Parse reads a descriptor under its default deployment option. The error is what keeps
// it from being read at all: no XML, no envelope, past a limit. All else is in Findings.
func Parse(text []byte) (*Descriptor, error) { return parse(text, "", nil) }

// parse reads with the strings of other files, too.
func parse(text []byte, option string, bundles []*node) (*Descriptor, error) {
	if len(text) > MaxDescriptor {
		return nil, invalid("read the descriptor", "", "it is larger than %s", Bytes(MaxDescriptor))
	}
	plain, err := toUTF8(text)
	if err != nil {
		return nil, invalid("read the descriptor", "", "%s", err)
	}
	// encoding/xml does not look into comments and processing instructions, but a server
	// that gets the text does.
	if !utf8.Valid(plain) {
		return nil, invalid("read the descriptor", "", "it is neither valid UTF-8 nor does it declare another character set")
	}
	root, err := parseTree(plain)
	if err != nil {
		return nil, invalid("read the descriptor", "", "%s", err)
	}
	if root.name != "Envelope" {
		return nil, invalid("read the descriptor", "", "it is no OVF: the outermost element is %q, not Envelope", root.name)
	}
	r := reader{d: &Descriptor{source: plain, bundles: bundles}, strings: readMessages(root, bundles)}
	r.envelope(root, option)
	if r.files > MaxEntries {
		return nil, invalid("read the descriptor", "", "it names more than %d files", MaxEntries)
	}
	r.check()
	return r.d, nil
}

func invalid(doing, object, format string, args ...any) *backend.Error {
	return backend.Refuse(backend.ClassInvalid, doing, object, format, args...)
}

// reader fills a descriptor from its tree.
type reader struct {
	d       *Descriptor
	strings messages
	within  []string // names of the open collections
	seen    map[string]bool
	units   []diskUnit
	files   int // with all chunks
}

// diskUnit keeps what a capacity that comes from a property needs.
type diskUnit struct {
	disk int
	unit string
	line int
}

func (r *reader) find(s backend.Severity, n *node, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if n != nil && n.line > 0 {
		text = "line " + strconv.Itoa(n.line) + ": " + text
	}
	switch {
	case len(r.d.Findings) < maxFindings:
		r.d.Findings = append(r.d.Findings, backend.Finding{Severity: s, Text: text})
	case len(r.d.Findings) == maxFindings:
		r.d.Findings = append(r.d.Findings, backend.Finding{Severity: s, Text: "there is more than is listed here"})
	}
}

func (r *reader) fail(n *node, format string, args ...any) {
	r.find(backend.SeverityError, n, format, args...)
}
func (r *reader) warn(n *node, format string, args ...any) {
	r.find(backend.SeverityWarning, n, format, args...)
}

func (r *reader) envelope(root *node, option string) {
	r.seen = map[string]bool{}
	r.version(root)
	r.options(root)
	r.d.Option = cmp.Or(option, r.d.defaultOption())
	for _, f := range root.child("References").children("File") {
		if r.files <= MaxEntries {
			r.file(f)
		}
	}
	for _, s := range root.children("Strings") {
		if ref := s.attr("fileRef"); ref != "" {
			r.d.stringFiles = append(r.d.stringFiles, stringFile{ref, s.attr("lang")})
		}
	}
	for _, k := range root.kids {
		r.topLevel(k)
	}
	if len(r.d.Systems) == 0 && !r.d.Collection {
		r.fail(root, "it holds no virtual system")
	}
	r.capacities()
}

// version is told by the namespace; version 0.9 has another one altogether.
func (r *reader) version(root *node) {
	switch root.space {
	case "http://schemas.dmtf.org/ovf/envelope/1":
		r.d.Version = "1"
	case "http://schemas.dmtf.org/ovf/envelope/2":
		r.d.Version = "2"
	case "http://www.vmware.com/schema/ovf/1/envelope":
		r.d.Version = "0.9"
		r.warn(root, "it is of version 0.9 of the format, which current servers do not take")
	default:
		r.fail(root, "the namespace %q is none of OVF", root.space)
	}
}

func (r *reader) topLevel(n *node) {
	switch n.name {
	case "References", "Strings", "DeploymentOptionSection":
	case "VirtualSystem":
		r.outermost(n)
		r.system(n)
	case "VirtualSystemCollection":
		r.outermost(n)
		r.d.Collection = true
		r.collection(n, 1)
	default:
		r.shared(n, "")
	}
}

func (r *reader) outermost(n *node) {
	if r.d.Name != "" || len(r.d.Systems) > 0 || r.d.Collection {
		r.fail(n, "there is a second outermost virtual system or collection")
		return
	}
	r.d.Name = r.nameOf(n)
	r.d.Annotation = r.words(n.child("AnnotationSection").child("Annotation"))
}

func (r *reader) nameOf(n *node) string { return cmp.Or(r.words(n.child("Name")), n.attr("id")) }

func (r *reader) collection(n *node, depth int) {
	id := ""
	if depth > 1 {
		id = n.attr("id")
	}
	r.identity(n, "collection", n.attr("id"))
	r.within = append(r.within, r.nameOf(n))
	for _, k := range n.kids {
		switch k.name {
		case "VirtualSystem":
			r.system(k)
		case "VirtualSystemCollection":
			r.collection(k, depth+1)
		default:
			r.shared(k, id)
		}
	}
	r.within = r.within[:len(r.within)-1]
}

// shared reads a section that an envelope, a collection and a system may have. owner is
// the id of the system.
func (r *reader) shared(n *node, owner string) {
	switch n.name {
	case "ProductSection":
		r.product(n, owner)
	case "EulaSection":
		r.eula(n, owner)
	case "NetworkSection":
		r.networks(n)
	case "DiskSection":
		r.disks(n)
	default:
		r.unknown(n)
	}
}

// eula leaves out a section without a text: there is nothing to accept.
func (r *reader) eula(n *node, owner string) {
	license := n.child("License")
	text := r.words(license)
	if id := license.attr("msgid"); text == "" && id != "" {
		r.warn(n, "the text of a licence is in a file of strings that was not read")
		text = "The text of this licence, message " + strconv.Quote(id) + ", is in a file of strings that was not read."
	}
	if text == "" {
		r.warn(n, "a licence has no text")
		return
	}
	r.d.EULAs = append(r.d.EULAs, EULA{System: owner, Text: text})
}

func (r *reader) networks(n *node) {
	for _, k := range n.children("Network") {
		if !r.applies(k) {
			continue
		}
		name := k.attr("name")
		r.identity(k, "network", name)
		r.d.Networks = append(r.d.Networks, Network{Name: name, Description: r.words(k.child("Description"))})
	}
}

func (r *reader) options(root *node) {
	for _, section := range root.children("DeploymentOptionSection") {
		for _, k := range section.children("Configuration") {
			id := k.attr("id")
			r.identity(k, "deployment option", id)
			r.d.Options = append(r.d.Options, Option{ID: id, Label: r.words(k.child("Label")),
				Description: r.words(k.child("Description")), Default: k.attr("default") == "true" || k.attr("default") == "1"})
		}
	}
	marked := 0
	for _, o := range r.d.Options {
		if o.Default {
			marked++
		}
	}
	if marked == 0 && len(r.d.Options) > 0 {
		r.d.Options[0].Default = true
	}
	if marked > 1 {
		r.fail(root.child("DeploymentOptionSection"), "%d deployment options are marked as the default", marked)
	}
}

// applies is true for what is there under the deployment option.
func (r *reader) applies(n *node) bool {
	list := strings.Fields(n.attr("configuration"))
	return len(list) == 0 || slices.Contains(list, r.d.Option)
}

// identity refuses an id that is missing or there twice.
func (r *reader) identity(n *node, kind, id string) {
	if id == "" {
		r.fail(n, "a %s has no id or name", kind)
		return
	}
	if key := kind + "\x00" + id; r.seen[key] {
		r.fail(n, "the %s %q is there twice", kind, id)
	} else {
		r.seen[key] = true
	}
}

func (r *reader) file(n *node) {
	f := File{ID: n.attr("id"), Href: n.attr("href"), Size: -1}
	r.identity(n, "file", f.ID)
	if reason := badHref(f.Href); reason != "" {
		r.fail(n, "the file %q %s", f.Href, reason)
	}
	if s, ok := n.lookup("size"); ok {
		f.Size = r.whole(n, "size of the file "+f.Href, s)
	}
	if s := n.attr("chunkSize"); s != "" {
		f.ChunkSize = max(r.whole(n, "chunk size of the file "+f.Href, s), 0)
	}
	if names, err := f.names(); err != nil {
		r.fail(n, "%s", err)
	} else {
		r.files += len(names)
	}
	switch c := n.attr("compression"); strings.ToLower(c) {
	case "", "identity", "none":
	case "gzip":
		f.Compression = "gzip"
	default:
		f.Compression = c
		r.fail(n, "the compression %q of the file %s is not known", c, f.Href)
	}
	r.d.Files = append(r.d.Files, f)
}

// whole reads a number of bytes; -1 when it is none.
func (r *reader) whole(n *node, what, s string) int64 {
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 0 {
		r.fail(n, "the %s is %q, which is no number of bytes", what, s)
		return -1
	}
	return v
}

var reference = regexp.MustCompile(`^\$\{(.+)\}$`)

func (r *reader) disks(section *node) {
	for _, n := range section.children("Disk") {
		d := Disk{ID: n.attr("diskId"), File: n.attr("fileRef"), Parent: n.attr("parentRef"), Format: formatName(n.attr("format"))}
		r.identity(n, "disk", d.ID)
		unit := cmp.Or(n.attr("capacityAllocationUnits"), n.attr("allocationUnits"))
		capacity := n.attr("capacity")
		if m := reference.FindStringSubmatch(capacity); m != nil {
			d.CapacityFrom = m[1]
			r.units = append(r.units, diskUnit{len(r.d.Disks), unit, n.line})
		} else if v, err := amount(capacity, unit, 1); err != nil {
			r.fail(n, "the capacity of the disk %s is wrong: %s", d.ID, err)
		} else {
			d.Capacity = v
		}
		if s := n.attr("populatedSize"); s != "" {
			d.Populated = uint64(max(r.whole(n, "populated size of the disk "+d.ID, s), 0))
		}
		r.d.Disks = append(r.d.Disks, d)
	}
}

// formatName shortens VMware's URIs, which differ in their hosts and paths.
func formatName(uri string) string {
	if i := strings.Index(uri, "vmdk.html#"); i >= 0 {
		return "vmdk " + uri[i+len("vmdk.html#"):]
	}
	return uri
}

// capacities fills in those that are the values of properties.
func (r *reader) capacities() {
	at := map[string]int{}
	for i, p := range slices.Backward(r.d.Properties) {
		at[p.id], at[p.Key] = i, i
	}
	for _, u := range r.units {
		r.capacity(u, at)
	}
}

func (r *reader) capacity(u diskUnit, properties map[string]int) {
	disk := &r.d.Disks[u.disk]
	at := &node{line: u.line}
	i, there := properties[disk.CapacityFrom]
	if !there && r.seen["property named\x00"+disk.CapacityFrom] {
		return // it is one of another deployment option
	}
	if !there {
		r.fail(at, "the capacity of the disk %s is that of the property %q, which is not there", disk.ID, disk.CapacityFrom)
		return
	}
	disk.CapacityFrom = r.d.Properties[i].Key
	if r.d.Properties[i].Default == "" {
		return
	}
	v, err := amount(r.d.Properties[i].Default, u.unit, 1)
	if err != nil {
		r.fail(at, "the capacity of the disk %s is wrong: %s", disk.ID, err)
		return
	}
	disk.Capacity = v
}
