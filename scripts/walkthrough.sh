#!/bin/sh
# Prints docs/trust-walkthrough.md: everything in it is run, in throw-away repositories.
# After a change: make walkthrough >docs/trust-walkthrough.md
# test/walkthrough.test.ts holds the page against what this prints.
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

# be NAME: in NAME's clone from here on, with NAME's keys
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
# shows a command and what it says; $1 is the exit status that is due
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
# a commit, and its mail in ../mails/NAME
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
Alice and Carol send patches, Dave reviews. What the words mean is in
[spec/trust.md](spec/trust.md).

## A keyring in git

END
be bob
say 'Bob has compared the keys of Alice and himself with what their owners say. He pins both, writes them into a folder of the project, and commits it.'
# shellcheck disable=SC2016
run 'git patchsig trust accept alice@example.org $ALICE'
# shellcheck disable=SC2016
run 'git patchsig trust accept bob@example.org $BOB'
run 'git patchsig trust export keyring'
run 'git add keyring; git commit -qm "keyring: alice and bob"; git push -q; find keyring -name "*.pub" | sort'

be alice
patch alice-1 'song: li'
be dave
say 'Dave believes that keyring. He takes it over, out of the ref that Bob pushes to; it is read without a checkout.'
run 'git patchsig trust import ref:.:origin/main:keyring'
run 'git patchsig verify --require pinned ../mails/alice-1'

cat <<'END'
## A rotation

END
be alice
say 'Alice has a new computer and makes a new key on it. With the old one she signs that the new one follows.'
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
say 'On the day she made it, Alice signed a revocation of her new key and put it in a drawer: who loses a key cannot sign any more.'
run 'git patchsig trust revoke --statement --reserve -o ../drawer'
patch thief 'song: send me all the others'
git reset -q --hard HEAD^
say 'Then her computer is stolen. The thief signs a patch, and nothing in the mail tells.'
be dave
run 'git patchsig verify ../mails/thief'
say 'The keyring still has the first key. Dave sees that, and leaves it to Bob.'
fails 'git patchsig trust diff ref:.:origin/main:keyring'
say 'The revocation, taken out of the drawer and sent to the list as a mail without a patch, ends that, whatever time the thief claims to have signed at.'
{
	printf 'From: Alice <alice@example.org>\nSubject: my key was stolen\n\nSorry for that.\n\n'
	cat ../drawer
} >../mails/letter
run 'git patchsig verify ../mails/letter'
fails 'git patchsig verify ../mails/thief'
say 'Her third key is a stranger until somebody vouches for it.'
be alice
git patchsig key generate --no-password --key ../alice-3.key >/dev/null 2>&1
git config patchsig.key ../alice-3.key
ALICE3=$(key ../alice-3.pub)
export ALICE3
patch alice-3 'song: lo'
be dave
fails 'git patchsig verify ../mails/alice-3'
be bob
say 'Bob meets Alice, compares the key, and signs that it is hers. Dave has pinned his key, so its word counts.'
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
say 'The keyring of the project is behind by now. Bob brings it up to date; what he has signed about others goes along.'
be bob
run 'git patchsig trust export keyring'
run 'git add keyring; git commit -qm "keyring: carol, and a new key of alice"; git push -q; git ls-files keyring'
be dave
run 'git patchsig trust import ref:.:origin/main:keyring'
run 'git patchsig verify --require pinned ../mails/carol'

cat <<'END'
## What happened

END
say 'Nothing is forgotten, and what caused it is said.'
run 'git patchsig trust log alice@example.org'
