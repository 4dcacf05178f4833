package theme

import "fmt"

// String is the name of the token in a theme file.
func (t Token) String() string {
	names := tokenNames()
	if int(t) >= len(names) {
		return fmt.Sprintf("token-%d", uint8(t))
	}
	return names[t]
}

// String is the name of the row state in a theme file.
func (r Row) String() string {
	names := rowNames()
	if int(r) >= len(names) {
		return fmt.Sprintf("row-%d", uint8(r))
	}
	return names[r]
}

// ParseToken finds a token by its name in a theme file.
func ParseToken(name string) (Token, bool) {
	for i, n := range tokenNames() {
		if n == name {
			return Token(i), true
		}
	}
	return 0, false
}

func parseRow(name string) (Row, bool) {
	for i, n := range rowNames() {
		if n == name {
			return Row(i), true
		}
	}
	return 0, false
}

func tokenNames() [TokenCount]string {
	return [TokenCount]string{
		Text: "text", Muted: "muted", Title: "title", Focus: "focus", Border: "border",
		Head: "head", Key: "key", Accent: "accent",
		StateOK: "state-ok", StateOff: "state-off", StateBusy: "state-busy",
		StateWarn: "state-warn", StateBad: "state-bad",
		Stale: "stale", Spark: "spark", Match: "match", Danger: "danger",
		Element: "element", Attribute: "attribute", Value: "value", Comment: "comment",
		ConnA: "conn-a", ConnB: "conn-b", ConnC: "conn-c", ConnD: "conn-d",
	}
}

func rowNames() [RowCount]string {
	return [RowCount]string{Plain: "plain", Cursor: "cursor", CursorBlur: "cursor-blur"}
}
