/** What queries find in mails. */

import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { findMails } from "../../../src/app/search/find.ts";
import { newFolder } from "../../support/folders.ts";
import { mail, signed, two } from "../series/thread.ts";
import { newShelf, type Shelf, writeMbox } from "./index.ts";

const HTML = Buffer.from(
  [
    "From: =?UTF-8?Q?J=C3=B6rg?= <joerg@example.org>",
    "To: patches@example.org",
    "Cc: Carol <carol@example.org>",
    "Subject: =?UTF-8?B?R3LDvMOfZQ==?=",
    "Date: Sat, 7 Nov 2026 10:00:00 +0000",
    "Message-ID: <h@x>",
    "List-Id: A list <list.example.org>",
    "List-Id: <other.example.org>",
    "MIME-Version: 1.0",
    "Content-Type: text/html; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "",
    Buffer.from("<style>hidden</style><p>many &amp; bright words</p>").toString("base64"),
  ].join("\n"),
);
const DIFF = Buffer.from(
  `From: Carol <carol@example.org>
Date: Sun, 8 Nov 2026 10:00:00 +0000
Subject: [PATCH] driver: count
Message-ID: <p@x>

It was wrong.
---
 a.c | 4 ++--

diff --git a/drv/a.c b/drv/a.c
index 1a2b3c4d5e..0f1e2d3c4b 100644
--- a/drv/a.c
+++ b/drv/a.c
@@ -7,3 +7,4 @@ static int drv_probe(struct device *dev)
 stays_here
-was_here
+comes_here
++> not_quoted
 stays_too
-- 
2.40 version_line
`,
);
const MAILS = [
  ...signed(two("a", "PATCH")),
  mail("r", "Re: [PATCH 1/2] one", {
    re: "a0 a1",
    from: "Bob <bob@example.org>",
    text: "> why quoted\nanswering applied patches",
  }),
  HTML,
  DIFF,
];

let shelf: Shelf;
beforeAll(async () => {
  shelf = newShelf(newFolder());
  await shelf.update([writeMbox(join(shelf.folder, "mbox"), MAILS)]);
});

describe("queries find", () => {
  test.each([
    ["", ["p", "h", "r", "a2", "a1", "a0"]],
    ["s:one", ["r", "a1"]],
    ["s:one kind:patch", ["a1"]],
    ["f:bob", ["r"]],
    ["f:jörg", ["h"]],
    ["s:grüße", ["h"]],
    ["t:patches@example.org", ["h"]],
    ["c:carol", ["h"]],
    ["tc:carol OR f:bob", ["h", "r"]],
    ["l:list.example.org", ["h"]],
    ["l:other*", ["h"]],
    ["b:bright", ["h"]],
    ["b:hidden", []],
    ["q:quoted", ["r"]],
    ["nq:quoted", []],
    ["quoted", ["r"]],
    ["nq:why", ["a2", "a1", "a0"]],
    ["b:patch", ["r"]],
    ['b:"applied patches"', ["r"]],
    ['b:"patches applied"', []],
    ["b:answer*", ["r"]],
    ["dfn:one", ["a1"]],
    ["m:a1@x", ["a1"]],
    ["m:<a1@x>", ["a1"]],
    ["kind:cover", ["a0"]],
    ["trust:first-use", ["a2", "a1", "a0"]],
    ["by:alice@example.org NOT kind:cover", ["a2", "a1"]],
    ["d:2026-11-07", ["h"]],
    ["d:..2026-11-07", ["h", "r", "a2", "a1", "a0"]],
    ["d:20261106..20261107", ["h", "r", "a2", "a1", "a0"]],
    ["d:2026-11-06.. -kind:patch -kind:cover", ["h", "r"]],
    ["dt:20261107100000..20261107100000", ["h"]],
    ["dt:20261107100001..", ["p"]],
    ["dfa:was_here", ["p"]],
    ["dfa:comes_here", []],
    ["dfb:comes_here", ["p"]],
    ["dfb:not_quoted", ["p"]],
    ["q:not_quoted", []],
    ["dfctx:stays_here", ["p"]],
    ["dfctx:version_line", []],
    ["dfhh:drv_probe", ["p"]],
    ["b:stays_too dfn:drv", ["p"]],
    ["b:version_line", ["p"]],
    // an underscore is a part of a word
    ["b:probe", []],
    ["b:drv_*", ["p"]],
    ["dfpre:1a2b3c4", ["p"]],
    ["dfpost:1a2b3c4", []],
    ["dfpost:0f1e2d3c4b", ["p"]],
    ["dfblob:0f1e2d3 dfblob:1a2b3c4d", ["p"]],
    ['"!!"', []],
  ])("%s", async (query, expected) => {
    expect(await shelf.find(query)).toEqual(expected);
  });
});

test("what is no query, or no time, is said", async () => {
  await expect(shelf.find("zz:x")).rejects.toThrow(/^this query cannot be read: there is no zz:/);
  for (const query of ["d:blah..", "d:20261301..", "d:2026-02-30", "dt:20260631120000.."])
    await expect(shelf.find(query)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(/ is not a time$/),
    });
  expect(await shelf.find("d:today..")).toEqual([]);
  expect(await shelf.find("d:..now")).toEqual(await shelf.find(""));
});

test.each([
  "s:PATCH",
  "l:list.example.org d:2020-01-01..",
  "kind:patch OR b:words",
  "NOT dfn:drv/a.c",
])("%s: no mail is looked up to be sorted", async (query) => {
  const { index } = shelf;
  const asked = vi.spyOn(index.db, "prepare");
  await findMails(index, query, { sources: ["a", "b"], most: 10 });
  const [text] = asked.mock.lastCall!;
  asked.mockRestore();
  const plan = index.db
    .prepare<[], { detail: string }>(`explain query plan ${text.replaceAll("?", "null")}`)
    .all();
  const steps = plan.map(({ detail }) => detail);
  expect(steps.filter((one) => one.includes("ORDER BY"))).toEqual([]);
  expect(steps.filter((one) => one.includes("mails_dated"))).toHaveLength(1);
});
