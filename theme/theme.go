// Package theme turns meaning into looks: semantic tokens, not colours, are what
// the screens know. It promises that a theme is data, that rendering is a string
// concatenation (the escape sequences are made once, when a theme is loaded), and
// that nothing is told by colour alone: glyphs and words come with it.
package theme

// Token is what a piece of text means.
type Token uint8

// The tokens.
const (
	Text Token = iota
	Muted
	Title     // title of a pane
	Focus     // title of the pane in focus
	Border    // boxes and rules
	Head      // column heads
	Key       // a key in a hint or menu
	Accent    // what the eye should find first
	StateOK   // running, ready, success
	StateOff  // off, inactive
	StateBusy // on its way
	StateWarn // paused, degraded, needs a look
	StateBad  // failed, crashed, gone
	Stale     // old data
	Spark     // sparklines and bars
	Match     // the part that a filter matched
	Danger    // destructive words in a question
	Element   // names of XML elements
	Attribute // names of XML attributes
	Value     // values of XML attributes
	Comment   // comments and declarations of XML
	ConnA     // colours a connection may carry
	ConnB
	ConnC
	ConnD
	TokenCount
)

// Row is the state of the line that a piece of text stands in; it chooses the
// background.
type Row uint8

// The row states.
const (
	Plain      Row = iota
	Cursor         // under the cursor in the focused pane
	CursorBlur     // under the cursor in another pane
	RowCount
)
