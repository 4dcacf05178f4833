#!/bin/bash
# Holds the namespaces of one private libvirtd and ends everything in them when
# its standard input closes, so that nothing outlives the test, however it ended.
# Usage: libvirt-namespace.sh DIR   (run in fresh mount, net and UTS namespaces)
set -e
D=$1
for pair in etc:/etc/libvirt run:/run/libvirt lib:/var/lib/libvirt cache:/var/cache/libvirt log:/var/log/libvirt; do
  mount --bind "$D/${pair%%:*}" "${pair#*:}"
done
mount --bind "$D/passwd" /etc/passwd
mount --bind "$D/group" /etc/group
# KVM that opens may still not work, as inside of some virtual machines: all is TCG. libvirt
# offers KVM where it may write to the device, as root can to all but a read-only file.
if [ -e /dev/kvm ]; then
  : >"$D/kvm"
  mount --bind "$D/kvm" /dev/kvm
  mount -o remount,bind,ro /dev/kvm
fi
hostname "lab-$(basename "$D")"
ip link set lo up
echo ready
cat >/dev/null || true
mine=$(readlink /proc/self/ns/mnt)
for round in 1 2; do
  for p in /proc/[0-9]*; do
    pid=${p#/proc/}
    [ "$pid" = $$ ] && continue
    [ "$(readlink "$p/ns/mnt" 2>/dev/null)" = "$mine" ] && kill -9 "$pid" 2>/dev/null
  done
done
exit 0
