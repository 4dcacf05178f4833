package vcsim

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vapi/rest"
	_ "github.com/vmware/govmomi/vapi/simulator" // serves tags
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
)

// demoTags are the tags of the demo by category, and the beginnings of the names of the
// VMs that have them.
func demoTags() map[string]map[string][]string {
	return map[string]map[string][]string{
		"environment": {
			"production": {"web-0", "api-", "db-0", "cache-", "mail-", "dns-", "ad-", "web-dub-", "db-dub-", "monitor-", "log-", "backup-"},
			"test":       {"test-", "build-"},
		},
		"team": {
			"platform": {"dns-", "ad-", "monitor-", "log-", "backup-"},
			"shop":     {"web-", "api-", "db-", "cache-"},
			"office":   {"vdi-", "mail-", "legacy-"},
		},
		"backup": {"daily": {"db-", "mail-", "ad-"}, "weekly": {"web-", "api-", "legacy-"}},
	}
}

// addTags makes the demo's tags through the tagging service, as there is no other way in.
func (s *Server) addTags() error {
	ctx, cancel := context.WithTimeout(s.ctx, 20*time.Second)
	defer cancel()
	u, err := soap.ParseURL(s.URL())
	if err != nil {
		return err
	}
	vc, err := vim25.NewClient(ctx, soap.NewClient(u, true))
	if err != nil {
		return fmt.Errorf("connect to the simulator: %w", err)
	}
	defer vc.CloseIdleConnections()
	rc := rest.NewClient(vc)
	if err := rc.Login(ctx, u.User); err != nil {
		return fmt.Errorf("log in to the simulated tagging service: %w", err)
	}
	defer func() { _ = rc.Logout(ctx) }()
	m := tags.NewManager(rc)
	for category, all := range demoTags() {
		id, err := m.CreateCategory(ctx, &tags.Category{Name: category, Cardinality: "SINGLE", AssociableTypes: []string{"VirtualMachine"}})
		if err != nil {
			return fmt.Errorf("make the tag category %s: %w", category, err)
		}
		for name, begins := range all {
			if err := s.addTag(ctx, m, id, name, begins); err != nil {
				return fmt.Errorf("make the tag %s: %w", name, err)
			}
		}
	}
	return nil
}

func (s *Server) addTag(ctx context.Context, m *tags.Manager, category, name string, begins []string) error {
	id, err := m.CreateTag(ctx, &tags.Tag{Name: name, CategoryID: category})
	if err != nil {
		return err
	}
	var on []mo.Reference
	for _, e := range s.model.Map().All("VirtualMachine") {
		for _, begin := range begins {
			if strings.HasPrefix(e.(*simulator.VirtualMachine).Name, begin) {
				on = append(on, e.Reference())
				break
			}
		}
	}
	if len(on) == 0 {
		return nil
	}
	return m.AttachTagToMultipleObjects(ctx, id, on)
}
