package mem

import "fmt"

// madeUp names the i-th VM that has no description of its own.
func madeUp(i, hosts int) VMSpec {
	roles := [...]string{
		"web", "db", "mail", "git", "ci-runner", "cache", "proxy", "dns", "ldap", "backup",
		"queue", "search", "metrics", "build", "wiki", "vpn",
	}
	guests := [...]string{"Debian 12", "Debian 13", "Ubuntu 24.04", "Rocky Linux 9", "AlmaLinux 10", "FreeBSD 14", "Windows Server 2022", "Alpine 3.22"}
	return VMSpec{
		Name:  fmt.Sprintf("%s-%02d", roles[i%len(roles)], i/len(roles)+1),
		Guest: guests[(i*5+i/7)%len(guests)],
		Host:  i % hosts,
		Agent: i%3 == 0,
	}
}
