package mem

import (
	"time"

	"hvdeck/backend"
)

const day = 24 * time.Hour

// Demo describes one of two believable libvirt hosts: "kvm02" is the small one, every
// other id the one that has seen more. Now and OpTime are set for a live screen;
// tests and screenshots set their own.
func Demo(id backend.ConnID) Config {
	cfg := Config{
		ID: id, Seed: 7, HostName: string(id), URI: "demo:///" + string(id),
		Product: "QEMU", Version: "9.2.0", CPUs: 16, Cells: 2, Memory: 128 * gib,
		Specs: firstHost(), Pools: demoPools(), Networks: demoNetworks(),
		Interfaces: demoInterfaces(), Secrets: demoSecrets(),
		Now: time.Now, OpTime: 2 * time.Second,
	}
	if id == "kvm02" {
		cfg.Seed, cfg.CPUs, cfg.Memory, cfg.Specs = 11, 8, 64*gib, secondHost()
	}
	return cfg
}

func firstHost() []VMSpec {
	const on, off = backend.PowerOn, backend.PowerOff
	return []VMSpec{
		{Name: "git-01", State: on, Guest: "Debian 12", VCPUs: 4, Memory: 8 * gib, Load: 0.3,
			Agent: true, Autostart: true, Notes: "Forgejo; nightly mirror at 02:15.", Snapshots: gitTree()},
		{Name: "git-02", State: backend.PowerIdle, Guest: "Debian 12", VCPUs: 4, Memory: 8 * gib, Load: 0.02, Agent: true, Autostart: true},
		{Name: "mail-01", State: on, Guest: "Debian 12", VCPUs: 2, Memory: 4 * gib, Load: 0.18, Autostart: true, Snapshots: []SnapshotSpec{
			{Name: "before-dovecot-2.4", Description: "Config and spool as of the last 2.3.", Age: 19 * day, State: off, Size: 2 * gib, Current: true},
		}},
		{Name: "mail-02", State: backend.PowerPaused, Reason: "I/O error", Guest: "Debian 12", VCPUs: 2, Memory: 4 * gib, Load: 0.1, Autostart: true},
		{Name: "ci-runner-1", State: on, Guest: "Ubuntu 24.04", VCPUs: 8, Memory: 16 * gib, Load: 0.85, Agent: true},
		{Name: "ci-runner-2", State: on, Guest: "Ubuntu 24.04", VCPUs: 8, Memory: 16 * gib, Load: 0.62, Agent: true},
		{Name: "ci-runner-3", State: backend.PowerCrashed, Reason: "panicked", Guest: "Ubuntu 24.04", VCPUs: 8, Memory: 16 * gib, Agent: true},
		{Name: "dns-01", State: on, Guest: "Alpine 3.22", VCPUs: 1, Memory: 512 * mib, Load: 0.03, Autostart: true},
		{Name: "ldap-01", State: on, Guest: "Rocky Linux 9", VCPUs: 2, Memory: 2 * gib, Load: 0.05,
			Deaf: true, Autostart: true, Notes: "Ignores ACPI since the kernel update: use power off."},
		{Name: "wiki-old", State: off, Reason: "shutdown", Guest: "Debian 11", VCPUs: 2, Memory: 4 * gib, Snapshots: []SnapshotSpec{
			{Name: "final", Description: "Before it was switched off.", Age: 214 * day, State: off, Size: 3 * gib, Current: true},
		}},
		{Name: "win-build-01", State: backend.PowerSaved, Reason: "saved", Guest: "Windows Server 2022", VCPUs: 4, Memory: 8 * gib},
		{Name: "db-01", State: on, Guest: "Debian 12", VCPUs: 8, Memory: 32 * gib, Load: 0.48, Agent: true, Autostart: true, Snapshots: dbTree()},
	}
}

// gitTree branches, and has one name in two places.
func gitTree() []SnapshotSpec {
	const on, off = backend.PowerOn, backend.PowerOff
	return []SnapshotSpec{
		{Name: "base", Description: "Fresh install, hardened.", Age: 41 * day, State: off, Size: 2*gib + 100*mib},
		{Name: "updated", Parent: 1, Description: "All security updates.", Age: 12 * day, State: off, Size: 820 * mib},
		{Name: "forgejo-13", Parent: 2, Description: "Upgraded; migrations ran.", Age: 3 * day, State: on, Size: 3 * gib, Current: true},
		{Name: "try-kernel", Parent: 1, Description: "6.12 from backports.", Age: 11 * day, State: off, DiskOnly: true, Size: 410 * mib},
		{Name: "try-kernel-tuned", Parent: 4, Age: 10 * day, State: off, DiskOnly: true, Size: 96 * mib},
	}
}

func dbTree() []SnapshotSpec {
	const on, off = backend.PowerOn, backend.PowerOff
	return []SnapshotSpec{
		{Name: "pg16", Description: "Last state on PostgreSQL 16.", Age: 63 * day, State: off, Size: 9 * gib},
		{Name: "pg17", Parent: 1, Description: "After pg_upgrade.", Age: 62 * day, State: off, Size: 4 * gib},
		{Name: "nightly", Parent: 2, Age: 1 * day, State: on, Size: 11 * gib, Current: true},
	}
}

func secondHost() []VMSpec {
	const on, off = backend.PowerOn, backend.PowerOff
	return []VMSpec{
		{Name: "web-01", State: on, Guest: "Debian 12", VCPUs: 4, Memory: 8 * gib, Load: 0.38, Agent: true, Autostart: true, Snapshots: []SnapshotSpec{
			{Name: "base", Age: 90 * day, State: off, Size: 1 * gib},
			{Name: "nginx-1.28", Parent: 1, Description: "Before the TLS change.", Age: 8 * day, State: on, Size: 2 * gib, Current: true},
		}},
		{Name: "web-02", State: on, Guest: "Debian 12", VCPUs: 4, Memory: 8 * gib, Load: 0.35, Agent: true, Autostart: true},
		{Name: "web-03", State: backend.PowerIdle, Guest: "Debian 12", VCPUs: 4, Memory: 8 * gib, Load: 0.02, Agent: true},
		{Name: "cache-01", State: on, Guest: "Alpine 3.22", VCPUs: 2, Memory: 4 * gib, Load: 0.12, Autostart: true},
		{Name: "proxy-01", State: on, Guest: "FreeBSD 14", VCPUs: 2, Memory: 2 * gib, Load: 0.22, Autostart: true},
		{Name: "vpn-01", State: on, Guest: "Debian 13", VCPUs: 1, Memory: 1 * gib, Load: 0.06, Autostart: true},
		{Name: "backup-01", State: on, Guest: "Debian 12", VCPUs: 2, Memory: 4 * gib, Load: 0.55, Agent: true},
		{Name: "metrics-01", State: on, Guest: "Rocky Linux 9", VCPUs: 4, Memory: 8 * gib, Load: 0.41, Agent: true, Autostart: true},
		{Name: "laptop-image", State: backend.PowerSuspended, Guest: "Ubuntu 24.04", VCPUs: 2, Memory: 4 * gib, Agent: true},
		{Name: "staging-web", State: off, Reason: "shutdown", Guest: "Debian 13", VCPUs: 2, Memory: 4 * gib},
		{Name: "staging-db", State: off, Reason: "shutdown", Guest: "Debian 13", VCPUs: 2, Memory: 8 * gib},
		{Name: "template-debian-13", State: off, Guest: "Debian 13", VCPUs: 1, Memory: 1 * gib},
	}
}

func demoPools() []PoolSpec {
	return []PoolSpec{
		{Name: "default", Type: "dir", Path: "/var/lib/libvirt/images", State: backend.PoolRunning, Capacity: 1 * tib, Disks: true,
			Orphans: []string{"old-wiki-01.qcow2", "rescue.qcow2"}},
		{Name: "iso", Type: "dir", Path: "/srv/iso", State: backend.PoolRunning, Capacity: 200 * gib, Files: []string{
			"debian-12.11.0-amd64-netinst.iso", "debian-13.0.0-amd64-netinst.iso", "ubuntu-24.04.3-live-server-amd64.iso", "virtio-win-0.1.271.iso",
		}},
		{Name: "nfs-archive", Type: "netfs", Path: "/mnt/archive", Source: "nas:/export/archive", State: backend.PoolInactive},
	}
}

func demoNetworks() []NetworkSpec {
	return []NetworkSpec{
		{Name: "default", Bridge: "virbr0", Forward: "nat", Address: "10.0.0.1/16", Leases: true},
		{Name: "dmz", Bridge: "br-dmz", Forward: "bridge"},
		{Name: "lab", Bridge: "virbr7", Forward: "isolated", Address: "172.31.7.1/24", Inactive: true},
	}
}

func demoInterfaces() []InterfaceSpec {
	return []InterfaceSpec{
		{Name: "lo", Type: "ethernet", MAC: "00:00:00:00:00:00", Address: "127.0.0.1/8"},
		{Name: "bond0", Type: "bond", MAC: "a8:a1:59:00:10:01", Ports: []string{"enp1s0f0", "enp1s0f1"}},
		{Name: "br-dmz", Type: "bridge", MAC: "a8:a1:59:00:10:01", Address: "10.20.0.11/24", Ports: []string{"bond0"}},
		{Name: "enp5s0", Type: "ethernet", MAC: "a8:a1:59:00:10:05", Inactive: true},
	}
}

func demoSecrets() []SecretSpec {
	return []SecretSpec{
		{Usage: "iscsi", ID: "san-chap", Description: "CHAP password of the storage network", Value: "made-up-password"},
		{Usage: "ceph", ID: "client.libvirt", Description: "Key of the Ceph cluster", Value: "made-up-key", Private: true},
	}
}

func demoDevices() []backend.NodeDevice {
	device := func(name, up, about, driver, path string, types ...string) backend.NodeDevice {
		return backend.NodeDevice{Meta: backend.Meta{Name: name}, Up: up, About: about, Driver: driver, Path: path, Types: types, Active: true}
	}
	return []backend.NodeDevice{
		device("computer", "", "Supermicro SYS-2029U", "", "", "system"),
		device("pci_0000_00_1f_2", "computer", "Intel Corporation C620 SATA controller", "ahci", "/sys/devices/pci0000:00/0000:00:1f.2", "pci"),
		device("scsi_host0", "pci_0000_00_1f_2", "host 0", "", "/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0", "scsi_host"),
		device("pci_0000_01_00_0", "computer", "Intel Corporation Ethernet Controller X710", "i40e", "/sys/devices/pci0000:00/0000:01:00.0", "pci"),
		device("net_enp1s0f0_a8_a1_59_00_10_01", "pci_0000_01_00_0", "enp1s0f0", "", "/sys/devices/pci0000:00/0000:01:00.0/net/enp1s0f0", "net"),
	}
}
