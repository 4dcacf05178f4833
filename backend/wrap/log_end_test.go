package wrap

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestClosedBeforeTheAnswer: an operation that is under way when the program ends has an
// end in the log, which says that nobody knows.
func TestClosedBeforeTheAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l := NewLog(path, nil, nil)
	l.write(Record{ID: "1", Operation: "create snapshot", Result: resultStarted})
	l.write(Record{ID: "2", Operation: "power on", Result: resultStarted})
	l.write(Record{ID: "2", Operation: "power on", Result: "success"})
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var last Record
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 4 || last.ID != "1" || last.Result != resultUnknown || last.Error == "" || last.Time.IsZero() {
		t.Errorf("%d lines, the last %+v", len(lines), last)
	}
}
