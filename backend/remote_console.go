package backend

import "context"

// RemoteConsoler is implemented by backends that hand out tickets for the display of a
// VM. Sources: SessionManager.AcquireCloneTicket, VirtualMachine.AcquireTicket (webmks).
type RemoteConsoler interface {
	RemoteConsole(ctx context.Context, vm Ref) (*RemoteConsole, error)
}

// RemoteConsole says how to get to the display of a VM. Who has a ticket is let in
// without a password, so they are secrets.
type RemoteConsole struct {
	Address string // of the host with the display: "esx-01.example.net:443"
	Web     string // the page of the vSphere Client
	VMRC    Hidden // a link for VMware Remote Console: vmrc://clone:…
	Ticket  Hidden // webmks: wss://…/ticket/…
	// Missing says what could not be had, and why; "" when all could.
	Missing string `clean:"text"`
}
