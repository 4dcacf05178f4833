package uitest

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// keySequence is what a terminal sends for a key. application is the mode of the
// cursor keys.
func keySequence(name string, application bool) (string, bool) {
	if utf8.RuneCountInString(name) == 1 {
		return name, true
	}
	if seq, ok := plainKey(name); ok {
		return seq, true
	}
	if final, ok := cursorKey(name); ok {
		if application {
			return "\x1bO" + final, true
		}
		return "\x1b[" + final, true
	}
	return modifiedKey(name)
}

func plainKey(name string) (string, bool) {
	seq, ok := map[string]string{
		"enter": "\r", "tab": "\t", "shift+tab": "\x1b[Z", "esc": "\x1b", "space": " ", "backspace": "\x7f",
		"pgup": "\x1b[5~", "pgdown": "\x1b[6~", "insert": "\x1b[2~", "delete": "\x1b[3~",
		"f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~",
		"f7": "\x1b[18~", "f8": "\x1b[19~", "f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~",
		"ctrl+space": "\x00", "ctrl+\\": "\x1c", "ctrl+]": "\x1d", "ctrl+^": "\x1e", "ctrl+_": "\x1f", "ctrl+@": "\x00",
	}[name]
	return seq, ok
}

// cursorKey is the last letter of the sequence of a key that has two forms.
func cursorKey(name string) (string, bool) {
	final, ok := map[string]string{"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}[name]
	return final, ok
}

func modifiedKey(name string) (string, bool) {
	mod, key, ok := strings.Cut(name, "+")
	if !ok || key == "" {
		return "", false
	}
	code := map[string]string{"shift": "2", "alt": "3", "ctrl": "5"}[mod]
	if final, isCursor := cursorKey(key); isCursor && code != "" {
		return "\x1b[1;" + code + final, true
	}
	switch {
	case mod == "alt":
		seq, known := keySequence(key, false)
		return "\x1b" + seq, known
	case mod == "ctrl" && len(key) == 1 && key[0] >= 'a' && key[0] <= 'z':
		return string(rune(key[0] - 'a' + 1)), true
	case mod == "shift" && len(key) == 1 && key[0] >= 'a' && key[0] <= 'z':
		return strings.ToUpper(key), true
	}
	return "", false
}

// kittyKey is what a terminal with the kitty keyboard sends, when asked to
// disambiguate, for the keys that have no sequence of their own otherwise.
func kittyKey(name string) (string, bool) {
	if name == "esc" {
		return "\x1b[27u", true
	}
	mod, key, ok := strings.Cut(name, "+")
	code := map[string]int{"alt": 3, "ctrl": 5}[mod]
	if key == "space" {
		key = " "
	}
	if !ok || code == 0 || utf8.RuneCountInString(key) != 1 {
		return "", false
	}
	r, _ := utf8.DecodeRuneInString(key)
	return fmt.Sprintf("\x1b[%d;%du", r, code), true
}
