package ui_test

import (
	"errors"
	"regexp"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/mem"
)

func (w *world) lookFor(text string) {
	w.t.Helper()
	w.Press("f").WaitFor("Find VM").Type(text).Press("enter")
}

// A VM is found in the list by all that it is known by.
func TestFindInTheList(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "git-1", "git-2", "web-1")}})
	shop().join(t, w)
	vms := w.Pane("VMs").WaitTitle(" 8 ")
	git := w.store.Object(w.hosts[0].VM("git-2")).(*backend.VM)
	for text, want := range map[string]string{
		"[ds1] mail-1/mail-1.vmx": "mail-1", "/fra1/vm/Web Tier/Old/web-0": "web-0", git.UUID: "git-2", "DB-1": "db-1",
		"web-2@fra1": "web-2", "web-1@fra1": "web-1",
	} {
		w.lookFor(text)
		vms.WaitFor(regexp.MustCompile(`❯[●○] ` + want + ` `))
	}
	w.lookFor("web-1")
	w.WaitFor("Found").WaitFor("web-1 on kvm1").WaitFor("web-1 on vc1, /fra1/vm/Web Tier/web-1").Press("esc").WaitGone("web-1 on vc1")
	w.lookFor("git")
	w.WaitFor("Nothing is called git; these come near").WaitFor("git-1 on kvm1").Press("esc")
}

// What the list does not know the servers are asked for; what nobody finds says where was
// looked, and who could not be asked.
func TestFindAtTheServers(t *testing.T) {
	c := shop()
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "git-1")}})
	for _, o := range c.objects {
		if vm, ok := o.(*backend.VM); ok && vm.Name == "mail-1" {
			vm.Extra = []backend.Field{{Name: "5", Value: "mail.example.net"}, {Name: "4", Value: "10.9.8.7"}}
		}
	}
	c.join(t, w)
	vms := w.Pane("VMs").WaitTitle(" 6 ")
	for _, text := range []string{"mail.example.net", "10.9.8.7@ams2"} {
		w.lookFor(text)
		vms.WaitFor("❯● mail-1")
		w.Press("g")
	}
	w.lookFor("10.9.8.7 @fra1")
	w.WaitFor("No VM in fra1 by IP address: 10.9.8.7").WaitFor("vc1: the server finds none by IP address").WaitFor("kvm1: not in its list").Press("esc").WaitGone("not in its list")
	c.mu.Lock()
	c.fail = errors.New("the index is being built")
	c.mu.Unlock()
	w.lookFor("nobody")
	w.WaitFor("by name or DNS name: nobody").WaitFor("vc1: the index is being built").Press("esc").WaitGone("being built")
	w.hosts[0].Refuse(errors.New("gone"))
	w.hosts[0].Drop()
	w.WaitFor("reconnecting").Press("2")
	w.lookFor("nobody")
	w.WaitFor("kvm1: not asked, it is reconnecting").Press("esc")
}
