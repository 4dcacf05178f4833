package kind

import "testing"

func TestDHCPRange(t *testing.T) {
	for address, want := range map[string][2]string{
		"192.168.150.1/24":   {"192.168.150.2", "192.168.150.254"},
		"192.168.150.254/24": {"192.168.150.1", "192.168.150.253"},
		"10.0.0.9/29":        {"10.0.0.10", "10.0.0.14"},
		"10.0.0.1/30":        {"", ""},
		"fd00::1/64":         {"", ""},
		"nonsense":           {"", ""},
	} {
		if first, last := dhcpRange(address); first != want[0] || last != want[1] {
			t.Errorf("%s: %s to %s, want %v", address, first, last, want)
		}
	}
}
