package wrap

import (
	"context"
	"path/filepath"
	"testing"

	"hvdeck/backend"
)

// lossy does what it is told, and loses the answer.
type lossy struct{ backend.Backend }

func (l lossy) Do(ctx context.Context, op backend.Op, p backend.Progress) (backend.Result, error) {
	_, _ = l.Backend.Do(ctx, op, p)
	return backend.Result{}, &backend.Error{Class: backend.ClassLost, Doing: op.Title(), Message: "the answer was lost"}
}

func TestALostAnswerThatIsFoundOutHasThreeLinesOfOneID(t *testing.T) {
	h, b := open(t)
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	log := NewLog(path, nil, nil)
	audited := Audit(lossy{b}, log, func(backend.Ref) string { return "web-01" })
	var settled func(result, how string)
	_, err := audited.Do(t.Context(), backend.PowerOffOp{VM: h.VM("web-01")}, backend.Progress{Recorded: func(s func(result, how string)) { settled = s }})
	if backend.ClassOf(err) != backend.ClassLost || settled == nil {
		t.Fatalf("%v, can be settled: %v", err, settled != nil)
	}
	settled("success", "done: seen at the server")
	closeLog(t, log)
	all := records(t, path)
	if len(all) != 3 {
		t.Fatalf("%d lines, want 3", len(all))
	}
	for i, want := range []string{"started", "unknown", "success"} {
		if all[i].Result != want || all[i].ID != all[0].ID || all[i].Object != "web-01" {
			t.Errorf("line %d: %+v, want %s", i, all[i], want)
		}
	}
	if all[2].Settled == "" || all[1].Settled != "" || all[1].Error == "" || all[2].Error != "" {
		t.Errorf("the last two lines are %+v", all[1:])
	}
}
