package ui

import (
	"hvdeck/backend/task"
	"hvdeck/ui/kind"
)

// transferWords is how far a transfer has come, how fast it is and how long it will
// take: "uploading: 1.2 GiB of 4.0 GiB, 110 MiB/s, 0:27 left"; "" for what moves no bytes.
func transferWords(t task.Task) string {
	if t.Moved == 0 && t.Total == 0 {
		return t.Phase
	}
	out := kind.Bytes(float64(t.Moved))
	if t.Phase != "" {
		out = t.Phase + ": " + out
	}
	if t.Total > 0 {
		out += " of " + kind.Bytes(float64(t.Total))
	}
	if t.Rate > 0 {
		out += ", " + kind.Rate(t.Rate)
	}
	if left := t.Left(); left > 0 {
		out += ", " + elapsed(left) + " left"
	}
	return out
}
