package ui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/wizard"
)

// ovfVerdict is what speaks against an import, before it is begun.
type ovfVerdict struct {
	found []backend.Finding
	// failed says why the server could not be asked; without it the server was.
	failed string
}

func (v ovfVerdict) refused() bool {
	for _, f := range v.found {
		if f.Severity == backend.SeverityError {
			return true
		}
	}
	return false
}

// verdictStep has the server asked before the page is come to, and shows what it says.
func (i *ovfImport) verdictStep() ovfStep {
	return ovfStep{name: pageVerdict, page: i.verdictPage, before: i.askVerdict, other: func(p wizard.Page) tea.Cmd {
		switch p.(*wizard.Text).Pressed() {
		case "R":
			return i.askVerdict()
		case "W":
			i.turnTo(pageWhere, false)
		}
		return nil
	}}
}

func (i *ovfImport) askVerdict() tea.Cmd {
	if gone := i.gone(); len(gone) > 0 {
		i.verdict = ovfVerdict{found: gone}
		i.turnTo(pageVerdict, false)
		return nil
	}
	op, conn, poller, fault := i.secretOp(), i.answers.conn, i.m.o.Poller, i.m.o.Fault
	return ovfAside(i, ovfWork[[]backend.Finding]{
		name: pageVerdict, what: "Asking " + string(conn) + " what it thinks of it", limit: checkTime,
		do: func(ctx context.Context) ([]backend.Finding, error) {
			defer wipe(op)
			b, err := poller.Backend(conn)
			if err != nil {
				return nil, err
			}
			return askChecker(ctx, b, op, fault)
		},
	}, func(found []backend.Finding, err error) tea.Cmd {
		i.verdict = ovfVerdict{found: found}
		if err != nil {
			i.verdict.failed = errorWords(err)
		}
		i.turnTo(pageVerdict, true)
		return nil
	})
}

// gone are the objects that were chosen and are no longer there.
func (i *ovfImport) gone() []backend.Finding {
	var out []backend.Finding
	missing := func(what, value string) {
		if value != "" && i.m.store.Object(i.refOf(value)) == nil {
			out = append(out, backend.Finding{Severity: backend.SeverityError, Text: "The " + what + " that was chosen is gone: go back and choose another."})
		}
	}
	place := i.answers.page(pagePlace)
	missing("cluster, host or resource pool", i.answers.page(pageWhere)["under"])
	missing("host", place["host"])
	missing("folder", place["folder"])
	missing("datastore", place["datastore"])
	for _, n := range i.read.descriptor.Networks {
		missing("network for "+clean.Line(n.Name), i.answers.page(pageNetworks)[n.Name])
	}
	if why := i.m.capsNow(i.answers.conn).Why(backend.VerbOVFImport); why != "" {
		out = append(out, backend.Finding{Severity: backend.SeverityError, Text: why})
	}
	return out
}

func (i *ovfImport) verdictPage() wizard.Page {
	v, t := i.verdict, &textLines{}
	page := &wizard.Text{Name: pageVerdict, Others: []wizard.Key{{Key: "R", Does: "ask again"}, {Key: "W", Does: "change the place"}}}
	switch {
	case v.failed != "":
		t.head("It could not be asked")
		t.text(v.failed)
	case v.refused():
		t.head("It would refuse this: go back to what has to be changed")
	case len(v.found) > 0:
		t.head("It would do this, and says")
	default:
		t.head("It has nothing against it")
	}
	t.findings(&i.m.env.Theme.Glyphs, v.found)
	if warned := i.tight(i.answers.page(pagePlace)); warned != "" {
		t.head("Room")
		t.findings(&i.m.env.Theme.Glyphs, []backend.Finding{{Severity: backend.SeverityWarning, Text: strings.ToUpper(warned[:1]) + warned[1:] + "."}})
	}
	if !v.refused() && v.failed == "" {
		page.Accept = wizard.Key{Key: "enter", Does: "next"}
	}
	page.Lines = t.out
	return page
}

// summaryStep shows everything once more, and starts.
func (i *ovfImport) summaryStep() ovfStep {
	return ovfStep{name: pageSummary, page: func() wizard.Page {
		t := &textLines{}
		i.summary(t)
		return &wizard.Text{Name: pageSummary, Lines: t.out, Accept: wizard.Key{Key: "S", Does: "start"}}
	}, done: i.start}
}

func (i *ovfImport) summary(t *textLines) {
	op, place := i.op(), i.answers.page(pagePlace)
	t.out = append(t.out, wizard.Line{Tok: theme.Accent, Text: i.words()})
	t.head("What")
	t.fact("package", shownSource(op.Source))
	t.fact("manifest", i.read.manifestWords())
	if n := len(i.read.licences); n > 0 {
		t.fact("licences", countOf(n, "licence")+", accepted")
	}
	t.fact("option", i.optionWords())
	t.head("Where")
	t.fact("connection", string(i.answers.conn))
	if i.m.env.Conn(i.answers.conn).Production {
		t.out = append(t.out, wizard.Line{Tok: theme.Danger, Indent: 2, Text: "This is a production connection."})
	}
	t.fact("name", op.Name)
	t.fact("runs in", i.named(op.Under, ""))
	t.fact("host", i.named(op.Host, "as the server chooses"))
	t.fact("folder", i.named(op.Folder, "the datacenter's own"))
	t.fact("datastore", i.named(op.Datastore, ""))
	t.fact("disks", kind.ProvisioningLabel(op.Provisioning))
	t.fact("room", i.tight(place))
	t.fact("power on", map[bool]string{true: "yes, when all of it is there", false: "no"}[op.PowerOn])
	i.summaryRest(t, op)
}

func (i *ovfImport) summaryRest(t *textLines, op backend.OVFImportOp) {
	if len(op.Networks) > 0 {
		t.head("Networks")
	}
	for _, n := range op.Networks {
		t.fact(clean.Line(n.Name), i.named(n.Network, ""))
	}
	passwords := i.passwordKeys()
	if len(op.Properties)+len(passwords) > 0 {
		t.head("Properties that differ from their defaults")
	}
	for _, p := range op.Properties {
		t.fact(shortLine(p.Key), orNotSet(p.Value))
	}
	for _, p := range passwords {
		t.fact(shortLine(p), "set, not shown")
	}
	if len(op.Options) > 0 {
		t.head("Options")
		t.fact("", strings.Join(op.Options, ", "))
	}
	if len(i.verdict.found) > 0 {
		t.head("What the server says")
		t.findings(&i.m.env.Theme.Glyphs, i.verdict.found)
	}
}

// passwordKeys name the properties for which a password was typed.
func (i *ovfImport) passwordKeys() []string {
	var out []string
	for _, p := range i.settable() {
		if p.Password && !i.answers.secrets[p.Key].Empty() {
			out = append(out, p.Key)
		}
	}
	return out
}

// words say what starting does.
func (i *ovfImport) words() string {
	what := "a VM"
	switch d := i.read.descriptor; {
	case d.Collection:
		what = "a vApp of " + countOf(len(d.Systems), "VM")
	case len(d.Systems) == 0:
		what = "what is in the package"
	}
	return "Makes " + what + " called " + clean.Line(strings.TrimSpace(i.answers.page(pageWhere)["name"])) + " on " + string(i.answers.conn)
}

func (i *ovfImport) optionWords() string {
	for _, o := range i.read.whole.Options {
		if o.ID == i.answers.option || (i.answers.option == "" && o.Default) {
			return optionLabel(o)
		}
	}
	return ""
}

// named is the name of an object with what kind it is of; otherwise for none.
func (i *ovfImport) named(r backend.Ref, otherwise string) string {
	o := i.m.store.Object(r)
	switch {
	case r.IsZero():
		return otherwise
	case o == nil:
		return "gone"
	case r.Kind == backend.KindNetwork:
		return networkLabel(o)
	case r.Kind == backend.KindCluster || r.Kind == backend.KindResourcePool:
		return i.places().KindLabel(o)
	default:
		return i.places().Label(o)
	}
}
