#!/bin/sh
# Makes the pictures of this folder with the real program in its demonstration mode:
#
#	screenshots/make.sh [folder]
#
# Needs Go, rsvg-convert (librsvg2-bin), and the fonts JetBrains Mono and DejaVu Sans
# Mono. Takes some two minutes: histories have to fill before they are worth a look.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "${1:-$here}" && pwd)
command -v rsvg-convert >/dev/null || { echo "make.sh: rsvg-convert is not installed (librsvg2-bin)" >&2; exit 1; }
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT

cd "$here/.."
CGO_ENABLED=0 go build -o "$bin/hvdeck" .
CGO_ENABLED=0 go build -o "$bin/shot" ./ui/uitest/cmd/shot

# The demonstration has a configuration and a state of its own: none.
# shot NAME KEYS EXPRESSION [FLAGS OF HVDECK ...]: the picture is taken when the
# expression is on the screen, after the keys.
shot() {
	name=$1 keys=$2 then=$3
	shift 3
	"$bin/shot" -o "$bin/$name.svg" -size "${size:-120x34}" -scale 1.25 -patience 90s \
		-until 'VMs ─+.* [1-9]' -keys "$keys" -then "$then" -- \
		env XDG_CONFIG_HOME="$bin/config" XDG_STATE_HOME="$bin/state" NO_COLOR= LC_ALL=C.UTF-8 "$bin/hvdeck" --demo "$@"
	mv "$bin/$name.png" "$out/$name.png"
	echo "$name"
}

# The header's sparkline is six cells wide when six samples of the host have come.
full='cpu [▁▂▃▄▅▆▇█]{6}'
# Host kvm01, and its VM with the branching snapshots.
on='1 G k 2 / "git-01" enter esc'
git="$on wait:forgejo-13"

shot overview "$git" "$full"
shot snapshots "$git 3 + wait:try-kernel j j j s t" 'Type try-kernel to'
shot node '1 G m' '▁?[▂▃▄▅▆▇█▁]{60}'
shot top 't' "$full"
shot power "$git p" 'power: git-01'
size=80x24 shot fold "$on" '❯● git-01'
