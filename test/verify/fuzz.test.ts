/**
 * Soundness at random: whatever is done to a signed mail, if its verdict is good, stock git am
 * makes the commit that the signer's mail makes, or refuses it. FUZZ=n sets the number of changed
 * mails, SEED=n the first of their seeds.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { messages } from "../../src/mail/mbox.ts";
import { mutate, pick, randomOf } from "../support/mutate.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import { check, isGood, signMails } from "../support/signing.ts";
import { gitAm, sameCommits } from "../support/soundness.ts";

const COUNT = Number(process.env["FUZZ"] ?? 2000);
const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000_000);

const scratch = mkdtempSync(join(tmpdir(), "patchsig-fuzz-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Original {
  readonly mail: Buffer;
  readonly commits: string[];
}

let base: string;
const originals: Original[] = [];

beforeAll(() => {
  base = newRepository(join(scratch, "base"));
  const song = "la\n\nli\nlu\nla\nli\nlu\n";
  const head = commit(base, "start", {
    "song.txt": song,
    "keys.txt": "alice\n",
    "latin.txt": Buffer.from("caf\xe9\nend\n", "latin1"),
    "run.sh": "#!/bin/sh\n",
  });
  const add = (
    message: string,
    files: Record<string, string | Buffer | null>,
    ...args: string[]
  ): void => {
    git(base, ["checkout", "-q", "--detach", head]);
    commit(base, message, files);
    const mbox = git(base, ["format-patch", "--stdout", "-1", ...args]);
    git(base, ["checkout", "-q", "main"]);
    const mail = signMails([messages(mbox)[0]!.bytes!])[0]!;
    const commits = gitAm(base, mail);
    if (commits === null) throw new Error(`git am refuses the honest mail: ${message}`);
    originals.push({ mail, commits });
  };
  const body =
    "Nobody heard it.\n\nFrom here on it is louder.\n\nSigned-off-by: Alice <alice@example.org>\n";
  add(`song: louder\n\n${body}`, { "song.txt": song.replace("li", "LI") });
  add(`song: louder\n\n${body}`, { "song.txt": song.replace("li", "LI") }, "--attach");
  add(`song: louder\n\n${body}`, { "song.txt": song.replace("li", "LI") }, "--inline", "-v3");
  add(`song: caf\xc3\xa9\n\n${body}`, { "latin.txt": Buffer.from("caf\xe9s\nend\n", "latin1") });
  add(
    "song: moved, and one new\n",
    { "song.txt": null, "hymn.txt": song, "new.mk": "all:\n\ttrue\n" },
    "-M",
  );
  add("data\n", { "data.bin": Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 7) & 255)) });
  add("no body", { "keys.txt": "alice", "empty.txt": "" });
});

test(`${COUNT} changed mails from seed ${SEED}`, { timeout: 0 }, () => {
  let good = 0;
  let applied = 0;
  for (let n = 0; n < COUNT; n++) {
    const random = randomOf(SEED + n);
    const original = pick(random, originals);
    const changed = mutate(original.mail, random);
    const all = messages(changed).map(({ bytes }) => check(bytes!));
    if (all.length === 0 || !all.every(isGood)) continue;
    good++;
    // the all-CR twin is one of the three things that are normalised: git has an option for it
    const allCr = all.some((c) => c.diff!.allCr);
    const made = gitAm(base, changed, allCr ? ["--quoted-cr=strip"] : []);
    if (made === null) continue;
    applied++;
    // a list's From is restored by am alone, never without the signature saying who it was
    if (all.some((c) => c.findings.some((f) => f.code === "author-recovered"))) continue;
    if (!sameCommits(made, original.commits))
      expect.fail(
        `seed ${SEED + n}: good, but git am makes\n${made.join("\n")}\n${changed.toString("latin1")}`,
      );
  }
  process.stdout.write(
    `fuzz: ${COUNT} mails from seed ${SEED}: ${good} good, ${applied} of them applied by git am\n`,
  );
  // a fuzzer that never gets past the signature tests nothing
  expect(good).toBeGreaterThan(COUNT / 20);
});
