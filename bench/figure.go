package main

import (
	"fmt"
	"math"
)

// The names of the figures, as they stand in the table and in the targets.
const (
	firstRow    = "start to first row"
	wholeList   = "start to the whole list"
	startCPU    = "CPU until the whole list"
	memoryNow   = "resident memory, list shown"
	memoryMost  = "resident memory, most in use"
	idleBytes   = "idle, to the terminal"
	idleCPU     = "idle, of a core"
	heldLag     = "held key at 200/s, after the last"
	heldWorst   = "held key at 200/s, the worst of 3"
	heldCPU     = "CPU of a held key"
	keysLost    = "held keys lost"
	moveBytes   = "cursor move"
	restBytes   = "cursor move, details that follow"
	scrollBytes = "scroll by one"
	switchBytes = "pane switch"
	freshBytes  = "refresh, to the terminal"
	freshCPU    = "refresh, CPU"
	filtering   = "filter on screen"
	unfiltering = "filter dropped, whole list on screen"
	sorting     = "sort on screen"
	loadCalls   = "calls to show all VMs"
	freshCalls  = "calls of a refresh"

	slowPaint  = "64 kbit/s: first paint"
	slowRow    = "64 kbit/s: first row"
	slowMove   = "64 kbit/s: cursor move on screen"
	slowLost   = "64 kbit/s: of 100 keys at 20/s lost"
	slowLag    = "64 kbit/s: lag after the 100th key"
	slowGrowth = "64 kbit/s: lag of keys 250-300 to that of keys 50-100"

	volumeList = "list 10,000 volumes of a pool"
	upload     = "upload 512 MiB"
	download   = "download 512 MiB"

	soakMemory     = "memory, growth of its floor while watched"
	soakGoroutines = "goroutines more than before"
	soakFiles      = "files more than before"
)

// What goes on while keys are timed.
const (
	quiet     = "quiet"
	refreshed = "during a full refresh"
	renewed   = "all VMs come anew"
	hanging   = "a host hangs"
)

func keyTo(during string, percentile float64) string {
	return fmt.Sprintf("key to screen, %s, p%.0f", during, percentile)
}

func unanswered(during string) string { return "keys without an answer, " + during }

// place is where a figure was taken; vms is 0 where there are none.
type place struct {
	server string
	vms    int // as asked for
	size   size
}

// figure is a line of the table.
type figure struct {
	at     place
	name   string
	value  float64
	unit   string
	peer   string
	peerIs float64 // what the peer needed, in the same unit; 0 is none
}

// beside gives the figure a peer that was measured in this run.
func (f *figure) beside(peer string, is float64) {
	f.peer, f.peerIs = peer, is
}

// judged gives the target in words, and whether there is one that is missed.
func (f figure) judged() (text string, missed bool) {
	t, ok := targetOf(f)
	if !ok {
		return "-", false
	}
	most, text := t.limit(f.peer, f.peerIs)
	return text, f.value > most || math.IsNaN(f.value)
}

// number writes a figure with as many digits as it is worth.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "none"
	case v >= 100 || v == float64(int(v)):
		return fmt.Sprintf("%.0f", v)
	case v < 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.1f", v)
}
