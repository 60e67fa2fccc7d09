/** What others wrote, in every field that is printed: none of it acts on a terminal. */

import { describe, expect, test } from "vitest";
import { renderNote, renderSeries, type Style } from "../../src/report/text.ts";
import type { Finding } from "../../src/findings.ts";
import type { StatementMail, PatchResult, SeriesResult } from "../../src/verify/result.ts";

const STYLE: Style = { columns: 200, color: false };

const FINDING: Finding = { code: "base-missing", severity: "warn", message: "m", hint: "h" };

const PATCH: PatchResult = {
  type: "patch",
  source: "a.patch",
  messageId: "<1@example.org>",
  subject: "song: be loud",
  author: { name: "Alice", email: "alice@example.org" },
  signer: null,
  publicKey: null,
  signature: "good",
  trust: "known",
  key: null,
  changed: [],
  base: { status: "missing", commit: null, tree: null },
  series: null,
  findings: [],
  verdict: "pass",
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
