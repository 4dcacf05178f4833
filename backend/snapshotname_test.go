package backend

import (
	"strings"
	"testing"
)

func TestCheckSnapshotName(t *testing.T) {
	tests := []struct{ name, cause string }{
		{"base", ""}, {"before 2.4 upgrade", ""}, {"仮想 ü", ""}, {"<a> & 100%", ""},
		{"", "empty"}, {"  ", "empty"}, {"a/b", "'/'"}, {"/", "'/'"},
		{"a\nb", "control"}, {"\x1b[2J", "control"}, {"a\u009bb", "control"}, {"a\xffb", "control"},
	}
	for _, tt := range tests {
		err := CheckSnapshotName("create snapshot", "web-01", tt.name)
		if tt.cause == "" {
			if err != nil {
				t.Errorf("%q: %v", tt.name, err)
			}
			continue
		}
		if ClassOf(err) != ClassInvalid || !strings.Contains(err.Error(), tt.cause) || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%q: %v, want an error that names %q", tt.name, err, tt.cause)
		}
	}
}
