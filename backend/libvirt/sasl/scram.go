package sasl

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // SCRAM-SHA-1 is what older servers offer; its use in HMAC holds
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// scram is RFC 5802 and RFC 7677 without channel binding. User name and password are
// used as they are typed: so does the library behind libvirtd.
type scram struct {
	name     string
	hash     func() hash.Hash
	user     string
	password []byte
	nonce    string

	bare    string // the client's first message without its header
	server  []byte // the signature that the server has to show
	stepped int
}

// The server's count of rounds: too few protect nothing, too many are an attack on us. The
// most costs about a second, which nothing can break off.
const (
	roundsMin = 4096
	roundsMax = 1_000_000
)

func newSCRAM(name, user string, password []byte) *scram {
	hashes := map[string]func() hash.Hash{"SCRAM-SHA-1": sha1.New, "SCRAM-SHA-256": sha256.New, "SCRAM-SHA-512": sha512.New}
	return &scram{name: name, hash: hashes[name], user: user, password: password, nonce: rand.Text()}
}

// Name implements Mechanism.
func (s *scram) Name() string { return s.name }

// Start implements Mechanism.
func (s *scram) Start() ([]byte, error) {
	s.bare = "n=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(s.user) + ",r=" + s.nonce
	return []byte("n,," + s.bare), nil
}

// Step implements Mechanism.
func (s *scram) Step(challenge []byte) ([]byte, bool, error) {
	s.stepped++
	switch s.stepped {
	case 1:
		answer, err := s.prove(string(challenge))
		return answer, false, err
	case 2:
		return nil, true, s.check(string(challenge))
	default:
		return nil, true, errors.New("the server goes on asking")
	}
}

// prove answers the server's salt with the proof that we know the password.
func (s *scram) prove(first string) ([]byte, error) {
	f := fields(first)
	rounds, err := strconv.Atoi(f["i"])
	salt, saltErr := base64.StdEncoding.DecodeString(f["s"])
	switch {
	case err != nil, saltErr != nil, len(salt) == 0:
		return nil, fmt.Errorf("the server's message can't be read")
	case len(f["r"]) <= len(s.nonce) || !strings.HasPrefix(f["r"], s.nonce):
		return nil, errors.New("the server answered another exchange")
	case rounds < roundsMin || rounds > roundsMax:
		return nil, fmt.Errorf("the server asks for %d rounds; %d to %d are sensible", rounds, roundsMin, roundsMax)
	}
	salted, err := pbkdf2.Key(s.hash, string(s.password), salt, rounds, s.hash().Size())
	if err != nil {
		return nil, err
	}
	final := "c=" + base64.StdEncoding.EncodeToString([]byte("n,,")) + ",r=" + f["r"]
	message := []byte(s.bare + "," + first + "," + final)
	client := s.mac(salted, []byte("Client Key"))
	digest := s.hash()
	digest.Write(client)
	proof := s.mac(digest.Sum(nil), message)
	for i := range proof {
		proof[i] ^= client[i]
	}
	s.server = s.mac(s.mac(salted, []byte("Server Key")), message)
	return []byte(final + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// check looks at what the server proves.
func (s *scram) check(last string) error {
	f := fields(last)
	if e := f["e"]; e != "" {
		return fmt.Errorf("the server says %q", e)
	}
	shown, err := base64.StdEncoding.DecodeString(f["v"])
	if err != nil || !hmac.Equal(shown, s.server) || len(bytes.TrimSpace(shown)) == 0 {
		return ErrServer
	}
	return nil
}

func (s *scram) mac(key, text []byte) []byte {
	m := hmac.New(s.hash, key)
	m.Write(text)
	return m.Sum(nil)
}

// fields takes "r=…,s=…,i=…" apart.
func fields(message string) map[string]string {
	all := map[string]string{}
	for part := range strings.SplitSeq(message, ",") {
		if k, v, ok := strings.Cut(part, "="); ok {
			all[k] = v
		}
	}
	return all
}
