package ui

import (
	"slices"
	"strconv"
	"strings"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/ui/form"
	"hvdeck/ui/kind"
	"hvdeck/ui/wizard"
)

// networkStep maps each network of the package to one of the datacenter. The answers are
// kept by the name that the package gives it.
func (i *ovfImport) networkStep() ovfStep {
	return ovfStep{name: pageNetworks, page: i.networkPage, leave: func(p wizard.Page) {
		v := p.(*wizard.Fields).Form.Values()
		kept := form.Values{}
		for n, net := range i.read.descriptor.Networks {
			kept[net.Name] = v[strconv.Itoa(n)]
		}
		i.answers.pages[pageNetworks] = kept
	}}
}

func (i *ovfImport) networkPage() wizard.Page {
	nets := i.near(i.places().Of(backend.KindNetwork, nil))
	slices.SortStableFunc(nets, func(a, b backend.Object) int { return rarely(a) - rarely(b) })
	choices := choicesOf(nets, networkLabel)
	v := i.answers.page(pageNetworks)
	fields := make([]form.Field, 0, len(i.read.descriptor.Networks))
	for n, want := range i.read.descriptor.Networks {
		chosen := i.current(v[want.Name])
		if chosen == "" {
			chosen = networkOfName(nets, want.Name)
		}
		fields = append(fields, form.Field{Key: strconv.Itoa(n), Label: shortLine(want.Name), Hint: short(want.Description), Kind: form.Choice,
			Default: chosen, Choices: choices, Validate: oneIsNeeded("no network is known in this datacenter")})
	}
	return &wizard.Fields{Name: pageNetworks, Form: form.New("", fields)}
}

// rarely is 1 for a trunk of every VLAN, as port groups for uplinks are: a VM seldom goes
// there, so it is no good first choice.
func rarely(o backend.Object) int {
	if n, ok := o.(*backend.Network); ok && strings.HasPrefix(n.VLAN, "trunk 0-4094") {
		return 1
	}
	return 0
}

// networkOfName is the one of the same name; "" for the first.
func networkOfName(nets []backend.Object, name string) string {
	for _, n := range nets {
		if n.Title() == clean.Line(name) {
			return kind.PlaceValue(n.Ref())
		}
	}
	return ""
}

func networkLabel(o backend.Object) string {
	n, ok := o.(*backend.Network)
	if !ok || n.Forward == "" {
		return o.Title()
	}
	out := n.Name + "  " + n.Forward
	if n.VLAN != "" {
		out += ", VLAN " + n.VLAN
	}
	return out
}

// longestHint and longestLabel are how much of somebody else's text stands under a field
// or before it, in characters: it is laid out anew at every key. The page of the contents
// has more.
const (
	longestHint  = 600
	longestLabel = 120
)

// short is foreign text that stands under a field.
func short(text string) string { return cut(clean.Text(beginning(text, longestHint)), longestHint) }

// shortLine is foreign text that names something.
func shortLine(text string) string {
	return cut(clean.Line(strings.TrimSpace(beginning(text, longestLabel))), longestLabel)
}

// beginning has more than so many characters of a text, if there are as many, so that the
// rest need not be looked at.
func beginning(text string, most int) string { return text[:min(len(text), 8*most)] }

func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// optionsStep asks for the import options that the server offers.
func (i *ovfImport) optionsStep() ovfStep {
	return ovfStep{name: pageOptions, page: func() wizard.Page {
		return &wizard.Fields{Name: pageOptions, Form: form.New("", optionFields(i.read.options, i.answers.page(pageOptions)))}
	}, leave: i.leaveForm(pageOptions)}
}

func optionFields(offered []backend.OVFOption, before form.Values) []form.Field {
	fields := make([]form.Field, 0, len(offered))
	for _, o := range offered {
		fields = append(fields, form.Field{Key: o.Key, Label: shortLine(o.Key), Hint: short(o.Text), Kind: form.YesNo, Default: before[o.Key]})
	}
	return fields
}
