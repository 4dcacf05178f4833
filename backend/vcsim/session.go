package vcsim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// sessions stands in for the session manager at a logout. The simulator's own keeps the
// objects of the session locked while it tells views and collectors of its end; a wait for
// updates of the same session that is just collecting has those locked and wants the
// objects: both wait for ever, and everybody who changes something with them.
type sessions struct {
	unlocked
	Self types.ManagedObjectReference
	own  *simulator.SessionManager
	root types.ManagedObjectReference // the property collector of all sessions
}

// Reference implements mo.Reference.
func (m *sessions) Reference() types.ManagedObjectReference { return m.Self }

func (s *Server) sessionReceiver(call *simulator.Method) mo.Reference {
	if call.Name != "Logout" {
		return nil
	}
	own, ok := s.model.Map().Get(call.This).(*simulator.SessionManager)
	if !ok {
		return nil
	}
	return &sessions{Self: own.Self, own: own, root: s.model.ServiceContent.PropertyCollector}
}

// Logout implements the method of the SessionManager.
func (m *sessions) Logout(ctx *simulator.Context, _ *types.Logout) soap.HasFault {
	session := ctx.Session
	// It ends every session but that of its caller.
	another := &simulator.Context{Context: ctx.Context, Map: ctx.Map, Session: &simulator.Session{}}
	ctx.WithLock(m.own, func() { // a call of it that is just coming in would put it back
		m.own.TerminateSession(another, &types.TerminateSession{This: m.own.Self, SessionId: []string{session.Key}})
	})
	for _, o := range session.AllReference("") {
		if _, ok := o.(simulator.RegisterObject); ok && o.Reference() != m.root {
			ctx.Map.Remove(ctx, o.Reference())
		}
	}
	post(ctx, &types.UserLogoutSessionEvent{
		IpAddress: session.IpAddress, UserAgent: session.UserAgent, SessionId: session.Key, LoginTime: &session.LoginTime,
	})
	return &methods.LogoutBody{Res: new(types.LogoutResponse)}
}
