/** The status that a mail gets in its header. */

import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { filteredMail, readIncoming } from "../../../src/app/verify/filter.ts";
import { openTrustStore, type TrustStore } from "../../../src/store/trust-store.ts";
import { DEFAULT_POLICY } from "../../../src/verify/policy.ts";
import { newFolder } from "../../support/folders.ts";
import { signMails } from "../../support/signing.ts";

const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
const HEAD = "From: Alice <alice@example.org>\nDate: Fri, 6 Nov 2026 22:00:00 +0000\n";
const PATCH = `${HEAD}Subject: [PATCH] x\n\nwhy\n---\n${DIFF}`;
const LETTER = `${HEAD}Subject: hello\n\nno patch\n`;
const FROM = "From alice Fri Nov  6 22:00:00 2026\n";
const FORGED = "X-Patchsig-Status: good; alice@example.org; pinned\n";

let store: TrustStore;
beforeEach(() => {
  store = openTrustStore({ file: join(newFolder(), "trust.db") });
});
afterEach(() => store.close());

/** The statuses in the header that comes out. */
async function statuses(mail: string): Promise<string[]> {
  const policies = { general: DEFAULT_POLICY, overrides: [] };
  const options = { policies, devKeyrings: [], dkim: null, plainAm: null, dryRun: false };
  const said = { say: () => {} };
  const out = await filteredMail(Buffer.from(mail), options, store, said);
  const head = out.toString().split("\n\n", 1)[0]!;
  return [...head.matchAll(/^X-Patchsig-Status: (.*)$/gm)].map(([, status]) => status!);
}

test("a patch gets its status, another mail none", async () => {
  expect(await statuses(PATCH)).toEqual(["unsigned"]);
  const [signed] = signMails([Buffer.from(PATCH)]);
  expect(await statuses(signed!.toString())).toEqual(["good; alice@example.org; first use"]);
  expect(await statuses(LETTER)).toEqual([]);
});

test("what came with the mail is never believed", async () => {
  expect(await statuses(FORGED + LETTER)).toEqual([]);
  expect(await statuses(FORGED + PATCH)).toEqual(["unsigned"]);
});

test("a From line in front is no part of the mail, a second one makes it bad", async () => {
  expect(await statuses(FROM + PATCH)).toEqual(["unsigned"]);
  const [status] = await statuses(`${FROM}${PATCH}\n${FROM}${PATCH}`);
  expect(status).toMatch(/^bad; /);
});

test("only a mail is taken", () => {
  expect(readIncoming(Buffer.from(LETTER)).toString()).toBe(LETTER);
  expect(() => readIncoming(null)).toThrow("the mail is too large");
  for (const other of ["", "x", "hello\nworld\n"])
    expect(() => readIncoming(Buffer.from(other))).toThrow(
      expect.objectContaining({ code: "not-a-mail" }),
    );
});
