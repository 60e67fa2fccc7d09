/** No mail is handed out whose signature a receiver would not accept. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { signEachSeries } from "../../../src/app/sign/signing.ts";
import { generateSecretKey } from "../../../src/minisign/generate.ts";
import { check, isGood } from "../../support/signing.ts";

const KEY = generateSecretKey(Buffer.alloc(32, 7), Buffer.from("patchsig"));
const FOLDER = join(import.meta.dirname, "..", "..", "..", "fixtures", "canonical");
const PLAIN = readFileSync(join(FOLDER, "plain.eml"), "latin1");
const ADDRESS = /^From: .*<(.*)>/m.exec(PLAIN)![1]!;

const drafts = [1, 2, 3].map((n) => ({
  name: `patch ${n}`,
  mail: Buffer.from(PLAIN.replace(/^Subject: .*/m, `Subject: [PATCH ${n}/3] title ${n}`), "latin1"),
}));
const TERMS = { by: ADDRESS, time: 1_796_000_000, base: null, inOrder: true };

test("what is signed is good", async () => {
  const { mails } = await signEachSeries(drafts, { ...TERMS, signer: KEY });
  expect(mails.map((mail) => isGood(check(mail!)))).toEqual([true, true, true]);
});

test.each([
  // each mail has a signature over the text, and one over the comment
  ["the first", 0, "patch 1"],
  ["the second's comment", 3, "patch 2"],
  ["the last", 5, "patch 3"],
])("where a signer fails at %s, nothing is handed out", async (_, wrong, name) => {
  let made = 0;
  const signer = {
    publicKey: KEY.publicKey,
    signBytes(message: Uint8Array): Buffer {
      const signature = KEY.signBytes(message);
      // still a signature by its form
      if (made++ === wrong) signature[5]! ^= 1;
      return signature;
    },
  };
  await expect(signEachSeries(drafts, { ...TERMS, signer })).rejects.toMatchObject({
    code: "refused",
    message: expect.stringMatching(`^${name}: the signature would not verify`) as string,
  });
});
