package ui

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/ui/pager"
)

// fetchedPage is a document that is asked for when it is first looked at, and again on
// refresh. Where asking again failed, that is shown, and not what was before.
type fetchedPage struct {
	ref   backend.Ref
	title string
	fetch func(context.Context, backend.Backend) (*backend.Document, error)

	wanted bool // to be asked for
	asking bool
	doc    *backend.Document // the newest; nil for none yet
	fault  string            // why there is none, or no newer one

	raw   bool // the server's own text is shown, not the facts
	text  *pager.Pager
	facts *facts
	note  *pager.Pager // what is shown where there is no document
}

func (p *fetchedPage) name() string { return p.title }

func (p *fetchedPage) status() string {
	out := ""
	switch {
	case p.doc != nil && p.asking:
		out = "asking again…"
	case p.doc != nil && p.fault != "":
		out = "as of " + p.doc.At.Local().Format(time.TimeOnly) + ", asking again failed"
	case p.doc != nil:
		out = "as of " + p.doc.At.Local().Format(time.TimeOnly)
	}
	if found := p.view().Found(); found != "" {
		out += " /" + found
	}
	return out
}

// documentView is what a document looks like.
type documentView interface {
	searchable
	Found() string
	Do(id string) bool
}

func (p *fetchedPage) view() documentView {
	switch {
	case p.doc == nil || p.fault != "":
		return p.message()
	case p.showsText():
		return p.text
	default:
		return p.facts
	}
}

func (p *fetchedPage) searchable() searchable { return p.view() }

func (p *fetchedPage) message() *pager.Pager {
	if p.note == nil {
		p.note = pager.New(pager.Plain("Asking…"))
		p.note.Wrapped = true
	}
	return p.note
}

// showsText says that the server's own text is shown: by choice, or since there is
// nothing else.
func (p *fetchedPage) showsText() bool {
	return p.doc.Raw != "" && (p.raw || len(p.doc.Sections) == 0)
}

func (p *fetchedPage) do(_ *Model, id string) bool {
	switch id {
	case "refresh":
		p.wanted = true
		return true
	case "raw":
		p.raw = !p.raw
		return true
	}
	return p.view().Do(id)
}

// refresh asks when that is wanted; the answer finds the page by itself.
func (p *fetchedPage) refresh(m *Model) tea.Cmd {
	if !p.wanted || p.asking {
		return nil
	}
	p.wanted, p.asking = false, true
	return direct(m, "document", p.ref.Conn, p.fetch, func(doc *backend.Document, err error) tea.Cmd {
		p.take(m, doc, err)
		return nil
	})
}

func (p *fetchedPage) take(m *Model, doc *backend.Document, err error) {
	p.asking = false
	if p.fault = ""; err != nil {
		p.fault = errorWords(err)
		p.message().SetLines(pager.Plain(p.fault + "\n\nr asks again."))
		return
	}
	clean.NewCleaner().Object(doc)
	if doc.At.IsZero() {
		doc.At = m.now()
	}
	p.doc = doc
	source := sourceOf(doc.Raw)
	if p.text == nil {
		p.text, p.facts = pager.Of(source), newFacts(doc.Sections)
		return
	}
	p.text.SetSource(source)
	p.facts.set(doc.Sections)
}

func (p *fetchedPage) draw(m *Model, w, h int) []string {
	th := m.env.Theme
	switch {
	case p.doc == nil || p.fault != "":
		return p.message().Draw(w, h, th)
	case p.showsText():
		return p.text.Draw(w, h, th)
	case len(p.doc.Sections) == 0:
		return pager.New(pager.Plain(fmt.Sprintf("The server has nothing to say here: %s is empty.", p.title))).Draw(w, h, th)
	default:
		return p.facts.draw(th, w, h)
	}
}
