package vsphere_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// TestRedirectionsAreNotFollowed: a call holds the password, or is an operation.
func TestRedirectionsAreNotFollowed(t *testing.T) {
	var got atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	t.Cleanup(elsewhere.Close)
	s := sim(t, vcsim.Options{VMs: 1})
	for _, method := range []string{"GET", "<RetrieveServiceContent ", "<Login ", "<PowerOffVM_Task "} {
		url := intercept(t, s.URL(), func(w http.ResponseWriter, r *http.Request, body string) bool {
			if r.Method != method && (method == "GET" || !strings.Contains(body, method)) {
				return false
			}
			http.Redirect(w, r, elsewhere.URL+"/sdk", http.StatusTemporaryRedirect)
			return true
		})
		b, err := tryDial(t, vsphere.Options{URL: url}, nil)
		if err == nil {
			vm := refOf(t, b, backend.KindVM, "DC0_H0_VM0")
			_, err = b.Do(t.Context(), backend.PowerOffOp{VM: vm}, backend.Progress{})
			_ = b.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "redirects to "+elsewhere.URL) {
			t.Errorf("%s: %v", method, err)
		}
	}
	if n := got.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

// TestAnswersThatNeverEnd are given up early, whether they pour or drip.
func TestAnswersThatNeverEnd(t *testing.T) { //nolint:tparallel // a simulator has to be started before
	s := sim(t, vcsim.Options{VMs: 1})
	for name, c := range map[string]struct {
		piece string
		pause time.Duration
		want  string
	}{
		"text":  {strings.Repeat("text ", 8<<10), 0, "a text longer than"},
		"marks": {"<!--" + strings.Repeat("endless ", 4<<10) + "-->", 0, "answer is longer than"},
		"drops": {" ", 50 * time.Millisecond, "did not answer within 7s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ill atomic.Bool
			url := intercept(t, s.URL(), func(w http.ResponseWriter, r *http.Request, body string) bool {
				if !ill.Load() || !strings.Contains(body, "<RetrievePropertiesEx ") {
					return false
				}
				_, _ = w.Write([]byte(`<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>`))
				for r.Context().Err() == nil {
					if _, err := w.Write([]byte(c.piece)); err != nil {
						break
					}
					w.(http.Flusher).Flush()
					time.Sleep(c.pause)
				}
				return true
			})
			b := dial(t, vsphere.Options{URL: url})
			vm := refOf(t, b, backend.KindVM, "DC0_H0_VM0")
			ill.Store(true)
			_, err := b.Stats(t.Context(), []backend.Ref{vm})
			if backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, class %v", err, backend.ClassOf(err))
			}
		})
	}
}

// TestSessionsThatCouldNotBeEnded are ended with the next connection of the same dialer.
func TestSessionsThatCouldNotBeEnded(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	var ill atomic.Bool
	url := intercept(t, s.URL(), func(w http.ResponseWriter, _ *http.Request, body string) bool {
		if ill.Load() && strings.Contains(body, "<Logout ") {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return false
	})
	d, err := vsphere.New(vsphere.Options{ID: conn, URL: url})
	if err != nil {
		t.Fatal(err)
	}
	first, err := d.Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ill.Store(true)
	if err := first.Close(); err == nil {
		t.Error("the session ended all the same")
	}
	ill.Store(false)
	second, err := d.Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); len(sessionKeys(t, s)) != 2; time.Sleep(20 * time.Millisecond) { // and that of the question
		if time.Now().After(end) {
			t.Fatalf("%d sessions at the server", len(sessionKeys(t, s)))
		}
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}
