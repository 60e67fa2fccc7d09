/** Unsigned mails with file patches to read or to refuse. */

import {
  DIFF,
  mail,
  type MailVector,
  refusedFor,
  type RefusedVector,
  STAT,
  vector,
} from "./mail.ts";

const HUNK = DIFF.slice(DIFF.indexOf("@@"));

/** The plain mail with another diff. */
const diff = (text: string): string => mail({ diff: text });

const named = (half: string): string =>
  `diff --git ${half.replace("/", "a/")} ${half.replace("/", "b/")}
index 1c0a1f2..7d3e5b9 100644
--- ${half.replace("/", "a/")}
+++ ${half.replace("/", "b/")}
${HUNK}`;

export const READ: readonly MailVector[] = [
  vector("quoted-name", "a name in quotes, with escapes", diff(named('"/s\\303\\266ng.txt"'))),
  vector(
    "blank-in-name",
    "a name with a blank ends in a tab",
    diff(named("/a song.txt").replace(/^(?:---|\+\+\+).*/gm, "$&\t")),
  ),
  vector(
    "copy",
    "a copy without hunks",
    diff(`diff --git a/song.txt b/hymn.txt
similarity index 100%
copy from song.txt
copy to hymn.txt
`),
  ),
  vector(
    "rename-edited",
    "a rename with a hunk",
    diff(`diff --git a/song.txt b/hymn.txt
similarity index 66%
rename from song.txt
rename to hymn.txt
index 1c0a1f2..7d3e5b9 100644
--- a/song.txt
+++ b/hymn.txt
${HUNK}`),
  ),
  vector(
    "binary-without-data",
    "Binary files differ: git reads it, and applies it where it has the content",
    diff(`diff --git a/b.bin b/b.bin
index ${"1".repeat(40)}..${"2".repeat(40)} 100644
Binary files a/b.bin and b/b.bin differ
`),
  ),
  vector(
    "date-after-blank",
    "in a diff without diff --git, a blank and a date end the name",
    diff(`--- a/song.txt 2026-11-23 10:00:00
+++ b/song.txt 2026-11-24 10:00:00
${HUNK}`),
  ),
  vector("no-prefix", "git takes src/ away", diff(DIFF.replace(/ [ab]\/song/g, " src/song"))),
  vector(
    "count-left-out",
    "a count of 1 is left out",
    diff(DIFF.replace(/@@[^]*/, "@@ -2 +2 @@\n-li\n+LI\n")),
  ),
];

export const UNREAD: readonly RefusedVector[] = [
  refusedFor(
    "bad-path",
    "dotgit-disguised",
    "what some file systems take for .git",
    diff(named('"/.g\\342\\200\\214it/config"')),
  ),
  refusedFor("bad-path", "dotgit-capitals", ".GIT", diff(named("/.GIT/config"))),
  refusedFor("bad-path", "path-escape", "a path with ..", diff(named("/x/../../song.txt"))),
  refusedFor(
    "bad-header",
    "index-malformed",
    "a malformed index line",
    diff(DIFF.replace("1c0a1f2..", "song..")),
  ),
  refusedFor(
    "bad-header",
    "header-below-names",
    "a header line below --- and +++",
    diff(DIFF.replace("@@", "old mode 100644\n@@")),
  ),
  refusedFor(
    "name-mismatch",
    "names-apart",
    "a tab between the names of diff --git",
    diff(DIFF.replace(" b/song", "\tb/song")),
  ),
  refusedFor(
    "name-mismatch",
    "rename-names-differ",
    "rename to another file than +++ names",
    diff(`diff --git a/song.txt b/hymn.txt
rename from song.txt
rename to keys.txt
--- a/song.txt
+++ b/hymn.txt
${HUNK}`),
  ),
  refusedFor(
    "corrupt-hunk",
    "hunk-unclosed",
    "@@ without a second @@",
    diff(DIFF.replace(/ @@ chorus/, "")),
  ),
  refusedFor(
    "orphan-hunk",
    "hunk-in-notes",
    "a hunk in the notes, without a header",
    mail({ notes: `@@ -1 +1 @@\n-a\n+b\n\n${STAT}` }),
  ),
];
