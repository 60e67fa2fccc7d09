/** docs/sending.md names every setting that git send-email and git format-patch read, and each has a test. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gits } from "./support/gits.ts";

const PAGE = readFileSync(join(import.meta.dirname, "..", "docs", "sending.md"), "utf8");

/** The names in the first column of the tables, in full. */
const DOCUMENTED = new Set(
  [...PAGE.matchAll(/^\| `(sendemail|format)\.` \|.*\n\|.*\n((?:\|.*\n)+)/gm)].flatMap(
    ([, section, rows = ""]) =>
      rows.split("\n").flatMap((row) => {
        const [, names = ""] = row.split("|");
        return [...names.matchAll(/`([\w.]+)`/g)].map(([, name]) =>
          name!.startsWith("format.") ? name! : `${section}.${name}`,
        );
      }),
  ),
);

/** Settings that git help does not list: found by looking whether git send-email minds them. */
const UNLISTED = [
  "sendemail.toCover",
  "sendemail.ccCover",
  "sendemail.signedOffCc",
  "sendemail.assume8bitEncoding",
  "sendemail.composeEncoding",
  "sendemail.smtpAuth",
  "sendemail.sendmailCmd",
  "sendemail.headerCmd",
];

describe.each(gits().map((by) => [by.name, by] as const))("git %s", (_, { path }) => {
  const env = { ...process.env, PATH: path };
  const listed = execFileSync("git", ["help", "--config"], { env, encoding: "utf8" });
  const names = listed.match(/^(?:sendemail|format)\.[\w.]+$/gim) ?? [];

  test("docs/sending.md names each setting", () => {
    expect(names.length).toBeGreaterThan(50);
    const known = new Set([...DOCUMENTED].map((name) => name.toLowerCase()));
    expect([...names, ...UNLISTED].filter((name) => !known.has(name.toLowerCase()))).toEqual([]);
  });
});

test("each has a test that sets it", () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" });
  const tests = files.filter(
    (name) => name.endsWith(".test.ts") && !name.startsWith("send-settings"),
  );
  const text = tests
    .map((name) => readFileSync(join(import.meta.dirname, name), "utf8"))
    .join("\n")
    .toLowerCase();
  const isSet = (name: string): boolean => {
    const [, last = ""] = /^(?:sendemail|format)\.(.*)$/.exec(name.toLowerCase()) ?? [];
    return (
      text.includes(`${name.toLowerCase()}=`) ||
      text.includes(`"${name.toLowerCase()}"`) ||
      text.includes(`"${last}", `)
    );
  };
  expect([...DOCUMENTED].filter((name) => !isSet(name))).toEqual([]);
});
