package vsphere_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

func console(t *testing.T, b backend.Backend, vm backend.Ref) *backend.RemoteConsole {
	t.Helper()
	c, ok := backend.As[backend.RemoteConsoler](b)
	if !ok {
		t.Fatal("the driver has no RemoteConsoler")
	}
	con, err := c.RemoteConsole(t.Context(), vm)
	if err != nil {
		t.Fatal(err)
	}
	return con
}

func TestTicketsOfARunningVM(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1})
	con := console(t, b, vm.ID)
	if con.Address != vm.HostName+":443" || con.Missing != "" {
		t.Errorf("%+v", con)
	}
	ticket := string(con.Ticket.Reveal())
	if !regexp.MustCompile(`^wss://` + vm.HostName + `:443/ticket/[0-9a-f-]{36}$`).MatchString(ticket) {
		t.Errorf("ticket %q", ticket)
	}
	link, err := url.Parse(string(con.VMRC.Reveal()))
	if err != nil || link.Scheme != "vmrc" || link.User.Username() == "" || link.Query().Get("moid") != vm.ID.ID {
		t.Fatalf("link %v, %v", link, err)
	}
	if user, secret, _ := strings.Cut(strings.TrimPrefix(string(con.VMRC.Reveal()), "vmrc://"), ":"); user != "clone" || strings.Contains(fmt.Sprintf("%v %+v", con, *con), secret) {
		t.Error("the link is not one of a clone ticket, or printing shows it")
	}
	secret, _ := link.User.Password()
	if !letsIn(t, s.URL(), secret) {
		t.Error("the server does not take the ticket of the link")
	}
	web, err := url.Parse(con.Web)
	if err != nil || web.Scheme != "https" || web.Path != "/ui/webconsole.html" || web.Query().Get("vmId") != vm.ID.ID || web.Query().Get("vmName") != vm.Name || web.Query().Has("sessionTicket") {
		t.Errorf("page %s, %v", con.Web, err)
	}
}

// letsIn logs in by a clone ticket.
func letsIn(t *testing.T, at, ticket string) bool {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u.User = nil
	vc, err := vim25.NewClient(context.Background(), soap.NewClient(u, true))
	if err != nil {
		t.Fatal(err)
	}
	m := session.NewManager(vc)
	if err := m.CloneSession(t.Context(), ticket); err != nil {
		t.Logf("clone session: %v", err)
		return false
	}
	return m.Logout(t.Context()) == nil
}

func TestWhatAStoppedVMHasOfAConsole(t *testing.T) {
	_, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1})
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
	con := console(t, b, vm.ID)
	if !con.Ticket.Empty() || con.VMRC.Empty() || con.Web == "" || con.Address != vm.HostName+":443" || con.Missing != "ticket: it is powered off; it has to be powered on" {
		t.Errorf("%+v", con)
	}
}

func TestConsoleOfASingleHost(t *testing.T) {
	s := sim(t, vcsim.Options{ESX: true, VMs: 1})
	b := dial(t, vsphere.Options{URL: s.URL()})
	vm := list(t, b, backend.Query{Kind: backend.KindVM})[0]
	con := console(t, b, vm.Ref())
	if !strings.HasSuffix(con.Web, "/ui/#/console/"+vm.Ref().ID) || con.Ticket.Empty() {
		t.Errorf("%+v", con)
	}
}

func TestNoTicketWhereNothingMayChange(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	b := dial(t, vsphere.Options{URL: s.URL(), ReadOnly: true})
	c, _ := backend.As[backend.RemoteConsoler](b)
	if _, err := c.RemoteConsole(t.Context(), list(t, b, backend.Query{Kind: backend.KindVM})[0].Ref()); backend.ClassOf(err) != backend.ClassDenied {
		t.Errorf("%v", err)
	}
	k, _ := backend.As[backend.TaskCanceller](b)
	if err := k.CancelTask(t.Context(), "task-1"); backend.ClassOf(err) != backend.ClassDenied {
		t.Errorf("%v", err)
	}
}
