package libvirt

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"

	"hvdeck/backend"
	"hvdeck/backend/libvirt/sasl"
)

// saslAttempts is how often a password that the operator types may be wrong.
const saslAttempts = 3

// credential is who logs in. It is kept in memory while its Dialer lives, for the
// further connections of one login, and nowhere else.
type credential struct {
	user     string
	password backend.Hidden
	typed    bool // by the operator, so it may be asked for again
}

// login holds the credential that the server has accepted.
type login struct {
	mu   sync.Mutex
	good *credential
}

func (l *login) known() *credential {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.good
}

func (l *login) keep(c *credential) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.good = c
}

// errPassword is returned when the server did not accept a typed password.
var errPassword = errors.New("the password was not accepted")

// authenticate proves who we are, where the server asks for it with SASL; all other
// ways are the client library's. again says that a typed password was wrong before.
func (d *dialer) authenticate(ctx context.Context, r *rpcConn, ask backend.Asker, again bool) error {
	w := &authWire{r: r}
	wanted, err := w.wantsSASL(ctx)
	if err != nil || !wanted {
		return err
	}
	secure := d.target.Via != "tcp"
	reply, err := w.ask(ctx, procSASLInit, nil)
	if err != nil && !secure && backend.ClassOf(err) == backend.ClassDenied {
		return d.noMechanism("", secure) // it has none that encrypts
	}
	if err != nil {
		return err
	}
	list := (&xdrReader{buf: reply}).string()
	offered := strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
	if sasl.Choose(offered, "", nil, secure) == nil {
		return d.noMechanism(list, secure)
	}
	cred, err := d.credential(ctx, ask, again)
	if err != nil {
		return err
	}
	err = w.prove(ctx, sasl.Choose(offered, cred.user, bytes.Clone(cred.password.Reveal()), secure))
	if err == nil {
		d.saved.keep(cred)
		return nil
	}
	if backend.ClassOf(err) != backend.ClassDenied {
		return err
	}
	d.saved.keep(nil)
	return d.denied(err, cred)
}

// prove runs the exchange of a mechanism to its end. The server has to be done, and
// we have to be satisfied with what it showed.
func (w *authWire) prove(ctx context.Context, m sasl.Mechanism) error {
	said, err := m.Start()
	if err != nil {
		return &backend.Error{Class: backend.ClassDenied, Doing: "log in", Message: err.Error(), Err: err}
	}
	answer, err := w.step(ctx, m.Name(), said)
	for satisfied := false; err == nil; {
		if !satisfied {
			if said, satisfied, err = m.Step(answer.data); err != nil {
				return &backend.Error{Class: backend.ClassUntrusted, Doing: "log in", Message: err.Error(), Err: err}
			}
		}
		if answer.complete && satisfied {
			return nil
		}
		if answer.complete {
			return &backend.Error{Class: backend.ClassUntrusted, Doing: "log in", Message: sasl.ErrServer.Error(), Err: sasl.ErrServer}
		}
		answer, err = w.step(ctx, "", said)
	}
	return err
}

// noMechanism is the error where the server offers nothing that we may use.
func (d *dialer) noMechanism(list string, secure bool) error {
	e := &backend.Error{Class: backend.ClassUnsupported, Doing: "log in",
		Message: "the server offers " + list + "; known here are " + strings.Join(sasl.Known(secure), ", "),
		Remedy:  "name one of these in mech_list of the server's /etc/sasl2/libvirt.conf"}
	if list == "" {
		e.Message = "the server wants a password (SASL) and offers no way to prove it"
	}
	if !secure {
		e.Message += "; over plain TCP a libvirt server wants ways that encrypt"
		e.Remedy = "connect by TLS (" + d.target.Driver + "+tls://) or ssh"
	}
	return e
}

// denied words the refusal of a password.
func (d *dialer) denied(err error, cred *credential) error {
	var e *backend.Error
	errors.As(err, &e)
	out := *e
	out.Message, out.Remedy = "the server refused the user name or password: "+e.Message, "check both with whoever runs the host"
	if cred.typed {
		out.Err = errPassword
	}
	return &out
}

// credential is the one that was accepted before, else what the configuration gives,
// else what the operator types.
func (d *dialer) credential(ctx context.Context, ask backend.Asker, again bool) (*credential, error) {
	if c := d.saved.known(); c != nil {
		return c, nil
	}
	user := d.target.User
	if user == "" || d.target.Via == "ssh" { // that is who logs in by ssh
		user = d.opts.Username
	}
	if d.opts.Password != nil && user != "" && !again {
		password, err := d.opts.Password(ctx)
		if err != nil {
			return nil, &backend.Error{Class: backend.ClassDenied, Doing: "get the password for", Object: d.target.Raw, Err: err}
		}
		if password != "" {
			return &credential{user: user, password: backend.Hide([]byte(password))}, nil
		}
	}
	return d.askCredential(ctx, ask, user, again)
}

func (d *dialer) askCredential(ctx context.Context, ask backend.Asker, user string, again bool) (*credential, error) {
	text := ""
	if again {
		text = "The server refused the user name or password."
	}
	given := user != ""
	if !given {
		var err error
		if user, err = d.put(ctx, ask, backend.Prompt{Conn: d.opts.ID, Title: "User name for " + d.target.Raw, Text: text}); err != nil {
			return nil, err
		}
	}
	if user == "" {
		return nil, d.unanswered(nil)
	}
	password, err := d.put(ctx, ask, backend.Prompt{Conn: d.opts.ID, Title: "Password for " + user + " at " + d.target.Raw, Text: text, Secret: true})
	if err != nil {
		return nil, err
	}
	return &credential{user: user, password: backend.Hide([]byte(password)), typed: true}, nil
}

func (d *dialer) put(ctx context.Context, ask backend.Asker, p backend.Prompt) (string, error) {
	if ask == nil {
		return "", d.unanswered(nil)
	}
	answer, err := ask.Ask(ctx, p)
	if err != nil {
		return "", d.unanswered(err)
	}
	return answer, nil
}

func (d *dialer) unanswered(err error) error {
	e := &backend.Error{Class: backend.ClassDenied, Doing: "log in", Message: "the server wants a user name and password and got none",
		Remedy: "answer the question, or set username and password_command in the configuration", Err: err}
	if c := backend.ClassOf(err); c == backend.ClassCancelled {
		e.Class = c
	}
	return e
}
