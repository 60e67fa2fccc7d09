/** The text of a record: what is written is read, and nothing else is. */

import { describe, expect, test } from "vitest";
import { parseRecords } from "../../src/record/parse.ts";
import { type CommitRecord, formatNote, MAX_DIFF, onCommit } from "../../src/record/record.ts";

const COMMIT = "1".repeat(40);
const KEY = `RW${"A".repeat(54)}`;
const TEXT = Buffer.from("patchsig-v1\nauthor: A <a@x.org>\nsubject: s\nmessage: m\ndiff: d\n");
const MINISIG = Buffer.from("untrusted comment: patchsig RW\nRU\ntrusted comment: t\nG\n");

const UNSIGNED: CommitRecord = {
  commit: COMMIT,
  verdict: "warn",
  trust: null,
  key: null,
  vouched: "example.org",
  messageId: "",
  appliedBy: "Maint <maint@example.org>",
  appliedAt: 1_795_845_247,
  findings: [{ severity: "warn", code: "unsigned", message: "not signed" }],
  trailers: [],
  signed: null,
  results: null,
};
const SIGNED: CommitRecord = {
  ...UNSIGNED,
  verdict: "pass",
  trust: "known",
  key: { firstSeen: 1_700_000_000, patches: 41 },
  vouched: null,
  messageId: "<m1@example.org>",
  findings: [],
  trailers: [
    {
      line: "Reviewed-by: Bøb <bob@example.org>",
      messageId: "<r@example.org>",
      proof: "proven",
      publicKey: KEY,
    },
    { line: "Link: https://x.org/m1", messageId: "", proof: "none", publicKey: null },
  ],
  signed: {
    signer: "alice@example.org",
    text: TEXT,
    minisig: MINISIG,
    diff: Buffer.from("diff --git a/x b/x\n\npatchsig-record-v1\n\xff", "latin1"),
    reviews: Buffer.from("patchsig-review-v1\n\npatchsig-record-v1\n\xff", "latin1"),
  },
};

test("what is written is read", () => {
  const signed = (without: Partial<NonNullable<CommitRecord["signed"]>>): CommitRecord => ({
    ...SIGNED,
    signed: { ...SIGNED.signed!, ...without },
  });
  for (const record of [
    SIGNED,
    UNSIGNED,
    signed({ diff: null }),
    signed({ reviews: null }),
    signed({ diff: null, reviews: null }),
  ])
    expect(parseRecords(formatNote(record))).toEqual({ records: [record], problem: null });
});

test("notes that git joined have both records, in every way in which git joins them", () => {
  const [a, b] = [formatNote(SIGNED), formatNote(UNSIGNED)];
  for (const joined of [
    [a, b],
    [b, a],
    [a, Buffer.from("\n"), b],
    [b, Buffer.from("\n\n"), a, Buffer.from("\n")],
  ])
    expect(parseRecords(Buffer.concat(joined)).records).toHaveLength(2);
});

test("text of mails stays on its line, in its bounds", () => {
  const nasty = "x\u202e\n\ncommit: 2\r\x1b[31m\u0000y\ud800";
  const record: CommitRecord = {
    ...SIGNED,
    messageId: `<${"a b".repeat(900)}>`,
    appliedBy: `${nasty} <a@x.org>`,
    findings: [
      { severity: "fail", code: "content-changed", message: nasty },
      { severity: "info", code: "unchanged", message: " \n " },
      { severity: "info", code: "unchanged", message: "\u{1f600}".repeat(900) },
    ],
    trailers: [{ line: `Acked-by: ${nasty}`, messageId: nasty, proof: "diff", publicKey: null }],
  };
  const { records, problem } = parseRecords(formatNote(record));
  expect(problem).toBe(null);
  expect(records[0]!.findings.map(({ message }) => message.slice(0, 20))).toEqual([
    "x commit: 2 [31m y",
    "-",
    "\u{1f600}".repeat(10),
  ]);
  expect(records[0]!.trailers[0]!.line).toBe("Acked-by: x commit: 2 [31m y");
});

test("a diff that is too long is left out", () => {
  const diff = Buffer.alloc(MAX_DIFF + 1, "x");
  const text = formatNote({ ...SIGNED, signed: { ...SIGNED.signed!, diff } });
  expect(text.length).toBeLessThan(5000);
  expect(parseRecords(text).records[0]!.signed!.diff).toBe(null);
});

test("onCommit changes the commit alone", () => {
  const other = "2".repeat(64);
  const { records } = parseRecords(onCommit(formatNote(SIGNED), other));
  expect(records).toEqual([{ ...SIGNED, commit: other }]);
});

describe("what is not as it is written is not read", () => {
  const text = formatNote(SIGNED).toString("latin1");
  const read = (changed: string): unknown => parseRecords(Buffer.from(changed, "latin1")).problem;

  test("each line left out, twice, or with more behind it", () => {
    const lines = text.slice(0, text.indexOf("\n\n")).split("\n");
    const optional = /^(?:finding|trailer): /;
    for (const [i, line] of lines.entries()) {
      const others = (...put: string[]): string =>
        text.replace(lines.join("\n"), lines.toSpliced(i, 1, ...put).join("\n"));
      if (!optional.test(line)) {
        expect(read(others()), line).not.toBe(null);
        expect(read(others(line, line)), line).not.toBe(null);
      }
      if (!/^(?:finding|trailer|applied-by|message-id|vouched|signer): /.test(line))
        expect(read(others(`${line}x`)), line).not.toBe(null);
      expect(read(others(`${line}\x07`)), line).not.toBe(null);
    }
  });

  test("cut short anywhere", () => {
    for (let end = 0; end < text.length; end += 7)
      expect(read(text.slice(0, end)), `${end}`).not.toBe(null);
  });

  test("text below, a newer version, another note, nothing", () => {
    expect(read(`${text}\nthanks`)).toBe("it is cut short, or no record");
    expect(read(`${text}\nthanks\n`)).toBe("not a record");
    expect(read(text.replace("record-v1", "record-v2"))).toBe(
      "patchsig-record-v2: of a newer patchsig",
    );
    expect(read("hello\n")).toBe("not a record");
    expect(read("\n\n")).toBe("the note is empty");
    expect(read(text.repeat(65))).toBe("more than 64 records");
  });
});
