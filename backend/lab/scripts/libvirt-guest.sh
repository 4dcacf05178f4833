#!/bin/bash
# Builds a tiny bootable guest: OUT/guest.vmlinuz (Debian cloud kernel, unpacked,
# not installed) and OUT/guest.initrd (busybox and virtio modules). It has a shell
# on ttyS0, DHCP on eth0, an ACPI power button and a light disk and network load.
# Needs: busybox-static, apt. Usage: libvirt-guest.sh OUT
set -euo pipefail
OUT=$1
mkdir -p "$OUT/build" && cd "$OUT/build"
PKG=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image/ {print $2; exit}')
if [ -z "$PKG" ]; then # Ubuntu names it otherwise
  PKG=$(apt-cache depends linux-image-virtual | awk '/Depends: linux-image-[0-9]/ {print $2; exit}')
fi
[ -n "$PKG" ] || { echo "no kernel package found by apt-cache" >&2; exit 1; }
DEPS=("$PKG")
case $PKG in linux-image-[0-9]*-generic) DEPS+=("${PKG/image/modules}");; esac
apt-get download -qq "${DEPS[@]}"
rm -rf tree initrd
for deb in ./*.deb; do dpkg-deb -x "$deb" tree; done
cp tree/boot/vmlinuz* ../guest.vmlinuz
mkdir -p initrd/{bin,proc,sys,dev,mod,tmp,var/log,var/run,etc/acpi/PWRF}
cp "$(command -v busybox)" initrd/bin/busybox
# As they depend on each other.
ORDER="virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_balloon virtio_blk failover net_failover virtio_net evdev button"
for m in $ORDER; do
  ko=$(find tree/lib/modules -name "$m.ko*" | head -n 1)
  case $ko in # built in: nothing to copy
    '') ;;
    *.xz) xz -dc "$ko" > "initrd/mod/$m.ko" ;;
    *.zst) zstd -qdc "$ko" > "initrd/mod/$m.ko" ;;
    *) cp "$ko" "initrd/mod/$m.ko" ;;
  esac
done
printf '#!/bin/sh\npoweroff -f\n' > initrd/etc/acpi/PWRF/00000080
cat > initrd/bin/lease <<'D'
#!/bin/sh
case $1 in
bound|renew) ifconfig $interface $ip netmask $subnet; [ -n "$router" ] && route add default gw $router;;
deconfig) ifconfig $interface 0.0.0.0;;
esac
D
cat > initrd/init <<D
#!/bin/busybox sh
/bin/busybox --install -s /bin; export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev 2>/dev/null
echo 1 > /proc/sys/kernel/printk
for m in $ORDER; do [ -f /mod/\$m.ko ] && insmod /mod/\$m.ko; done
acpid; ifconfig lo up
[ -d /sys/class/net/eth0 ] && { ifconfig eth0 up; (udhcpc -i eth0 -s /bin/lease -n -q -t 8 >/dev/null 2>&1 &) ; }
echo "LAB-GUEST-READY \$(uname -r)"
( n=0; while :; do n=\$((n+1))
  [ -b /dev/vda ] && { dd if=/dev/vda of=/dev/null bs=64k count=4 skip=\$((n%32)) iflag=direct; dd if=/dev/zero of=/dev/vda bs=64k count=1 oflag=direct conv=notrunc; } 2>/dev/null
  G=\$(route -n | awk '\$1=="0.0.0.0"{print \$2;exit}'); [ -n "\$G" ] && ping -c1 -W1 \$G >/dev/null 2>&1
  sleep 1; done ) &
while :; do setsid cttyhack sh </dev/ttyS0 >/dev/ttyS0 2>&1; sleep 1; done
D
chmod +x initrd/init initrd/bin/lease initrd/etc/acpi/PWRF/00000080
(cd initrd && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1 > ../../guest.initrd)
rm -rf "$OUT/build"
