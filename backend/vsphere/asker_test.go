package vsphere_test

import (
	"context"
	"errors"
	"strings"
	"sync"

	"hvdeck/backend"
)

// operator answers prompts as a person would; it keeps what was asked.
type operator struct {
	mu       sync.Mutex
	password []string // one for each time it is asked
	trust    string   // the choice for a certificate
	asked    []backend.Prompt
}

var errDeclined = errors.New("declined")

func (o *operator) Ask(_ context.Context, p backend.Prompt) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, p)
	if len(p.Choices) > 0 {
		return o.trust, nil
	}
	if !p.Secret || len(o.password) == 0 {
		return "", errDeclined
	}
	next := o.password[0]
	o.password = o.password[1:]
	return next, nil
}

func (o *operator) texts() string {
	var b strings.Builder
	for _, p := range o.asked {
		b.WriteString(p.Title + "\n" + p.Text + "\n")
	}
	return b.String()
}
