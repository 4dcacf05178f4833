package wrap

import (
	"context"
	"io"
	"time"

	"hvdeck/backend"
)

// The extras that can change something, or give a secret away, pass no layer unseen:
// read-only refuses them, and the audit log has a record of each.

func refuseWrite(doing string) error {
	e := backend.Refuse(backend.ClassDenied, doing, "", "this connection is read-only")
	e.Remedy = "connect without --read-only, and without read_only in the configuration"
	return e
}

// OpenConsole implements backend.ConsoleOpener.
func (r readOnly) OpenConsole(context.Context, backend.Ref, string, bool) (io.ReadWriteCloser, error) {
	return nil, refuseWrite("open console")
}

// SecretValue implements backend.SecretReader.
func (r readOnly) SecretValue(context.Context, backend.Ref) (backend.Hidden, error) {
	return backend.Hidden{}, refuseWrite("read secret")
}

// RemoteConsole implements backend.RemoteConsoler: a ticket lets in who has it.
func (r readOnly) RemoteConsole(context.Context, backend.Ref) (*backend.RemoteConsole, error) {
	return nil, refuseWrite("get console ticket")
}

// CancelTask implements backend.TaskCanceller.
func (r readOnly) CancelTask(context.Context, string) error { return refuseWrite("cancel task") }

// OpenConsole implements backend.ConsoleOpener.
func (a audit) OpenConsole(ctx context.Context, vm backend.Ref, device string, force bool) (io.ReadWriteCloser, error) {
	inner, ok := backend.As[backend.ConsoleOpener](a.Backend)
	if !ok {
		return nil, backend.Refuse(backend.ClassUnsupported, "open console of", a.name(vm), "not supported by this connection")
	}
	args := map[string]any{}
	if device != "" {
		args["device"] = device
	}
	if force {
		args["force"] = true
	}
	var con io.ReadWriteCloser
	err := a.noted(vm, "open console", args, func() (err error) {
		con, err = inner.OpenConsole(ctx, vm, device, force)
		return err
	})
	return con, err
}

// SecretValue implements backend.SecretReader.
func (a audit) SecretValue(ctx context.Context, r backend.Ref) (backend.Hidden, error) {
	inner, ok := backend.As[backend.SecretReader](a.Backend)
	if !ok {
		return backend.Hidden{}, backend.Refuse(backend.ClassUnsupported, "read secret", a.name(r), "not supported by this connection")
	}
	var value backend.Hidden
	err := a.noted(r, "read secret", nil, func() (err error) {
		value, err = inner.SecretValue(ctx, r)
		return err
	})
	return value, err
}

// RemoteConsole implements backend.RemoteConsoler. The record has no ticket.
func (a audit) RemoteConsole(ctx context.Context, vm backend.Ref) (*backend.RemoteConsole, error) {
	inner, ok := backend.As[backend.RemoteConsoler](a.Backend)
	if !ok {
		return nil, backend.Refuse(backend.ClassUnsupported, "get console ticket of", a.name(vm), "not supported by this connection")
	}
	var con *backend.RemoteConsole
	err := a.noted(vm, "get console ticket", nil, func() (err error) {
		con, err = inner.RemoteConsole(ctx, vm)
		return err
	})
	return con, err
}

// CancelTask implements backend.TaskCanceller.
func (a audit) CancelTask(ctx context.Context, key string) error {
	inner, ok := backend.As[backend.TaskCanceller](a.Backend)
	if !ok {
		return backend.Refuse(backend.ClassUnsupported, "cancel task", key, "not supported by this connection")
	}
	return a.noted(backend.Ref{}, "cancel task", map[string]any{"task": key}, func() error { return inner.CancelTask(ctx, key) })
}

// noted records what fn does, at its start and at its end.
func (a audit) noted(r backend.Ref, operation string, args map[string]any, fn func() error) error {
	began := a.log.now()
	rec := Record{
		ID: a.log.nextID(), Time: began, Conn: string(a.ID()), Object: a.name(r),
		Ref: refWords(r), Operation: operation, Args: args, Result: resultStarted,
	}
	a.log.write(rec)
	err := fn()
	rec.Time = a.log.now()
	rec.Seconds = rec.Time.Sub(began).Round(time.Millisecond).Seconds()
	rec.Result = resultWord(err)
	if err != nil {
		rec.Error = err.Error()
	}
	a.log.write(rec)
	return err
}
