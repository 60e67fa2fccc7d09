/** Forged trailers, as mails: none of them is given to a patch. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { newTally, verifyMails } from "../../../src/app/verify/verification.ts";
import type { SourceItems } from "../../../src/source/item.ts";
import { openTrustStore } from "../../../src/store/trust-store.ts";
import { DEFAULT_POLICY } from "../../../src/verify/policy.ts";
import { type Collected, createJudgedSeriesCollector } from "../../../src/verify/series.ts";
import { seriesTrailers } from "../../../src/verify/trailers.ts";
import { newFolder } from "../../support/folders.ts";

const OPTIONS = {
  policies: { general: DEFAULT_POLICY, overrides: [] },
  devKeyrings: [],
  signedOnly: false,
  plainAm: null,
  dkim: null,
  dryRun: true,
  jobs: 1,
  keep: null,
  trailers: [],
};
const BOB = "Reviewed-by: Bob <bob@example.org>";

const diff = (line: string): string =>
  `diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+${line}\n`;

function mail(id: string, fields: readonly string[], body: string): string {
  const date = "Date: Mon, 23 Nov 2026 10:00:00 +0000";
  return [`Message-ID: <${id}>`, date, ...fields, "", body].join("\n");
}

const patch = (id: string, subject: string, parent: string, line = id): string =>
  mail(
    id,
    [
      "From: Alice <alice@example.org>",
      `Subject: ${subject}`,
      ...(parent === "" ? [] : [`In-Reply-To: <${parent}>`, `References: <${parent}>`]),
    ],
    /0\/\d/.test(subject) ? "All of it.\n" : `Why ${id}.\n\n---\n${diff(line)}`,
  );

const SERIES = [
  patch("c", "[PATCH 0/2] all", ""),
  patch("p1", "[PATCH 1/2] one", "c"),
  patch("p2", "[PATCH 2/2] two", "c"),
];

const reply = (parent: string, body: string, more: readonly string[] = []): string =>
  mail("r", [...more, `In-Reply-To: <${parent}>`, "Subject: Re: [PATCH] x"], body);
const from = (who: string): string[] => [`From: ${who}`];
const bob = from("Bob <bob@example.org>");

/** `NUMBER line` of those given to Alice's first series, `- line: why` of those left out. */
async function outcome(...mails: readonly string[]): Promise<string[]> {
  const store = openTrustStore({ file: join(newFolder(), "trust.db") });
  const all: Collected<null>[] = [];
  const collector = createJudgedSeriesCollector<null>((_, error) => {
    throw error;
  });
  async function* source(): SourceItems {
    for (const one of [...SERIES, ...mails])
      yield await Promise.resolve([{ source: "x", bytes: Buffer.from(one), size: one.length }]);
  }
  try {
    for await (const seen of verifyMails(source(), OPTIONS, store, newTally()))
      if (seen.kind === "link") all.push(...collector.link(seen.mail));
      else if (seen.kind === "patch") all.push(...collector.add({ ...seen.mail, payload: null }));
  } finally {
    store.close();
  }
  all.push(...collector.end());
  const ours = all.find(({ received }) => received.some((m) => m.result.messageId === "<p1>"))!;
  const { patches, leftOut } = seriesTrailers(ours, [], false);
  return [
    ...patches.flatMap(({ patch: { index }, given }) =>
      given.map(({ trailer }) => `${index} ${trailer.name}: ${trailer.value}`),
    ),
    ...leftOut.map(({ trailer, why }) => `- ${trailer.name}: ${why}`),
  ];
}

test("an honest one is given", async () => {
  expect(await outcome(reply("p1", `${BOB}\n`, bob))).toEqual([`1 ${BOB}`]);
  // References in another order than In-Reply-To
  const odd = reply("p2", `${BOB}\n`, [...bob, "References: <p2> <c>"]);
  expect(await outcome(odd)).toEqual([`2 ${BOB}`]);
});

const HTML = `<html><body>No.<blockquote>\n${BOB}\n</blockquote></body></html>`;
const parts = (...all: readonly string[]): string[] => [
  ["MIME-Version: 1.0", 'Content-Type: multipart/alternative; boundary="b"', ""].join("\n"),
  `${all.map((one) => `--b\n${one}\n`).join("")}--b--\n`,
];
const [HEAD, BODY] = parts(
  "Content-Type: text/plain\n\nNo.\n",
  `Content-Type: text/html\n\n${HTML}\n`,
) as [string, string];

test.each<[string, readonly string[], readonly string[]]>([
  ["in a quote", [reply("p1", `> ${BOB}\n| ${BOB}\n    Fine.\n    ${BOB}\n`, bob)], []],
  [
    "below Outlook's line",
    [reply("p1", `No.\n\n-----Original Message-----\nFrom: M\n\n${BOB}\n`, bob)],
    ["- Reviewed-by: quoted"],
  ],
  ["in a mail of HTML", [reply("p1", HTML, [...bob, "Content-Type: text/html"])], []],
  ["in the HTML of two forms", [reply("p1", BODY, [...bob, HEAD.trimEnd()])], []],
  [
    "by another sender",
    [reply("p1", `${BOB}\n`, from("Mallory <m@example.net>"))],
    ["- Reviewed-by: sender"],
  ],
  [
    "by a name that is an address",
    [reply("p1", `${BOB}\n`, from('"Bob <bob@example.org>" <m@example.net>'))],
    ["- Reviewed-by: sender"],
  ],
  [
    "by two senders",
    [reply("p1", `${BOB}\n`, from("Bob <bob@example.org>, M <m@example.net>"))],
    ["- Reviewed-by: sender"],
  ],
  [
    "by an encoded word with a line end",
    [reply("p1", `${BOB}\n`, from("=?utf-8?q?Bob_<bob@example.org>=0A?= <m@example.net>"))],
    ["- Reviewed-by: sender"],
  ],
  [
    "through a list that put its own address there",
    [
      reply("p1", `${BOB}\n`, [
        ...from("Bob via net <net@lists.example>"),
        "Reply-To: bob@example.org",
      ]),
    ],
    ["- Reviewed-by: sender"],
  ],
  ["with a diff of its own", [reply("p1", `${BOB}\n\n${diff("3")}`, bob)], ["- Reviewed-by: diff"]],
  [
    "to a diff in a reply",
    [
      reply("p1", `Rather:\n\n${diff("3")}`, from("Dan <dan@example.org>")),
      reply("r", `${BOB}\n`, bob).replace("<r>", "<r2>"),
    ],
    [],
  ],
  [
    "to another series in the thread",
    [
      patch("q", "[PATCH] other", "p1"),
      reply("q", `${BOB}\n`, [...bob, "References: <c> <p1> <q>"]),
    ],
    ["- Reviewed-by: elsewhere"],
  ],
  [
    "to a second cover letter",
    [
      patch("c2", "[PATCH 0/2] all", "c").replace("alice@example.org", "m@example.net"),
      reply("c2", `${BOB}\n`, [...bob, "References: <c> <c2>"]),
    ],
    ["- Reviewed-by: elsewhere"],
  ],
  [
    "with characters that turn text",
    [reply("p1", "Reviewed-by: Bob \u202e <bob@example.org>\n", bob)],
    ["- Reviewed-by: characters"],
  ],
  [
    "with an encoded word",
    [reply("p1", "Reviewed-by: =?utf-8?q?B=0AAcked-by:?= <bob@example.org>\n", bob)],
    ["- Reviewed-by: words"],
  ],
])("a trailer %s is not", async (_, mails, left) => expect(await outcome(...mails)).toEqual(left));

test("of 10,000 in a mail 32 are read", async () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => `Fixes: ${i}\n`).join("");
  expect(await outcome(reply("p1", lines, bob))).toHaveLength(32);
});
