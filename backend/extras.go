package backend

import (
	"context"
	"io"
	"time"
)

// What only some backends can do, found by As. All of it is asked directly by who
// needs it and kept nowhere.

// Documenter is implemented by backends that have long documents about an object:
// the capabilities of a host, what differs since a snapshot.
type Documenter interface {
	// Documents names what can be asked about an object, in the order of display; it
	// makes no call.
	Documents(r Ref) []string
	// Document fetches one of them.
	Document(ctx context.Context, r Ref, name string) (*Document, error)
}

// Document is a page about an object: facts in sections, with the server's own text
// behind them.
type Document struct {
	Ref      Ref
	Name     string
	At       time.Time
	Sections []DocumentSection
	Raw      string `clean:"raw"` // XML or JSON; "" when there is none
}

// Names of documents that screens know by name: the XML of a VM as it runs, and of its
// next start, both without secrets; what differs between a snapshot and its VM now.
const (
	DocumentNow         = "XML now"
	DocumentNextStart   = "XML next start"
	DocumentDifferences = "Differences from now"
)

// DocumentSection is a headed list of facts; Depth is how far it hangs under the
// sections before it, 0 for the top.
type DocumentSection struct {
	Title  string
	Depth  int
	Fields []Field
}

// Definer is implemented by backends whose objects are defined by a text that an
// operator can edit.
type Definer interface {
	// Definition is an object's text as DefineOp takes it back: the lasting one where
	// there are two, complete, so with any password in it. It must not be kept. That
	// it was read is recorded, without the text. On a connection that is read-only it is
	// for reading alone: without passwords, which are left out or masked.
	Definition(ctx context.Context, r Ref) (string, error)
	// Template is a good beginning for a new object of a kind under a host, or a
	// volume under a pool, with a fresh UUID and MAC address where one belongs.
	Template(ctx context.Context, under Ref, k Kind) (string, error)
}

// SecretReader is implemented by backends that have secrets. Source:
// virSecretGetValue.
type SecretReader interface {
	SecretValue(ctx context.Context, r Ref) (Hidden, error)
}

// ConsoleOpener is implemented by backends that reach a guest's serial console.
// Source: virDomainOpenConsole.
type ConsoleOpener interface {
	// OpenConsole connects to a serial or console device; "" is the first. The
	// server lets one client in at a time: another is ClassBusy, unless force drops
	// that one. Read returns what the guest prints, io.EOF when the guest ended;
	// Write types. Both may be called at the same time as Close, which ends them.
	// Reading slowly must not hold up any other call of the backend.
	OpenConsole(ctx context.Context, vm Ref, device string, force bool) (io.ReadWriteCloser, error)
}
