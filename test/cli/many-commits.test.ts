/** `check-commit` of so many commits that threads share the work: the same as of few at a time, in the same order. */

import { beforeAll, expect, test } from "vitest";
import { recordedSignature } from "../../src/app/record/make.ts";
import { type NewNote, writeNotes } from "../../src/git/notes.ts";
import { openRepository } from "../../src/git/repository.ts";
import { formatNote } from "../../src/record/record.ts";
import { patchsigStarted, records } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { git, newRepository } from "../support/repo.ts";
import { check, signMails } from "../support/signing.ts";

const COMMITS = 700;
/** So few that no thread is started. */
const FEW = 350;
const TIME = 1_794_000_000;

let work: string;
/** The newest first. */
let names: string[];

beforeAll(async () => {
  work = newRepository(newFolder());
  git(work, ["fast-import", "--quiet", "--date-format=raw"], Buffer.from(history()));
  names = git(work, ["rev-list", "HEAD"]).toString().trim().split("\n");
  const mails = git(work, ["format-patch", "--stdout", "--root", "--no-numbered", "HEAD"])
    .toString("latin1")
    .split(/^From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\n/m)
    .slice(1)
    .toReversed();
  const notes = mails.flatMap((mail, i) =>
    i % 50 === 7 || i % 90 === 11 ? [] : [noteOn(i, mail)],
  );
  await writeNotes(await openRepository(work), notes, "notes");
}, 60_000);

/** Three files, and what one commit changes stands in the way of none. */
function history(): string {
  const lines = (i: number): string => {
    const newest = Math.floor(i / 3);
    return Array.from({ length: 40 }, (_, n) => `line ${n}: ${n === newest % 40 ? i : ""}\n`).join(
      "",
    );
  };
  return Array.from({ length: COMMITS }, (_, i) => {
    const file = lines(i);
    return (
      `commit refs/heads/main\nauthor Alice <alice@example.org> ${TIME + i} +0000\n` +
      `committer Bob <bob@example.org> ${TIME + i} +0000\ndata <<E\nchange ${i}\n\nBecause.\nE\n` +
      `M 100644 inline file-${i % 3}.txt\ndata ${file.length}\n${file}\n`
    );
  }).join("");
}

function noteOn(i: number, mail: string): NewNote {
  const bytes = Buffer.from(mail, "latin1");
  const [sent] = i % 3 === 0 ? signMails([bytes]) : [bytes];
  // some notes are another commit's, and some are damaged
  const commit = names[i % 90 === 12 ? i - 1 : i]!;
  const text = formatNote({
    results: null,
    commit: names[i]!,
    verdict: "pass",
    trust: "known",
    key: { firstSeen: TIME, patches: 1 },
    vouched: null,
    messageId: `<${i}@example.org>`,
    appliedBy: "Bob <bob@example.org>",
    appliedAt: TIME,
    findings: [],
    trailers: [],
    signed: recordedSignature(check(sent!)),
  });
  if (i % 120 === 33) text[text.indexOf("patchsig-v1\n") + 25]! ^= 1;
  return { commit, text };
}

function checked(commits: readonly string[]): { lines: object[]; status: number } {
  const words = ["check-commit", "--json", "--stdin"];
  const run = patchsigStarted(words, { home: newFolder(), cwd: work, input: commits.join("\n") });
  expect(run.stderr).toBe("");
  return { lines: records(run), status: run.status };
}

test("the same results in the same order, however many work on it", () => {
  const few: object[] = [];
  for (let at = 0; at < COMMITS; at += FEW)
    few.push(...checked(names.slice(at, at + FEW)).lines.slice(0, -1));
  const { lines, status } = checked(names);
  expect(lines.slice(0, -1)).toEqual(few);
  expect(status).toBe(1);
  const { statuses } = lines.at(-1) as { statuses: Record<string, number> };
  expect(statuses).toMatchObject({ same: 215, amended: 8, forged: 6, none: 22, unsigned: 449 });
});

test("a commit that cannot be read ends the run, whichever thread has it", () => {
  const tree = git(work, ["rev-parse", "HEAD^{tree}"]).toString();
  const odd = ["hash-object", "-t", "commit", "-w", "--literally", "--stdin"];
  const name = git(work, odd, `tree ${tree}\nno author\n`).toString().trim();
  const words = ["check-commit", "-q", "--stdin", "--require", "signature"];
  for (const at of [0, COMMITS - 1]) {
    const input = names.toSpliced(at, 0, name).join("\n");
    const run = patchsigStarted(words, { home: newFolder(), cwd: work, input });
    expect(run).toMatchObject({
      status: 3,
      stderr: `patchsig: the commit ${name} cannot be read\n`,
    });
  }
});
