package libvirt

import (
	"testing"

	"hvdeck/e2e/desk"
)

func TestMain(m *testing.M) { desk.MainAhead(m) }
