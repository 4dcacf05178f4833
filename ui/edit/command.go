package edit

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// ErrNoEditor says that there is nothing to edit with.
var ErrNoEditor = errors.New("no editor was found: set EDITOR, such as EDITOR=vim, and start hvdeck again")

// Command is the operator's editor as words: $VISUAL, else $EDITOR, else vi or nano.
// The path of the file is to be added as the last word.
func Command(getenv func(string) string) ([]string, error) {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if strings.TrimSpace(getenv(name)) == "" {
			continue
		}
		words, err := Words(getenv(name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(words) == 0 || words[0] == "" {
			return nil, fmt.Errorf("%s names no program", name)
		}
		if _, err := exec.LookPath(words[0]); err != nil {
			return nil, fmt.Errorf("%s: %q can't be run: %w", name, words[0], cause(err))
		}
		return words, nil
	}
	for _, name := range []string{"vi", "nano"} {
		if _, err := exec.LookPath(name); err == nil {
			return []string{name}, nil
		}
	}
	return nil, ErrNoEditor
}

func cause(err error) error {
	var e *exec.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// Words splits a command as a shell does: at blanks, with quotes and backslashes.
// Nothing is expanded.
func Words(command string) ([]string, error) {
	s := splitter{}
	for _, r := range command {
		s.take(r)
	}
	if s.quote != 0 {
		return nil, fmt.Errorf("a quote %c is not closed", s.quote)
	}
	if s.escaped {
		return nil, errors.New("a backslash stands at the end")
	}
	s.end()
	return s.words, nil
}

type splitter struct {
	words   []string
	word    strings.Builder
	begun   bool // "" in quotes is a word, too
	quote   rune
	escaped bool
}

func (s *splitter) take(r rune) {
	switch {
	case s.escaped:
		if s.quote == '"' && !strings.ContainsRune("\"\\$`", r) {
			s.word.WriteRune('\\')
		}
		s.word.WriteRune(r)
		s.escaped, s.begun = false, true
	case r == '\\' && s.quote != '\'':
		s.escaped = true
	case s.quote != 0 && r == s.quote:
		s.quote = 0
	case s.quote != 0:
		s.word.WriteRune(r)
	case r == '"' || r == '\'':
		s.quote, s.begun = r, true
	case r == ' ' || r == '\t' || r == '\n':
		s.end()
	default:
		s.word.WriteRune(r)
		s.begun = true
	}
}

func (s *splitter) end() {
	if s.begun {
		s.words = append(s.words, s.word.String())
	}
	s.word.Reset()
	s.begun = false
}
