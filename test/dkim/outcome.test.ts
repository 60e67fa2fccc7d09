/** What is wrong with a signature, a key or a mail has an outcome of its own; none vouches by mistake. */

import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import type { DkimOutcome } from "../../src/dkim/result.ts";
import { HONEST, PLAIN } from "../devsig/mails.ts";
import { withHeaders } from "../support/reshape.ts";
import { AT, dkimOf, type Zone } from "./support.ts";
import { RECORD, signed, type SignOptions, ZONE } from "./sign.ts";

const SIMPLE = { body: "simple" } as const;
const DAY = 86_400;

test.each<[what: string, outcome: DkimOutcome, options: SignOptions]>([
  ["nothing", "vouched", {}],
  ["tags that nobody knows", "vouched", { tags: { zz: "1", r: "y" } }],
  ["an upper-case domain and selector", "vouched", { domain: "Example.ORG", selector: "MAIN" }],
  ["q=dns/txt among others", "vouched", { tags: { q: "http : dns/txt" } }],
  ["i= of a domain below", "vouched", { tags: { i: "x@lists.example.org" } }],
  ["version 2", "dkim-unsupported", { tags: { v: "2" } }],
  ["a=ed25519-sha1", "dkim-unsupported", { tags: { a: "ed25519-sha1" } }],
  ["a=rsa-sha1", "dkim-weak", { tags: { a: "rsa-sha1" } }],
  ["rsa by name, ed25519 by key", "dkim-bad", { tags: { a: "rsa-sha256" } }],
  ["c=nofws", "dkim-unsupported", { tags: { c: "nofws" } }],
  ["q=http", "dkim-unsupported", { tags: { q: "http" } }],
  ["no bh=", "dkim-malformed", { tags: { bh: "" } }],
  ["d= that is no name", "dkim-malformed", { domain: "example.org\xe9" }],
  ["d= with an empty label", "dkim-malformed", { domain: "example..org" }],
  ["s= that leads elsewhere", "dkim-malformed", { selector: "a/b" }],
  ["From unsigned", "dkim-malformed", { names: ["subject", "date"] }],
  ["i= of another domain", "dkim-malformed", { tags: { i: "alice@example.net" } }],
  ["i= of a domain that only ends so", "dkim-malformed", { tags: { i: "alice@badexample.org" } }],
  ["t= that is no number", "dkim-malformed", { tags: { t: "-1" } }],
  ["x= before t=", "dkim-malformed", { tags: { x: "1704189599" } }],
  ["l= beyond the body", "dkim-body", { tags: { l: "999999" } }],
  ["l=0", "dkim-partial", { tags: { l: "0" }, length: 0 }],
  ["t= a month ahead", "dkim-future", { tags: { t: String(AT + 30 * DAY) } }],
  ["t= a minute ahead", "vouched", { tags: { t: String(AT + 60) } }],
  ["expired", "dkim-expired", { tags: { x: String(AT - 1) } }],
  ["not yet expired", "vouched", { tags: { x: String(AT) } }],
  ["a selector without a key", "dkim-no-key", { selector: "gone" }],
  ["another's domain", "dkim-unaligned", { domain: "example.net" }],
  ["one that only ends so", "dkim-unaligned", { domain: "e.org" }],
])("a signature with %s: %s", (_, outcome, options) => {
  expect(dkimOf(signed(PLAIN, { ...SIMPLE, ...options }), ZONE)).toMatchObject({ outcome });
});

test("an encoding that is not signed: only if that changes nothing", () => {
  const names = ["from", "subject", "date"];
  const sealed = (text: string): string => signed(text, { ...SIMPLE, names });
  expect(dkimOf(sealed(HONEST["base64"]![0]), ZONE)).toMatchObject({ outcome: "vouched" });
  expect(dkimOf(sealed(HONEST["two parts"]![0]), ZONE)).toMatchObject({
    outcome: "dkim-uncovered",
  });
  expect(dkimOf(sealed(PLAIN), ZONE)).toMatchObject({ outcome: "vouched" });
  // without it, it is another patch: nobody knows which one was sent
  const mail = PLAIN.replace("+TWO", "+a=3D1");
  const quoted = withHeaders(mail, "Content-Transfer-Encoding: quoted-printable\n");
  expect(dkimOf(sealed(mail), ZONE)).toMatchObject({ outcome: "dkim-uncovered" });
  expect(dkimOf(sealed(quoted), ZONE)).toMatchObject({ outcome: "dkim-uncovered" });
});

test.each<[record: string, outcome: DkimOutcome]>([
  [RECORD, "vouched"],
  [RECORD.replace("v=DKIM1; ", ""), "vouched"],
  [`${RECORD}; h=sha1:sha256; s=email; t=s; n=a note;`, "vouched"],
  [RECORD.replace("ed25519", "rsa"), "dkim-key"],
  [RECORD.replace(/p=.*/, "p=AAAA"), "dkim-key"],
  [RECORD.replace(/p=.*/, "p=?"), "dkim-key"],
  [RECORD.replace(/p=.*/, ""), "dkim-key"],
  [RECORD.replace(/(v=DKIM1); (.*)/, "$2; $1"), "dkim-key"],
  [RECORD.replace("DKIM1", "DKIM2"), "dkim-key"],
  [RECORD.replace("v=DKIM1", "v=spf1"), "dkim-key"],
  [`${RECORD}; p=`, "dkim-key"],
  [`${RECORD}; s=tlsrpt`, "dkim-key"],
  [`${RECORD}; h=sha1`, "dkim-key"],
  [`${RECORD}; t=y`, "dkim-testing"],
  [`${RECORD}; t=s:y`, "dkim-testing"],
  [`${RECORD}; n=${"x".repeat(9000)}`, "dkim-key"],
  ["v=DKIM1; p=", "dkim-revoked"],
])("the record %#: %s", (record, outcome) => {
  const mail = signed(PLAIN, SIMPLE);
  expect(dkimOf(mail, { "main._domainkey.example.org": record })).toMatchObject({ outcome });
});

test("keys of rsa: from 1024 bits on, and what is short is said", () => {
  const outcome = (bits: number) => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
    const p = publicKey.export({ format: "der", type: "spki" }).toString("base64");
    const p1 = publicKey.export({ format: "der", type: "pkcs1" }).toString("base64");
    const mail = signed(PLAIN, { ...SIMPLE, key: privateKey, tags: { a: "rsa-sha256" } });
    return [p, p1].map((key) => dkimOf(mail, { "main._domainkey.example.org": `p=${key}` }));
  };
  for (const one of outcome(1016)) expect(one).toMatchObject({ outcome: "dkim-weak" });
  for (const one of outcome(1024))
    expect(one).toMatchObject({ outcome: "vouched", detail: "a key of only 1024 bits" });
  for (const one of outcome(2048)) expect(one).toMatchObject({ outcome: "vouched", detail: "" });
});

test("remembered keys: for mails up to a month after they were last seen", () => {
  const mail = signed(PLAIN, SIMPLE);
  const seen = (lastSeen: number): Zone => ({
    "main._domainkey.example.org": [{ text: RECORD, firstSeen: lastSeen, lastSeen }],
  });
  expect(dkimOf(mail, seen(1704189600 - 29 * DAY))).toMatchObject({ outcome: "vouched" });
  const old = dkimOf(mail, seen(1704189600 - 31 * DAY));
  expect(old).toMatchObject({
    outcome: "dkim-unknown-key",
    detail: expect.stringContaining("last seen 2023-12-02"),
  });
});

test("of several records of a name: any key, as its newest record says, until one revokes", () => {
  const mail = signed(PLAIN, SIMPLE);
  const other = RECORD.replace(/p=.*/, "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  const outcome = (...texts: string[]) => {
    const records = texts.map((text, i) => ({ text, firstSeen: 0, lastSeen: AT - i }));
    return dkimOf(mail, { "main._domainkey.example.org": records })?.outcome;
  };
  expect(outcome(other, RECORD)).toBe("vouched");
  expect(outcome(`${RECORD}; t=y`, RECORD)).toBe("dkim-testing");
  expect(outcome("v=DKIM1; p=", RECORD)).toBe("dkim-revoked");
  expect(outcome(RECORD, "v=DKIM1; p=")).toBe("vouched");
});

test("several signatures: the best one counts, of a bounded number", () => {
  const good = signed(PLAIN, SIMPLE);
  const junk = "DKIM-Signature: v=1; nonsense\n";
  expect(dkimOf(junk + good, ZONE)).toMatchObject({ outcome: "vouched" });
  expect(dkimOf(junk.repeat(15) + good, ZONE)).toMatchObject({ outcome: "vouched" });
  expect(dkimOf(junk.repeat(16) + good, ZONE)).toMatchObject({ outcome: "dkim-malformed" });
  const bad = signed(PLAIN.replace("quiet", "loud"), SIMPLE).split("\n", 1)[0]!;
  expect(dkimOf(`${bad}\n`.repeat(3) + good, ZONE)).toMatchObject({ outcome: "vouched" });
  expect(dkimOf(`${bad}\n`.repeat(4) + good, ZONE)).toMatchObject({ outcome: "dkim-body" });
});
