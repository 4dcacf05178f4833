package ovf

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
)

// fixtures are the descriptors that the govmomi module carries.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/vmware/govmomi").Output()
	dir := filepath.Join(strings.TrimSpace(string(out)), "ovf", "fixtures")
	all := map[string][]byte{}
	if err == nil {
		err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".ovf") {
				return err
			}
			rel, _ := filepath.Rel(dir, path)
			all[rel], err = os.ReadFile(path)
			return err
		})
	}
	if err != nil || len(all) == 0 {
		lab.Missing(t, "descriptors of the govmomi module not found: %v", err)
	}
	return all
}

// reading is what another reader finds in a descriptor: one walk over the tokens that
// keeps the path of the open elements and writes down what it passes.
type reading struct {
	root       string
	broken     bool
	systems    []string
	eulas      []string
	networks   []string
	options    []string
	marked     string
	disks      map[string]string // id: capacity and unit, as written
	files      []string
	properties []string
	values     []*frame // of the open property
	messages   map[string]string
	foreign    map[string]string
}

type frame struct {
	name  string
	attrs map[string]string
	text  bytes.Buffer
}

// read walks twice: strings and options are needed before the rest.
func read(text []byte) *reading {
	r := &reading{messages: map[string]string{}, foreign: map[string]string{}, disks: map[string]string{}}
	r.walk(text, r.before)
	if r.marked == "" && len(r.options) > 0 {
		r.marked = r.options[0]
	}
	r.walk(text, r.after)
	return r
}

func (r *reading) walk(text []byte, leave func(stack []*frame)) {
	d := xml.NewDecoder(bytes.NewReader(text))
	var stack []*frame
	for {
		tok, err := d.Token()
		if err != nil {
			r.broken = r.broken || err.Error() != "EOF"
			return
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			f := &frame{name: tok.Name.Local, attrs: map[string]string{}}
			for _, a := range tok.Attr {
				key := a.Name.Local
				if a.Name.Space == "http://www.vmware.com/schema/ovf" || a.Name.Space == "vmw" {
					key = "vmw:" + key
				}
				f.attrs[key] = a.Value
			}
			if kind := f.attrs["type"]; f.name == "Section" || f.name == "Content" {
				f.name = strings.TrimSuffix(kind[strings.LastIndex(kind, ":")+1:], "_Type")
			}
			if len(stack) == 0 && r.root == "" {
				r.root = tok.Name.Local
			}
			stack = append(stack, f)
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text.Write(tok)
			}
		case xml.EndElement:
			leave(stack)
			stack = stack[:len(stack)-1]
		}
	}
}

func within(stack []*frame, names ...string) bool {
	if len(stack) < len(names) {
		return false
	}
	for i, name := range names {
		if f := stack[len(stack)-len(names)+i]; name != "*" && !slices.Contains(strings.Split(name, "|"), f.name) {
			return false
		}
	}
	return true
}

func (r *reading) before(stack []*frame) {
	f := stack[len(stack)-1]
	switch {
	case within(stack, "Envelope", "Strings", "Msg"):
		lang := strings.ToLower(stack[len(stack)-2].attrs["lang"])
		into := r.foreign
		if lang == "" || strings.HasPrefix(lang, "en") {
			into = r.messages
		}
		if into[f.attrs["msgid"]] == "" {
			into[f.attrs["msgid"]] = strings.TrimSpace(f.text.String())
		}
	case within(stack, "Envelope", "DeploymentOptionSection", "Configuration"):
		r.options = append(r.options, strings.TrimSpace(f.attrs["id"]))
		if f.attrs["default"] == "true" && r.marked == "" {
			r.marked = f.attrs["id"]
		}
	}
}

const owners = "Envelope|VirtualSystem|VirtualSystemCollection"

func (r *reading) after(stack []*frame) {
	f := stack[len(stack)-1]
	here := len(f.attrs["configuration"]) == 0 || slices.Contains(strings.Fields(f.attrs["configuration"]), r.marked)
	switch {
	case within(stack, "Envelope|VirtualSystemCollection", "VirtualSystem"):
		r.systems = append(r.systems, f.attrs["id"])
	case within(stack, owners, "EulaSection", "License"):
		text := strings.TrimSpace(f.text.String())
		if id := f.attrs["msgid"]; id != "" {
			text = firstOf(r.messages[id], text, r.foreign[id], fmt.Sprintf("The text of this licence, message %q, is in a file of strings that was not read.", id))
		}
		if text != "" {
			r.eulas = append(r.eulas, text)
		}
	case within(stack, owners, "NetworkSection", "Network") && here:
		r.networks = append(r.networks, strings.TrimSpace(f.attrs["name"]))
	case within(stack, owners, "DiskSection", "Disk"):
		r.disks[f.attrs["diskId"]] = f.attrs["capacity"] + " " + firstOf(f.attrs["capacityAllocationUnits"], f.attrs["allocationUnits"])
	case within(stack, "Envelope", "References", "File"):
		r.files = append(r.files, fmt.Sprintf("%s %s %s", strings.TrimSpace(f.attrs["id"]), strings.TrimSpace(f.attrs["href"]), f.attrs["size"]))
	case within(stack, "ProductSection", "Property", "Value"):
		r.values = append(r.values, f)
	case within(stack, owners, "ProductSection", "Property") && !here:
		r.values = nil
	case within(stack, owners, "ProductSection", "Property"):
		in := stack[len(stack)-2].attrs
		parts := []string{in["class"], f.attrs["key"], in["instance"]}
		key := strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ".")
		r.properties = append(r.properties, key+" "+f.attrs["userConfigurable"]+" "+r.value(f))
	}
}

// value is the default of the property that ends here.
func (r *reading) value(property *frame) string {
	values := r.values
	r.values = nil
	out, given := property.attrs["value"]
	for _, v := range slices.Backward(values) {
		switch c := v.attrs["configuration"]; {
		case c == "" && !given:
			out = v.attrs["value"]
		case c != "" && slices.Contains(strings.Fields(c), r.marked):
			return strings.TrimSpace(v.attrs["value"])
		}
	}
	return strings.TrimSpace(out)
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// sizes are how the descriptors write units, by hand.
var sizes = map[string]uint64{"": 1, "byte": 1, "byte * 2^20": 1 << 20, "byte * 2^30": 1 << 30, "MegaBytes": 1 << 20,
	"byte * 2 ^ 30": 1 << 30, "byte * 2 ^ 20": 1 << 20, "1048576": 1 << 20, "byte*2^30": 1 << 30, "byte*1024*1024": 1 << 20}

func TestFixturesReadAsAnotherReaderReadsThem(t *testing.T) {
	all := fixtures(t)
	seen := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		start := time.Now()
		d, err := Parse(all[name])
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s took %s", name, took)
		}
		r := read(all[name])
		if unreadable := r.broken || r.root != "Envelope"; unreadable != (err != nil) {
			t.Errorf("%s: unreadable: %v, error: %v", name, unreadable, err)
		}
		if err != nil {
			seen["refused"]++
			continue
		}
		compare(t, name, d, r)
		for what, n := range map[string]int{"EULAs": len(d.EULAs), "properties": len(d.Properties), "options": len(d.Options),
			"networks": len(d.Networks), "disks": len(d.Disks) - 1, "systems": len(d.Systems) - 1, "messages": len(r.messages)} {
			if n > 0 {
				seen[what]++
			}
		}
		for _, o := range d.Options[:min(len(d.Options), 2)] {
			if _, err := d.Under(o.ID); err != nil {
				t.Errorf("%s under %s: %v", name, o.ID, err)
			}
		}
	}
	t.Logf("%d files: %v", len(all), seen)
	for what, least := range map[string]int{"refused": 5, "EULAs": 50, "properties": 60, "options": 20, "networks": 300, "disks": 60, "systems": 60, "messages": 10} {
		if seen[what] < least {
			t.Errorf("only %d files have %s: the comparison shows little", seen[what], what)
		}
	}
}

func compare(t *testing.T, name string, d *Descriptor, r *reading) {
	t.Helper()
	var got reading
	for _, s := range d.Systems {
		got.systems = append(got.systems, s.ID)
	}
	for _, e := range d.EULAs {
		got.eulas = append(got.eulas, e.Text)
	}
	for _, n := range d.Networks {
		got.networks = append(got.networks, n.Name)
	}
	for _, o := range d.Options {
		got.options = append(got.options, o.ID)
	}
	for what, pair := range map[string][2][]string{"systems": {got.systems, r.systems}, "EULAs": {got.eulas, r.eulas},
		"networks": {got.networks, r.networks}, "options": {got.options, r.options}} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s: %s are\n%q, not\n%q", name, what, pair[0], pair[1])
		}
	}
	if d.Option != r.marked {
		t.Errorf("%s: the default option is %q, not %q", name, d.Option, r.marked)
	}
	compareDisks(t, name, d, r)
	compareProperties(t, name, d, r)
	compareFiles(t, name, d, r)
}

func compareDisks(t *testing.T, name string, d *Descriptor, r *reading) {
	t.Helper()
	if len(d.Disks) < len(r.disks) {
		t.Errorf("%s: %d disks, not %d", name, len(d.Disks), len(r.disks))
	}
	for _, disk := range d.Disks {
		written, ok := r.disks[disk.ID]
		if !ok {
			t.Errorf("%s: no disk %s", name, disk.ID)
			continue
		}
		number, unit, _ := strings.Cut(written, " ")
		if strings.HasPrefix(number, "${") {
			if disk.CapacityFrom == "" {
				t.Errorf("%s: disk %s: the property of %s is not kept", name, disk.ID, number)
			}
			continue
		}
		n, err := strconv.ParseUint(number, 10, 63)
		scale, known := sizes[unit]
		if !known {
			t.Errorf("%s: this test does not know the unit %q", name, unit)
		}
		if err == nil && disk.Capacity != n*scale {
			t.Errorf("%s: disk %s has %d bytes, not %s", name, disk.ID, disk.Capacity, written)
		}
		if err != nil && len(d.Errors()) == 0 {
			t.Errorf("%s: disk %s: the capacity %q is no error", name, disk.ID, written)
		}
	}
}

func compareProperties(t *testing.T, name string, d *Descriptor, r *reading) {
	t.Helper()
	var keys, want []string
	for i, p := range d.Properties {
		keys = append(keys, p.Key)
		if i >= len(r.properties) {
			break
		}
		f := strings.SplitN(r.properties[i], " ", 3)
		want = append(want, f[0])
		if p.Settable != (f[1] == "true") {
			t.Errorf("%s: the property %s may be set: %v", name, p.Key, p.Settable)
		}
		if p.Default != f[2] {
			t.Errorf("%s: the default of %s is %q, not %q", name, p.Key, p.Default, f[2])
		}
	}
	if !slices.Equal(keys, want) || len(d.Properties) != len(r.properties) {
		t.Errorf("%s: the properties are %q, not %q", name, keys, r.properties)
	}
}

func compareFiles(t *testing.T, name string, d *Descriptor, r *reading) {
	t.Helper()
	var got []string
	wrong := false
	for i, f := range d.Files {
		size := ""
		if f.Size >= 0 {
			size = strconv.FormatInt(f.Size, 10)
		}
		if i < len(r.files) && f.Size < 0 && !strings.HasSuffix(r.files[i], " ") {
			wrong = true // a size that is no number
			size = r.files[i][strings.LastIndex(r.files[i], " ")+1:]
		}
		got = append(got, fmt.Sprintf("%s %s %s", f.ID, f.Href, size))
	}
	if !slices.Equal(got, r.files) {
		t.Errorf("%s: the files are %q, not %q", name, got, r.files)
	}
	if wrong && len(d.Errors()) == 0 {
		t.Errorf("%s: a size that is no number is no error", name)
	}
}
