package main

import (
	"encoding/binary"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"time"
)

// counter is a proxy that counts the calls that pass.
type counter struct {
	calls atomic.Int64
	addr  string
	close func()
}

// countSOAP stands before a vCenter; every request is a call.
func countSOAP(target string) (*counter, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &counter{}
	behind := &url.URL{Scheme: u.Scheme, Host: u.Host}
	// A console that leaves hangs up on its open calls; that is no news.
	silent := log.New(io.Discard, "", 0)
	proxy := &httputil.ReverseProxy{FlushInterval: -1, ErrorLog: silent, Rewrite: func(r *httputil.ProxyRequest) {
		c.calls.Add(1)
		r.SetURL(behind)
		r.Out.Host = behind.Host
	}}
	s := &http.Server{Handler: proxy, ReadHeaderTimeout: time.Minute, ErrorLog: silent}
	go func() { _ = s.Serve(l) }()
	c.close = func() { _ = s.Close() }
	u.Host = l.Addr().String()
	c.addr = u.String()
	return c, nil
}

// countRPC stands before a libvirtd; every frame of type call is one.
func countRPC(dir, target string) (*counter, error) {
	path := filepath.Join(dir, "rpc")
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	c := &counter{addr: path, close: func() { _ = l.Close() }}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", target)
			if err != nil {
				_ = from.Close()
				continue
			}
			go func() { _, _ = io.Copy(from, to); _ = from.Close() }()
			go func() { c.frames(to, from); _ = to.Close() }()
		}
	}()
	return c, nil
}

// frames passes libvirt's frames on: a length, then program, version, procedure, type.
func (c *counter) frames(to io.Writer, from io.Reader) {
	const typeAt, typeCall, most = 16, 0, 64 << 20
	for {
		head := make([]byte, 28)
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		size := int64(binary.BigEndian.Uint32(head))
		if size < int64(len(head)) || size > most {
			return
		}
		if binary.BigEndian.Uint32(head[typeAt:]) == typeCall {
			c.calls.Add(1)
		}
		if _, err := to.Write(head); err != nil {
			return
		}
		if _, err := io.CopyN(to, from, size-int64(len(head))); err != nil {
			return
		}
	}
}
