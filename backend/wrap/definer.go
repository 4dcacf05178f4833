package wrap

import (
	"context"

	"hvdeck/backend"
	"hvdeck/backend/redact"
)

// A Definer gives passwords away, so it passes no layer unseen; a layer has it only
// where the inner Backend has: screens ask by backend.As whether there are definitions.

// reading is readOnly around a Definer.
type reading struct {
	readOnly
	inner backend.Definer
}

// Definition implements backend.Definer: for reading alone, so without passwords.
func (r reading) Definition(ctx context.Context, ref backend.Ref) (string, error) {
	text, err := r.inner.Definition(ctx, ref)
	return redact.Document(text), err
}

// Template implements backend.Definer; it has no secret.
func (r reading) Template(ctx context.Context, under backend.Ref, k backend.Kind) (string, error) {
	return r.inner.Template(ctx, under, k)
}

// defining is audit around a Definer.
type defining struct {
	audit
	inner backend.Definer
}

// Definition implements backend.Definer. That it was read is recorded, not what it is.
func (d defining) Definition(ctx context.Context, r backend.Ref) (string, error) {
	var text string
	err := d.noted(r, "read definition", nil, func() (err error) {
		text, err = d.inner.Definition(ctx, r)
		return err
	})
	return text, err
}

// Template implements backend.Definer; it has no secret and is not recorded.
func (d defining) Template(ctx context.Context, under backend.Ref, k backend.Kind) (string, error) {
	return d.inner.Template(ctx, under, k)
}
