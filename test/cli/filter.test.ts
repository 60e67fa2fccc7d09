/** `patchsig verify --header`: a filter that loses no mail, and lets no status through but its own. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { patchsig, type Run } from "../support/cli.ts";
import {
  expectError,
  expectStatus,
  formatPatch,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
  text,
} from "./support.ts";

const NAME = "X-Patchsig-Status";
const FORGED = `x-patchsig-status : good; alice@example.org;\n pinned\n`;
const REPLY = "From: Bob <bob@example.org>\nSubject: Re: [PATCH] x\n\nLooks fine.\n";

let signed: string;
let unsigned: string;
let home: string;

beforeAll(() => {
  const { work } = newSubmission();
  // as a mail server delivers it, and as an archive may have it
  const received = `Received: from mx.example.org\n`;
  const mail = (file: string): string => text(file).replace(/^From .*\n/, received);
  signed = mail(signedPatches(work, newHome(7))[0]!);
  unsigned = mail(formatPatch(work)[0]!);
  home = newFolder();
});

function filter(input: string, args: readonly string[] = [], cwd = home): Run {
  return patchsig(["verify", "--header", ...args], { home, cwd, input });
}

/** The status that it writes, and the rest of what it writes. */
function filtered(input: string, args: readonly string[] = []): [string, string] {
  const { stdout } = expectStatus(filter(input, args), 0);
  const lines = stdout.split(/(?<=\n)/);
  const [own = "", ...more] = lines.filter((line) => line.startsWith(`${NAME}:`));
  expect(more).toEqual([]);
  return [own, lines.filter((line) => line !== own).join("")];
}

describe("the mail goes through with its verdict", () => {
  test("signed: good on top, without what the sender wrote there, and below a From line", () => {
    const forged = signed.replace("Subject:", `${FORGED}Subject:`);
    const first = "good; alice@example.org; first use";
    expect(filter(forged).stdout).toBe(`${NAME}: ${first}\n${signed}`);
    const fromLine = "From alice Sat Nov 28 00:00:00 2026\n";
    expect(filter(fromLine + forged).stdout).toBe(
      `${fromLine}${NAME}: good; alice@example.org; first use\n${signed}`,
    );
  });

  test("changed: bad, and still a success", () => {
    expect(filtered(signed.replace("+LINE 2", "+LINE 3"))).toEqual([
      expect.stringMatching(/^X-Patchsig-Status: bad; alice@example.org; .*changed/),
      signed.replace("+LINE 2", "+LINE 3"),
    ]);
  });

  test("unsigned by her who signs: bad; by others: unsigned", () => {
    expect(filtered(unsigned)[0]).toMatch(/^X-Patchsig-Status: bad; .*alice@example\.org/);
    const other = unsigned.replace(/alice@example/g, "bob@example");
    expect(filtered(other, ["--require", "signature"])).toEqual([`${NAME}: unsigned\n`, other]);
  });

  test("no patch: only what the sender wrote there is gone", () => {
    expect(filter(FORGED + REPLY)).toEqual({ status: 0, stdout: REPLY, stderr: "" });
  });

  test("a line of text like a From line: bad, since git am would cut the mail there", () => {
    const two = `From alice Sat Nov 28 00:00:00 2026\n${signed}\n`;
    expect(filtered(two + FORGED + two)).toEqual([
      expect.stringMatching(/^X-Patchsig-Status: bad; .*cut/),
      two + FORGED + two,
    ]);
  });
});

describe("what it cannot do fails, with nothing on stdout", () => {
  test.each([
    [["series.mbox"], "--header reads one mail"],
    [["--json"], "--header does not go with --json"],
    [["--new"], "--header does not go with --new"],
    [["--since", "2.weeks"], "--header does not go with --since"],
    [["--repo", "."], "--header does not go with --repo"],
    [["--jobs", "2"], "--header does not go with --jobs"],
  ])("%s", (args, message) => {
    expectError(filter(signed, args), 2, new RegExp(`^${message}`));
  });

  test("no mail, and a database that is none", () => {
    expectError(filter(""), 3, /^standard input is neither a mail/);
    expectError(filter("\0\x01"), 3, /^standard input is neither a mail/);
    const broken = newFolder();
    mkdirSync(join(broken, "patchsig"), { mode: 0o700 });
    writeFileSync(join(broken, "patchsig", "trust.db"), "no database".repeat(1000));
    const run = patchsig(["verify", "--header"], { home: broken, input: signed });
    expectError(run, 3, /trust\.db/);
  });
});
