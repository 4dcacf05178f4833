package vsphere

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// status answers with an error of HTTP and a page for people, as proxies do.
func status(code int) fault {
	return func(w http.ResponseWriter, r *http.Request, method string, pass http.Handler) {
		carriedOut(r, method, pass)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "<html><body><h1>"+http.StatusText(code)+"</h1></body></html>")
	}
}

// carriedOut has operations carried out, whatever becomes of the answer.
func carriedOut(r *http.Request, method string, pass http.Handler) {
	if strings.HasSuffix(method, "_Task") {
		answered(r, pass)
	}
}

// half gives half of the answer and ends it in good order.
func half(w http.ResponseWriter, r *http.Request, method string, pass http.Handler) {
	spoil(w, r, method, pass, func(body []byte) { _, _ = w.Write(body[:len(body)/2]) })
}

// longer promises more than comes.
func longer(w http.ResponseWriter, r *http.Request, method string, pass http.Handler) {
	spoil(w, r, method, pass, func(body []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1000))
		_, _ = w.Write(body[:len(body)-10])
		panic(http.ErrAbortHandler)
	})
}

// spoil passes the waits for changes on and has the answers of all else written by bad.
func spoil(w http.ResponseWriter, r *http.Request, method string, pass http.Handler, bad func(body []byte)) {
	if method == "WaitForUpdatesEx" {
		pass.ServeHTTP(w, r)
		return
	}
	rec := answered(r, pass)
	body := rec.Body.Bytes()
	if cookie := rec.Header().Get("Set-Cookie"); cookie != "" {
		w.Header().Set("Set-Cookie", cookie)
	}
	if len(body) < 20 {
		body = []byte(strings.Repeat("<x>", 20))
	}
	bad(body)
}

// html answers with a page for people, and says that all is well.
func html(w http.ResponseWriter, r *http.Request, method string, pass http.Handler) {
	carriedOut(r, method, pass)
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<!DOCTYPE html><html><body>Maintenance</body></html>")
}

// flood answers without an end, as fast as it is taken.
func flood(w http.ResponseWriter, r *http.Request, method string, pass http.Handler) {
	carriedOut(r, method, pass)
	_, _ = io.WriteString(w, `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><`+method+`Response xmlns="urn:vim25"><returnval>`)
	chunk := strings.Repeat("endless ", 4096)
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, chunk); err != nil {
			return
		}
	}
}

// drip gives a true answer and then never ends it.
func drip(w http.ResponseWriter, r *http.Request, method string, pass http.Handler) {
	spoil(w, r, method, pass, func(body []byte) {
		_, _ = w.Write(body[:len(body)-20])
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, " "); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
}

// deaf takes everything and answers nothing but what lets us in.
func deaf(w http.ResponseWriter, r *http.Request, method string, pass http.Handler) {
	switch method {
	case "GET /sdk/vimServiceVersions.xml", "RetrieveServiceContent", "Login", "Logout", "CurrentTime", "QueryAvailablePerfProviders":
		pass.ServeHTTP(w, r)
		return
	}
	carriedOut(r, method, pass)
	<-r.Context().Done()
}

// away redirects every call, in the way that has it sent again as it is.
func away(addr string) fault {
	return func(w http.ResponseWriter, r *http.Request, method string, pass http.Handler) {
		carriedOut(r, method, pass)
		http.Redirect(w, r, "http://"+addr+"/sdk", http.StatusTemporaryRedirect)
	}
}
