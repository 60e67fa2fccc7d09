#!/bin/sh
# The main job, once, in a throw-away repository: sign a series, verify it, see a
# tampered one fail, apply the good one. Touches nothing outside its own folder.
set -eu

bin=$(cd "$(dirname "$0")/../bin" && pwd)
demo=$(mktemp -d "${TMPDIR:-/tmp}/patchsig-demo.XXXXXX")
trap 'rm -rf "$demo"' EXIT
trap 'exit 130' INT TERM

mkdir "$demo/bin"
ln -s "$bin/patchsig.js" "$demo/bin/patchsig"
ln -s "$bin/git-patchsig.js" "$demo/bin/git-patchsig"
export PATH="$demo/bin:$PATH" HOME="$demo" XDG_DATA_HOME="$demo/data"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/nonexistent/gitconfig GIT_PAGER=cat LC_ALL=C.UTF-8
export GIT_AUTHOR_NAME=Alice GIT_AUTHOR_EMAIL=alice@example.org
export GIT_COMMITTER_NAME=Alice GIT_COMMITTER_EMAIL=alice@example.org EMAIL=alice@example.org

say() { printf '\n# %s\n' "$*"; }
run() {
	printf '$ %s\n' "$*"
	sh -c "$*"
}
fails() {
	status=0
	run "$@" || status=$?
	[ "$status" = 1 ] || { echo "demo: exit status $status where 1 was due" >&2; exit 1; }
	echo "(exit status $status)"
}

# a project, and two clones of it: Alice's and the maintainer's
git init -q -b main "$demo/upstream"
cd "$demo/upstream"
printf 'retry\n' >net.txt
git add . && git commit -qm 'net: start'
git clone -q "$demo/upstream" "$demo/alice"
git clone -q "$demo/upstream" "$demo/maintainer"

cd "$demo/alice"
git checkout -q -b retries --no-track
printf 'retry\ncount\n' >net.txt && git commit -qam 'net: count retries'
printf 'retry\ncount\nreport\n' >net.txt && git commit -qam 'net: report the count'

say 'alice makes a key (without a password, since nobody is here to type one)'
run 'git patchsig key generate --no-password 2>/dev/null'
say 'she writes her series as always, but signed, and with its base'
run 'git patchsig format-patch -o out'
say 'the mail is what it was, with four more lines below the ---'
run 'cut -c 1-79 out/0001-*.patch | head -n 15'

cd "$demo/maintainer"
cat "$demo"/alice/out/*.patch >"$demo/series.mbox"
sed 's/^+count/+count-and-phone-home/' "$demo/series.mbox" >"$demo/tampered.mbox"

say 'the maintainer meets her key for the first time'
run "git patchsig verify ../series.mbox"
say 'somebody has changed a line on the way'
fails "git patchsig verify ../tampered.mbox"
say 'the good one is applied, on the commit that it was made for'
run "git patchsig am --on-base ../series.mbox"
run "git log --format='%h %an %s' -3 | cut -d ' ' -f 2-"

[ "$(git rev-parse 'HEAD^{tree}')" = "$(git -C "$demo/alice" rev-parse 'HEAD^{tree}')" ]
printf '\ndemo: done, and the tree is the one that alice has\n'
