package ui

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/ovf"
	"hvdeck/theme"
	"hvdeck/ui/form"
	"hvdeck/ui/wizard"
)

// ovfReadTime bounds the reading of a descriptor.
const ovfReadTime = 2 * time.Minute

// ovfRead is what a package says, and what its server offers for an import. Its texts
// are as they were written: they are cleaned where they are shown.
type ovfRead struct {
	// whole is the descriptor as it was read, descriptor as the chosen deployment option
	// makes it.
	whole, descriptor *ovf.Descriptor
	manifest          int // files that it lists; -1 without one
	signed            bool
	licences          []string      // cleaned
	text              []wizard.Line // what is in it
	options           []backend.OVFOption
	// noOptions says why the options of the server are not known.
	noOptions string
}

// useless says that nothing can be made of it.
func (r *ovfRead) useless() bool { return len(r.whole.Errors()) > 0 }

// sourceStep asks for a file or URL.
func (i *ovfImport) sourceStep() ovfStep {
	return ovfStep{name: pageSource, page: i.sourcePage, leave: func(p wizard.Page) {
		v := p.(*wizard.Fields).Form.Values()
		i.answers.source = strings.TrimSpace(v["source"])
		if conn := v["conn"]; conn != "" {
			i.answers.conn = backend.ConnID(conn)
		}
	}, done: i.readSource, other: i.completeSource}
}

func (i *ovfImport) sourcePage() wizard.Page {
	fields := []form.Field{{
		Key: "source", Label: "File or URL", Kind: form.Path, Required: true, Default: i.answers.source, Validate: checkOVFSource,
		Hint: "an .ova, or an .ovf with its files beside it: on this machine, or at http:// or https://",
	}}
	if conns := i.m.ovfConns(); len(conns) > 1 {
		f := form.Field{Key: "conn", Label: "Connection", Kind: form.Choice, Default: string(i.answers.conn)}
		for _, c := range conns {
			f.Choices = append(f.Choices, form.Option{Value: string(c)})
		}
		fields = append(fields, f)
	}
	return &wizard.Fields{Name: pageSource, Form: form.New("", fields), Complete: "source"}
}

// checkOVFSource refuses what can't be a package before anything is opened.
func checkOVFSource(source string) error {
	if !isURL(source) {
		return nil
	}
	u, err := url.Parse(strings.TrimSpace(source))
	switch {
	case err != nil || u.Host == "":
		return errors.New("this is not a URL: https://host/path/name.ova")
	case u.User != nil:
		return errors.New("a URL with a name or password in it would be shown; fetch the file first")
	default:
		return nil
	}
}

func isURL(source string) bool {
	s := strings.ToLower(strings.TrimSpace(source))
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// shownSource is a source without what may be a secret in a URL: its query, such as a
// signature, and who asks.
func shownSource(source string) string {
	u, err := url.Parse(strings.TrimSpace(source))
	if !isURL(source) || err != nil {
		return source
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// readSource reads the package, and asks the server what it offers.
func (i *ovfImport) readSource() tea.Cmd {
	source, conn, option, poller := i.answers.source, i.answers.conn, i.answers.option, i.m.o.Poller
	glyphs := i.m.env.Theme.Glyphs
	return ovfAside(i, ovfWork[*ovfRead]{
		name: pageSource, what: "Reading " + clean.Line(shownSource(source)), limit: ovfReadTime,
		do: func(ctx context.Context) (*ovfRead, error) {
			r, err := readOVF(ctx, source)
			if err != nil {
				return nil, err
			}
			if r.descriptor, err = r.whole.Under(option); err != nil { // that of another package
				r.descriptor = r.whole
			}
			r.text = r.lines(&glyphs)
			r.askOptions(ctx, poller, conn)
			return r, nil
		},
	}, i.sourceRead)
}

func readOVF(ctx context.Context, source string) (*ovfRead, error) {
	p, err := ovf.Open(ctx, source, ovf.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }() // only read
	r := &ovfRead{whole: p.Descriptor, descriptor: p.Descriptor, manifest: -1, signed: p.Signed}
	if p.Manifest != nil {
		r.manifest = len(p.Manifest.Sums)
	}
	for _, l := range p.Descriptor.EULAs {
		r.licences = append(r.licences, clean.Raw(l.Text))
	}
	return r, nil
}

// askOptions asks for the import options; without them an import still works.
func (r *ovfRead) askOptions(ctx context.Context, poller Poller, conn backend.ConnID) {
	b, err := poller.Backend(conn)
	if err != nil {
		r.noOptions = err.Error()
		return
	}
	asked, ok := backend.As[backend.OVFOptioner](b)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, directTime)
	defer cancel()
	offered, err := asked.OVFOptions(ctx)
	if err != nil {
		r.noOptions = err.Error()
	}
	r.options = offered.Import
}

// sourceRead goes on with what was read, or back to what was typed.
func (i *ovfImport) sourceRead(r *ovfRead, err error) tea.Cmd {
	if err != nil {
		i.enter(0, true)
		i.m.message("Can't read the package", errorWords(err), theme.StateBad)
		return nil
	}
	if i.read != nil && !slices.Equal(i.read.licences, r.licences) {
		i.answers.accepted = 0
	}
	i.read = r
	i.typed = true
	i.answers.accepted = min(i.answers.accepted, len(r.licences))
	if !slices.ContainsFunc(r.whole.Options, func(o ovf.Option) bool { return o.ID == i.answers.option }) {
		i.answers.option = ""
	}
	i.steps = i.plan()
	i.enter(1, true)
	return nil
}
