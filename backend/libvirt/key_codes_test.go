package libvirt

import (
	"slices"
	"strings"
	"testing"

	"hvdeck/backend"
)

func TestKeyCodes(t *testing.T) {
	for keys, want := range map[string][]uint32{
		"ctrl+alt+delete": {29, 56, 111}, "Ctrl + Alt + F2": {29, 56, 60}, "a": {30}, "z": {44}, "m": {50}, "p": {25},
		"1": {2}, "0": {11}, "f10": {68}, "f11": {87}, "f12": {88}, "alt+sysrq+b": {56, 99, 48}, "enter": {28}, "return": {28},
		"super+l": {125, 38}, "pgdown": {109}, "space": {57}, "/": {53}, "shift+;": {42, 39}, "altgr+q": {100, 16}, "pause": {119},
	} {
		got, err := keyCodes("send keys", keys)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v, want %v", keys, got, err, want)
		}
	}
	for _, bad := range []string{"", " ", "+", "ctrl++a", "ctrl+", "nosuchkey", "f13", "f0", "é", strings.Repeat("a+", 16) + "a", "a\nb"} {
		_, err := keyCodes("send keys", bad)
		if e, ok := backendError(err); !ok || e.Class != backend.ClassInvalid || e.Remedy == "" || strings.Contains(e.Error(), "\n") {
			t.Errorf("%q: %#v", bad, err)
		}
	}
}
