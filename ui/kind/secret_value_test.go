package kind

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func TestValueOfASecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("s3same\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ref := backend.Ref{Conn: "c", Kind: backend.KindSecret, ID: "1"}
	for _, c := range []struct {
		args  keymap.Args
		want  string
		words string // of the error
	}{
		{keymap.Args{"from": "typed"}, "typed s3same", ""},
		{keymap.Args{"from": "file", "file": file}, "s3same\n", ""},
		{keymap.Args{"from": "command", "command": "echo s3same"}, "s3same", ""},
		{keymap.Args{"from": "later"}, "", ""},
		{keymap.Args{"from": "command", "command": "cat " + file + " >&2; exit 3"}, "", "exit status 3"},
		{keymap.Args{"from": "command", "command": "true"}, "", "is empty"},
		{keymap.Args{"from": "file", "file": "/dev/zero"}, "", "not a regular file"},
	} {
		value, err := readValue(t.Context(), c.args, backend.Hide([]byte("typed s3same")))
		if string(value.Reveal()) != c.want || (err == nil) != (c.words == "") {
			t.Errorf("%v: %q, %v", c.args, value.Reveal(), err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "s3same")) {
			t.Errorf("%v: %v", c.args, err)
		}
		action := secretSet().Holding(value)
		if shown := fmt.Sprintf("%+v", action); strings.Contains(shown, "s3same") || strings.Contains(shown, "115 51") {
			t.Errorf("an action that holds it prints %s", shown)
		}
		op := action.Make(secretAt(ref), keymap.Selection{}, c.args).(backend.SecretSetOp)
		if op.Secret != ref || string(op.Value.Reveal()) != c.want {
			t.Errorf("%v: %+v with %q", c.args, op, op.Value.Reveal())
		}
	}
	op := secretNew().Holding(backend.Hide([]byte("a"))).Make(&backend.Host{}, keymap.Selection{}, keymap.Args{"usage": "ceph"})
	if made := op.(backend.SecretNewOp); made.Usage != "ceph" || string(made.Value.Reveal()) != "a" {
		t.Errorf("%+v", made)
	}
	if bare := secretSet().Holding(backend.Hide([]byte("a"))).Holding(backend.Hidden{}).Make(&backend.Secret{}, keymap.Selection{}, nil).(backend.SecretSetOp); !bare.Value.Empty() {
		t.Error("the action still has it")
	}
}

func secretAt(r backend.Ref) *backend.Secret {
	s := &backend.Secret{}
	s.ID = r
	return s
}
