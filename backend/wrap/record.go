package wrap

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"
	"unicode/utf16"

	"hvdeck/backend"
	"hvdeck/backend/clean"
)

// Record is one line of the audit log. Each operation has two with one ID: Result
// "started" and then "success", "error", "denied", "cancelled" or "unknown". One that
// never ended was cut off with the program. After "unknown" a third may come, when it is
// found out how it ended: Settled says how. One with Result "gap" stands where Lost
// others could not be written.
type Record struct {
	ID        string         `json:"id"`
	Time      time.Time      `json:"time"`
	Conn      string         `json:"connection"`
	Object    string         `json:"object"`
	Ref       string         `json:"ref"` // kind and the server's own id
	Operation string         `json:"operation"`
	Args      map[string]any `json:"arguments,omitempty"`
	Result    string         `json:"result"`
	Error     string         `json:"error,omitempty"`
	Created   string         `json:"created,omitempty"`
	Settled   string         `json:"settled,omitempty"` // how it was found out after "unknown"
	Seconds   float64        `json:"seconds,omitempty"`
	Lost      int            `json:"lost,omitempty"`
}

// arguments gives the fields of an operation besides its target. A field tagged
// `audit:"secret"` is named without its value.
func arguments(op backend.Op, name func(backend.Ref) string) map[string]any {
	v := reflect.Indirect(reflect.ValueOf(op))
	if v.Kind() != reflect.Struct {
		return nil
	}
	args := map[string]any{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || v.Field(i).IsZero() {
			continue
		}
		key := strings.ToLower(f.Name)
		if f.Tag.Get("audit") == "secret" {
			args[key] = "(not recorded)"
			continue
		}
		switch value := v.Field(i).Interface().(type) {
		case backend.Ref:
			if value != op.Target() {
				args[key] = map[string]string{"name": name(value), "ref": refWords(value)}
			}
		case backend.After:
			args[key] = afterWord(value)
		case string:
			args[key] = withoutSecrets(value)
		default:
			args[key] = value
		}
	}
	return args
}

// withoutSecrets is a URL, such as the source of an import, without what may let in:
// of one of the web the user, who may be a token, and the query, which may be a signature;
// of others, such as where a VM is migrated to, the password.
func withoutSecrets(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil && strings.ContainsAny(text, "@?#"):
		return "(not recorded)" // it can't be told what of it is a secret
	case err != nil:
		return text
	case u.Scheme == "http" || u.Scheme == "https":
		u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
		return u.String()
	case u.User == nil:
		return text
	}
	return u.Redacted()
}

func afterWord(a backend.After) string {
	switch a {
	case backend.AfterRun:
		return "run"
	case backend.AfterPause:
		return "pause"
	default:
		return "as taken"
	}
}

// line is the record as one line of JSON that is safe to print: characters that
// could act on a terminal are escaped, none is lost.
func (r Record) line() ([]byte, error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.Grow(len(raw) + 1)
	for _, c := range string(raw) {
		if c < 0x7f || clean.Line(string(c)) == string(c) {
			b.WriteRune(c)
			continue
		}
		if hi, lo := utf16.EncodeRune(c); c > 0xffff {
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	b.WriteByte('\n')
	return []byte(b.String()), nil
}
