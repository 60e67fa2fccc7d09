/** One address, in which git and every mail reader agree; and who may speak for it. */

import { expect, test } from "vitest";
import { isAligned, plainSender } from "../../src/dkim/sender.ts";

test.each([
  ["alice@example.org", "alice@example.org"],
  ["<alice@example.org>", "alice@example.org"],
  ["Alice <Alice@Example.ORG>", "alice@example.org"],
  ['"Doe, Alice (x86)" <alice@example.org>', "alice@example.org"],
  ['"Alice \\"Al\\" Doe" <alice@example.org>', "alice@example.org"],
  ["Alice Doe (she) <alice@example.org>", "alice@example.org"],
  ["alice@example.org (Alice Doe)", "alice@example.org"],
  ["=?utf-8?q?Doe=2C_Alice?= <alice@example.org>", "alice@example.org"],
  ["Älice <alice@bücher.example>", "alice@xn--bcher-kva.example"],
  ['"alice@example.org" <alice@example.org>', "alice@example.org"],
  ["alice@example.org <alice@example.org>", "alice@example.org"],
  // who is seen depends on who reads
  ['"alice@example.org, bob@example.net" <alice@example.org, bob@example.net>', null],
  ['"bob@example.net" <alice@example.org>', null],
  ["bob@example.net <alice@example.org>", null],
  ["=?utf-8?q?bob=40example=2Enet?= <alice@example.org>", null],
  ["=?utf-8?q?bob=40example.net?= <alice>", null],
  ["Alice <alice@example.org>, Bob <bob@example.net>", null],
  ["alice@example.org, bob", null],
  ["Friends: alice@example.org;", null],
  ["Alice <@relay.example:alice@example.org>", null],
  ["Alice <alice@example.org> <bob@example.net>", null],
  ["Alice (<bob@example.net>) <alice>", null],
  ["<alice@example.org", null],
  ['"Alice <alice@example.org>', null],
  ["Alice <alice@[192.0.2.1]>", null],
  ["Alice <alice>", null],
  ["", null],
  [`${"(".repeat(3000)} <a@example.org>`, null],
  ['"'.repeat(3999), null],
])("%s", (from, identity) => {
  expect(plainSender(from)?.identity ?? null).toBe(identity);
});

test.each([
  ["example.org", "example.org", true],
  ["example.org", "lists.example.org", true],
  ["lists.example.org", "example.org", false],
  ["a.example.org", "b.example.org", false],
  ["org", "example.org", false],
  ["ample.org", "example.org", false],
  ["org", "org", true],
])("%s for addresses of %s: %s", (signing, address, expected) => {
  expect(isAligned(signing, address)).toBe(expected);
});
