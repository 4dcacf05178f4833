package transport

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hvdeck/backend"
)

// pkiPlaces are the files of one end. Source: virNetTLSContextLocateCredentials.
type pkiPlaces struct{ ca, crl, cert, key string }

// pkiSystem are the places for everybody.
func pkiSystem() pkiPlaces {
	return pkiPlaces{
		ca: "/etc/pki/CA/cacert.pem", crl: "/etc/pki/CA/cacrl.pem",
		cert: "/etc/pki/libvirt/clientcert.pem", key: "/etc/pki/libvirt/private/clientkey.pem",
	}
}

func pkiIn(dir string) pkiPlaces {
	return pkiPlaces{
		ca: filepath.Join(dir, "cacert.pem"), crl: filepath.Join(dir, "cacrl.pem"),
		cert: filepath.Join(dir, "clientcert.pem"), key: filepath.Join(dir, "clientkey.pem"),
	}
}

// pki are the places that count for the URI: those of pkipath=, else what the user
// has in ~/.pki/libvirt, and for the rest, and for root, the system's.
func (t *Target) pki() pkiPlaces {
	if dir := t.param("pkipath"); dir != "" {
		return pkiIn(dir)
	}
	home, err := os.UserHomeDir()
	if err != nil || os.Geteuid() == 0 {
		return pkiSystem()
	}
	return pkiOfUser(pkiIn(filepath.Join(home, ".pki/libvirt")), pkiSystem())
}

// pkiOfUser takes the system's place for what the user has not. Certificate and key
// belong together.
func pkiOfUser(user, system pkiPlaces) pkiPlaces {
	p := user
	if !exists(p.ca) {
		p.ca = system.ca
	}
	if !exists(p.crl) {
		p.crl = system.crl
	}
	if !exists(p.cert) || !exists(p.key) {
		p.cert, p.key = system.cert, system.key
	}
	return p
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// pki is what the certificate files hold.
type pki struct {
	places   pkiPlaces
	noVerify bool
	roots    *x509.CertPool
	revoked  []*x509.RevocationList
	own      []tls.Certificate // none or one
	met      bool              // the server has shown who it is
}

// loadPKI reads the files. The CA has to be there unless nothing is verified; our own
// certificate need not: the server may want none.
func loadPKI(places pkiPlaces, noVerify bool) (*pki, error) {
	p := &pki{places: places, noVerify: noVerify}
	if err := p.loadOwn(); err != nil {
		return nil, err
	}
	if noVerify {
		return p, nil
	}
	if err := p.loadCA(); err != nil {
		return nil, err
	}
	return p, p.loadCRL()
}

func (p *pki) loadCA() error {
	data, err := os.ReadFile(p.places.ca)
	if errors.Is(err, fs.ErrNotExist) {
		return untrusted("there is no CA certificate to check the server by: "+p.places.ca+" does not exist",
			"put the server's CA there, or name the folder that has cacert.pem: …?pkipath=DIR")
	}
	if err != nil {
		return unusable(p.places.ca, err)
	}
	p.roots = x509.NewCertPool()
	if !p.roots.AppendCertsFromPEM(data) {
		return unusable(p.places.ca, errors.New("it holds no PEM certificate"))
	}
	return nil
}

func (p *pki) loadCRL() error {
	data, err := os.ReadFile(p.places.crl)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unusable(p.places.crl, err)
	}
	for len(bytes.TrimSpace(data)) > 0 {
		var block *pem.Block
		block, data = pem.Decode(data)
		if block == nil {
			return unusable(p.places.crl, errors.New("it holds no PEM revocation list"))
		}
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return unusable(p.places.crl, err)
		}
		p.revoked = append(p.revoked, list)
	}
	return nil
}

// isRevoked reports whether the issuer has taken the certificate back.
func (p *pki) isRevoked(c *x509.Certificate) bool {
	for _, list := range p.revoked {
		if !bytes.Equal(list.RawIssuer, c.RawIssuer) {
			continue
		}
		for _, r := range list.RevokedCertificateEntries {
			if r.SerialNumber.Cmp(c.SerialNumber) == 0 {
				return true
			}
		}
	}
	return false
}

// loadOwn reads our certificate and key, where both are there.
func (p *pki) loadOwn() error {
	if !exists(p.places.cert) && !exists(p.places.key) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(p.places.cert, p.places.key)
	if err != nil {
		return unusable(p.places.cert+" with "+p.places.key, err)
	}
	if pair.Leaf != nil && time.Now().After(pair.Leaf.NotAfter) {
		return &backend.Error{Class: backend.ClassDenied,
			Message: fmt.Sprintf("our certificate %s expired on %s", p.places.cert, day(pair.Leaf.NotAfter)),
			Remedy:  "have it renewed by the CA that the server trusts"}
	}
	p.own = []tls.Certificate{pair}
	return nil
}

// unusable is the error for a file that is there and can't be used.
func unusable(path string, err error) error {
	return &backend.Error{Class: backend.ClassInvalid, Err: err, Message: fmt.Sprintf("%s can't be used: %v", path, Plain(err)),
		Remedy: "check the file and who may read it"}
}
