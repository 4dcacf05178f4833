package libvirt

import (
	"errors"
	"strings"

	"hvdeck/backend"
	"hvdeck/backend/definition"
)

// xmlHead is what XML that an operator wrote says of its object.
type xmlHead struct {
	name, uuid string
	// secrets are passwords in it; they must not turn up in an error.
	secrets []string
}

// readHead checks XML that an operator wrote for an object of a kind, before a server
// sees it. The error says the line and never repeats a value, which may be a password.
func readHead(doing string, k backend.Kind, text string) (xmlHead, error) {
	h, err := definition.Read(text, k)
	if err == nil {
		return xmlHead{name: h.Name, uuid: h.UUID, secrets: h.Secrets}, nil
	}
	return xmlHead{}, backend.Refuse(backend.ClassInvalid, doing, "", "the XML can't be taken: %v", err)
}

// clip bounds a word that goes into an error.
func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// sameUUID compares UUIDs as libvirt does: dashes, blanks and case do not count.
func sameUUID(a, b string) bool { return bareUUID(a) == bareUUID(b) }

func bareUUID(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", " ", "", "\n", "", "\t", "", "\r", "").Replace(s))
}

// withoutSecrets takes passwords of the XML out of a server's error about it.
func (h xmlHead) withoutSecrets(err error) error {
	var e *backend.Error
	if len(h.secrets) == 0 || !errors.As(err, &e) {
		return err
	}
	clean := *e
	clean.Err = nil // it has the same words
	for _, s := range h.secrets {
		clean.Message = strings.ReplaceAll(clean.Message, s, "…")
	}
	return &clean
}
