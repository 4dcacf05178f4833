package vsphere

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

var _ backend.RemoteConsoler = (*Conn)(nil)

func consoleVerbs() []backend.Verb { return []backend.Verb{backend.VerbRemoteConsole} }

// RemoteConsole implements backend.RemoteConsoler. Sources: AcquireTicket (webmks),
// AcquireCloneTicket. A ticket that was made and is not used expires at the server.
func (c *Conn) RemoteConsole(ctx context.Context, vm backend.Ref) (*backend.RemoteConsole, error) {
	a := &action{c: c, doing: "get a console ticket of", object: c.names.name(vm.ID)}
	switch {
	case c.opts.ReadOnly:
		return nil, a.refuse(backend.ClassDenied, "the connection is read-only")
	case vm.Conn != c.opts.ID || vm.Kind != backend.KindVM:
		return nil, a.refuse(backend.ClassInvalid, "it is no VM of this connection")
	}
	got, err := c.retrieveOne(ctx, a.doing, c.moref(vm), "name", "runtime.host")
	if err != nil {
		return nil, err
	}
	con := &backend.RemoteConsole{Web: c.webConsole(vm.ID, unescape(as[string](got["name"])))}
	var missing []string
	if con.Web == "" {
		missing = append(missing, "web page: vSphere "+c.vc.ServiceContent.About.Version+" has none")
	}
	if err := a.webmks(ctx, vm, con); err != nil {
		missing = append(missing, "ticket: "+messageOf(err))
	}
	if err := a.vmrc(ctx, vm, con); err != nil {
		missing = append(missing, "link for VMRC: "+messageOf(err))
	}
	if con.Address == "" {
		con.Address = a.hostAddress(ctx, moidOf(got["runtime.host"]))
	}
	if ctx.Err() != nil {
		return nil, c.failed(ctx, a.doing, a.object, ctx.Err())
	}
	con.Missing = strings.Join(missing, "\n")
	return con, nil
}

// messageOf is an error without what was being done.
func messageOf(err error) string {
	e := fail("", "", err)
	if e.Message != "" {
		return e.Message
	}
	return e.Error()
}

// webmks asks for a ticket of the display.
func (a *action) webmks(ctx context.Context, vm backend.Ref, con *backend.RemoteConsole) error {
	var ticket types.VirtualMachineTicket
	err := a.call(ctx, func(ctx context.Context) error {
		res, err := methods.AcquireTicket(ctx, a.c.vc, &types.AcquireTicket{
			This: a.c.moref(vm), TicketType: string(types.VirtualMachineTicketTypeWebmks),
		})
		if err == nil {
			ticket = res.Returnval
		}
		return err
	})
	if err != nil {
		return err
	}
	host, port := orDefault(ticket.Host, a.c.end.host), int(ticket.Port)
	if port == 0 {
		port = 443
	}
	con.Address = net.JoinHostPort(host, strconv.Itoa(port))
	con.Ticket = backend.Hide([]byte("wss://" + con.Address + "/ticket/" + ticket.Ticket))
	return nil
}

// vmrc asks for a ticket that is a session of its own.
func (a *action) vmrc(ctx context.Context, vm backend.Ref, con *backend.RemoteConsole) error {
	sessions := a.c.vc.ServiceContent.SessionManager
	if sessions == nil {
		return a.refuse(backend.ClassUnsupported, "the server has no sessions")
	}
	var ticket string
	err := a.call(ctx, func(ctx context.Context) error {
		res, err := methods.AcquireCloneTicket(ctx, a.c.vc, &types.AcquireCloneTicket{This: *sessions})
		if err == nil {
			ticket = res.Returnval
		}
		return err
	})
	if err != nil {
		return err
	}
	link := fmt.Sprintf("vmrc://clone:%s@%s/?moid=%s", ticket, a.c.end.addr(), url.QueryEscape(vm.ID))
	con.VMRC = backend.Hide([]byte(link))
	return nil
}

// hostAddress is where the display would be, when no ticket says so.
func (a *action) hostAddress(ctx context.Context, host string) string {
	if !a.c.vc.IsVC() {
		return a.c.end.addr()
	}
	if host == "" {
		return ""
	}
	got, err := a.c.retrieveOne(ctx, a.doing, moref{Type: "HostSystem", Value: host}, "name")
	if name := as[string](got["name"]); err == nil && name != "" {
		return net.JoinHostPort(name, "443")
	}
	return ""
}

// webConsole is the page of the vSphere Client, or of the host's own client; "" before
// 6.5, which had it on another port with a plug-in. The page asks who has no session.
func (c *Conn) webConsole(moid, name string) string {
	about := c.vc.ServiceContent.About
	base := "https://" + c.end.addr()
	if c.end.port == "443" || c.end.port == "80" {
		base = "https://" + strings.TrimSuffix(c.end.addr(), ":"+c.end.port)
	}
	if !versionAtLeast(about.ApiVersion, 6, 5) {
		return ""
	}
	if !c.vc.IsVC() {
		return base + "/ui/#/console/" + url.PathEscape(moid)
	}
	query := url.Values{"vmId": {moid}, "vmName": {name}, "serverGuid": {about.InstanceUuid}, "host": {c.end.host}}
	return base + "/ui/webconsole.html?" + query.Encode()
}

// versionAtLeast compares the first two numbers of "8.0.2.0".
func versionAtLeast(version string, major, minor int) bool {
	parts := append(strings.Split(version, "."), "0", "0")
	a, errA := strconv.Atoi(parts[0])
	b, errB := strconv.Atoi(parts[1])
	if errA != nil || errB != nil {
		return false
	}
	return a > major || a == major && b >= minor
}
