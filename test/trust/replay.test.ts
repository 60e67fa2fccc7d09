/** What is seen of a patch that comes again: with `patchsig verify`, one process a mail. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PatchResult } from "../../src/verify/result.ts";
import { patchsig, records } from "../support/cli.ts";
import { signMails } from "../support/signing.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "patchsig-replay-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const DAY = 86_400;
const TIME = 1_794_000_000;

interface Version {
  readonly version?: number;
  /** Days after the first one was signed. */
  readonly day?: number;
  readonly title?: string;
  readonly id?: string;
}

function patch({ version = 1, day = 0, title = "song: la", id = "" }: Version = {}): string {
  const label = version === 1 ? "PATCH" : `PATCH v${version}`;
  const mail = `From: Alice <alice@example.org>
Subject: [${label}] ${title}
Date: Wed, 11 Nov 2026 10:00:00 +0000
Message-ID: <${id === "" ? `v${version}` : id}@example.org>

Version ${version}, day ${day}.
---

diff --git a/song b/song
--- a/song
+++ b/song
@@ -1 +1 @@
-la
+la la ${version}
`;
  return signMails([Buffer.from(mail)], { time: TIME + day * DAY })[0]!.toString();
}

/** The same mail under another Message-ID. */
function under(id: string, mail: string): string {
  return mail.replace(/^Message-ID: .*$/m, `Message-ID: <${id}@example.net>`);
}

/** Verdict and what is said of replays, each with its evidence. */
function verify(input: string, ...args: string[]): [string, ...string[]] {
  const run = patchsig(["verify", "--json", ...args], { home, input });
  return said(records(run)[0]!);
}

function said(record: Record<string, unknown>): [string, ...string[]] {
  const { verdict, findings } = record as unknown as PatchResult;
  const odd = findings.filter(({ code }) => /^replayed|^signed-/.test(code));
  return [verdict, ...odd.map((f) => `${f.code}: ${f.message}`.replace(ON_DAY, whichDay))];
}

const ON_DAY = /(?<=\bon )\d{4}-\d\d-\d\d(?=, as)/;
const utcDay = (): string => new Date().toISOString().slice(0, 10);
const began = utcDay();

/** The tests may run at midnight. */
function whichDay(day: string): string {
  return day === began || day === utcDay() ? "TODAY" : day;
}

test("the same signed patch in another mail is reported with the first one; the same mail again is not", () => {
  expect(verify(patch())).toEqual(["pass"]);
  const again = "replayed: the same patch came before, on TODAY, as <v1@example.org>";
  for (let i = 0; i < 2; i++) expect(verify(under("other", patch()))).toEqual(["pass", again]);
  expect(verify(patch())).toEqual(["pass"]);
  const shown = patchsig(["verify"], { home, input: under("other", patch()) });
  expect(shown.stdout).toContain("the same patch came before");
});

const OLDER = `replayed-older: v2, signed 2026-11-07, came before this one, on`;

test("an older version after a newer one is a warning, each time", () => {
  expect(verify(patch({ version: 2, day: 1 }))).toEqual(["pass"]);
  const old = ["warn", `${OLDER} TODAY, as <v2@example.org>`];
  expect(verify(patch())).toEqual(old);
  expect(verify(patch())).toEqual(old);
  expect(verify(patch({ version: 3, day: 2 }))).toEqual(["pass"]);
  // what came in its turn has nothing to say, however often it is looked at
  expect(verify(patch({ version: 2, day: 1 }))).toEqual(["pass"]);
});

test("an old version that came in order, sent again after the newer one", () => {
  expect(verify(patch())).toEqual(["pass"]);
  expect(verify(patch({ version: 2, day: 1 }))).toEqual(["pass"]);
  const codes = verify(under("again", patch())).map((text) => text.split(":")[0]);
  expect(codes).toEqual(["warn", "replayed", "replayed-older"]);
});

test("another series with the same title is not an older version: it was signed later", () => {
  expect(verify(patch({ version: 2, day: 1, title: "MAINTAINERS: my new address" }))).toEqual([
    "pass",
  ]);
  const later = patch({ day: 9, title: "MAINTAINERS: my new address", id: "next" });
  expect(verify(later)).toEqual(["pass"]);
  expect(verify(patch({ title: "song: other" }))).toEqual(["pass"]);
});

test("a dry run detects it among its own mails, and does not remember it", () => {
  const both = [patch({ version: 2, day: 1 }), patch(), under("other", patch())];
  const input = both
    .map((mail) => `From alice@example.org Sat Nov  7 10:00:00 2026\n${mail}\n`)
    .join("");
  const run = patchsig(["verify", "--json", "--dry-run"], { home, input });
  const found = records(run).filter(({ type }) => type === "patch");
  expect(found.map((record) => said(record).map((text) => text.split(":")[0]))).toEqual([
    ["pass"],
    ["warn", "replayed-older"],
    ["warn", "replayed", "replayed-older"],
  ]);
  expect(verify(patch())).toEqual(["pass"]);
});

test("signed long before its key was first seen: information", () => {
  const passed = (): number => Math.floor((Date.now() / 1000 - TIME) / DAY);
  const first = passed();
  verify(patch());
  const days = [first, passed()].map((since) => first + 40 + since);
  const early = patch({ day: -first - 40, title: "song: early" });
  expect(
    days.map((n) => [
      "pass",
      `signed-before-key: signed ${n} days before this key was first seen here`,
    ]),
  ).toContainEqual(verify(early.replace(/^Date:.*\n/m, "")));
});
