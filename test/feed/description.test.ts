/** What a feed's owner signs, and what is no such thing. */

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  descriptionMail,
  descriptionsIn,
  FEED_TEXT,
  type FeedDescription,
} from "../../src/feed/description.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { signNow } from "../../src/minisign/signature.ts";
import { textSigning } from "../../src/patch/signed-text.ts";
import { newFolder } from "../support/folders.ts";
import { requireTool } from "../support/tools.ts";

const KEY = generateSecretKey(Buffer.alloc(32, 9), Buffer.alloc(8, 9));
const SAID: FeedDescription = {
  time: 1_795_600_000,
  by: "ci@example.org",
  name: "ci.example.org",
  urls: ["https://ci.example.org/feed", "ssh://git@forge.example.org/ci"],
  kinds: ["reviews", "results"],
  epochs: [
    { epoch: 0, head: "a".repeat(40), count: 12_345 },
    { epoch: 3, head: "b".repeat(64), count: 0 },
  ],
};

const verifier = createVerifier(1);

function sign(said: FeedDescription) {
  return signNow(KEY, textSigning(FEED_TEXT, KEY.publicKey, said));
}

describe("a description", () => {
  test.each([
    ["of epochs", SAID],
    ["of an empty feed", { ...SAID, epochs: [], urls: [], kinds: [] }],
  ])("%s is read as it was signed", (_, said) => {
    const mail = descriptionMail(sign(said), "The CI");
    const [reading, ...others] = descriptionsIn(mail, verifier);
    expect(others).toEqual([]);
    expect(reading).toMatchObject({ ok: true, signed: { said } });
  });

  test.runIf(requireTool("minisign"))("is what stock minisign verifies", () => {
    const { text, minisig, publicKey } = sign(SAID);
    const file = join(newFolder(), "feed");
    writeFileSync(file, text);
    writeFileSync(`${file}.minisig`, minisig);
    const said = execFileSync("minisign", ["-VHm", file, "-P", publicKey], { encoding: "utf8" });
    expect(said).toContain("Signature and comment signature verified");
  });

  test("has a comment of 100 characters: no ssh-agent signs it for a patch", () => {
    const [, , comment] = sign({ ...SAID, by: "a@b", name: "x", epochs: [] }).minisig.split("\n");
    expect(comment!.length - "trusted comment: ".length).toBeGreaterThanOrEqual(100);
  });

  test.each([
    ["count=12345", "count=12346", "changed"],
    ["name: ci", "name: di", "changed"],
    ["patchsig-feed-v1\n", "patchsig-feed-v2\n", "version"],
    ["epoch: 0 ", "epoch: 4 ", "malformed"],
    ["kinds: reviews,results", "kinds: results,reviews", "malformed"],
    ["kinds: reviews", "more: x\nkinds: reviews", "malformed"],
    ["by: ci@", "by: CI@", "malformed"],
  ])("%s made %s: %s", (from, to, why) => {
    const mail = descriptionMail(sign(SAID), "").toString().replace(from, to);
    expect(descriptionsIn(Buffer.from(mail), verifier)).toEqual([{ ok: false, why }]);
  });

  test.each([
    ["another order", { ...SAID, epochs: SAID.epochs.toReversed() }],
    ["a blank in the name", { ...SAID, name: "a b" }],
    ["a line end in a URL", { ...SAID, urls: ["https://x/\nkinds: -"] }],
    ["nine URLs", { ...SAID, urls: Array.from({ length: 9 }, (_, i) => `https://x/${i}`) }],
  ])("%s cannot be signed", (_, said) => {
    expect(() => sign(said)).toThrow(RangeError);
  });
});
