package desk

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"time"

	"hvdeck/backend/wrap"
)

// Audit reads the audit log of the program; each line has to be a whole record.
func (c *Console) Audit() (all []wrap.Record) {
	c.t.Helper()
	var text []byte
	for end := time.Now().Add(time.Second); ; time.Sleep(10 * time.Millisecond) {
		var err error
		if text, err = os.ReadFile(c.State("audit.jsonl")); err != nil {
			c.t.Fatal(err)
		}
		if bytes.HasSuffix(text, []byte("\n")) || time.Now().After(end) {
			break // else the last line is just being written
		}
	}
	for line := range strings.Lines(string(text)) {
		if line == "\n" {
			continue // of a disk that was filled to the last byte
		}
		var r wrap.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil || !strings.HasSuffix(line, "\n") {
			c.t.Errorf("torn: %q %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// AuditOf is what the audit log says of operations whose names hold a word.
func (c *Console) AuditOf(operation string) []wrap.Record {
	c.t.Helper()
	return slices.DeleteFunc(c.Audit(), func(r wrap.Record) bool { return !strings.Contains(r.Operation, operation) })
}
