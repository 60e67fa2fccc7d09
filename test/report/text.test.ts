/** What others wrote, in every field that is printed: none of it acts on a terminal. */

import { describe, expect, test } from "vitest";
import { renderNote, renderSeries, type Style } from "../../src/report/text.ts";
import { renderRequired, renderTotals } from "../../src/report/totals.ts";
import { createTotals, summaryOf } from "../../src/verify/totals.ts";
import type { Finding, FindingCode } from "../../src/findings.ts";
import type { StatementMail, PatchResult, SeriesResult } from "../../src/verify/result.ts";
import { PATCH } from "./support.ts";

const STYLE: Style = { columns: 200, color: false };

const FINDING: Finding = { code: "base-missing", severity: "warn", message: "m", hint: "h" };

const NOT_SIGNED: Finding = { code: "unsigned", severity: "warn", message: "not signed", hint: "" };

const UNSIGNED: PatchResult = {
  ...PATCH,
  signature: "none",
  trust: null,
  findings: [NOT_SIGNED],
  verdict: "warn",
};

const SERIES: SeriesResult = {
  type: "series",
  id: null,
  subject: "song: be loud",
  signer: null,
  version: 1,
  total: 1,
  complete: true,
  missing: [],
  replaces: null,
  sealed: false,
  base: { status: "missing", commit: null, tree: null },
  members: [],
  findings: [],
  verdict: "pass",
};

const NOTE: StatementMail = {
  type: "note",
  source: "a.eml",
  messageId: "<2@example.org>",
  subject: "my keys",
  read: true,
  findings: [],
};

const PLACE = { public: true, ref: "origin/main", name: "v1", branch: "main", behind: 1, ahead: 1 };
const COMMIT = "0123456789abcdef";

/** By the field: the lines in which the text stands. */
const FIELDS: readonly [string, (text: string, style: Style) => string[]][] = [
  ["a subject", (text, style) => renderSeries(SERIES, [{ ...PATCH, subject: text }], style)],
  ["a signer", (text, style) => renderSeries(SERIES, [{ ...PATCH, signer: text }], style)],
  [
    "an author",
    (text, style) =>
      renderSeries(SERIES, [{ ...PATCH, author: { name: text, email: text } }], style),
  ],
  ...(["message", "hint"] as const).flatMap(
    (field): [string, (text: string, style: Style) => string[]][] => [
      [
        `the ${field} of a patch's finding`,
        (text, style) =>
          renderSeries(SERIES, [{ ...PATCH, findings: [{ ...FINDING, [field]: text }] }], style),
      ],
      [
        `the ${field} of what is known of a key`,
        (text, style) => {
          const known: Finding = { ...FINDING, code: "key-known", severity: "info", [field]: text };
          return renderSeries(SERIES, [{ ...PATCH, findings: [known] }], style);
        },
      ],
      [
        `the ${field} of a series' finding`,
        (text, style) =>
          renderSeries({ ...SERIES, findings: [{ ...FINDING, [field]: text }] }, [PATCH], style),
      ],
      [
        `the ${field} of a note's finding`,
        (text, style) => renderNote({ ...NOTE, findings: [{ ...FINDING, [field]: text }] }, style),
      ],
    ],
  ),
  [
    "the tree of a base",
    (text, style) =>
      renderSeries(
        { ...SERIES, base: { status: "present", commit: COMMIT, tree: text } },
        [PATCH],
        style,
      ),
  ],
  [
    "the branches of a base",
    (text, style) =>
      renderSeries(
        {
          ...SERIES,
          base: { status: "present", commit: COMMIT, tree: null },
          baseCheck: {
            ...PLACE,
            ref: text,
            name: text,
            branch: text,
            state: "applies",
            conflict: null,
          },
        },
        [PATCH],
        style,
      ),
  ],
  [
    "the subject of an unsigned series",
    (text, style) => renderSeries({ ...SERIES, subject: text }, [UNSIGNED], style),
  ],
  [
    "the author of an unsigned series",
    (text, style) =>
      renderSeries(SERIES, [{ ...UNSIGNED, author: { name: text, email: text } }], style),
  ],
  ["the subject of a note", (text, style) => renderNote({ ...NOTE, subject: text }, style)],
];

const HARMFUL: readonly [string, string, string][] = [
  ["ESC", "a\x1b[31mb", "a\\x1b[31mb"],
  ["CR", "a\rb", "a\\x0db"],
  ["LF", "a\nb", "a\\x0ab"],
  ["bidi", "a\u202eb", "a\\u202eb"],
  ["CSI in C1", "a\u009b2Jb", "a\\x9b2Jb"],
];

describe.each(FIELDS)("%s", (_field, linesWith) => {
  test.each(HARMFUL)("%s is shown", (_name, text, shown) => {
    const said = linesWith(text, STYLE).join("|");
    expect(said).toContain(shown);
    expect(said).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  test("with colour, the only ESC bytes are those of colours", () => {
    const said = linesWith("\x1b[31m\x1b]0;x\x07", { ...STYLE, color: true }).join("|");
    // oxlint-disable-next-line no-control-regex -- what the program itself writes
    const rest = said.replace(/\x1b\[(?:32|1;31|33|2)m(.*?)\x1b\[0m/g, "$1");
    expect(rest).toContain("\\x1b[31m");
    expect(rest).not.toMatch(/\p{Cc}/u);
  });
});

describe("a series without signatures", () => {
  const style: Style = { columns: 80, color: false };
  const baseless = { ...SERIES, version: 3, total: 20, findings: [FINDING] };
  const twenty = Array.from({ length: 20 }, () => UNSIGNED);

  test("is one line with keys of X-Developer-Signature as ever; another key stands out", () => {
    const saying = (code: FindingCode, severity: "info" | "warn"): PatchResult => ({
      ...UNSIGNED,
      findings: [NOT_SIGNED, { code, severity, message: code, hint: "" }],
    });
    const shown = (...patches: PatchResult[]): string =>
      renderSeries(SERIES, patches, STYLE).join("\n");
    const usual = [saying("devsig-known", "info"), saying("devsig-first-use", "info")];
    expect(shown(...usual)).toMatch(/^none .*alice@example\.org {2}not signed$/);
    expect(shown(...usual, saying("devsig-changed", "warn"))).toMatch(
      /^warn .*KEY CHANGED\n +devsig-changed/m,
    );
    expect(shown(saying("devsig-missing", "warn"))).toMatch(/^warn .*not signed\n +devsig-missing/);
  });

  test("is one line, whatever the policy requires", () => {
    const line = "none  v3 20/20 song: be loud              alice@example.org  not signed, no base";
    expect(renderSeries(baseless, twenty, style)).toEqual([line]);
    const required = twenty.map((patch) => ({
      ...patch,
      findings: [{ ...NOT_SIGNED, severity: "fail" as const }],
      verdict: "fail" as const,
    }));
    expect(renderSeries(baseless, required, style)).toEqual([line]);
  });

  test("names how many other authors there are, and what is missing", () => {
    const bob = { ...UNSIGNED, author: { name: "Bob", email: "bob@example.org" } };
    const [line, more] = renderSeries(
      { ...SERIES, total: 3, complete: false, missing: [2] },
      [UNSIGNED, bob],
      style,
    );
    expect(line).toMatch(/^none {2}2\/3 song: be loud +alice@example.org \+1 {2}not signed$/);
    expect(more).toBe("missing 2");
  });

  test("is a line a patch if one of them stands out", () => {
    for (const finding of [
      { ...FINDING, code: "symlink" },
      { ...FINDING, code: "unsigned-known", severity: "fail" },
    ] as const) {
      const one = { ...UNSIGNED, findings: [NOT_SIGNED, finding] };
      const lines = renderSeries(SERIES, [UNSIGNED, one], style);
      expect(lines.filter((line) => line.includes("song: be loud"))).toHaveLength(2);
    }
  });
});

const lines = (patches: readonly PatchResult[]): string[] =>
  renderSeries(SERIES, patches, STYLE).map((line) => line.replace(/ +/g, " "));

test("a reply with a diff is one line, as what else is not signed", () => {
  const answer: Finding = { ...FINDING, code: "answer", message: "a reply that carries a diff" };
  const reply = { ...UNSIGNED, findings: [answer] };
  expect(lines([reply])).toEqual(["none reply song: be loud alice@example.org not signed"]);
  const odd = { ...reply, findings: [answer, { ...FINDING, code: "no-prefix" as const }] };
  expect(lines([odd])).toEqual([
    "none reply song: be loud alice@example.org not signed",
    " m",
    " h",
  ]);
});

test("of a mail that a list sent in its own name, the name is shown", () => {
  const author = { name: "Alice via list", email: "list@lists.example.org" };
  expect(lines([{ ...UNSIGNED, author }])).toEqual([
    "none 1/1 song: be loud Alice via list not signed",
  ]);
});

test("totals call nothing bad that is only unsigned", () => {
  const style: Style = { columns: 80, color: false };
  const totals = createTotals();
  for (const severity of ["warn", "fail"] as const)
    totals.add({ ...UNSIGNED, findings: [{ ...NOT_SIGNED, severity }], verdict: severity });
  totals.add({ ...UNSIGNED, findings: [NOT_SIGNED, FINDING], verdict: "warn" });
  totals.add(PATCH);
  expect(renderTotals(totals, { messages: 4, unread: 0 }, style)).toEqual([
    "4 patches in 4 mails: 1 signed, 1 ok, 2 not signed, 1 to look at",
  ]);
  expect(renderRequired(totals, style)).toEqual([
    "the policy requires a signature: 1 patch without",
  ]);
  expect(summaryOf(totals, { messages: 4, unread: 0, passedOver: 0 })).toMatchObject({
    pass: 1,
    warn: 2,
    fail: 1,
    unsigned: 2,
  });
});
