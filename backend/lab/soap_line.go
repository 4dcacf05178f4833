package lab

import (
	"bytes"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"testing"
)

// Request is a whole request on its way to a vCenter, or the beginning of its answer.
type Request struct {
	Way Way
	// Name is the SOAP method ("PowerOffVM_Task"), else the HTTP method ("PUT"); "" where
	// an answer belongs to none that is known.
	Name string
}

// RequestFault says of a request, once it is there as a whole, or of a piece of an answer,
// whether it goes on, and whether its connection lives on after it.
type RequestFault func(r Request) (passes, alive bool)

// SOAPLine is a line to a simulated vCenter over plain HTTP that knows where requests
// begin and end: what goes on to the server is whole.
type SOAPLine struct {
	*Line
	vcsim *Vcsim

	mu    sync.Mutex
	fault RequestFault
	count map[string]int
}

// StartSOAPLine runs a line to the simulator.
func StartSOAPLine(t testing.TB, v *Vcsim) *SOAPLine {
	t.Helper()
	s := &SOAPLine{Line: StartLine(t, "tcp", v.Addr()), vcsim: v, count: map[string]int{}}
	s.SetEach(s.lane)
	return s
}

// URL is the simulator's over the line, with a user and password that are accepted.
func (s *SOAPLine) URL() string {
	return string(bytes.Replace([]byte(s.vcsim.URL()), []byte(s.vcsim.Addr()), []byte(s.Addr()), 1))
}

// SetRequests makes the line bad from the next request on; nil makes it good again.
func (s *SOAPLine) SetRequests(f RequestFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Requests is how often a SOAP method came to the line.
func (s *SOAPLine) Requests(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[method]
}

func (s *SOAPLine) lane(w Way, _ func([]byte) error) Fault {
	if w == ToClient {
		return s.answer
	}
	p := &requests{line: s}
	return func(_ Way, piece []byte) ([][]byte, bool) { return p.feed(piece) }
}

func (s *SOAPLine) ask(r Request) (passes, alive bool) {
	s.mu.Lock()
	if r.Way == ToServer {
		s.count[r.Name]++
	}
	fault := s.fault
	s.mu.Unlock()
	if fault == nil {
		return true, true
	}
	return fault(r)
}

var answered = regexp.MustCompile(`<(\w+)Response[ >]`)

func (s *SOAPLine) answer(_ Way, piece []byte) ([][]byte, bool) {
	r := Request{Way: ToClient}
	if m := answered.FindSubmatch(piece); m != nil {
		r.Name = string(m[1])
	}
	passes, alive := s.ask(r)
	if !passes {
		return nil, alive
	}
	return [][]byte{piece}, alive
}

// requests cuts what one connection sends into requests.
type requests struct {
	line *SOAPLine
	held []byte // of the request that is not there as a whole
}

func (p *requests) feed(piece []byte) ([][]byte, bool) {
	p.held = append(p.held, piece...)
	var on [][]byte
	for {
		whole, name := p.next()
		if whole == nil {
			return on, true
		}
		passes, alive := p.line.ask(Request{Way: ToServer, Name: name})
		if passes {
			on = append(on, whole)
		}
		if !alive {
			return on, false
		}
	}
}

var soapMethod = regexp.MustCompile(`<(?:\w+:)?Body[^>]*><(\w+)`)

// next takes the first whole request; nil when there is none.
func (p *requests) next() (whole []byte, name string) {
	end := bytes.Index(p.held, []byte("\r\n\r\n"))
	if end < 0 {
		return nil, ""
	}
	head, body := p.held[:end+4], p.held[end+4:]
	size := sizeOf(head, body)
	if size < 0 || len(body) < size {
		return nil, ""
	}
	whole, p.held = p.held[:len(head)+size:len(head)+size], p.held[len(head)+size:]
	method, _, _ := bytes.Cut(head, []byte(" "))
	name = string(method)
	if m := soapMethod.FindSubmatch(body[:size]); m != nil && name == http.MethodPost {
		name = string(m[1])
	}
	return whole, name
}

var contentLength = regexp.MustCompile(`(?i)\r\nContent-Length: *(\d+)`)

// sizeOf is how long a body is; -1 while a chunked one is not there as a whole.
func sizeOf(head, body []byte) int {
	if m := contentLength.FindSubmatch(head); m != nil {
		n, _ := strconv.Atoi(string(m[1]))
		return n
	}
	if !bytes.Contains(bytes.ToLower(head), []byte("transfer-encoding: chunked")) {
		return 0
	}
	end := bytes.Index(body, []byte("0\r\n\r\n"))
	if end < 0 {
		return -1
	}
	return end + 5
}
