package vsphere

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"

	"hvdeck/backend"
)

// attempts is how often a password typed by the operator may be wrong.
const attempts = 3

// Dial implements backend.Dialer.
func (d *dialer) Dial(ctx context.Context, ask backend.Asker) (backend.Backend, error) {
	mark, err := d.trust(ctx, ask)
	if err != nil {
		return nil, err
	}
	vc, err := d.client(ctx, mark, &d.wire)
	if err != nil {
		return nil, err
	}
	c := newConn(d.opts, d.end, vc, &d.mark)
	c.wire, c.bulk, c.debts = &d.wire, &d.bulk, &d.debts
	c.again = func(ctx context.Context) (*vim25.Client, error) { return d.client(ctx, mark, &d.bulk) }
	if err := d.login(ctx, c, ask); err != nil {
		vc.CloseIdleConnections()
		return nil, err
	}
	if err := c.introduce(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	c.pay()
	return c, nil
}

// client makes the SOAP client and reads the service content, which needs no login.
func (d *dialer) client(ctx context.Context, mark string, w *wire) (*vim25.Client, error) {
	sc := soap.NewClient(d.end.url(), d.opts.Insecure)
	sc.UserAgent = "hvdeck/" + d.opts.Version
	if err := d.secure(sc.DefaultTransport(), mark, w); err != nil {
		return nil, err
	}
	if mark != "" {
		sc.SetThumbprint(d.end.addr(), mark)
	}
	sc.Transport = &answers{next: d.opts.traced(sc.Transport, "soap"), wire: w}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := d.setVersion(ctx, sc); err != nil {
		sc.CloseIdleConnections()
		return nil, d.connectError(ctx, err)
	}
	vc, err := vim25.NewClient(ctx, sc)
	if err != nil {
		sc.CloseIdleConnections()
		return nil, d.contentError(ctx, err)
	}
	vc.RoundTripper = &decoded{next: vc.RoundTripper}
	return vc, nil
}

// setVersion speaks the version of the API that is asked for, else the newest. The request
// for that is made in any case: it tells what is wrong with a server.
func (d *dialer) setVersion(ctx context.Context, sc *soap.Client) error {
	err := useServiceVersion(ctx, sc)
	if err == nil && d.opts.APIVersion != "" && d.opts.APIVersion != "-" {
		sc.Version = d.opts.APIVersion
	}
	return err
}

// versionsFile lists the versions of the API that a server has.
const versionsFile = "/sdk/vimServiceVersions.xml"

// useServiceVersion speaks the newest API version that the server has. A server
// without the list gets the client's default and is judged by its answer to that.
func useServiceVersion(ctx context.Context, sc *soap.Client) error {
	u := sc.URL()
	u.Path = versionsFile
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	res, err := sc.Client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	var list struct {
		Version string `xml:"namespace>version"`
	}
	if res.StatusCode == http.StatusOK && xml.NewDecoder(http.MaxBytesReader(nil, res.Body, 1<<20)).Decode(&list) == nil && list.Version != "" {
		sc.Version = list.Version
	}
	return nil
}

// credentials are the user, the password and whether the operator typed it.
func (d *dialer) credentials(ctx context.Context, ask backend.Asker, again bool) (*url.Userinfo, bool, error) {
	if d.end.user == "" {
		user, err := d.prompt(ctx, ask, "User name for "+d.end.addr(), "", false)
		if err != nil {
			return nil, false, err
		}
		d.end.user = user
	}
	if d.end.hasPassword && !d.opts.Before {
		return url.UserPassword(d.end.user, d.end.password), false, nil
	}
	if d.opts.Password != nil && !again {
		password, err := d.opts.Password(ctx)
		if err != nil {
			return nil, false, &backend.Error{Class: backend.ClassDenied, Doing: "get the password for", Object: d.end.shown(), Err: err}
		}
		if password != "" {
			return url.UserPassword(d.end.user, password), false, nil
		}
	}
	if d.end.hasPassword {
		return url.UserPassword(d.end.user, d.end.password), false, nil
	}
	text := ""
	if again {
		text = "The server refused the user name or password."
	}
	password, err := d.prompt(ctx, ask, "Password for "+d.end.user+" at "+d.end.addr(), text, true)
	if err != nil {
		return nil, false, err
	}
	return url.UserPassword(d.end.user, password), true, nil
}

func (d *dialer) prompt(ctx context.Context, ask backend.Asker, title, text string, secret bool) (string, error) {
	e := &backend.Error{Class: backend.ClassDenied, Doing: "log in to", Object: d.end.shown(),
		Message: "no user name or password given", Remedy: "set GOVC_USERNAME and GOVC_PASSWORD, or answer the prompt"}
	if ask == nil {
		return "", e
	}
	answer, err := ask.Ask(ctx, backend.Prompt{Conn: d.opts.ID, Title: title, Text: text, Secret: secret})
	if err != nil || answer == "" {
		e.Err = err
		return "", e
	}
	return answer, nil
}

// login tries until the server accepts; only a typed password is asked for again.
func (d *dialer) login(ctx context.Context, c *Conn, ask backend.Asker) error {
	for try := 1; ; try++ {
		user, typed, err := d.credentials(ctx, ask, try > 1)
		if err != nil {
			return err
		}
		c.user = user
		c.end.user = d.end.user
		err = c.login(ctx)
		if err == nil {
			return nil
		}
		c.owe(err) // the server may have let us in, and the answer was lost
		if _, bad := faultOf(err).(*types.InvalidLogin); !bad || !typed || try == attempts {
			return loginError(d.end.shown(), err)
		}
	}
}

func loginError(object string, err error) error {
	e := fail("log in to", object, err)
	if _, bad := faultOf(err).(*types.InvalidLogin); bad {
		e.Message = "the server refused the user name or password"
		if text := faultText(err); text != "" {
			e.Message += ": " + text
		}
		e.Remedy = "check the user name (often user@domain) and the password"
	}
	return e
}

// introduce asks the server who and when it is.
func (c *Conn) introduce(ctx context.Context) error {
	var now *time.Time
	began := time.Now()
	err := c.read(ctx, "ask the time of", c.end.shown(), func(ctx context.Context) error {
		var err error
		now, err = methods.GetCurrentTime(ctx, c.vc)
		return err
	})
	if err != nil {
		return err
	}
	half := time.Since(began) / 2
	ahead := now.Sub(began.Add(half))
	c.skew.set(ahead)
	c.about = aboutOf(c.vc.ServiceContent.About, c.end, ahead)
	c.about.ServerTime = (ahead - c.skew.get()).Round(100 * time.Millisecond)
	c.dialled = *now
	c.about.ReadOnly = c.opts.ReadOnly
	c.caps = capsOf(c.vc.IsVC(), c.opts.ReadOnly)
	c.learnSpans(ctx)
	return nil
}

// noHistory says what an operator does not see at an ESXi host.
const noHistory = "none on a single ESXi host: VMs show their basic states, and what a task implies only while the host tells of it"

func aboutOf(a types.AboutInfo, end endpoint, ahead time.Duration) backend.About {
	about := backend.About{
		Product: a.Name, Version: a.Version, API: a.ApiVersion, URI: end.shown(), HostName: end.host,
		Type:   "ESXi",
		Fields: []backend.Field{{Name: "Product", Value: a.FullName}, {Name: "Build", Value: a.Build}, {Name: "OS type", Value: a.OsType}},
	}
	if a.ApiType == "VirtualCenter" {
		about.Type = "vCenter"
	} else {
		about.Fields = append(about.Fields, backend.Field{Name: "Task history", Value: noHistory})
	}
	about.Fields = append(about.Fields, clockField(ahead)...)
	if a.InstanceUuid != "" {
		about.Fields = append(about.Fields, backend.Field{Name: "Instance UUID", Value: a.InstanceUuid})
	}
	return about
}
