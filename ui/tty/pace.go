package tty

import "time"

// ask makes a terminal say that it has come so far.
const ask = "\x1b[5n"

const (
	// slowFrom is the time of an answer from which each frame is asked about. A quicker
	// line is looked at again after so many bytes or so much time.
	slowFrom   = 50 * time.Millisecond
	checkBytes = 4 << 10
	checkTime  = 2 * time.Second
	// slack is how long what is written may wait on its way beyond the line's own time:
	// with none the line would stand still between frames.
	slack = 100 * time.Millisecond
	// stalled is how much later than that an answer may be until nothing more is written.
	stalled = 3 * slack
	// lostAfter is when an answer is waited for no longer.
	lostAfter = 3 * time.Second
	// shortFrame is small enough to tell the line's own time, in bytes.
	shortFrame = 256
	// The window begins with so many bytes and has at most so many.
	firstWindow, lastWindow = 4 << 10, 64 << 10
	// mostAsks are open at once, and so many of a terminal that has not answered yet.
	mostAsks, firstAsks = 64, 2
)

// question was written behind the bytes up to upTo.
type question struct {
	at       time.Time
	upTo     int64
	inFlight int64 // bytes without an answer, its own among them
	alone    bool  // it went out on an empty line, behind a short frame
}

// pace follows how far behind the terminal is. What is under way is held to what the line
// takes in its own time and a little more; a frame that is held back is merged into the
// one after it, so what arrives is never older than that. A terminal that has answered
// nothing yet holds back nothing.
type pace struct {
	sent, answered, asked int64 // bytes: written, said to have arrived, written at the last question
	lastAsk               time.Time
	open                  []question
	known                 bool // it has answered
	off                   bool // the terminal is somebody else's
	base                  time.Duration
	slow                  bool
	window                int64
}

// write counts n bytes that are about to be written and says whether to ask behind them.
func (p *pace) write(n int, now time.Time) bool {
	alone := p.sent == p.answered && n <= shortFrame
	p.sent += int64(n)
	if !p.due(now) {
		return false
	}
	p.open = append(p.open, question{at: now, upTo: p.sent, inFlight: p.sent - p.answered, alone: alone})
	p.asked, p.lastAsk = p.sent, now
	return true
}

// due says whether it pays to ask now.
func (p *pace) due(now time.Time) bool {
	most := firstAsks
	if p.known {
		most = mostAsks
	}
	if p.off || len(p.open) >= most {
		return false
	}
	return !p.known || p.slow || p.sent-p.asked >= checkBytes || now.Sub(p.lastAsk) >= checkTime
}

// answer takes an answer in.
func (p *pace) answer(now time.Time) {
	if len(p.open) == 0 {
		return
	}
	q := p.open[0]
	p.open = p.open[1:]
	if p.window == 0 {
		p.window = firstWindow
	}
	p.known, p.answered = true, q.upTo
	took := now.Sub(q.at)
	p.slow = took > slowFrom
	p.learn(q, took)
}

// learn fits the window to what an answer took.
func (p *pace) learn(q question, took time.Duration) {
	switch {
	case p.base == 0 || took < p.base:
		p.base = took
	case q.alone: // the line may have become another
		p.base += (took - p.base) / 8
	}
	limit := p.base + slack
	switch {
	case took > limit:
		p.window = max(1, int64(float64(q.inFlight)*float64(limit)/float64(took)))
	case q.inFlight > p.window/2:
		p.window = min(lastWindow, p.window+p.window/16+1)
	}
}

// behind says whether a frame written now would wait on its way.
func (p *pace) behind(now time.Time) bool {
	if !p.known || len(p.open) == 0 {
		return false
	}
	age := now.Sub(p.open[0].at)
	if age >= lostAfter {
		p.forget()
		return false
	}
	return p.sent-p.answered >= p.window || age > p.base+stalled
}

// resume begins anew with a terminal that is ours again.
func (p *pace) resume() {
	p.off, p.open, p.answered, p.lastAsk = false, nil, p.sent, time.Time{}
}

// forget gives up what was asked: the terminal has to show anew that it answers.
func (p *pace) forget() {
	*p = pace{off: p.off, base: p.base}
}

// ends is when the oldest question is given up; it needs one.
func (p *pace) ends() time.Time { return p.open[0].at.Add(lostAfter) }
