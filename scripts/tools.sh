#!/bin/sh
# scripts/tools.sh build|test|transports: sees to the programs that building or testing needs, or
# the tests with real mail servers (test/transports: on a machine that needs no mail server of its own).
# As root on Debian it installs what is missing; elsewhere it names it and fails.
set -eu

missing=
need() { # need PACKAGE COMMAND…
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}

has() { command -v "$1"; }
can_install() { [ "$(id -u)" = 0 ] && has apt-get >/dev/null; }

# no name that others could have taken
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quietly() { # quietly COMMAND…: what it says only if it fails
	"$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

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
	need groff-base has groff
	need man-db has man
	need bash-completion test -e /usr/share/bash-completion/bash_completion
	need patatt has patatt
	need postgresql sh -c 'command -v initdb || ls /usr/lib/postgresql/*/bin/initdb'
	need python3-nacl /usr/bin/python3 -c 'import nacl'
	need chromium has chromium
	need git-pw has git-pw
fi

# Debian installs one mail server at a time: postfix is it, Exim is only unpacked
exim=/var/lib/patchsig-test/exim

if [ "$1" = transports ]; then
	need postfix has postfix
	need mailman3 has mailman
	need mlmmj has mlmmj-make-ml
	need spamd has spamd
	need dovecot-lmtpd test -x /usr/lib/dovecot/lmtp
	need adduser has adduser
	need openssl has openssl
	if ! test -x "$exim/usr/sbin/exim4"; then
		can_install || { echo "as root on Debian this unpacks Exim to $exim" >&2; exit 1; }
		quietly apt-get update
		# what it is linked against
		missing="$missing $(apt-cache depends exim4-daemon-heavy | sed -n 's/^ *Depends: \(lib.*\)/\1/p' | tr '\n' ' ')"
	fi
fi

if [ -n "$missing" ] && ! can_install; then
	echo "missing:$missing" >&2
	echo "hint: sudo apt-get install$missing" >&2
	exit 1
fi

if [ -n "$missing" ]; then
	echo "installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	quietly apt-get update
	# shellcheck disable=SC2086
	quietly apt-get install -y --no-install-recommends --no-upgrade $missing
fi

if [ "$1" = transports ] && ! test -x "$exim/usr/sbin/exim4"; then
	echo "unpacking: exim4-daemon-heavy"
	cd "$work"
	quietly apt-get download exim4-base exim4-daemon-heavy
	mkdir -p "$exim"
	for package in *.deb; do quietly dpkg-deb -x "$package" "$exim"; done
fi
if [ "$1" = transports ] && ! id Debian-exim >/dev/null 2>&1; then
	# the name is compiled into it
	quietly adduser --system --group --no-create-home --force-badname Debian-exim
fi
