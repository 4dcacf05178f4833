package pane

import (
	"testing"

	"hvdeck/backend/store"
	"hvdeck/ui/kind"
	"hvdeck/ui/table"
)

// A list that was left with its cursor on top shows what comes on top; elsewhere, and once
// it is moved in again, the cursor stays on its row.
func TestAListThatWasLeftStaysOnTop(t *testing.T) {
	rows := []int{3, 2, 1}
	l := NewList(&kind.Env{}, []table.Column[int]{}, func(v int) int { return v }, func() []int { return rows }, func(int) string { return "" })
	at := func(want int) {
		t.Helper()
		l.Again()
		l.Refresh(store.Revs{})
		if got, ok := l.Cursor(); !ok || got != want {
			t.Errorf("the cursor is on %d, not %d", got, want)
		}
	}
	at(3)
	l.Hold()
	rows = []int{4, 3, 2, 1}
	at(3)
	l.Release()
	rows = []int{5, 4, 3, 2, 1}
	at(3) // not on top: left where it is
	l.Do("list.top")
	l.Release()
	rows = []int{6, 5, 4, 3, 2, 1}
	at(6)
	l.Hold()
	rows = []int{7, 6, 5, 4, 3, 2, 1}
	at(6)
}
