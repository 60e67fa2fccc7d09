#!/bin/sh
# scripts/tools.sh build|test: sees to the programs that building or testing needs.
# As root on Debian it installs what is missing; elsewhere it names it and fails.
set -eu

missing=
need() { # need PACKAGE COMMAND…
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}

has() { command -v "$1"; }

# better-sqlite3 compiles itself where no ready-made binary is to be had
need git has git
need python3 has python3
need g++ has g++

if [ "$1" = test ]; then
	need minisign has minisign
	need git-email test -x "$(git --exec-path 2>/dev/null)/git-send-email"
	need libmailtools-perl perl -MMail::Address -e 1
	need xz-utils has xz
	need zstd has zstd
	need public-inbox has public-inbox-mda
	need dovecot-imapd test -x /usr/lib/dovecot/imap
	need openssh-client has ssh-agent
	need gpg-agent has gpg-agent
	need gpg has gpg
	need patatt has patatt
	need python3-nacl /usr/bin/python3 -c 'import nacl'
fi

[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && has apt-get >/dev/null; then
	echo "installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	# no name that others could have taken
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	# shellcheck disable=SC2086
	{ apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 ||
		{ cat "$log" >&2; exit 1; }
else
	echo "missing:$missing" >&2
	echo "hint: sudo apt-get install$missing" >&2
	exit 1
fi
