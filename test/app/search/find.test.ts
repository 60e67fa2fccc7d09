/** What queries find in mails. */

import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
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
const MAILS = [
  ...signed(two("a", "PATCH")),
  mail("r", "Re: [PATCH 1/2] one", {
    re: "a0 a1",
    from: "Bob <bob@example.org>",
    text: "> why quoted\nanswering applied patches",
  }),
  HTML,
];

let shelf: Shelf;
beforeAll(async () => {
  shelf = newShelf(newFolder());
  await shelf.update([writeMbox(join(shelf.folder, "mbox"), MAILS)]);
});

describe("queries find", () => {
  test.each([
    ["", ["h", "r", "a2", "a1", "a0"]],
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
    ["quoted", []],
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
    ["d:..2026-11-07", ["r", "a2", "a1", "a0"]],
    ["d:20261106..20261107", ["r", "a2", "a1", "a0"]],
    ["d:2026-11-06.. -kind:patch -kind:cover", ["h", "r"]],
    ['"!!"', []],
  ])("%s", async (query, expected) => {
    expect(await shelf.find(query)).toEqual(expected);
  });
});

test("what is no query, or no time, is said", async () => {
  await expect(shelf.find("zz:x")).rejects.toThrow(/^this query cannot be read: there is no zz:/);
  await expect(shelf.find("d:blah..")).rejects.toMatchObject({ code: "usage" });
});
