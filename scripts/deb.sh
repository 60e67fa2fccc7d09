#!/bin/sh
# make deb: a Debian package of what make built, in dist/deb. It is for the major version of node that
# its native module was built for, and its maintainer is whoever builds it (DEBFULLNAME, DEBEMAIL, or git's).
set -eu
umask 022

cd "$(dirname "$0")/.."
fail() { echo "make deb: $*" >&2; exit 1; }
[ "$(node -p process.execPath)" = /usr/bin/node ] || fail "wants Debian's nodejs, /usr/bin/node"
[ -d dist/man ] || fail "run make first"

version=$(node -p 'require("./package.json").version')
if git rev-parse -q --verify HEAD >/dev/null 2>&1; then
	time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
	# what is not the release itself comes before it
	[ "$(git describe --exact-match --tags 2>/dev/null)" = "v$version" ] ||
		version="$version~git$(date -u -d "@$time" +%Y%m%d).$(git rev-parse --short HEAD)"
fi
time=${time:-${SOURCE_DATE_EPOCH:-$(date +%s)}}
architecture=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-$(git config user.name || id -un)} <${DEBEMAIL:-$(git config user.email || echo "$(id -un)@$(hostname -f)")}>"
node=$(node -p 'process.versions.node.split(".").slice(0, 2).join(".")')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
root=$work/root
modules=$root/usr/lib/patchsig/node_modules
documents=$root/usr/share/doc/patchsig

node dist/scripts/install.js install "$root" /usr share/zsh/vendor-completions
mkdir -p "$root/DEBIAN" "$root/usr/share/lintian/overrides"
native=$modules/better-sqlite3/build/Release/better_sqlite3.node
strip --strip-unneeded "$native"

# what the native module is linked with, in the versions that are here
libraries=$(for library in $(objdump -p "$native" | sed -n 's/^ *NEEDED *//p'); do
	dpkg-query -S "*/$library" | sed 's/:.*//'
done | sort -u | while read -r package; do
	dpkg-query -W -f '${Package} (>= ${source:Upstream-Version}), ' "$package"
done)

cat >"$root/DEBIAN/control" <<END
Package: patchsig
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk "$root/usr" | cut -f 1)
Depends: ${libraries}git, nodejs (>= $node), nodejs (<< $((${node%%.*} + 1)))
Recommends: git-email, man-db, openssh-client
Suggests: minisign, xz-utils, zstd
Section: vcs
Priority: optional
Description: signatures and base commits for e-mailed git patches
 patchsig adds four lines to a mailed patch: a minisign signature over what
 git am would commit, and the base commit. Submitters sign with git patchsig
 format-patch, maintainers verify and apply with git patchsig verify and am.
 Keys are trusted on first use; without patchsig, a reader sees an ordinary
 patch.
END

# V8's code cache is of one node: it is made where the package is installed, and anew when node is upgraded
cat >"$root/DEBIAN/postinst" <<'END'
#!/bin/sh
set -e
if [ "$1" = configure ] || [ "$1" = triggered ]; then
	node /usr/lib/patchsig/bin/compile.js || true
fi
END
cat >"$root/DEBIAN/prerm" <<'END'
#!/bin/sh
set -e
rm -f /usr/lib/patchsig/dist/bundle/cli/*.v8
END
chmod 755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm"
echo 'interest-noawait /usr/bin/node' >"$root/DEBIAN/triggers"

cat >"$root/usr/share/lintian/overrides/patchsig" <<'END'
# better-sqlite3 is built with settings of its own, and SQLite is within
patchsig: embedded-library
END

{
	echo "patchsig"
	echo
	cat LICENSE
	for package in "$modules"/* "$modules"/@*/* "$modules"/*/node_modules/*; do
		[ -f "$package/package.json" ] || continue
		echo
		printf '%s\n' "----"
		node -p 'const { name, version, license } = require(process.argv[1]); `${name} ${version}: ${license}`' "$package/package.json"
		echo
		# what is under the EUPL too is taken under MIT
		find "$package" -maxdepth 1 -iname 'licen[sc]e*' ! -iname '*eupl*' -exec cat {} + | tr -d '\r'
	done
} >"$documents/copyright"
find "$modules" "$root/usr/lib/patchsig/LICENSE" -iname 'licen[sc]e*' -type f -delete

gzip -9n <CHANGELOG.md >"$documents/NEWS.gz"
rm "$documents/CHANGELOG.md"
gzip -9n >"$documents/changelog.gz" <<END
patchsig ($version) unstable; urgency=medium

  * Built from the sources; what changed is in NEWS.gz.

 -- $maintainer  $(date -u -R -d "@$time")
END
find "$root/usr/share/man" -type f -exec gzip -9n {} +

(cd "$root" && find usr -type f -exec md5sum {} + | LC_ALL=C sort -k 2) >"$root/DEBIAN/md5sums"
find "$root" -exec touch -h -d "@$time" {} +
mkdir -p dist/deb
SOURCE_DATE_EPOCH=$time dpkg-deb --root-owner-group --build "$root" dist/deb/ >/dev/null
echo "dist/deb/patchsig_${version}_$architecture.deb"
