#!/bin/sh
# The main use, in a throw-away repository: sign a series, verify it, see a
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

say 'alice creates a key (without a password, since this is a script)'
run 'git patchsig key generate --no-password 2>/dev/null'
say 'she writes her series as usual; it is signed, and has its base'
run 'git patchsig format-patch -o out'
say 'the mail has four more lines below the ---, and is otherwise the same'
run 'cut -c 1-79 out/0001-*.patch | head -n 15'

cd "$demo/maintainer"
cat "$demo"/alice/out/*.patch >"$demo/series.mbox"
sed 's/^+count/+count-and-phone-home/' "$demo/series.mbox" >"$demo/tampered.mbox"

say 'the maintainer sees her key for the first time'
run "git patchsig verify ../series.mbox"
say 'the same, after somebody changed a line in transit'
fails "git patchsig verify ../tampered.mbox"
say 'the untampered series is applied, on its base commit'
run "git patchsig am --on-base ../series.mbox"
run "git log --format='%h %an %s' -3 | cut -d ' ' -f 2-"

[ "$(git rev-parse 'HEAD^{tree}')" = "$(git -C "$demo/alice" rev-parse 'HEAD^{tree}')" ]
printf '\ndemo: done, and the tree is the one that alice has\n'
