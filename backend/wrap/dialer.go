package wrap

import (
	"context"

	"hvdeck/backend"
)

// Layer puts something around a Backend.
type Layer func(backend.Backend) backend.Backend

// Dialer puts layers around every Backend that d makes, the last outermost.
func Dialer(d backend.Dialer, layers ...Layer) backend.Dialer { return layered{d, layers} }

type layered struct {
	inner  backend.Dialer
	layers []Layer
}

// Dial implements backend.Dialer.
func (l layered) Dial(ctx context.Context, ask backend.Asker) (backend.Backend, error) {
	b, err := l.inner.Dial(ctx, ask)
	if err != nil {
		return nil, err
	}
	for _, layer := range l.layers {
		b = layer(b)
	}
	return b, nil
}
