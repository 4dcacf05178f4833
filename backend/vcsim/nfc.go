package vcsim

import (
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/guard"
)

// NFC says how disks are moved in and out. The zero value is a vCenter that serves them
// itself.
type NFC struct {
	// LeaseTimeout ends a lease that was not told of progress for so long; whole
	// seconds; 0: 300 s.
	LeaseTimeout time.Duration
	// Star gives addresses with the host "*", as ESXi does.
	Star bool
	// Apart serves the disks by a further listener with a certificate of its own, as the
	// ESXi hosts of a vCenter do.
	Apart bool
	// Lame gives such addresses without a thumbprint of that certificate.
	Lame bool
	// Starting is how long a lease is initializing; its progress rises meanwhile, in ten
	// steps, unless Still is set.
	Starting time.Duration
	Still    bool
	// Late is how long it stays so when the VM is there already.
	Late time.Duration
	// Seen is called with the name of each call that begins or concerns a lease, before
	// it is done; nil: not. It must not wait for the server.
	Seen func(method string)
	// DiskSize is how many bytes an export gives of a disk that was not imported with
	// its content kept; 0: 1 MiB.
	DiskSize int64
	// Keep is how many bytes of imported disks are held in memory at most, for export to
	// give them back; 0: 64 MiB, negative: none.
	Keep int64
	// NoSums leaves checksums out, for benchmarks.
	NoSums bool
}

// Trouble is what goes wrong with transfers from now on; the zero value is nothing.
type Trouble struct {
	// Status answers every transfer with it; 0: none.
	Status int
	// CutAfter breaks the connection after so many bytes; 0: never.
	CutAfter int64
	// Pace is waited for with each piece, of 64 KiB or of Piece bytes.
	Pace  time.Duration
	Piece int
	// KeepVM makes abort and timeout leave the VM behind, as some servers do.
	KeepVM bool
}

// LeaseFile is what was moved of one file.
type LeaseFile struct {
	Name         string // the last part of its address
	Method       string
	Bytes        int64
	SHA1, SHA256 string // when Whole, in hexadecimal
	Whole        bool
}

// Lease is what happened under one lease.
type Lease struct {
	ID     string
	Import bool
	Entity types.ManagedObjectReference // the VM or vApp; zero before it is there
	State  types.HttpNfcLeaseState
	// Calls that arrived, also those after its end.
	Progress, Completes, Aborts int
	Percent                     []int32
	TimedOut                    bool
	Files                       []LeaseFile
}

// Ends is how many times a client ended it.
func (l Lease) Ends() int { return l.Completes + l.Aborts }

// nfc is the state of all leases.
type nfc struct {
	mu      sync.Mutex
	leases  map[string]*lease
	order   []string
	trouble Trouble
	kept    map[string][]byte // by moid of the VM and number of the disk
	keptSum int64
	apart   *http.Server
	base    string // scheme, host and port of the further listener
	print   string // its thumbprint
}

const nfcPath = "/nfcdata/"

// Leases are all leases so far, the oldest first.
func (s *Server) Leases() []Lease {
	s.nfc.mu.Lock()
	defer s.nfc.mu.Unlock()
	all := make([]Lease, 0, len(s.nfc.order))
	for _, id := range s.nfc.order {
		all = append(all, s.nfc.leases[id].told())
	}
	return all
}

// Disturb sets what goes wrong with transfers.
func (s *Server) Disturb(t Trouble) {
	s.nfc.mu.Lock()
	defer s.nfc.mu.Unlock()
	s.nfc.trouble = t
}

func (s *Server) trouble() Trouble {
	s.nfc.mu.Lock()
	defer s.nfc.mu.Unlock()
	return s.nfc.trouble
}

// told copies what an observer may know; under the lock of nfc.
func (l *lease) told() Lease {
	t := l.seen
	t.Percent = slices.Clone(t.Percent)
	t.Files = nil
	for _, f := range l.files {
		if f.moved.Method != "" {
			t.Files = append(t.Files, f.moved)
		}
	}
	return t
}

// listenNFC adds the endpoints of transfers.
func (s *Server) listenNFC() error {
	s.nfc.leases, s.nfc.kept = make(map[string]*lease), make(map[string][]byte)
	s.model.Service.HandleFunc(nfcPath, s.serveNFC)
	if !s.opts.NFC.Apart {
		return nil
	}
	cert, err := SelfSigned()
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(s.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc(nfcPath, s.serveNFC)
	s.nfc.apart = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	s.nfc.base = "https://" + l.Addr().String()
	s.nfc.print = thumbprint(cert.Certificate[0])
	secure := tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12})
	guard.Go("simulated host", nil, func() { _ = s.nfc.apart.Serve(secure) })
	return nil
}

// closeNFC ends transfers.
func (s *Server) closeNFC() {
	if s.nfc.apart != nil {
		_ = s.nfc.apart.Close()
	}
}

// baseURL is where disks are moved, and the thumbprint that the server gives of it.
func (s *Server) baseURL() (base, print string) {
	base = s.http.URL.Scheme + "://" + s.http.URL.Host
	if s.opts.Certificate != nil {
		print = thumbprint(s.opts.Certificate.Certificate[0])
	}
	if s.opts.NFC.Apart {
		base, print = s.nfc.base, s.nfc.print
	}
	if s.opts.NFC.Lame {
		print = ""
	}
	if s.opts.NFC.Star || s.opts.ESX {
		scheme, host, _ := strings.Cut(base, "://")
		_, port, _ := net.SplitHostPort(host)
		base = scheme + "://*:" + port
	}
	return base, print
}
