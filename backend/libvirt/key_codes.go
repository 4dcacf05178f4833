package libvirt

import (
	"strings"

	"hvdeck/backend"
)

// maxKeys is VIR_DOMAIN_SEND_KEY_MAX_KEYS.
const maxKeys = 16

// keyCodes translates "ctrl+alt+delete" into Linux's key codes. Source:
// linux/input-event-codes.h.
func keyCodes(doing, keys string) ([]uint32, error) {
	refuse := func(format string, args ...any) ([]uint32, error) {
		err := backend.Refuse(backend.ClassInvalid, doing, "", format, args...)
		err.Remedy = "write keys with + between them: ctrl+alt+delete, ctrl+alt+f2, a"
		return nil, err
	}
	if strings.TrimSpace(keys) == "" {
		return refuse("no keys are given")
	}
	var codes []uint32
	for _, name := range strings.Split(keys, "+") {
		name = strings.ToLower(strings.TrimSpace(name))
		code := keyCode(name)
		if code == 0 {
			return refuse("no key is called %q", clip(name))
		}
		codes = append(codes, code)
	}
	if len(codes) > maxKeys {
		return refuse("%d keys are too many: %d at most can be pressed together", len(codes), maxKeys)
	}
	return codes, nil
}

// keyCode is the code of one key; 0 for none of that name.
func keyCode(name string) uint32 {
	for _, row := range keyRows() {
		for i, key := range strings.Fields(row.keys) {
			if key == name {
				return row.first + uint32(i)
			}
		}
	}
	return namedKey(name)
}

// keyRow is keys whose codes follow one another.
type keyRow struct {
	first uint32
	keys  string
}

func keyRows() []keyRow {
	return []keyRow{
		{1, "esc 1 2 3 4 5 6 7 8 9 0 minus equal backspace tab q w e r t y u i o p leftbrace rightbrace enter ctrl"},
		{30, "a s d f g h j k l semicolon apostrophe grave shift backslash z x c v b n m comma dot slash rightshift"},
		{56, "alt space capslock f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 numlock scrolllock"},
		{87, "f11 f12"},
		{97, "rightctrl"},
		{99, "sysrq altgr"},
		{102, "home up pageup left right end down pagedown insert delete"},
		{119, "pause"},
		{125, "meta rightmeta menu"},
	}
}

// namedKey are further names of keys.
func namedKey(name string) uint32 {
	other := map[string]string{
		"escape": "esc", "control": "ctrl", "leftctrl": "ctrl", "leftalt": "alt", "leftshift": "shift",
		"rightalt": "altgr", "del": "delete", "ins": "insert", "return": "enter", "pgup": "pageup", "pgdown": "pagedown",
		"win": "meta", "super": "meta", "leftmeta": "meta", "printscreen": "sysrq", "print": "sysrq", "break": "pause",
		"-": "minus", "=": "equal", "[": "leftbrace", "]": "rightbrace", ";": "semicolon", "'": "apostrophe", "`": "grave",
		"\\": "backslash", ",": "comma", ".": "dot", "period": "dot", "/": "slash",
	}
	if plain := other[name]; plain != "" {
		return keyCode(plain)
	}
	return 0
}
