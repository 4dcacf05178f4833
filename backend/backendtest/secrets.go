package backendtest

import (
	"bytes"
	"fmt"
	"strings"

	"hvdeck/backend"
)

func secretCases() []testCase {
	return []testCase{
		{name: "secret/new", ops: []backend.Op{backend.SecretNewOp{}}, run: secretNew},
		{name: "secret/new-refused", ops: []backend.Op{backend.SecretNewOp{}}, run: secretNewRefused},
		{name: "secret/set", ops: []backend.Op{backend.SecretSetOp{}}, run: secretSet},
		{name: "secret/private", ops: []backend.Op{backend.SecretNewOp{}}, run: secretPrivate},
		{name: "secret/watched", run: secretWatched},
		{name: "secret/undefine", ops: []backend.Op{backend.UndefineOp{}}, run: secretUndefine},
	}
}

// plainSecret is a new secret with a value of any bytes.
func (r *run) plainSecret() backend.SecretNewOp {
	return backend.SecretNewOp{Host: r.hostRef(), Usage: "iscsi", UsageID: prefix + "secret",
		Description: "of the suite", Value: backend.Hide([]byte("one\x00two\nthree\xff"))}
}

// makeSecret defines a secret that goes with the case.
func (r *run) makeSecret(op backend.SecretNewOp) backend.Ref {
	r.needs(op.Verb())
	drop := func() {
		for _, o := range r.seen(backend.KindSecret, backend.Ref{}) {
			if s, ok := o.(*backend.Secret); ok && s.Usage == op.Usage && s.UsageID == op.UsageID {
				r.quietly(backend.UndefineOp{Object: s.ID})
			}
		}
	}
	drop()
	r.later(drop)
	return r.do(op).Created
}

// value reads a secret by the second connection.
func (r *run) value(ref backend.Ref) ([]byte, error) {
	reader, ok := backend.As[backend.SecretReader](r.other())
	if !ok {
		r.fatalf("the driver has no SecretReader")
	}
	ctx, cancel := r.ctx()
	defer cancel()
	v, err := reader.SecretValue(ctx, ref)
	r.contractual("read secret", err)
	return v.Reveal(), err
}

func (r *run) hasValue(ref backend.Ref, want []byte) {
	got, err := r.value(ref)
	if err != nil {
		r.fatalf("read secret: %v", err)
	}
	if !bytes.Equal(got, want) {
		r.errorf("the secret came back as %d bytes that are not the %d that were set", len(got), len(want))
	}
}

func secretNew(r *run) {
	op := r.plainSecret()
	ref := r.makeSecret(op)
	s := byRef[*backend.Secret](r, ref, backend.Ref{})
	if s.Usage != op.Usage || s.UsageID != op.UsageID || s.Description != op.Description || s.Ephemeral || s.Private {
		r.errorf("the new secret is %+v", s)
	}
	r.hasValue(ref, op.Value.Reveal())
	if d := r.get(ref); strings.Contains(fmt.Sprintf("%+v", d), "three") {
		r.errorf("the details of a secret show its value")
	}
	r.refused(op, backend.ClassConflict)
	r.hasValue(ref, op.Value.Reveal())
}

func secretNewRefused(r *run) {
	op := r.plainSecret()
	r.needs(op.Verb())
	before := len(r.seen(backend.KindSecret, backend.Ref{}))
	op.Usage = "nonsense"
	_, err := r.try(op)
	r.class("create a secret of an unknown usage", err, backend.ClassInvalid, backend.ClassUnsupported)
	if err != nil && strings.Contains(fmt.Sprintf("%+v", err), "three") {
		r.errorf("the error shows the value")
	}
	op.Usage, op.UsageID = "iscsi", ""
	r.refused(op, backend.ClassInvalid)
	if after := len(r.seen(backend.KindSecret, backend.Ref{})); after != before {
		r.errorf("refused secrets left %d behind", after-before)
	}
}

func secretSet(r *run) {
	op := r.plainSecret()
	op.Value = backend.Hidden{}
	ref := r.makeSecret(op)
	if _, err := r.value(ref); err == nil {
		r.errorf("a secret without a value has one")
	}
	for _, want := range [][]byte{[]byte("first"), {0, 1, 2, 0xff}} {
		r.do(backend.SecretSetOp{Secret: ref, Value: backend.Hide(bytes.Clone(want))})
		r.hasValue(ref, want)
	}
}

func secretPrivate(r *run) {
	op := r.plainSecret()
	op.Private = true
	ref := r.makeSecret(op)
	if !byRef[*backend.Secret](r, ref, backend.Ref{}).Private {
		r.errorf("the secret is not private")
	}
	got, err := r.value(ref)
	r.class("read a private secret", err, backend.ClassDenied, backend.ClassConflict)
	if len(got) > 0 {
		r.errorf("a private secret gave its value away")
	}
}

func secretUndefine(r *run) {
	ref := r.makeSecret(r.plainSecret())
	r.do(backend.UndefineOp{Object: ref})
	for _, o := range r.seen(backend.KindSecret, backend.Ref{}) {
		if o.Ref() == ref {
			r.errorf("the secret is still there")
		}
	}
	_, err := r.value(ref)
	r.class("read a secret that is gone", err, backend.ClassNotFound)
	r.refused(backend.UndefineOp{Object: ref}, backend.ClassNotFound)
}

func secretWatched(r *run) {
	op := r.plainSecret()
	r.needs(op.Verb())
	w := r.onlooker()
	s := r.makeSecret(op)
	r.await("the watcher sees the new secret", func() bool { return w.has(s) })
	r.do(backend.UndefineOp{Object: s})
	r.await("the watcher sees that the secret is gone", func() bool { return !w.has(s) })
}
