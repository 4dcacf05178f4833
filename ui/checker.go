package ui

import (
	"context"

	"hvdeck/backend"
)

// askChecker asks a server what speaks against an operation; nothing where it has no
// opinion.
func askChecker(ctx context.Context, b backend.Backend, op backend.Op, fault func(error)) ([]backend.Finding, error) {
	return guarded(ctx, b, "check", func(ctx context.Context, b backend.Backend) ([]backend.Finding, error) {
		if c, ok := backend.As[backend.Checker](b); ok {
			return c.Check(ctx, op)
		}
		return nil, nil
	}, fault)
}
