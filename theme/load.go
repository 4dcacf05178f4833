package theme

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

//go:embed themes/*.toml
var themes embed.FS

// Options say what the terminal can show.
type Options struct {
	ASCII   bool // only ASCII glyphs
	NoColor bool // attributes only (NO_COLOR, monochrome terminals)
}

// file is a theme as it is written down.
type file struct {
	Name       string            `toml:"name"`
	Base       string            `toml:"base"` // an embedded theme that fills what is not said
	Dark       *bool             `toml:"dark"`
	Background string            `toml:"background"`
	Foreground string            `toml:"foreground"`
	Tokens     map[string]string `toml:"tokens"`
	Rows       map[string]string `toml:"rows"`
}

// Names lists the embedded themes, the default first.
func Names() []string {
	return []string{"dark", "light", "high-contrast", "colour-blind", "mono"}
}

// Load returns an embedded theme. "" or "auto" chooses dark or light by what the
// terminal said of its background. An unknown name is an error that lists the names.
func Load(name string, dark bool, o Options) (*Theme, error) {
	if name == "" || name == "auto" {
		name = "light"
		if dark {
			name = "dark"
		}
	}
	data, err := themes.ReadFile("themes/" + name + ".toml")
	if err != nil {
		return nil, fmt.Errorf("theme %q is not known; there are %s", name, strings.Join(Names(), ", "))
	}
	return Parse(data, o)
}

// Parse reads a theme file. Unknown keys, unknown tokens and, without a base, missing
// tokens are errors that name them.
func Parse(data []byte, o Options) (*Theme, error) {
	f, err := decode(data)
	if err != nil {
		return nil, err
	}
	if f, err = withBase(f); err != nil {
		return nil, err
	}
	return build(f, o)
}

func decode(data []byte) (file, error) {
	var f file
	d := toml.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(&f)
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		return f, fmt.Errorf("theme file: unknown keys:\n%s", strict.String())
	}
	if err != nil {
		return f, fmt.Errorf("theme file: %w", err)
	}
	if f.Name == "" {
		return f, fmt.Errorf("theme file: name is missing")
	}
	return f, nil
}

// withBase fills what f does not say from its base. An embedded base has none itself.
func withBase(f file) (file, error) {
	if f.Base == "" {
		return f, nil
	}
	data, err := themes.ReadFile("themes/" + f.Base + ".toml")
	if err != nil {
		return f, fmt.Errorf("theme %q: base %q is not known; there are %s", f.Name, f.Base, strings.Join(Names(), ", "))
	}
	b, err := decode(data)
	if err != nil {
		return f, err
	}
	if f.Dark == nil {
		f.Dark = b.Dark
	}
	if f.Background == "" {
		f.Background = b.Background
	}
	if f.Foreground == "" {
		f.Foreground = b.Foreground
	}
	f.Tokens = merge(b.Tokens, f.Tokens)
	f.Rows = merge(b.Rows, f.Rows)
	return f, nil
}

func merge(base, over map[string]string) map[string]string {
	out := make(map[string]string, len(base)+len(over))
	for k, v := range base {
		out[k] = v
	}
	for k, v := range over {
		out[k] = v
	}
	return out
}

func build(f file, o Options) (*Theme, error) {
	tokens, err := tokenStyles(f)
	if err != nil {
		return nil, err
	}
	rows, err := rowStyles(f)
	if err != nil {
		return nil, err
	}
	t := &Theme{Name: f.Name, Dark: f.Dark == nil || *f.Dark, Glyphs: unicodeGlyphs()}
	if o.ASCII {
		t.Glyphs = asciiGlyphs()
	}
	t.Spinner = t.Glyphs.Spinner[:]
	if err := t.setGround(f); err != nil {
		return nil, err
	}
	if o.NoColor {
		tokens, rows = withoutColours(tokens, rows)
	}
	t.prepare(tokens, rows)
	return t, nil
}

func (t *Theme) setGround(f file) error {
	for _, g := range []struct {
		text string
		to   *RGB
	}{{f.Background, &t.Background}, {f.Foreground, &t.Foreground}} {
		if g.text == "" {
			continue
		}
		c, err := parseRGB(g.text)
		if err != nil {
			return fmt.Errorf("theme %q: %w", f.Name, err)
		}
		*g.to = c
	}
	return nil
}

// prepare makes the escape sequences, once.
func (t *Theme) prepare(tokens [TokenCount]Style, rows [RowCount]Style) {
	for r, row := range rows {
		t.base[r] = row.sgr()
		for k, tok := range tokens {
			t.styles[r][k] = tok.on(row)
			t.prefix[r][k] = t.styles[r][k].sgr()
		}
	}
}

func tokenStyles(f file) ([TokenCount]Style, error) {
	var out [TokenCount]Style
	var missing []string
	for k := range out {
		text, ok := f.Tokens[Token(k).String()]
		if !ok {
			missing = append(missing, Token(k).String())
			continue
		}
		s, err := ParseStyle(text)
		if err != nil {
			return out, fmt.Errorf("theme %q: token %s: %w", f.Name, Token(k), err)
		}
		out[k] = s
	}
	if len(missing) > 0 {
		return out, fmt.Errorf("theme %q: tokens missing: %s (or name a base)", f.Name, strings.Join(missing, ", "))
	}
	return out, unknown(f.Name, "token", f.Tokens, func(n string) bool { _, ok := ParseToken(n); return ok })
}

func rowStyles(f file) ([RowCount]Style, error) {
	var out [RowCount]Style
	for r := range out {
		text, ok := f.Rows[Row(r).String()]
		if !ok && Row(r) == Plain {
			continue
		}
		if !ok {
			return out, fmt.Errorf("theme %q: row %s is missing (or name a base)", f.Name, Row(r))
		}
		s, err := ParseStyle(text)
		if err != nil {
			return out, fmt.Errorf("theme %q: row %s: %w", f.Name, Row(r), err)
		}
		out[r] = s
	}
	return out, unknown(f.Name, "row", f.Rows, func(n string) bool { _, ok := parseRow(n); return ok })
}

func unknown(theme, what string, m map[string]string, known func(string) bool) error {
	var bad []string
	for n := range m {
		if !known(n) {
			bad = append(bad, n)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	sort.Strings(bad)
	return fmt.Errorf("theme %q: unknown %s: %s", theme, what, strings.Join(bad, ", "))
}

// withoutColours keeps the attributes and makes sure that the cursor and the focus
// can still be seen.
func withoutColours(tokens [TokenCount]Style, rows [RowCount]Style) ([TokenCount]Style, [RowCount]Style) {
	for k := range tokens {
		tokens[k] = tokens[k].withoutColour()
	}
	for r := range rows {
		rows[r] = rows[r].withoutColour()
	}
	tokens[Focus].Bold = true
	rows[Cursor].Reverse = true
	if rows[CursorBlur] == (Style{}) {
		rows[CursorBlur].Underline = true
	}
	return tokens, rows
}
