package config

import (
	"errors"
	"fmt"
	"strings"
)

// confParser reads libvirt's configuration format.
type confParser struct {
	text string // still to be read
	line int
}

// confValue is a string or number, or a list of them.
type confValue struct {
	list    bool
	strings []string
}

// setting reads the next NAME = VALUE; an empty name is the end of the file.
func (p *confParser) setting() (string, confValue, error) {
	p.skip(true)
	if p.text == "" {
		return "", confValue{}, nil
	}
	end := strings.IndexFunc(p.text, func(r rune) bool { return !confNameChar(r) })
	if end < 0 {
		end = len(p.text)
	}
	name := p.text[:end]
	if name == "" {
		return "", confValue{}, errors.New("a line is not written NAME = VALUE")
	}
	p.text = p.text[end:]
	p.skip(false)
	if !p.take("=") {
		return "", confValue{}, fmt.Errorf("after %s there is no =", name)
	}
	p.skip(false)
	value, err := p.value()
	if err != nil {
		return "", confValue{}, fmt.Errorf("%s: %w", name, err)
	}
	p.skip(false)
	if p.text != "" && p.text[0] != '\n' && p.text[0] != '#' {
		return "", confValue{}, fmt.Errorf("%s: something follows its value", name)
	}
	return name, value, nil
}

func confNameChar(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.'
}

// skip passes over blanks and, over lines, line ends and comments.
func (p *confParser) skip(lines bool) {
	for p.text != "" {
		switch c := p.text[0]; {
		case c == ' ', c == '\t', c == '\r':
		case lines && c == '\n':
			p.line++
		case lines && c == '#':
			end := strings.IndexByte(p.text, '\n')
			if end < 0 {
				end = len(p.text)
			}
			p.text = p.text[end:]
			continue
		default:
			return
		}
		p.text = p.text[1:]
	}
}

func (p *confParser) take(s string) bool {
	rest, ok := strings.CutPrefix(p.text, s)
	p.text = rest
	return ok
}

func (p *confParser) value() (confValue, error) {
	if !p.take("[") {
		s, err := p.scalar()
		return confValue{strings: []string{s}}, err
	}
	v := confValue{list: true}
	for {
		p.skip(true)
		if p.take("]") {
			return v, nil
		}
		s, err := p.scalar()
		if err != nil {
			return confValue{}, err
		}
		v.strings = append(v.strings, s)
		p.skip(true)
		switch {
		case p.take(","):
		case strings.HasPrefix(p.text, "]"):
		default:
			return confValue{}, errors.New("in a list there is neither , nor ] after a value")
		}
	}
}

// scalar reads a string in quotes, of which three reach over lines, or a number.
func (p *confParser) scalar() (string, error) {
	for _, quote := range []string{`"""`, `"`, `'`} {
		if !p.take(quote) {
			continue
		}
		s, rest, closed := strings.Cut(p.text, quote)
		if !closed || quote != `"""` && strings.Contains(s, "\n") {
			return "", errors.New("a quote is not closed")
		}
		p.line += strings.Count(s, "\n")
		p.text = rest
		return s, nil
	}
	digits := strings.TrimLeft(strings.TrimPrefix(p.text, "-"), "0123456789")
	number := p.text[:len(p.text)-len(digits)]
	if number == "" || number == "-" {
		return "", errors.New("the value is neither a number nor in quotes")
	}
	p.text = digits
	return number, nil
}
