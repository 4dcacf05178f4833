package ui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/store"
)

// Where the host of a new network has not been listed yet, that is what the key says, and
// the empty list does not promise that the key works; once it is there, it does.
func TestNewBeforeTheHostIsListed(t *testing.T) {
	m := bare(t)
	caps := backend.Caps{
		Kinds: []backend.Kind{backend.KindHost, backend.KindVM, backend.KindNetwork},
		Can:   map[backend.Verb]string{backend.VerbFor(backend.KindNetwork, backend.ActDefine): ""},
	}
	m.store.SetConn(store.ConnStatus{ID: "c", Phase: store.Ready, Caps: caps})
	m.store.Apply("c", backend.Upsert{Objects: []backend.Object{vmCalled("web-1")}})
	m.store.Apply("c", backend.Replace{Query: backend.Query{Kind: backend.KindNetwork}})
	m.Update(tea.WindowSizeMsg{Width: 160, Height: 55})
	m.Update(key('5'))
	m.Update(key('n'))
	const want = "new network: the hosts of c are not listed yet"
	if len(m.overlays) > 0 || m.note.text != want {
		t.Errorf("%d boxes, the foot says %q, want %q", len(m.overlays), m.note.text, want)
	}
	if text := m.view().Content; strings.Contains(text, "makes one") {
		t.Errorf("a list promises a key that does nothing:\n%s", text)
	}

	host := &backend.Host{Meta: backend.Meta{ID: backend.Ref{Conn: "c", Kind: backend.KindHost, ID: "h"}, Name: "h"}}
	m.store.Apply("c", backend.Replace{Query: backend.Query{Kind: backend.KindHost}, Objects: []backend.Object{host}})
	m.Update(ChangedMsg{})
	if text := m.view().Content; !strings.Contains(text, "n makes one") {
		t.Errorf("no list says how its first is made:\n%s", text)
	}
	m.Update(key('n'))
	if len(m.overlays) != 1 {
		t.Errorf("%d boxes, the foot says %q", len(m.overlays), m.note.text)
	}
}
