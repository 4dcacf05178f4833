package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/ovf"
)

const ovfUsage = `hvdeck ovf inspect [flags] FILE|URL

Shows what is inside of an OVF or OVA, without a server. The status is 1 when it holds
an error that would make an import useless, or does not match its manifest.

  --option ID     under this deployment option: its hardware, its defaults
  --verify        read every file and compare it with the manifest
  --eula          licences in full
  --json          for programs, in ASCII
`

// ovfFlags are those of hvdeck ovf inspect.
type ovfFlags struct {
	source       string
	option       string
	verify, eula bool
	json, help   bool
}

func parseOVF(args []string) (ovfFlags, error) {
	var f ovfFlags
	if len(args) == 0 || args[0] != "inspect" {
		f.help = slices.ContainsFunc(args, func(a string) bool { return a == "--help" || a == "-help" || a == "-h" })
		if f.help {
			return f, nil
		}
		return f, errors.New("after ovf comes inspect; hvdeck ovf --help tells more")
	}
	fs := flag.NewFlagSet("hvdeck ovf inspect", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&f.option, "option", "", "")
	fs.BoolVar(&f.verify, "verify", false, "")
	fs.BoolVar(&f.eula, "eula", false, "")
	fs.BoolVar(&f.json, "json", false, "")
	fs.BoolVar(&f.help, "help", false, "")
	fs.BoolVar(&f.help, "h", false, "")
	var sources []string
	for rest := args[1:]; ; rest = fs.Args()[1:] {
		if err := fs.Parse(rest); err != nil {
			return f, fmt.Errorf("%w; hvdeck ovf --help lists the flags", err)
		}
		if fs.NArg() == 0 {
			break
		}
		sources = append(sources, fs.Arg(0))
	}
	if !f.help && (len(sources) != 1 || sources[0] == "") {
		return f, errors.New("give one FILE or URL; hvdeck ovf --help tells more")
	}
	f.source = strings.Join(sources, "")
	return f, nil
}

// runOVF is hvdeck ovf …: it needs no configuration, server or terminal.
func runOVF(args []string, stdout, stderr io.Writer) int {
	f, err := parseOVF(args)
	if err != nil {
		return complain(stderr, err, exitUsage)
	}
	if f.help {
		fmt.Fprint(stdout, ovfUsage)
		return 0
	}
	ctx, stop := (&outside{}).untilSignal()
	defer stop()
	r, err := inspectOVF(ctx, f)
	if err != nil {
		return complain(stderr, errors.New(clean.Line(err.Error())), exitFailed)
	}
	if f.json {
		err = r.writeJSON(stdout)
	} else {
		_, err = io.WriteString(stdout, r.text(f.eula))
	}
	if err != nil {
		return complain(stderr, err, exitFailed)
	}
	if r.verifyErr != nil || len(r.d.Errors()) > 0 {
		return exitFailed
	}
	return 0
}

// ovfReport is what there is to say of a package.
type ovfReport struct {
	p         *ovf.Package
	d         *ovf.Descriptor
	verified  bool
	verifyErr error
}

func inspectOVF(ctx context.Context, f ovfFlags) (*ovfReport, error) {
	p, err := ovf.Open(ctx, f.source, ovf.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }()
	r := &ovfReport{p: p, verified: f.verify}
	if r.d, err = p.Descriptor.Under(f.option); err != nil {
		return nil, err
	}
	if f.verify {
		r.verifyErr = p.Verify(ctx, nil)
	}
	if backend.ClassOf(r.verifyErr) == backend.ClassCancelled {
		return nil, r.verifyErr
	}
	return r, nil
}

// writeJSON keeps every text whole, and writes what is not ASCII as \u escapes: so it can
// do nothing to a terminal.
func (r *ovfReport) writeJSON(w io.Writer) error {
	type finding struct{ Severity, Text string }
	type sum struct{ Name, Algorithm, Hex string }
	findings, sums := []finding{}, []sum{}
	for _, f := range r.d.Findings {
		findings = append(findings, finding{severityWord(f.Severity), f.Text})
	}
	if r.p.Manifest != nil {
		for _, name := range slices.Sorted(maps.Keys(r.p.Manifest.Sums)) {
			s := r.p.Manifest.Sums[name]
			sums = append(sums, sum{name, s.Algorithm, s.Hex})
		}
	}
	d := *r.d
	d.Findings = nil
	out := struct {
		Source                    string
		Archive, Manifest, Signed bool
		Sums                      []sum
		Verified                  bool
		VerifyError               string
		Descriptor                ovf.Descriptor
		Findings                  []finding
	}{r.p.Source, r.p.Archive, r.p.Manifest != nil, r.p.Signed, sums, r.verified && r.verifyErr == nil, "", d, findings}
	if r.verifyErr != nil {
		out.VerifyError = r.verifyErr.Error()
	}
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	var tree any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber() // sizes are larger than a float holds
	if err := dec.Decode(&tree); err != nil {
		return err
	}
	tree = camel(tree)
	delete(tree.(map[string]any)["descriptor"].(map[string]any), "findings")
	b, err = json.MarshalIndent(tree, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, ascii(string(b))+"\n")
	return err
}

// camel gives the fields the names that are usual in JSON: "ID" is "id", "OSID" is
// "osid", "VerifyError" is "verifyError". A list without elements is [].
func camel(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			if value == nil {
				value = []any{}
			}
			out[camelKey(key)] = camel(value)
		}
		return out
	case []any:
		for i := range v {
			v[i] = camel(v[i])
		}
	}
	return v
}

func camelKey(key string) string {
	if key == "EULAs" || key == "CPUs" {
		return strings.ToLower(key)
	}
	r := []rune(key)
	for i := range r {
		if i > 0 && i+1 < len(r) && unicode.IsLower(r[i+1]) || unicode.IsLower(r[i]) {
			break
		}
		r[i] = unicode.ToLower(r[i])
	}
	return string(r)
}

func ascii(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c < 0x7f:
			b.WriteRune(c)
		case c > 0xffff:
			hi, lo := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}

func severityWord(s backend.Severity) string {
	switch s {
	case backend.SeverityError:
		return "error"
	case backend.SeverityWarning:
		return "warning"
	default:
		return "note"
	}
}
