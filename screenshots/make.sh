#!/bin/sh
# Makes the pictures of this folder with the real program in its demonstration mode:
#
#	screenshots/make.sh [folder]
#
# The SVGs need nothing but Go; the PNGs beside them need rsvg-convert (librsvg2-bin) and
# the fonts JetBrains Mono and DejaVu Sans Mono.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "${1:-$here}" && pwd)
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT

cd "$here/.."
go build -o "$bin/hvdeck" .
go build -o "$bin/shot" ./ui/uitest/cmd/shot

# The demonstration has a configuration and a state of its own: none.
# shot NAME KEYS [EXPRESSION AFTER THEM] [FLAGS OF HVDECK ...]
shot() {
	name=$1 keys=$2 then=${3:-}
	shift 2
	[ $# -eq 0 ] || shift
	"$bin/shot" -o "$out/$name.svg" -size "${size:-120x34}" ${light:+-light} \
		-until 'VMs ─+.* [1-9]|VMs -+.* [1-9]' -keys "$keys" -then "$then" -- \
		env XDG_CONFIG_HOME="$bin/config" XDG_STATE_HOME="$bin/state" "$bin/hvdeck" --demo "$@"
	echo "$name"
}

shot overview ''
shot power-menu '2 p' 'Power off'
shot actions '2 x'
shot palette ': "snap"' 'Command'
shot help '?'
shot vms-wide '2 + +'
shot hosts '1 + +'
light=1 shot light '' '' --theme light
shot high-contrast '' '' --theme high-contrast
shot colour-blind '' '' --theme colour-blind
shot mono '' '' --theme mono
size=80x24 shot small ''
