/**
 * Random file patches, valid and broken, in places that no signature covers: notes, the lines
 * around the block, between two file patches, below the signature mark, in the message.
 */

import { type Mutation, pick, type Random, withinEncoding } from "./reshape.ts";

const NAMES = ["song.txt", "keys.txt", "run.sh", "latin.txt", "verses.txt", "new.txt", "d/new.txt"];
const PREFIXES = ["a/", "b/", "", "c/", "i/", "w/", "/", "a//", "a/../", "a/b/"];
const MODES = ["100644", "100755", "120000", "160000", "100664", "040000", "0"];
const BLOBS = ["0000000", "1111111", "e69de29", "f4a1b2c", "x"];

function nameOf(r: Random, file: string, prefix: string): string {
  const name = `${r(12) === 0 ? pick(r, PREFIXES) : prefix}${r(12) === 0 ? pick(r, NAMES) : file}`;
  if (r(15) === 0) return `"${name.replace("t", pick(r, ["\\164", "t", "\\t"]))}"`;
  return r(25) === 0 ? "/dev/null" : name;
}

/** The lines that may stand below `diff --git`; each has a chance to be left out, doubled or moved. */
function headerLines(r: Random, file: string): string[] {
  const kinds: string[][] = [
    [`index ${pick(r, BLOBS)}..${pick(r, BLOBS)}${r(2) === 0 ? ` ${pick(r, MODES)}` : ""}`],
    [`old mode ${pick(r, MODES)}`, `new mode ${pick(r, MODES)}`],
    [`new file mode ${pick(r, MODES)}`],
    [`deleted file mode ${pick(r, MODES)}`],
    [`similarity index ${r(101)}%`, `rename from ${file}`, `rename to ${pick(r, NAMES)}`],
    [`similarity index ${r(101)}%`, `copy from ${file}`, `copy to ${pick(r, NAMES)}`],
    [],
  ];
  const lines = [...pick(r, kinds), ...(r(3) === 0 ? pick(r, kinds) : [])];
  if (lines.length > 0 && r(6) === 0) lines.splice(r(lines.length), 1);
  return lines;
}

const CONTENT = [
  "alice",
  "la",
  "li",
  "lu",
  "#!/bin/sh",
  "caf\xe9",
  "",
  "diff --git a/x b/x",
  "-- ",
  "@@",
];

/** A hunk whose counts are right, mostly. */
function hunk(r: Random): string[] {
  const lines = Array.from({ length: 1 + r(5) }, () => pick(r, [" ", "-", "+"]) + pick(r, CONTENT));
  if (r(3) === 0) lines.splice(0, lines.length, "-alice", "+mallory");
  const off = (): number => (r(8) === 0 ? r(3) - 1 : 0);
  const count = (mark: string): number =>
    lines.filter((line) => line[0] === " " || line[0] === mark).length;
  const range = (mark: string): string => {
    const n = count(mark) + off();
    return n === 1 && r(2) === 0 ? `${r(3)}` : `${r(4)},${n}`;
  };
  const head = `@@ -${range("-")} +${range("+")} @@${pick(r, ["", "", " chorus", " @@", "\t"])}`;
  if (r(8) === 0) lines.splice(r(lines.length + 1), 0, "\\ No newline at end of file");
  if (r(10) === 0) lines.splice(r(lines.length + 1), 0, "");
  return [head, ...lines];
}

const BINARY = [
  "GIT binary patch",
  "literal 4",
  "LcmZQzWMT#Y01f~L",
  "",
  "literal 0",
  "HcmV?d00001",
  "",
];

/** One file patch, or what looks like one. */
function filePatch(r: Random): string {
  const file = pick(r, NAMES);
  const lines: string[] = [];
  if (r(5) > 0) lines.push(`diff --git ${nameOf(r, file, "a/")} ${nameOf(r, file, "b/")}`);
  else if (r(2) === 0) lines.push(`Index: ${file}`, "=".repeat(20));
  if (lines.length > 0) lines.push(...headerLines(r, file));
  if (r(6) === 0) {
    lines.push(...(r(2) === 0 ? BINARY : [`Binary files a/${file} and b/${file} differ`]));
  } else if (r(4) > 0) {
    const date =
      r(8) === 0 ? pick(r, ["\t2026-11-24 10:00:00", "\t", " 1970-01-01 00:00:00 +0000"]) : "";
    lines.push(`--- ${nameOf(r, file, "a/")}${date}`, `+++ ${nameOf(r, file, "b/")}${date}`);
    for (let n = r(3); n >= 0; n--) lines.push(...hunk(r));
  }
  if (r(10) === 0) lines.splice(r(lines.length), 1);
  return lines.map((line) => `${line}\n`).join("");
}

/** Places: each pattern matches what stands just before one, in the decoded body. */
const PLACES: readonly RegExp[] = [
  /^---\n/m,
  /^trusted comment: [^\n]*\n[^\n]*\n/m,
  /^ \d+ files? changed[^\n]*\n/m,
  /^ \d+ files? changed[^\n]*\n\n/m,
  /^-- \n/m,
  /^-- \n[^\n]*\n/m,
  /$(?![^])/,
  /^(?=diff --git)/m,
  /^(?=untrusted comment)/m,
  /^(?=-- \n)/m,
  /^(?=---\n)/m,
  /^diff --git[^\n]*\n/m,
  /^index [^\n]*\n/m,
  /^(?=@@ )/m,
];

/** Puts text into one of the places, where there are several of its kind into any of them. */
function insertAt(body: string, place: RegExp, r: Random, added: string): string {
  const ends = [...body.matchAll(new RegExp(place, `g${place.flags}`))].map(
    ({ index, 0: before }) => index + before.length,
  );
  if (ends.length === 0) return body;
  const at = pick(r, ends);
  return body.slice(0, at) + added + body.slice(at);
}

/** A line that names a file, without a header line below it: it may lend its name to the next patch. */
const bareHeader: Mutation = (text, r) =>
  withinEncoding(text, (body) => {
    const name = pick(r, NAMES);
    const line = `diff --git ${nameOf(r, name, "a/")} ${nameOf(r, name, "b/")}\n`;
    return insertAt(body, r(4) === 0 ? pick(r, PLACES) : /^(?=diff --git)/m, r, line);
  });

const inPlace: Mutation = (text, r) =>
  withinEncoding(text, (body) => {
    const place = pick(r, PLACES);
    const added = Array.from({ length: 1 + r(2) }, () => filePatch(r)).join(r(3) === 0 ? "\n" : "");
    return insertAt(body, place, r, added);
  });

/** A few lines of one, without the rest. */
const halfInPlace: Mutation = (text, r) =>
  withinEncoding(text, (body) => {
    const lines = filePatch(r).split("\n");
    const from = r(lines.length);
    const some = lines.slice(from, from + 1 + r(3)).join("\n");
    return insertAt(body, pick(r, PLACES), r, `${some}\n`);
  });

/** The header lines of the mail's own patches: one goes, comes twice, moves, or another comes in. */
const ownHeader: Mutation = (text, r) =>
  withinEncoding(text, (body) =>
    body.replace(/^diff --git[^]*?(?=^@@|^GIT|^-- )/m, (header) => {
      const lines = header.split("\n");
      const at = r(lines.length);
      const [line] = lines.splice(at, 1);
      if (r(3) > 0) lines.splice(r(lines.length), 0, line!);
      if (r(3) === 0) lines.splice(at, 0, pick(r, headerLines(r, "song.txt")) ?? "");
      return lines.join("\n");
    }),
  );

/** Hunks of the mail in another order, or one of them twice. */
const ownHunks: Mutation = (text, r) =>
  withinEncoding(text, (body) => {
    const pieces = body.split(/^(?=@@ |diff --git |-- \n)/m);
    if (pieces.length < 3) return body;
    const at = 1 + r(pieces.length - 1);
    const [piece] = pieces.splice(at, r(2));
    pieces.splice(1 + r(pieces.length), 0, piece ?? pieces[at]!);
    return pieces.join("");
  });

export const DIFF_MUTATIONS: readonly Mutation[] = [
  inPlace,
  inPlace,
  inPlace,
  halfInPlace,
  halfInPlace,
  bareHeader,
  ownHeader,
  ownHunks,
];
