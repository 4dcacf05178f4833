package ovf

import (
	"bytes"
	"context"
	"slices"
	"strings"
)

// maxBundles is how many files of strings are read.
const maxBundles = 8

// messages are the localised strings: English ones, and those of no or another language
// for want of them. Source: DSP0243 10.
type messages struct{ english, other map[string]string }

// stringFile is a file of strings that the descriptor names.
type stringFile struct{ file, lang string }

func english(lang string) bool {
	return lang == "" || strings.HasPrefix(strings.ToLower(lang), "en")
}

// readMessages takes the Strings of the envelope, and bundles, which are such elements.
func readMessages(root *node, bundles []*node) messages {
	m := messages{english: map[string]string{}, other: map[string]string{}}
	for _, s := range append(root.children("Strings"), bundles...) {
		into := m.other
		if english(s.attr("lang")) {
			into = m.english
		}
		for _, msg := range s.children("Msg") {
			if id := msg.attr("msgid"); id != "" && into[id] == "" {
				into[id] = msg.text
			}
		}
	}
	return m
}

// words are the text of an element: English by its message id, else its own, else in
// whichever language there is.
func (r *reader) words(n *node) string {
	id := n.attr("msgid")
	if id == "" {
		return n.text
	}
	if s := r.strings.english[id]; s != "" {
		return s
	}
	if n.text != "" {
		return n.text
	}
	return r.strings.other[id]
}

// bundles reads the files of English strings. One that is missing or broken is left out:
// the texts that it has are then shown as missing.
func (p *Package) bundles(ctx context.Context) []*node {
	if _, passes := p.src.(*stream); passes {
		return nil // it would cost a pass over the whole archive
	}
	var out []*node
	for _, s := range p.Descriptor.stringFiles {
		i := slices.IndexFunc(p.Descriptor.Files, func(f File) bool { return f.ID == s.file })
		if i < 0 || !english(s.lang) || len(out) == maxBundles {
			continue
		}
		if n := p.bundle(ctx, p.Descriptor.Files[i]); n != nil {
			out = append(out, n)
		}
	}
	return out
}

func (p *Package) bundle(ctx context.Context, f File) *node {
	r, _, err := p.OpenFile(ctx, f)
	if err != nil {
		return nil
	}
	defer func() { _ = r.Close() }()
	text, err := limited(r, MaxManifest)
	if err != nil {
		return nil
	}
	plain, err := toUTF8(bytes.TrimSpace(text))
	if err != nil {
		return nil
	}
	root, err := parseTree(plain)
	if err != nil || !slices.Contains([]string{"Strings", "Bundle"}, root.name) {
		return nil
	}
	return root
}
