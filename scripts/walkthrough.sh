#!/bin/sh
# Prints docs/trust-walkthrough.md: runs everything in it, in temporary repositories.
# After a change: make walkthrough >docs/trust-walkthrough.md
# test/walkthrough.test.ts compares the page with this output.
set -eu

bin=$(cd "$(dirname "$0")/../bin" && pwd)
play=$(mktemp -d "${TMPDIR:-/tmp}/patchsig-walkthrough.XXXXXX")
trap 'rm -rf "$play"' EXIT
trap 'exit 130' INT TERM

mkdir "$play/bin"
ln -s "$bin/patchsig.js" "$play/bin/patchsig"
ln -s "$bin/git-patchsig.js" "$play/bin/git-patchsig"
export PATH="$play/bin:$PATH" HOME="$play" LC_ALL=C.UTF-8
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/nonexistent/gitconfig GIT_PAGER=cat

# be NAME: continue in NAME's clone, with NAME's keys
be() {
	export GIT_AUTHOR_NAME="$1" GIT_AUTHOR_EMAIL="$1@example.org" EMAIL="$1@example.org"
	export GIT_COMMITTER_NAME="$1" GIT_COMMITTER_EMAIL="$1@example.org"
	export XDG_DATA_HOME="$play/home-$1"
	[ -d "$play/$1" ] || git clone -q "$play/project" "$play/$1"
	cd "$play/$1"
	git pull -q --rebase
}
say() { printf '%s\n' "$*" | fold -s -w 80 | sed 's/ *$//' && echo; }
indented() { sed 's/^\(.\)/    \1/'; }
# shows a command and its output; $1 is the expected exit status
shown() {
	due=$1 && shift
	status=0
	{
		printf '$ %s\n' "$*"
		sh -c "$*" 2>&1 || status=$?
	} >"$play/said"
	[ "$status" = "$due" ] || { cat "$play/said" >&2; echo "walkthrough: exit status $status" >&2; exit 1; }
	indented <"$play/said"
	[ "$due" = 0 ] || printf '    (exit status %s)\n' "$due"
	echo
}
run() { shown 0 "$@"; }
fails() { shown 1 "$@"; }
key() { git patchsig key show --json "$@" | sed 's/.*"publicKey":"\([^"]*\)".*/\1/'; }
# makes a commit, and its mail in ../mails/NAME
patch() {
	echo "$2" >>song.txt
	git commit -qam "$2"
	git patchsig format-patch -q --stdout -1 >"../mails/$1" 2>/dev/null
}

mkdir "$play/mails"
git init -q --bare -b main "$play/project"
git clone -q "$play/project" "$play/bob" 2>/dev/null
cd "$play/bob"
export GIT_AUTHOR_NAME=bob GIT_AUTHOR_EMAIL=bob@example.org
export GIT_COMMITTER_NAME=bob GIT_COMMITTER_EMAIL=bob@example.org
echo 'la' >song.txt && git add . && git commit -qm 'song: begin' && git push -q

for name in alice bob carol; do
	be "$name"
	git patchsig key generate --no-password >"../$name.key" 2>/dev/null
done
ALICE=$(cat "$play/alice.key") BOB=$(cat "$play/bob.key") CAROL=$(cat "$play/carol.key")
export ALICE BOB CAROL

cat <<'END'
# Trust, from first use to a stolen key

`make walkthrough` runs all of this and prints this page: Bob maintains a song,
Alice and Carol send patches, Dave reviews. The terms are explained in
[spec/trust.md](spec/trust.md).

## A keyring in git

END
be bob
say 'Bob has compared the key of Alice with her. He pins her key and his own, exports both into a folder of the project, and commits it.'
# shellcheck disable=SC2016
run 'git patchsig trust accept alice@example.org $ALICE'
# shellcheck disable=SC2016
run 'git patchsig trust accept bob@example.org $BOB'
run 'git patchsig trust export keyring'
run 'git add keyring; git commit -qm "keyring: alice and bob"; git push -q; find keyring -name "*.pub" | sort'

be alice
patch alice-1 'song: li'
be dave
say 'Dave trusts that keyring. He imports it from the branch that Bob pushes to, without a checkout.'
run 'git patchsig trust import ref:.:origin/main:keyring'
run 'git patchsig verify --require pinned ../mails/alice-1'

cat <<'END'
## A rotation

END
be alice
say 'Alice has a new computer and makes a new key on it. With the old key she signs a statement that the new key replaces it.'
run 'git patchsig key generate --no-password --key ../alice-2.key 2>/dev/null'
run 'git patchsig trust rotate ../alice-2.pub -o ../rotation'
run 'cut -c 1-79 ../rotation'
git config patchsig.key ../alice-2.key
echo 'lu' >>song.txt && git commit -qam 'song: lu'
say 'The four lines go below the `---` line of her next patch, which the new key signs.'
git format-patch -q --stdout --base=HEAD^ -1 | sed '/^---$/r ../rotation' >../mails/alice-2
run 'git patchsig sign ../mails/alice-2'
be dave
run 'git patchsig verify ../mails/alice-2'

cat <<'END'
## A stolen key

END
be alice
say 'On the day Alice made her new key, she also signed a revocation of it and put that in a drawer, since whoever loses a key can no longer sign with it.'
run 'git patchsig trust revoke --statement --reserve -o ../drawer'
patch thief 'song: send me all the others'
git reset -q --hard HEAD^
say 'Then her computer is stolen. The thief signs a patch, and nothing in the mail shows it.'
be dave
run 'git patchsig verify ../mails/thief'
say 'The keyring still has her first key. Dave notices, and leaves the update to Bob.'
fails 'git patchsig trust diff ref:.:origin/main:keyring'
say 'Alice takes the revocation out of the drawer and sends it to the list, in a mail without a patch. From then on the key fails, whatever time of signing the thief claims.'
{
	printf 'From: Alice <alice@example.org>\nSubject: my key was stolen\n\nSorry for that.\n\n'
	cat ../drawer
} >../mails/letter
run 'git patchsig verify ../mails/letter'
fails 'git patchsig verify ../mails/thief'
say 'Her third key is not trusted until somebody vouches for it.'
be alice
git patchsig key generate --no-password --key ../alice-3.key >/dev/null 2>&1
git config patchsig.key ../alice-3.key
ALICE3=$(key ../alice-3.pub)
export ALICE3
patch alice-3 'song: lo'
be dave
fails 'git patchsig verify ../mails/alice-3'
be bob
say 'Bob meets Alice, compares the key, and signs that it is hers. Dave has pinned the key of Bob, so this endorsement counts.'
# shellcheck disable=SC2016
run 'git patchsig trust endorse alice@example.org $ALICE3 -o ../endorsement'
be dave
run 'git patchsig trust import ../endorsement'
run 'git patchsig verify --require pinned ../mails/alice-3'

cat <<'END'
## A newcomer

END
say 'Carol sends her first patch. Bob knows her from a conference and endorses her key too; the four lines travel with her patch.'
be bob
# shellcheck disable=SC2016
run 'git patchsig trust endorse carol@example.org $CAROL -o ../carol.statement'
be carol
echo 'le' >>song.txt && git commit -qam 'song: le'
git format-patch -q --stdout --base=HEAD^ -1 | sed '/^---$/r ../carol.statement' >../mails/carol
git patchsig sign -q ../mails/carol
be dave
run 'git patchsig verify --require pinned ../mails/carol'
say 'By now the keyring of the project is out of date. Bob updates it; the statements that he has signed are exported too.'
be bob
run 'git patchsig trust export keyring'
run 'git add keyring; git commit -qm "keyring: carol, and a new key of alice"; git push -q; git ls-files keyring'
be dave
run 'git patchsig trust import ref:.:origin/main:keyring'
run 'git patchsig verify --require pinned ../mails/carol'

cat <<'END'
## What happened

END
say 'The log has every event, and its cause.'
run 'git patchsig trust log alice@example.org'
