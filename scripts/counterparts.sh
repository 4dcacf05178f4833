#!/bin/bash
# Installs what the tests' real counterparts need (libvirtd, QEMU, sshd, …) where that
# can be done: as root, with apt-get. Says what it did, or why it did nothing. Exit
# status 1 when something is missing in the end.
set -euo pipefail
cd "$(dirname "$0")/.."
list=backend/lab/scripts/packages.txt

missing() {
	local package
	while read -r package; do
		case $package in '' | '#'*) continue ;; esac
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' || echo "$package"
	done <"$list"
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	echo "counterparts: no apt-get here; install by hand: $(tr '\n' ' ' <"$list")"
	exit 1
fi
mapfile -t want < <(missing)
if [ ${#want[@]} -gt 0 ] && [ "$(id -u)" -ne 0 ]; then
	echo "counterparts: not root, so not installed: ${want[*]}"
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# The test guest's kernel is found with apt-cache, so the package lists are needed in any case.
if [ "$(id -u)" -eq 0 ] && [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -print -quit)" ]; then
	echo "counterparts: apt-get update"
	apt-get update -qq </dev/null
fi
[ ${#want[@]} -eq 0 ] && exit 0
echo "counterparts: installing ${want[*]}"
# The daemons that come with the packages are not wanted running: tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod +x $policy
	trap 'rm -f "$policy"' EXIT
fi
install() { apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${want[@]}" </dev/null >"$log" 2>&1; }
log=$(mktemp)
if ! install; then
	apt-get update -qq </dev/null # lists may be older than the archive
	install || { tail -n 30 "$log"; echo "counterparts: installing failed"; exit 1; }
fi
rm -f "$log"
