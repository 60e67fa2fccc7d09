/**
 * What is vouched for is what was signed: whatever is done to a signed mail, if it is still vouched for,
 * git reads the author, title, date, message and diff that it read in the signer's mail; loosely, the
 * same but for white space. FUZZ=n sets the number of changed mails, SEED=n the first of their seeds.
 */

import { beforeAll, describe, expect, test } from "vitest";
import { readClaims } from "../../src/dkim/claim.ts";
import { isVouched } from "../../src/dkim/result.ts";
import { latin1 } from "../../src/primitives/bytes.ts";
import { HONEST, PLAIN } from "../devsig/mails.ts";
import { LONG } from "../support/long.ts";
import { mutate } from "../support/mutate.ts";
import { pick, randomOf, withBody, withHeaders } from "../support/reshape.ts";
import { SEED } from "../support/seed.ts";
import { CASES, mail, STAT, useBlock } from "../verify/attack-cases.ts";
import { signed, type SignOptions, ZONE } from "./sign.ts";
import { dkimOf, gitView } from "./support.ts";

const COUNT = Number(process.env["FUZZ"] ?? (LONG ? 100_000 : 2000));

const WAYS: readonly SignOptions[] = [
  { header: "simple", body: "simple" },
  { header: "relaxed", body: "simple" },
  { header: "relaxed", body: "relaxed" },
  { header: "simple", body: "relaxed" },
  { body: "simple", names: ["from", "from", "subject", "subject", "date", "date"] },
  { body: "relaxed", names: ["from", "to", "subject", "date", "message-id"] },
  { body: "simple", names: ["from", "date"] },
  { body: "simple", names: ["from", "subject"] },
];

/** All of a mail that git commits: empty lines at its end change nothing that was not signed. */
function read(bytes: Buffer, loosely: boolean): string {
  const { view, diff } = gitView(bytes)!;
  const { author, email, subject, date } = view.info;
  const text = [view.message, view.patch, diff.canonical].map((one) => latin1(one).trimEnd());
  const parts = loosely
    ? text.map((one) => one.replace(/[ \t]+/g, " ").replaceAll(" \n", "\n"))
    : text;
  const shown = view.headers.subject.replace(/\s+/g, " ");
  return JSON.stringify([
    shown,
    ...[author, email, subject, date].map((one) => latin1(one)),
    ...parts,
  ]);
}

/** What git reads in these mails, exactly and but for white space. */
const readings = (mails: readonly Buffer[]): Record<string, Set<string>> => ({
  vouched: new Set(mails.map((bytes) => read(bytes, false))),
  "vouched-loosely": new Set(mails.map((bytes) => read(bytes, true))),
});

/** True if it is vouched for; then git reads what it read in one of the originals. */
function assertSound(changed: Buffer, originals: Record<string, Set<string>>): boolean {
  const result = dkimOf(changed, ZONE);
  if (result === null || !isVouched(result)) return false;
  const now = read(changed, result.outcome === "vouched-loosely");
  if (!originals[result.outcome]!.has(now)) expect([...originals[result.outcome]!]).toContain(now);
  return true;
}

const MAILS = [
  ...Object.values(HONEST).map(([text]) => text.replaceAll("bob@", "alice@")),
  withBody(PLAIN, (body) => body.replace("+TWO", "+\tTWO  two")),
  withHeaders(PLAIN, 'Content-Type: multipart/mixed; boundary="a  b"\n').replace(
    /\n\n([^]*)/,
    "\n\n--a  b\n\n$1\n--a  b--\n",
  ),
].map((text) => Buffer.from(text, "latin1"));

test("honest mails are vouched for, at least loosely", () => {
  for (const way of WAYS.slice(0, 4)) {
    const results = MAILS.map((bytes) => dkimOf(signed(latin1(bytes), way), ZONE)!.outcome);
    const others = results.filter((outcome) => !outcome.startsWith("vouched"));
    // a boundary with blanks, which only one of header and body keeps
    expect(others).toEqual(way.header === way.body ? [] : ["dkim-uncovered"]);
  }
});

test("changed at random", () => {
  const pool = MAILS.flatMap((bytes) =>
    WAYS.map((way) => Buffer.from(signed(latin1(bytes), way), "latin1")),
  );
  const originals = readings(pool);
  let vouched = 0;
  for (let i = 0; i < COUNT; i++) {
    const random = randomOf(SEED + i);
    const changed = mutate([pick(random, pool), pick(random, pool)], random);
    try {
      if (assertSound(changed, originals)) vouched++;
    } catch (error) {
      throw new Error(`SEED=${SEED + i}\n${latin1(changed)}`, { cause: error });
    }
  }
  // else nothing was tried
  expect(vouched).toBeGreaterThan(COUNT / 50);
});

describe("attack mails", () => {
  beforeAll(() => useBlock(""));
  const cases = Object.values(CASES).flat();

  test.each(WAYS)("under the honest mail's signature, %o", (way) => {
    const honest = mail({ notes: STAT });
    const signature = signed(honest, way).slice(0, -honest.length);
    const original = readings([Buffer.from(signature + honest, "latin1")]);
    for (const [, , make] of cases)
      assertSound(Buffer.from(signature + make(), "latin1"), original);
  });

  test("signed by the attacker's own domain", () => {
    const zone = { "main._domainkey.evil.example": ZONE["main._domainkey.example.org"] };
    for (const [name, , make] of cases) {
      const text = Buffer.from(signed(make(), { domain: "evil.example" }), "latin1");
      const result = dkimOf(text, zone);
      if (result === null || !isVouched(result)) continue;
      const { view, diff } = gitView(text)!;
      const { identity } = readClaims(text, view, diff, () => false);
      expect([name, identity]).toEqual([name, expect.stringMatching(/@evil\.example$/)]);
      expect(latin1(view.info.email)).toBe(identity);
    }
  });
});
