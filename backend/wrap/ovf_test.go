package wrap

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend"
)

// idle is a driver that does nothing.
type idle struct{ backend.Backend }

func (idle) ID() backend.ConnID { return "c" }

func (idle) Do(context.Context, backend.Op, backend.Progress) (backend.Result, error) {
	return backend.Result{}, nil
}

// TestAuditKeepsOVFSecretsOut: neither the passwords among the properties of an import nor
// what may be secret in the address of its source are recorded.
func TestAuditKeepsOVFSecretsOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l := NewLog(path, func(err error) { t.Error(err) }, nil)
	b := Audit(idle{}, l, func(backend.Ref) string { return "" })
	for _, source := range []string{
		"https://me:hunter2@example.net/a.ova", "https://me:hunter2%zz@example.net/a.ova", "HTTPS://hunter2@example.net/token.ova",
		"https://store.example.net/signed.ova?X-Amz-Signature=hunter2&X-Amz-Credential=hunter2", "https://example.net/%zz.ova?sig=hunter2",
		"https://example.net/part.ova#hunter2",
	} {
		op := backend.OVFImportOp{Under: backend.Ref{Conn: "c", Kind: backend.KindHost, ID: "h"}, Source: source, Name: "web", Properties: []backend.OVFValue{
			{Key: "app.port", Value: "8080"}, {Key: "app.pass", Secret: backend.Hide([]byte("sesame"))},
		}}
		if _, err := b.Do(t.Context(), op, backend.Progress{}); err != nil {
			t.Fatal(err)
		}
	}
	closeLog(t, l)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "sesame", "c2VzYW1l"} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("%q is in the log: %s", secret, raw)
		}
	}
	for _, plain := range []string{
		"8080", "app.pass", "withheld", "(not recorded)", `"https://example.net/a.ova"`, `"https://example.net/token.ova"`,
		`"https://store.example.net/signed.ova"`, `"https://example.net/part.ova"`,
	} {
		if !strings.Contains(string(raw), plain) {
			t.Errorf("%q is not in the log: %s", plain, raw)
		}
	}
}
