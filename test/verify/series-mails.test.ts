/** Which mails make a series, from whole mails: what only their headers and bodies can show. */

import { describe, expect, it } from "vitest";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { createSeriesCollector } from "../../src/series/collector.ts";
import { checkMail } from "../../src/verify/check.ts";
import { evidenceOf } from "../../src/verify/evidence.ts";
import { itemOf, outlined, patchOutline } from "../../src/verify/outline.ts";
import type { SeriesOutline } from "../../src/verify/result.ts";
import { shapeOf } from "../series/thread.ts";

const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";

interface Mail {
  readonly name: string;
  readonly text: string;
}

/** A mail of Alice's to a list; its name is its Message-ID. A subject of several lines is folded. */
function mail(
  name: string,
  subject: string,
  re = "",
  { from = "Alice <alice@example.org>", more = "", body = `why\n---\n${DIFF}` } = {},
): Mail {
  const parents = re.split(" ").flatMap((one) => (one === "" ? [] : `<${one}@example.org>`));
  const header = [
    `From: ${from}`,
    `Subject: ${subject}`,
    "Date: Tue, 3 Feb 2026 10:00:00 +0000",
    `Message-ID: <${name}@example.org>`,
    ...(parents.length === 0
      ? []
      : [`In-Reply-To: ${parents.at(-1)}`, `References: ${parents.join("\n ")}`]),
    ...(more === "" ? [] : [more]),
  ];
  return { name, text: `${header.join("\n")}\n\n${body}` };
}

function collected(mails: readonly Mail[]) {
  const verifier = createVerifier();
  const collector = createSeriesCollector<string>();
  for (const { name, text } of mails) {
    const checked = checkMail(Buffer.from(text), verifier);
    if (checked.kind === "other") collector.link(checked);
    else collector.add(itemOf(evidenceOf(checked)), name);
  }
  return collector.end().map(shapeOf).sort();
}

const LETTER = "What this is about.\n\n a | 2 +-\n 1 file changed\n";
const PATCHES = [mail("a1", "[PATCH v2 1/2] x", "a0"), mail("a2", "[PATCH v2 2/2] y", "a0")];
const LIST = "Alice via Listing <listing@lists.example.org>";
const viaList = {
  from: LIST,
  more: "Reply-To: Alice <alice@example.org>\nList-Id: <listing.lists.example.org>",
};
const bobViaList = {
  from: "Bob via Listing <listing@lists.example.org>",
  more: "Reply-To: Bob <bob@example.net>\nList-Id: <listing.lists.example.org>",
};

const CASES: readonly [string, readonly Mail[], readonly string[]][] = [
  [
    "27 v5.1",
    [
      mail("a1", "[PATCH v5 1/2] x"),
      mail("a2", "[PATCH v5 2/2] y", "a1"),
      mail("b2", "[PATCH v5.1 2/2] y", "a1 a2"),
    ],
    ["v5 of 2: a1 a2", "v5 of 2: b2 replaces 2 of v5"],
  ],
  [
    "29 0.5/5",
    [...PATCHES, mail("b", "[PATCH v2 0.5/2] half", "a0")],
    ["v2 of 1: b", "v2 of 2: a1 a2"],
  ],
  [
    "41 the cover letter is a part of a MIME mail",
    [
      ...PATCHES,
      mail("a0", "[PATCH v2 0/2] s", "", {
        more: 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"',
        body: `--b\nContent-Type: text/plain\n\n${LETTER}\n--b\nContent-Type: text/plain; name=more\nContent-Disposition: attachment; filename=more\n\nmore\n--b--\n`,
      }),
    ],
    ["v2 of 2: a0 a1 a2"],
  ],
  [
    "41 the cover letter is base64",
    [
      ...PATCHES,
      mail("a0", "[PATCH v2 0/2] s", "", {
        more: "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64",
        body: `${Buffer.from(LETTER).toString("base64")}\n`,
      }),
    ],
    ["v2 of 2: a0 a1 a2"],
  ],
  [
    "42 a subject in encoded words, folded",
    [
      mail("a0", "=?UTF-8?Q?=5BPATCH_v2_?=\n =?UTF-8?Q?0/2=5D_Gr=C3=BC=C3=9Fe?=", "", {
        body: LETTER,
      }),
      mail("a1", "=?UTF-8?B?W1BBVENIIHYyIDEv?=\n =?UTF-8?B?Ml0gR3LDvMOfZQ==?=", "a0"),
      mail("a2", "[PATCH\n v2 2/2]\n =?iso-8859-1?q?Gr=FC=DFe?=", "a0"),
    ],
    ["v2 of 2: a0 a1 a2"],
  ],
  [
    "52 From is the list's, of all senders alike",
    [
      mail("a0", "[PATCH 0/2] s", "", { ...viaList, body: LETTER }),
      mail("a1", "[PATCH 1/2] x", "a0", viaList),
      mail("a2", "[PATCH 2/2] y", "a0", viaList),
      mail("b1", "[PATCH 1/2] other", "a0", bobViaList),
      mail("b2", "[PATCH 2/2] another", "a0 b1", bobViaList),
    ],
    ["v1 of 2: a0 a1 a2", "v1 of 2: b1 b2"],
  ],
  [
    "52 without References, too",
    [
      mail("a1", "[PATCH 1/2] x", "", viaList),
      mail("b1", "[PATCH 1/2] other", "", bobViaList),
      mail("a2", "[PATCH 2/2] y", "", viaList),
      mail("b2", "[PATCH 2/2] another", "", bobViaList),
    ],
    ["v1 of 2: a1 a2", "v1 of 2: b1 b2"],
  ],
];

describe("a series of whole mails", () => {
  it.each(CASES)("%s", (_, mails, expected) => {
    expect(collected(mails)).toEqual(expected);
    expect(collected([...mails].reverse())).toEqual(expected);
  });
});

/** The outline of the one series of these mails. */
function outlineOf(mails: readonly Mail[]): SeriesOutline {
  const collector = createSeriesCollector<Parameters<typeof outlined>[0]["members"][0]["value"]>();
  for (const { name, text } of mails) {
    const evidence = evidenceOf(checkMail(Buffer.from(text), createVerifier()));
    const outline = patchOutline(evidence);
    collector.add(itemOf(evidence), { source: name, evidence: outline, verdict: "pass" });
  }
  const all = collector.end().flatMap(outlined);
  expect(all).toHaveLength(1);
  return all[0]!.outline;
}

it("gives a reason for every mail of a series", () => {
  const letter = mail("a0", "[PATCH v2 0/2] s", "", { body: LETTER });
  const [one, two] = PATCHES as [Mail, Mail];
  const shown = outlineOf([two, letter, one, { ...one, name: "copy" }]).members;
  expect(shown.map(({ source, index, reason }) => `${source} ${index} ${reason}`)).toEqual([
    "a0 0 first",
    "a1 1 references",
    "copy 1 message-id",
    "a2 2 references",
  ]);
  expect(shown.map(({ through }) => through)).toEqual([
    "",
    "<a0@example.org>",
    "<a1@example.org>",
    "<a0@example.org>",
  ]);
  const siblings = outlineOf(PATCHES).members.map(({ reason, through }) => [reason, through]);
  expect(siblings).toEqual([
    ["first", ""],
    ["thread", "<a0@example.org>"],
  ]);
});
