package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend/ovf"
	"hvdeck/theme"
	"hvdeck/ui/wizard"
)

// licenceStep shows one licence in full. Enter does not accept it: it would be pressed in
// passing.
func (i *ovfImport) licenceStep(n int) ovfStep {
	name := "Licence"
	if all := len(i.read.licences); all > 1 {
		name = fmt.Sprintf("Licence %d of %d", n+1, all)
	}
	return ovfStep{name: name, page: func() wizard.Page {
		t := &wizard.Text{Name: name, Accept: wizard.Key{Key: "A", Does: "accept"}}
		for _, l := range strings.Split(i.read.licences[n], "\n") {
			t.Lines = append(t.Lines, wizard.Line{Tok: theme.Text, Text: strings.TrimRight(l, " ")})
		}
		return t
	}, done: func() tea.Cmd {
		i.answers.accepted = max(i.answers.accepted, n+1)
		return i.onward()
	}}
}

// underTime bounds the making of a descriptor under another option.
const underTime = 30 * time.Second

// optionStep asks for the deployment option, which decides about hardware and defaults.
func (i *ovfImport) optionStep() ovfStep {
	return ovfStep{name: pageOption, page: func() wizard.Page {
		c := &wizard.Choice{Name: pageOption}
		for n, o := range i.read.whole.Options {
			c.Items = append(c.Items, wizard.Item{Label: optionLabel(o), About: short(strings.TrimSpace(o.Description))})
			if o.ID == i.answers.option || (i.answers.option == "" && o.Default) {
				c.At = n
			}
		}
		return c
	}, leave: func(p wizard.Page) {
		i.answers.option = i.read.whole.Options[p.(*wizard.Choice).At].ID
	}, done: i.takeOption}
}

func optionLabel(o ovf.Option) string {
	label := shortLine(orElse(o.Label, o.ID))
	if o.Default {
		label += " (default)"
	}
	return label
}

func (i *ovfImport) takeOption() tea.Cmd {
	read, option, glyphs := *i.read, i.answers.option, i.m.env.Theme.Glyphs
	return ovfAside(i, ovfWork[*ovfRead]{
		name: pageOption, what: "Looking at what this option changes", limit: underTime,
		do: func(context.Context) (*ovfRead, error) {
			d, err := read.whole.Under(option)
			if err != nil {
				return nil, err
			}
			read.descriptor = d
			read.text = read.lines(&glyphs)
			return &read, nil
		},
	}, func(r *ovfRead, err error) tea.Cmd {
		if err != nil {
			i.enter(i.at, true)
			i.m.message("Can't take this option", errorWords(err), theme.StateBad)
			return nil
		}
		i.read = r
		i.steps = i.plan() // it may have other properties
		return i.onward()
	})
}
