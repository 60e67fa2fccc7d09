import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAX_UNPACKED } from "../../src/diff/binary-patch.ts";
import { MAX_FILES, readDiff } from "../../src/diff/diff.ts";
import type { Diff } from "../../src/types.ts";
import { type Judge, makeJudge, numstatOf, writeFiles } from "./judge.ts";

const FIXTURES = new URL("../../fixtures/diff/", import.meta.url);
const fixture = (name: string): Buffer => readFileSync(new URL(`${name}.patch`, FIXTURES));

let judge: Judge;
beforeAll(() => {
  judge = makeJudge((repository) =>
    writeFiles(repository, {
      "hello.txt": "one\ntwo\nthree\n",
      "tool.sh": "#!/bin/sh\n",
      "secret.txt": "safe\n",
    }),
  );
});
afterAll(() => judge.close());

function read(patch: Buffer): Diff {
  const result = readDiff(patch);
  if (!result.ok) throw new Error(`${result.refusal.reason}: ${result.refusal.detail}`);
  return result.value;
}

function reasonOf(patch: Buffer): string {
  const result = readDiff(patch);
  return result.ok ? "ok" : result.refusal.reason;
}

/** Fixture; what it holds; findings. */
const TAKEN: readonly (readonly [name: string, files: string, findings?: string])[] = [
  ["mail", "modify hello.txt"],
  ["rename", "rename docs/greeting.txt"],
  ["rename-edited", "rename docs/greeting.txt"],
  ["copy", "copy again.txt"],
  ["create", "create new.txt"],
  ["create-empty", "create new.txt"],
  ["delete", "delete secret.txt"],
  ["mode-only", "mode tool.sh", "mode-change"],
  ["symlink", "create link", "symlink"],
  ["gitlink", "create sub", "gitlink"],
  ["binary", "modify pixel.bin"],
  ["binary-after-signature", "modify hello.txt, modify pixel.bin"],
  ["binary-notice", "modify hello.txt", "binary-without-data"],
  ["no-newline", "modify hello.txt"],
  ["no-newline-translated", "modify hello.txt"],
  ["dashes-in-hunk", "modify list.md"],
  ["quoted-name", "modify caf\u00e9.txt"],
  ["control-character-name", "modify x\u001b[2J", "control-character-name"],
  ["blank-in-name", "modify two words.txt"],
  ["blank-in-name-mode", "mode b a/b", "mode-change"],
  ["quilt", "modify hello.txt"],
  ["plain-epoch", "create new.txt"],
  ["hg-dates", "modify hello.txt"],
  ["mnemonic-prefix", "modify hello.txt"],
  ["no-prefix", "modify hello.txt", "no-prefix"],
  ["innocent-prefix", "modify hello.txt", "no-prefix"],
  ["hunk-heading", "modify hello.txt"],
  ["number-forms", "modify hello.txt"],
  ["bidi", "modify hello.txt", "bidi-control"],
  ["line-past-hunk", "modify hello.txt", "line-past-hunk"],
  ["context-past-hunk", "modify hello.txt", "line-past-hunk"],
  ["notes-look-like-diffs", "modify hello.txt"],
  ["diff-in-notes", "modify secret.txt, modify hello.txt"],
  ["diff-after-signature", "modify hello.txt, modify secret.txt"],
  ["delete-in-footer", "modify hello.txt, delete secret.txt"],
  ["text-between", "modify hello.txt, modify secret.txt"],
  ["backup-tilde", "modify hello.txt"],
  ["backup-orig", "modify hello.txt", "no-prefix"],
  ["mode-group", "create new.txt, modify hello.txt"],
  ["no-patch", ""],
  ["empty", ""],
];

/** Fixture; the reason to refuse it; what git does with it. */
const REFUSED: readonly (readonly [name: string, reason: string, git: "refuses" | "takes"])[] = [
  ["bare-diff-git", "bare-diff-git", "takes"],
  ["bare-diff-git-lends-its-name", "bare-diff-git", "takes"],
  ["bare-diff-git-at-the-end", "bare-diff-git", "takes"],
  ["names-differ", "name-mismatch", "takes"],
  ["old-and-new-name-differ", "name-mismatch", "takes"],
  ["inconsistent-old-name", "name-mismatch", "takes"],
  ["plain-names-differ", "name-mismatch", "takes"],
  ["plain-orig", "name-mismatch", "takes"],
  ["rename-names-differ", "name-mismatch", "takes"],
  ["plain-without-slash", "bad-name", "takes"],
  ["plain-blank-for-tab", "bad-name", "takes"],
  ["quoted-name-unended", "bad-name", "takes"],
  ["quoted-name-bad-escape", "bad-name", "takes"],
  ["quoted-name-and-text", "bad-name", "takes"],
  ["mode-only-crlf", "bad-name", "refuses"],
  ["half-without-prefix", "bad-name", "refuses"],
  ["half-with-a-quote", "bad-name", "refuses"],
  // git refuses these when it writes the files
  ["path-escape", "bad-path", "takes"],
  ["path-dotgit", "bad-path", "takes"],
  ["path-dotgit-disguised", "bad-path", "takes"],
  ["path-absolute", "bad-path", "takes"],
  ["path-two-slashes", "bad-path", "takes"],
  ["orphan-hunk", "orphan-hunk", "refuses"],
  ["orphan-hunk-in-notes", "orphan-hunk", "refuses"],
  ["hunk-counts-long", "corrupt-hunk", "refuses"],
  ["hunk-counts-uneven", "corrupt-hunk", "refuses"],
  ["hunk-changes-nothing", "corrupt-hunk", "refuses"],
  ["hunk-wrapped", "corrupt-hunk", "refuses"],
  ["hunk-number-overflow", "corrupt-hunk", "refuses"],
  ["hunk-header-malformed", "corrupt-hunk", "refuses"],
  ["hunk-cut", "corrupt-hunk", "refuses"],
  ["hunk-line-empty-crlf", "corrupt-hunk", "refuses"],
  ["marker-short", "corrupt-hunk", "takes"],
  ["marker-after-empty-line", "corrupt-hunk", "takes"],
  ["create-with-old-lines", "corrupt-hunk", "refuses"],
  ["create-without-dev-null", "bad-header", "refuses"],
  ["dev-null-without-create", "bad-header", "takes"],
  ["create-and-rename", "bad-header", "refuses"],
  ["half-a-rename", "bad-header", "refuses"],
  ["header-line-twice", "bad-header", "takes"],
  ["header-after-names", "bad-header", "takes"],
  ["hunks-without-names", "bad-header", "takes"],
  ["index-malformed", "bad-header", "takes"],
  ["mode-html", "bad-header", "refuses"],
  ["backup-epoch", "name-mismatch", "takes"],
  ["mode-unknown", "bad-mode", "takes"],
  ["mode-without-old", "bad-mode", "takes"],
  // git refuses this one when it applies, "patch with only garbage"
  ["index-only", "no-change", "takes"],
  ["names-without-hunk", "no-change", "takes"],
  ["header-then-plain", "ambiguous-order", "takes"],
  // git reports an error, applies what came before, and exits with 0
  ["binary-truncated", "corrupt-binary", "refuses"],
  ["binary-bad-digit", "corrupt-binary", "refuses"],
  ["binary-wrong-size", "corrupt-binary", "refuses"],
  ["binary-crlf", "corrupt-binary", "takes"],
  ["nul", "nul-in-diff", "takes"],
];

describe("file patches that git accepts", () => {
  const rows = TAKEN.map(([name, files, findings = ""]) => [name, files, findings] as const);
  test.each(rows)("%s", (name, files, findings) => {
    const patch = fixture(name);
    const diff = read(patch);
    const summary = diff.files.map(
      (file) => `${file.kind} ${String(file.newName ?? file.oldName)}`,
    );
    expect(summary.join(", ")).toBe(files);
    expect(diff.findings.map(({ code }) => code).join(" ")).toBe(findings);
    if (files === "") {
      expect(judge.findsNothing(patch)).toBe(true);
      expect([diff.canonical.length, diff.start, diff.end]).toEqual([0, patch.length, 0]);
    } else {
      expect(numstatOf(diff)).toBe(judge.numstat(patch));
      expect(judge.numstat(diff.canonical)).toBe(judge.numstat(patch));
      expect(judge.apply(diff.canonical)).toBe(judge.apply(patch));
      expect(read(diff.canonical).canonical.equals(diff.canonical)).toBe(true);
    }
  });
});

describe("patch texts that are refused", () => {
  test.each(REFUSED)("%s: %s (git %s it)", (name, reason, git) => {
    const patch = fixture(name);
    expect(reasonOf(patch)).toBe(reason);
    expect(judge.numstat(patch) === null ? "refuses" : "takes").toBe(git);
  });
});

test("every fixture is in a table", () => {
  const known = [...TAKEN, ...REFUSED].map(([name]) => `${name}.patch`);
  const files = readdirSync(FIXTURES).filter((name) => name.endsWith(".patch"));
  expect(files.sort()).toEqual(known.sort());
});

describe("a bare diff --git line", () => {
  test("names the file of a later mode change, as in git", () => {
    const changed = judge.numstat(fixture("bare-diff-git-lends-its-name"));
    expect(changed).toBe("0\t0\tsecret.txt\0");
  });
});

// The rows of the transport table that concern diffs (docs/spec/patch-signature.md, "what transports do").
const HONEST = fixture("mail").toString();
const canonical = (text: string): string =>
  read(Buffer.from(text, "latin1")).canonical.toString("latin1");
const SIGNED = canonical(HONEST);

describe("transports that keep the diff", () => {
  const crlf = HONEST.replaceAll("\n", "\r\n");
  const rows: readonly (readonly [row: string, text: string])[] = [
    ["CRLF", crlf],
    [
      "CRLF on the diff, LF on what surrounds it",
      SIGNED.replaceAll("\n", "\r\n") + "-- \n2.39.5\n",
    ],
    ["list footer as text", `${HONEST}_______\nlist mailing list\nlist@example.org\n`],
    ["list footer as its own MIME part", `${HONEST}\n_______\nlist mailing list\n`],
    [
      "signature.asc as its own MIME part",
      `${HONEST}-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n`,
    ],
    ["footer that loses the blank of its dashes", HONEST.replace("\n-- \n", "\n--\n")],
    ["a further --- line", HONEST.replace("---\n", "---\nv2: louder\n---\n")],
    ["no patch break", HONEST.slice(HONEST.indexOf("diff --git"))],
    ["notes edited", HONEST.replace(" notes", " other notes")],
  ];
  test.each(rows)("%s", (_row, text) => expect(canonical(text)).toBe(SIGNED));

  test("CRLF gives a finding", () => {
    const diff = read(Buffer.from(crlf));
    expect([diff.allCr, diff.findings.map(({ code }) => code)]).toEqual([true, ["all-cr"]]);
  });

  test("a blank context line loses its space", () => {
    const patch = fixture("mail").toString().replace(" one\n", " \n");
    const stripped = patch.replace("\n \n", "\n\n");
    expect(stripped).not.toBe(patch);
    expect(canonical(stripped)).toBe(canonical(patch));
    expect(read(Buffer.from(patch)).allCr).toBe(false);
  });
});

describe("transports that change the diff", () => {
  const rows: readonly (readonly [row: string, text: string])[] = [
    ["trailing blanks added", HONEST.replace("+TWO\n", "+TWO \n")],
    ["CR on some lines only", HONEST.replace("+TWO\n", "+TWO\r\n")],
    ["tabs to spaces", HONEST.replace(" one", " \tone")],
    ["NBSP", HONEST.replace(" one", " \xa0one")],
    ["charset conversion", HONEST.replace("+TWO", "+TW\xd6")],
    ["another heading after @@", HONEST.replace("@@\n", "@@ main()\n")],
    ["other line numbers", HONEST.replace("@@ -1,3 +1,3 @@", "@@ -2,3 +2,3 @@")],
    ["another index line", HONEST.replace("4cb29ea", "1111111")],
    [
      "a lost no-newline line",
      HONEST.replace(" three\n", " three\n\\ No newline at end of file\n"),
    ],
    ["a file patch more", `${HONEST}${fixture("delete").toString()}`],
    ["a binary patch more", `${HONEST}${fixture("binary").toString()}`],
  ];
  test.each(rows)("%s", (_row, text) => expect(canonical(text)).not.toBe(SIGNED));

  test("trailing blanks stripped", () => {
    expect(canonical(HONEST.replace("+TWO", "+TWO \\ "))).not.toBe(
      canonical(HONEST.replace("+TWO", "+TWO \\")),
    );
  });
  test("two CRs on each line", () => {
    expect(reasonOf(Buffer.from(HONEST.replaceAll("\n", "\r\r\n")))).toBe("bad-name");
  });
  test("hard wrapping of the diff", () => {
    expect(reasonOf(fixture("hunk-wrapped"))).toBe("corrupt-hunk");
  });
});

describe("canonical bytes", () => {
  test("one contiguous part of the text is not copied", () => {
    const patch = fixture("mail");
    const diff = read(patch);
    expect(diff.canonical.buffer).toBe(patch.buffer);
    expect(patch.subarray(diff.start, diff.end).equals(diff.canonical)).toBe(true);
  });

  test("the empty line that ends a binary patch stays empty", () => {
    const both = Buffer.concat([Buffer.from(HONEST.replace(" one\n", "\n")), fixture("binary")]);
    const text = read(both).canonical.toString();
    expect(text).toContain("@@\n \n-two");
    expect(text.endsWith(fixture("binary").toString())).toBe(true);
  });

  test("names and counts of the file patches", () => {
    const [file] = read(fixture("rename-edited")).files;
    expect(file).toMatchObject({ oldMode: 0o100644, newMode: 0o100644, added: 1, deleted: 1 });
    expect(file).toMatchObject({ oldBlob: "4cb29ea", newBlob: "a0e1cd5", binary: false });
    expect([String(file?.oldName), String(file?.newName)]).toEqual([
      "hello.txt",
      "docs/greeting.txt",
    ]);
    const [created] = read(fixture("create")).files;
    expect(created).toMatchObject({ oldName: null, oldMode: null, newMode: 0o100644 });
  });
});

describe("limits", () => {
  const header = "diff --git a/x b/x\n--- a/x\n+++ b/x\n";
  const tiny = `${header}@@ -1 +1 @@\n-a\n+b\n`;

  test("number of files", () => {
    expect(read(Buffer.from(tiny.repeat(MAX_FILES))).files.length).toBe(MAX_FILES);
    expect(reasonOf(Buffer.from(tiny.repeat(MAX_FILES + 1)))).toBe("too-many-files");
  });

  test("size of decompressed binaries", () => {
    const bomb = fixture("binary")
      .toString()
      .replace("delta 10\n", `literal ${MAX_UNPACKED + 1}\n`);
    expect(reasonOf(Buffer.from(bomb))).toBe("binary-too-large");
  });

  test("length of a header", () => {
    expect(reasonOf(Buffer.from(tiny.replaceAll("/x", `/${"x".repeat(20_000)}`)))).toBe(
      "bad-header",
    );
  });
});
