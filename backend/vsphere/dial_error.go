package vsphere

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"hvdeck/backend"
)

// What is said of a server that is another's.
const (
	notVSphere   = "the server does not speak the vSphere API: "
	whereVSphere = "check the host and port; vCenter and ESXi answer at https://HOST/sdk"
)

// connectError says why no conversation came about.
func (d *dialer) connectError(ctx context.Context, err error) error {
	e := &backend.Error{Class: backend.ClassUnreachable, Doing: "connect to", Object: d.end.shown(), Err: err}
	var record tls.RecordHeaderError
	var dns *net.DNSError
	var away *redirected
	var none *noAnswer
	switch {
	case errors.As(err, &away):
		e.Message = away.Error()
		e.Remedy = "if that is the server that is meant, connect to that address"
	case errors.Is(ctx.Err(), context.Canceled):
		e.Class, e.Message = backend.ClassCancelled, "cancelled"
	case errors.As(err, &none):
		e.Message, e.Remedy = none.Error(), "it may be starting; if it stays so, look at the server or the proxy before it"
		if none.code < http.StatusInternalServerError { // the request is what it objects to
			e.Message, e.Remedy = notVSphere+"it answers "+none.status, whereVSphere
		}
	case errors.As(err, &record):
		e.Message = "no TLS at this port" + firstBytes(record.RecordHeader[:])
		e.Remedy = "if the server speaks plain HTTP, write http:// in front; else check the port"
	case errors.As(err, &dns):
		e.Message = "the name " + dns.Name + " is not known: " + dns.Err
		e.Remedy = "check the name, or use the address"
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		e.Message = fmt.Sprintf("no answer within %v", connectTimeout)
		e.Remedy = "check address, port and firewall"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Message, e.Remedy = "the host refuses the connection: nothing listens at that port", "check the port, and that the server runs"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		e.Message, e.Remedy = "no way to the host: "+innermost(err).Error(), "check the address and the network"
	case notHTTP(err):
		e.Message, e.Remedy = "the server does not speak HTTP", whereVSphere
	case brokenOff(err):
		e.Message = "the server broke off the connection at the first request"
		e.Remedy = "check the port; if the server wants TLS, write https:// in front"
	default:
		e.Message = innermost(err).Error()
	}
	return e
}

// contentError is for a server that answers the request, but not as a vSphere server; one
// that answers with an error of HTTP is connectError's.
func (d *dialer) contentError(ctx context.Context, err error) error {
	var netErr *url.Error
	if ctx.Err() != nil || errors.As(err, &netErr) && netErr.Op == "Post" {
		return d.connectError(ctx, err)
	}
	return &backend.Error{
		Class: backend.ClassUnreachable, Doing: "connect to", Object: d.end.shown(),
		Message: notVSphere + err.Error(), Remedy: whereVSphere, Err: err,
	}
}

// brokenOff tells whether the peer closed the connection while the request was being
// written: a TLS server does, at plain HTTP, and its answer may be lost with it.
func brokenOff(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF)
}

// notHTTP tells whether something other than HTTP answered. net/http has no error
// types for it: the second text is of a server that spoke before it was asked.
func notHTTP(err error) bool {
	return strings.Contains(err.Error(), "malformed HTTP") || strings.Contains(err.Error(), "readLoopPeekFail")
}

// firstBytes tells what answered instead, as far as five bytes can.
func firstBytes(b []byte) string {
	switch s := string(b); {
	case strings.HasPrefix(s, "SSH-"):
		return ": an SSH server answered"
	case strings.HasPrefix(s, "HTTP/"):
		return ": a plain HTTP server answered"
	default:
		return ""
	}
}

// innermost is the last cause, which says it best: "connection refused".
func innermost(err error) error {
	for {
		var op *net.OpError
		if errors.As(err, &op) && op.Err != nil {
			return op.Err
		}
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
