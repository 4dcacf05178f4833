package backendtest

import (
	"sync"
	"time"
)

// How a link goes bad at a request that changes something.
type How int

// The ways. All that follows is lost as well, on every connection except in
// AnswerLostThere.
const (
	Good            How = iota
	AnswerLost          // the server has answered, and the link breaks before that arrives
	AnswerLostThere     // the same, and only the connection of that request breaks
	RequestLost         // the link breaks before the request has reached the server
	RestLost            // the answer arrives, and then the link breaks
	Silent              // as AnswerLost, and nobody is told that the link is gone
)

func (h How) String() string {
	return [...]string{"good", "answer lost", "answer lost there", "request lost", "rest lost", "silent"}[h]
}

// Wire is what a line between a driver and its server asks of each message, and what it
// has seen. Safe for concurrent use.
type Wire struct {
	cut     func()         // breaks every connection
	cutting sync.WaitGroup // cuts that are due

	mu      sync.Mutex
	how     How
	at      int // the request that it happens at, from 1
	gone    bool
	epoch   int      // how often the link has gone
	sent    []string // requests that change something, as the driver sent them
	reached []string // those that went on to the server
	silent  chan struct{}
}

// NewWire makes a wire; cut breaks all connections of the line.
func NewWire(cut func()) *Wire { return &Wire{cut: cut} }

// arm makes the link go bad at the n-th request from now on.
func (w *Wire) arm(how How, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.how, w.at, w.sent, w.reached, w.silent = how, n, nil, nil, make(chan struct{})
}

// heal makes the link good again and tells what was seen.
func (w *Wire) heal() (sent, reached []string) {
	w.cutting.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.how, w.gone = Good, false
	return w.sent, w.reached
}

func (w *Wire) times() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.epoch
}

// Request takes a request that changes something and says whether it goes on to the
// server, and the number to give to Answer.
func (w *Wire) Request(name string) (number int, passes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, name)
	number = len(w.sent)
	if w.gone || w.how == RequestLost && number == w.at {
		w.snap()
		return number, false
	}
	w.reached = append(w.reached, name)
	return number, true
}

// Answer takes the answer to a request and says whether it goes on to the driver, and
// whether its connection lives on after it.
func (w *Wire) Answer(number int) (passes, alive bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return false, true
	}
	if number != w.at {
		return true, true
	}
	switch w.how {
	case AnswerLost:
		w.snap()
		return false, false
	case AnswerLostThere:
		w.epoch++
		return false, false
	case RestLost:
		w.gone = true
		w.epoch++
		w.cutting.Add(1)
		go w.cutSoon()
		return true, true
	case Silent:
		w.gone = true
		w.epoch++
		close(w.silent)
		return false, true
	default:
		return true, true
	}
}

// Passes says whether any other message goes on, and whether its connection lives on.
func (w *Wire) Passes() (passes, alive bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.gone, !w.gone || w.how == Silent
}

// snap breaks every connection off. Needs mu.
func (w *Wire) snap() {
	if !w.gone {
		w.gone = true
		w.epoch++
	}
	w.cut()
}

// cutSoon lets the answer that was just passed on arrive before the link breaks.
func (w *Wire) cutSoon() {
	defer w.cutting.Done()
	time.Sleep(answerTravels)
	w.cut()
}

// answerTravels is ample for an answer on this machine.
const answerTravels = 50 * time.Millisecond
