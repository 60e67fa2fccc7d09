/** Many mails: the same bytes out whatever the threads, and nothing lost whenever it ends. */

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { patchsig, records } from "../support/cli.ts";
import { LONG } from "../support/long.ts";
import { signMails } from "../support/signing.ts";
import { expectError, expectStatus, expectTidy, newFolder } from "./support.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "patchsig.js");
const COUNT = LONG ? 1200 : 450;
const PEOPLE = 30;
const FROM = "From a@example.org Tue Feb  3 10:00:00 2026\n";

/** One patch of somebody: every third is not signed, every fifth was changed. */
function mail(n: number): Buffer {
  const by = `p${n % PEOPLE}@example.org`;
  const plain = Buffer.from(
    `From: P <${by}>\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nSubject: [PATCH] number ${n}\n` +
      `Message-ID: <${n}@example.org>\n\nText.\n---\n a | 2 +-\n\n` +
      `diff --git a/a b/a\nindex 1111111..2222222 100644\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+${n}\n`,
  );
  if (n % 3 === 0) return plain;
  const signed = signMails([plain], { by })[0]!;
  return n % 5 === 0 ? Buffer.from(signed.toString().replace("\nText.", "\nOther.")) : signed;
}

let archive: string;
let expected: { stdout: string; keys: object[] };

beforeAll(() => {
  archive = join(newFolder(), "archive.mbox");
  const mails = Array.from({ length: COUNT }, (_, n) => [Buffer.from(FROM), mail(n), "\n"]);
  writeFileSync(archive, Buffer.concat(mails.flat().map((part) => Buffer.from(part))));
  const home = newFolder();
  const { stdout } = expectStatus(patchsig(["verify", "--json", "-j1", archive], { home }), 1);
  expected = { stdout, keys: keysIn(home) };
});

const withoutTime = (text: string): string =>
  text.replace(/"firstSeen":\d+/g, "").replace(/\b20\d\d-\d\d-\d\d\b/g, "");

/** What is known of each key, but for the time. */
function keysIn(home: string): object[] {
  return records(patchsig(["trust", "list", "--json"], { home })).map(
    ({ identity, state, patches }) => ({ identity, state, patches }),
  );
}

test.each([2, 3])("%i threads print the same as one, in the same order", (jobs) => {
  const home = newFolder();
  const run = expectStatus(patchsig(["verify", "--json", `-j${jobs}`, archive], { home }), 1);
  expect(withoutTime(run.stdout)).toBe(withoutTime(expected.stdout));
  expect(keysIn(home)).toEqual(expected.keys);
});

test("a long run ends with counts by signer", () => {
  const home = newFolder();
  const { stdout } = expectStatus(patchsig(["verify", archive], { home }), 1);
  const [signed, unsigned] = [(COUNT * 2) / 3, COUNT / 3];
  const [bad, good] = [signed / 5, signed - signed / 5];
  const [head, first] = stdout.split("\n").slice(-23);
  expect(stdout.replaceAll("\n", " ")).toContain(
    `${COUNT} patches in ${COUNT} mails: ${good} signed, ${good} ok, ${unsigned} not signed, ${bad} not good`,
  );
  expect(head).toMatch(/^ +patches +ok +not signed +to look at +not good$/);
  expect(first).toMatch(new RegExp(`^\\(not signed\\) +${unsigned} +0 +${unsigned} +0 +0$`));
  expect(stdout.split("\n").at(-2)).toMatch(new RegExp(`^and 1 more signer +${COUNT / PEOPLE}`));
  expectTidy(stdout.split("\n").slice(-25).join("\n"));
});

const ENDS = [
  ["SIGKILL", 1],
  ["SIGKILL", 2],
  ["SIGTERM", 2],
  ["SIGINT", 1],
] as const;

test.each(ENDS)(
  "ended by %s with %i threads: what was printed is remembered; a second run ends like an undisturbed one",
  async (signal, jobs) => {
    const home = newFolder();
    const said = join(home, "said");
    const child = spawn(
      "sh",
      [
        "-c",
        'exec "$0" "$@" >said',
        process.execPath,
        PROGRAM,
        "verify",
        "--json",
        `-j${jobs}`,
        archive,
      ],
      { cwd: home, env: { ...process.env, XDG_DATA_HOME: home }, stdio: "ignore" },
    );
    const ended = new Promise((resolve) => child.on("close", resolve));
    while (child.exitCode === null && size(said) < 100_000)
      await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill(signal);
    await ended;
    const lines = readFileSync(said, "utf8").split("\n").slice(0, -1);
    const shown = new Set<string>();
    for (const line of lines) {
      const record = JSON.parse(line) as { signer?: string; verdict?: string };
      if (record.verdict === "pass" && typeof record.signer === "string") shown.add(record.signer);
    }
    expect(shown.size).toBeGreaterThan(0);
    const known = keysIn(home).map((key) => (key as { identity: string }).identity);
    expect(known).toEqual(expect.arrayContaining([...shown]));
    expectStatus(patchsig(["verify", "--json", archive], { home }), 1);
    expect(keysIn(home)).toEqual(expected.keys);
  },
);

function size(file: string): number {
  try {
    return readFileSync(file).length;
  } catch {
    return 0;
  }
}

test.each(["0", "x"])("--jobs=%s is wrong usage", (jobs) => {
  const run = patchsig(["verify", `--jobs=${jobs}`, archive], { home: newFolder() });
  expectError(run, 2, "--jobs wants a number");
});
