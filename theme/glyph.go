package theme

// Glyphs are the signs the screens draw with. Each is one cell wide, except the
// branches of a tree, which are three. The ASCII set holds only ASCII.
type Glyphs struct {
	// State of an object; a word always goes with it.
	On, Off, Half, Waiting, Failed, Warn, Done, Busy, Unknown string

	Box Box

	// Tree branches, three cells each: a child with siblings below, the last child, a
	// line passing by, nothing.
	Branch, LastBranch, Pass, NoBranch string
	Collapsed, Expanded                string

	Spark    [8]string // rising levels, the lowest still visible
	SparkGap string    // no value
	Bar      [8]string // how far a cell is filled, 1/8 to 8/8; never the full height, so that rows stay apart
	BarEmpty string
	BarLeft  string // ends of a bar
	BarRight string

	Cursor     string // first cell of the row under the cursor, focused pane
	CursorBlur string // the same in another pane
	Mark       string // first cell of a marked row
	CursorMark string // first cell of a marked row under the cursor

	Ellipsis              string
	Up, Down, Left, Right string // arrows
	SortUp, SortDown      string
	Dot, Bullet           string
	Checked, Unchecked    string
	Secret                string // stands for one character of a secret
	Spinner               [4]string

	// ASCII says that the terminal shows nothing else: text is spelled with it too.
	ASCII bool
}

// Box is a set of line-drawing glyphs.
type Box struct {
	TopLeft, TopRight, BottomLeft, BottomRight string
	Horizontal, Vertical                       string
	TeeLeft, TeeRight, TeeUp, TeeDown, Cross   string
}

func unicodeGlyphs() Glyphs {
	return Glyphs{
		On: "●", Off: "○", Half: "◐", Waiting: "◌", Failed: "✗", Warn: "▲", Done: "✓", Busy: "▶", Unknown: "?",
		Box: Box{
			TopLeft: "╭", TopRight: "╮", BottomLeft: "╰", BottomRight: "╯", Horizontal: "─", Vertical: "│",
			TeeLeft: "├", TeeRight: "┤", TeeUp: "┴", TeeDown: "┬", Cross: "┼",
		},
		Branch: "├─ ", LastBranch: "└─ ", Pass: "│  ", NoBranch: "   ", Collapsed: "▸", Expanded: "▾",
		Spark:    [8]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
		SparkGap: "·",
		Bar:      [8]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "▇"},
		BarEmpty: "▁", BarLeft: "▕", BarRight: "▏",
		Cursor: "❯", CursorBlur: "›", Mark: "◆", CursorMark: "◈",
		Ellipsis: "…", Up: "↑", Down: "↓", Left: "←", Right: "→", SortUp: "▴", SortDown: "▾",
		Dot: "·", Bullet: "•", Checked: "☑", Unchecked: "☐", Secret: "•",
		Spinner: [4]string{"◜", "◝", "◞", "◟"},
	}
}

func asciiGlyphs() Glyphs {
	return Glyphs{
		On: "*", Off: "o", Half: "=", Waiting: "~", Failed: "x", Warn: "!", Done: "v", Busy: ">", Unknown: "?",
		Box: Box{
			TopLeft: "+", TopRight: "+", BottomLeft: "+", BottomRight: "+", Horizontal: "-", Vertical: "|",
			TeeLeft: "+", TeeRight: "+", TeeUp: "+", TeeDown: "+", Cross: "+",
		},
		Branch: "|- ", LastBranch: "`- ", Pass: "|  ", NoBranch: "   ", Collapsed: "+", Expanded: "-",
		Spark:    [8]string{"_", ".", ":", "-", "=", "+", "*", "#"},
		SparkGap: " ",
		Bar:      [8]string{".", ".", "-", "-", "=", "=", "#", "#"},
		BarEmpty: ".", BarLeft: "[", BarRight: "]",
		Cursor: ">", CursorBlur: "-", Mark: "+", CursorMark: "#",
		Ellipsis: "~", Up: "^", Down: "v", Left: "<", Right: ">", SortUp: "^", SortDown: "v",
		Dot: ".", Bullet: "*", Checked: "x", Unchecked: "_", Secret: "*",
		Spinner: [4]string{"|", "/", "-", "\\"},
		ASCII:   true,
	}
}
