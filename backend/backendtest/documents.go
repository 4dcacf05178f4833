package backendtest

import "hvdeck/backend"

func documentCases() []testCase {
	return []testCase{
		{name: "document/all", run: documentsOfAll},
		{name: "document/unknown", run: documentUnknown},
	}
}

func (r *run) documenter() backend.Documenter {
	d, ok := backend.As[backend.Documenter](r.b)
	if !ok {
		r.fatalf("the driver has no Documenter")
	}
	return d
}

// documentsOfAll reads every document of a host and a VM. A server may not have one;
// then it says so.
func documentsOfAll(r *run) {
	docs := r.documenter()
	read := 0
	for _, ref := range []backend.Ref{r.hostRef(), r.ensureOff(r.Off)} {
		names := docs.Documents(ref)
		for _, name := range names {
			ctx, cancel := r.ctx()
			d, err := docs.Document(ctx, ref, name)
			cancel()
			if err != nil {
				r.class("read "+name, err, backend.ClassUnsupported, backend.ClassConflict)
				continue
			}
			read++
			if d.Ref != ref || d.Name != name || d.At.IsZero() {
				r.errorf("%s is %v, %q, of %s", name, d.Ref, d.Name, d.At)
			}
			if len(d.Sections) == 0 && d.Raw == "" {
				r.errorf("%s is empty", name)
			}
		}
	}
	if read == 0 {
		r.errorf("there is no document that can be read")
	}
}

func documentUnknown(r *run) {
	docs := r.documenter()
	ctx, cancel := r.ctx()
	defer cancel()
	_, err := docs.Document(ctx, r.hostRef(), "nonsense")
	r.class("read an unknown document", err, backend.ClassUnsupported, backend.ClassNotFound, backend.ClassInvalid)
	unknown := r.unknown(backend.KindVM)
	for _, name := range docs.Documents(unknown) {
		_, err := docs.Document(ctx, unknown, name)
		r.class("read "+name+" of an unknown VM", err, backend.ClassNotFound)
	}
}
