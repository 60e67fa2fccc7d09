/**
 * One mail never stops the rest, whatever it does inside the program. A copy of the built program
 * throws at one mail, in one stage after the other.
 */

import { closeSync, cpSync, existsSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { records, type Run } from "../support/cli.ts";
import { commitsSince, git } from "../support/repo.ts";
import { signMails } from "../support/signing.ts";
import { warmProgram } from "../support/warm.ts";
import {
  edit,
  expectStatus,
  filesOf,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
  text,
} from "./support.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const MARK = "odd-one";

/** Where it throws: a function. */
const STAGES = {
  reading: "readMail",
  parts: "readParts",
  diff: "readDiff",
  message: "canonicalMessage",
  block: "findMarkers",
  check: "checkSignature",
  evidence: "evidenceOf",
  trust: "judgeSighting",
  arrival: "arrive",
  judge: "judge",
  series: "outlineOf",
  JSON: "formatRecord",
  text: "renderSeries",
} as const;
type Stage = keyof typeof STAGES;

const TRIP = `module.exports = (stage, args) => {
  if (stage !== process.env.FAULT || args[0]?.type === "unread") return;
  if (holds([...args], 6)) throw new TypeError("injected");
};
function holds(value, depth) {
  if (typeof value === "string") return value.includes("${MARK}");
  if (value instanceof Uint8Array) return Buffer.from(value).includes("${MARK}");
  if (typeof value !== "object" || value === null || depth === 0) return false;
  return Object.values(value).some((one) => holds(one, depth - 1));
}
`;

let program: ReturnType<typeof warmProgram>;

beforeAll(() => {
  const copy = newFolder();
  const bundle = join(copy, "dist", "bundle", "cli");
  cpSync(join(ROOT, "dist", "bundle", "cli"), bundle, { recursive: true });
  for (const name of ["node_modules", "package.json", "templates"])
    symlinkSync(join(ROOT, name), join(copy, name));
  const trip = join(copy, "trip.cjs");
  writeFileSync(trip, TRIP);
  const left = new Map<string, string>(
    Object.entries(STAGES).map(([stage, name]) => [name, stage]),
  );
  for (const file of filesOf(bundle).filter((name) => name.endsWith(".js"))) {
    const broken = text(file).replace(
      /^(?:async )?function (\w+)\(.*\) \{$/gm,
      (head, name: string) => {
        const stage = left.get(name);
        left.delete(name);
        return stage === undefined ? head : `${head} require("${trip}")("${stage}", arguments);`;
      },
    );
    writeFileSync(file, broken, "latin1");
  }
  expect([...left.values()]).toEqual([]);
  program = warmProgram(bundle);
});

/** Runs the program with a fault in one stage. */
function withFault(stage: Stage, args: readonly string[], home: string, cwd = home): Run {
  return program({ args, cwd, env: { ...process.env, XDG_DATA_HOME: home, FAULT: stage } });
}

function patch(n: number, mark = ""): Buffer {
  return Buffer.from(
    `From: P${n} <p${n}@example.org>\nDate: Tue, 3 Feb 2026 10:00:00 +0000\n` +
      `Subject: [PATCH] number ${n} ${mark}\nMessage-ID: <${n}${mark}@example.org>\n\nText ${mark}.\n` +
      `---\n ${mark} | 2 +-\n\ndiff --git a/a b/a\nindex 1111111..2222222 100644\n` +
      `--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+${n} ${mark}\n`,
  );
}

function archive(count: number, odd: number): string {
  const file = join(newFolder(), "archive.mbox");
  const mails = Array.from({ length: count }, (_, n) => {
    const mail = patch(n, n === odd ? MARK : "");
    return count > 100 && n % 50 !== 0 ? mail : signMails([mail], { by: `p${n}@example.org` })[0]!;
  });
  const from = "From a@example.org Tue Feb  3 10:00:00 2026\n";
  writeFileSync(file, mails.map((mail) => `${from}${mail.toString()}\n`).join(""));
  return file;
}

describe.each(Object.keys(STAGES) as Stage[])("an error while %s", (stage) => {
  test("is reported for its mail, and verify goes on", () => {
    const file = archive(5, 2);
    const home = newFolder();
    const json = stage === "text" ? [] : ["--json"];
    const run = expectStatus(withFault(stage, ["verify", ...json, file], home), 3);
    expect(run.stderr).toMatch(
      /^patchsig: \S+archive.mbox:\d+ <2odd-one@example.org>: an error in patchsig: injected\nhint: .*\n$/,
    );
    const good =
      stage === "text"
        ? run.stdout.match(/^ok .*/gm)!
        : records(run).filter((r) => r["type"] === "patch" && r["verdict"] === "pass");
    // what is wrong with a series is met when its patches are said already
    expect(good.length).toBe(stage === "series" ? 5 : 4);
    if (stage === "text") return;
    expect(records(run).filter((r) => r["type"] === "unread")).toMatchObject([{ code: "fault" }]);
    expect(records(run).at(-1)).toMatchObject({ type: "summary", messages: 5, unread: 1, fail: 0 });
  });
});

test.each(["reading", "evidence"] as const)("%s, in a thread", (stage) => {
  const file = archive(600, 550);
  const run = withFault(stage, ["verify", "--json", "-j2", "--require=opt-in", file], newFolder());
  expectStatus(run, 3);
  expect(records(run).filter((r) => r["type"] === "patch").length).toBe(599);
  expect(records(run).at(-1)).toMatchObject({ messages: 600, unread: 1, fail: 0 });
});

test("nothing is remembered of the mail that failed, everything of the others", () => {
  const home = newFolder();
  expectStatus(withFault("arrival", ["verify", archive(5, 2)], home), 3);
  const keys = records(withFault("text", ["trust", "list", "--json"], home));
  expect(new Set(keys.map((key) => key["identity"]))).toEqual(
    new Set([0, 1, 3, 4].map((n) => `p${n}@example.org`)),
  );
});

test("verify --new reports it once", () => {
  const file = archive(5, 2);
  const home = newFolder();
  expectStatus(withFault("diff", ["verify", "--new", file], home), 3);
  expectStatus(withFault("diff", ["verify", "--new", file], home), 0);
});

test("am applies another series, but not the one with that mail", () => {
  const { work, baseCommit } = newSubmission();
  const home = newHome();
  const series = signedPatches(work, home);
  const other = join(home, "other.eml");
  writeFileSync(other, patch(1, MARK));
  git(work, ["checkout", "-q", "--detach", baseCommit]);
  const run = withFault("reading", ["am", "--require=opt-in", ...series, other], home, work);
  expectStatus(run, 0);
  expect(run.stderr).toContain("an error in patchsig: injected");
  expect(commitsSince(work, baseCommit).length).toBe(series.length);

  git(work, ["reset", "-q", "--hard", baseCommit]);
  edit(series[1]!, (text) => `${text}${MARK}\n`);
  const refused = withFault("reading", ["am", ...series], home, work);
  expectStatus(refused, 1);
  expect(refused.stderr).toContain("nothing applied: missing patch 2 of 3");
  expect(commitsSince(work, baseCommit)).toEqual([]);
});

test("attestation and base report it too", () => {
  const home = newFolder();
  const odd = join(home, "odd.eml");
  writeFileSync(odd, patch(1, MARK));
  for (const args of [
    ["attestation", odd],
    ["base", "show", odd],
  ]) {
    const run = expectStatus(withFault("diff", args, home), 3);
    expect(run.stderr).toContain(`${odd} <1${MARK}@example.org>: an error in patchsig: injected`);
  }
  const run = expectStatus(withFault("diff", ["base", "show", archive(3, 1)], home), 1);
  expect(run.stdout).toMatch(/number 0[^]*number 2/);
});

test("a bot drops the mail, and goes on", () => {
  const home = newFolder();
  const config = join(home, "bot.cfg");
  const database = join(home, "bot.db");
  writeFileSync(config, `[bot]\n\tsource = ${archive(3, 1)}\n\tdatabase = ${database}\n`);
  const round = ["bot", "run", "--once", "--config", config];
  const held = (): unknown =>
    records(withFault("text", ["bot", "status", "--json", "--config", config], home))[0]!["open"];
  // in the first one it is read, in the second once more, before it is decided
  expectStatus(withFault("text", round, home), 0);
  expect(held()).toBe(3);
  const run = expectStatus(withFault("reading", round, home), 0);
  expect(run.stderr).toMatch(/archive\.mbox:\d+: injected\n$/);
  expect(held()).toBe(2);
});

test.runIf(existsSync("/dev/full"))("a full disk is not blamed on a mail", () => {
  const home = newHome();
  const files = signedPatches(newSubmission().work, home);
  const full = openSync("/dev/full", "w");
  const run = spawnSync(
    process.execPath,
    [join(ROOT, "bin", "patchsig.js"), "verify", "--dry-run", ...files],
    {
      env: { ...process.env, XDG_DATA_HOME: home },
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    },
  );
  closeSync(full);
  expect([run.status, run.stderr]).toEqual([3, "patchsig: the disk is full\n"]);
});
