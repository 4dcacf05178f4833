package ui

import (
	tea "charm.land/bubbletea/v2"

	"hvdeck/ui/wizard"
)

// The names of the pages, as they are shown and as answers are kept by them.
const (
	pageSource     = "Package"
	pageContents   = "What is in it"
	pageOption     = "Deployment option"
	pageWhere      = "Name and place"
	pagePlace      = "Host, folder, datastore"
	pageNetworks   = "Networks"
	pageProperties = "Properties"
	pageOptions    = "Options of the server"
	pageVerdict    = "What the server says"
	pageSummary    = "Summary"
)

// ovfStep is a page of the wizard. page makes it anew each time it is come to, from the
// answers so far; leave takes what stands on it, also where it is not complete.
type ovfStep struct {
	name  string
	page  func() wizard.Page
	leave func(wizard.Page)
	// before is done aside before the page is come to from the one before, and leads to
	// it; nil for nothing.
	before func() tea.Cmd
	// done goes on from the page; nil: to the next one.
	done func() tea.Cmd
	// other is done on a key of the page's own.
	other func(wizard.Page) tea.Cmd
}

// plan lists the pages that this package needs: before it was read, only the first.
func (i *ovfImport) plan() []ovfStep {
	steps := []ovfStep{i.sourceStep()}
	if i.read == nil {
		return steps
	}
	steps = append(steps, i.contentsStep())
	if i.read.useless() {
		return steps
	}
	for n := range i.read.licences {
		steps = append(steps, i.licenceStep(n))
	}
	if len(i.read.descriptor.Options) > 1 {
		steps = append(steps, i.optionStep())
	}
	steps = append(steps, i.whereStep(), i.placeStep())
	if len(i.read.descriptor.Networks) > 0 {
		steps = append(steps, i.networkStep())
	}
	if len(i.settable()) > 0 {
		steps = append(steps, i.propertyStep())
	}
	if len(i.read.options) > 0 {
		steps = append(steps, i.optionsStep())
	}
	return append(steps, i.verdictStep(), i.summaryStep())
}

// enter goes to a page; arrived says that it comes by itself.
func (i *ovfImport) enter(at int, arrived bool) {
	i.at = at
	i.box.SetTitle(i.title())
	count := len(i.steps)
	if i.read == nil { // nobody knows yet
		at, count = -1, 0
	}
	if arrived {
		i.box.Arrive(i.steps[i.at].page(), at+1, count)
		return
	}
	i.box.Show(i.steps[i.at].page(), at+1, count)
}

// leave takes what stands on the page.
func (i *ovfImport) leave() {
	if s := i.steps[i.at]; s.leave != nil && i.waiting == nil {
		s.leave(i.box.Page())
	}
}

func (i *ovfImport) other() tea.Cmd {
	if s := i.steps[i.at]; s.other != nil {
		return s.other(i.box.Page())
	}
	return nil
}

// forward goes on from a page that is complete.
func (i *ovfImport) forward() tea.Cmd {
	if s := i.steps[i.at]; s.done != nil {
		return s.done()
	}
	return i.onward()
}

// onward goes to the next page, or has done first what it needs.
func (i *ovfImport) onward() tea.Cmd {
	if before := i.steps[i.at+1].before; before != nil {
		return before()
	}
	i.enter(i.at+1, false)
	return nil
}

// turnTo goes to the page of that name.
func (i *ovfImport) turnTo(name string, arrived bool) {
	for n := range i.steps {
		if i.steps[n].name == name {
			i.enter(n, arrived)
			return
		}
	}
}
