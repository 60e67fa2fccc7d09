/** The mails of fixtures/dkim, signed by OpenDKIM and dkimpy, and those of the RFCs. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dkimOf, type Zone } from "./support.ts";

const at = (name: string): URL => new URL(`../../fixtures/dkim/${name}`, import.meta.url);
const json = (name: string): unknown => JSON.parse(readFileSync(at(name), "utf8"));
const KEYS = json("keys.json") as Zone;
const CASES = json("cases.json") as Record<string, { outcome: string; opendkim: string[] }>;

test.each(Object.entries(CASES))("%s", (name, { outcome, opendkim }) => {
  expect(dkimOf(readFileSync(at(`${name}.eml`)), KEYS)).toMatchObject({ outcome });
  if (outcome.startsWith("vouched")) expect(opendkim).toContain("pass");
});
