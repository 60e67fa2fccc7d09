/**
 * Guessing bases: series of real commits, written without their base, compared with b4
 * --guess-base.
 *
 * A guess is right if it is the series' real base, or a commit with the same versions of all files
 * that the series touches: the mails cannot tell these apart.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { readMail } from "../../src/mail/mailinfo.ts";
import { messages } from "../../src/mail/mbox.ts";
import { readDiff } from "../../src/diff/diff.ts";
import { preimagesOf, type Preimage } from "../../src/base/preimages.ts";
import type { Row } from "../bench.ts";
import { number } from "../report.ts";
import { median, type Workplace } from "../run.ts";

interface Sample {
  readonly base: string;
  readonly tip: string;
  readonly file: string;
  readonly id: string;
  readonly wanted: readonly Preimage[];
}

interface Tally {
  right: number;
  /** No commit was named. */
  silent: number;
  unique: number;
  /** Called unique, and was not. */
  falsely: number;
  readonly seconds: number[];
}

interface Answer {
  readonly guess: { readonly unique: boolean };
  readonly candidates: readonly { readonly commit: string }[];
}

const MAX_SERIES = 4;
/** One in so many is also searched exhaustively, to check that a guess called unique is unique. */
const EXHAUSTIVE = 5;
const isB4 = (): boolean => spawnSync("b4", ["--version"], { stdio: "ignore" }).error === undefined;

export const guessRow: Row = (bench, report, skip) => {
  const { repository, full } = bench.settings;
  const place = bench.workplace("guess");
  writeFileSync(place.path("gitconfig"), "[user]\n\tname = Bench\n\temail = bench@example.org\n");
  const samples = makeSamples(repository, place, full ? 200 : 30);
  if (samples.length === 0) return skip("no commits to make series of");
  const all = new Set(
    git(repository, ["rev-list", "--branches", "--remotes", "--tags"]).split("\n"),
  );
  const ours = newTally();
  const theirs = isB4() ? newTally() : null;
  for (const [i, sample] of samples.entries()) {
    askPatchsig(repository, place, sample, ours, all, i % EXHAUSTIVE === 0);
    if (theirs !== null) askB4(repository, place, sample, theirs);
  }
  const counts = (tally: Tally): string =>
    `right ${tally.right} of ${samples.length}, named none ${tally.silent}, called unique ` +
    `${tally.unique}, falsely ${tally.falsely}; median ${number(median(tally.seconds))} s, ` +
    `slowest ${number(Math.max(...tally.seconds))} s`;
  report({
    row: "guess",
    what: `wrongly called the only one, ${samples.length} series`,
    value: ours.falsely,
    unit: "x",
    goal: { atMost: 0 },
    raw: [`patchsig ${counts(ours)}`],
  });
  const together = samples.map(({ file }) => file);
  const inOne = place.patchsig(["base", "guess", "--repo", repository, ...together]);
  if (theirs === null) return skip("b4 is not installed");
  report({
    row: "guess",
    what: "right guesses, over b4 --guess-base",
    value: ours.right / theirs.right,
    unit: "x",
    goal: { atLeast: 1 },
    raw: [`b4 ${counts(theirs)}`],
  });
  report({
    row: "guess",
    what: "time, b4 --guess-base over a patchsig each",
    value: total(theirs) / total(ours),
    unit: "x",
    raw: [`patchsig ${number(total(ours))} s, b4 ${number(total(theirs))} s in all`],
  });
  report({
    row: "guess",
    what: "time, b4 --guess-base over one patchsig",
    value: total(theirs) / inOne,
    unit: "x",
    goal: { atLeast: 5 },
    raw: [`patchsig ${number(inOne)} s for all series; b4 takes one at a time`],
  });
};

function newTally(): Tally {
  return { right: 0, silent: 0, unique: 0, falsely: 0, seconds: [] };
}

const total = ({ seconds }: Tally): number => seconds.reduce((a, b) => a + b, 0);

function git(repository: string, args: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync("git", ["-C", repository, ...args], {
    input,
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`git ${args[0]}: ${stderr.toString()}`);
  return stdout.toString().trim();
}

/** Runs of one author's commits, spread evenly over the last 5,000 commits without merges. */
function makeSamples(repository: string, place: Workplace, count: number): Sample[] {
  const log = ["log", "--no-merges", "-5000", "--format=%H %P %ae", "HEAD"];
  const commits = git(repository, log)
    .split("\n")
    .map((line) => line.split(" "))
    .filter((fields) => fields.length === 3) as [string, string, string][];
  const byName = new Map(commits.map((fields) => [fields[0], fields]));
  const samples: Sample[] = [];
  const step = Math.max(1, Math.floor(commits.length / count));
  for (let i = 0; i < commits.length && samples.length < count; i += step) {
    const [tip, , author] = commits[i]!;
    let base = commits[i]![1];
    for (let length = 1; length <= i % MAX_SERIES; length++) {
      const below = byName.get(base);
      if (below?.[2] !== author) break;
      base = below[1];
    }
    const sample = makeSample(repository, place, base, tip, samples.length);
    if (sample !== null) samples.push(sample);
  }
  return samples;
}

function makeSample(
  repository: string,
  place: Workplace,
  base: string,
  tip: string,
  n: number,
): Sample | null {
  const id = (i: number): string => `${n}.${i}.bench@example.org`;
  const thread = "--thread=shallow";
  const args = ["format-patch", "--stdout", "--no-base", thread, "--to=list@example.org"];
  // sent when it was committed: git send-email writes the Date anew
  const date = git(repository, ["show", "-s", "--format=%cD", tip]);
  let i = 0;
  const mbox = git(repository, [...args, `${base}..${tip}`])
    .replace(/^(From [0-9a-f]+ Mon Sep 17 .*\n(?:\S+: .*\n(?: .*\n)*?)*?Date: ).*$/gm, `$1${date}`)
    .replace(/^(?:In-Reply-To|References): .*\n/gm, "")
    // b4 0.12 fails on a folded Subject, under a Python that refuses line ends in headers
    .replace(/^(Subject: .*(?:\n .*)*)/gm, (folded) => folded.replaceAll("\n ", " "))
    .replace(/^Message-I[dD]: .*$/gm, () => {
      const reply = i === 0 ? "" : `\nIn-Reply-To: <${id(0)}>\nReferences: <${id(0)}>`;
      return `Message-ID: <${id(i++)}>${reply}`;
    });
  const diffs = messages(Buffer.from(`${mbox}\n`)).flatMap(({ bytes }) => {
    const view = bytes === null ? null : readMail(bytes);
    const diff = view?.ok === true ? readDiff(view.value.patch) : null;
    return diff?.ok === true ? [diff.value] : [];
  });
  const { wanted } = preimagesOf(diffs);
  // for a series that only adds files, nobody can find more than a date
  if (wanted.length === 0) return null;
  const file = place.path(`${n}.mbox`);
  writeFileSync(file, `${mbox}\n`);
  return { base, tip, file, id: id(0), wanted };
}

function askPatchsig(
  repository: string,
  place: Workplace,
  sample: Sample,
  tally: Tally,
  all: ReadonlySet<string>,
  exhaustively: boolean,
): void {
  const output = place.path("out");
  const args = ["base", "guess", "--json", "--repo", repository, sample.file];
  tally.seconds.push(place.patchsigInto(output, args));
  const first = JSON.parse(place.read(output)) as Answer;
  const [best] = first.candidates;
  if (best === undefined) tally.silent++;
  else if (isRight(repository, sample, best.commit)) tally.right++;
  // in a long history, only an exhaustive search can call a commit unique
  if (exhaustively) place.patchsigInto(output, [...args, "--exhaustive"]);
  const { guess } = JSON.parse(place.read(output)) as Answer;
  if (!guess.unique) return;
  tally.unique++;
  if (holders(repository, sample.wanted, all) !== 1) tally.falsely++;
}

function askB4(repository: string, place: Workplace, sample: Sample, tally: Tally): void {
  const folder = place.path("b4");
  mkdirSync(folder, { recursive: true });
  const began = performance.now();
  const how = ["-n", "--no-stdin", "--offline-mode", "am", "-g", "-m", sample.file, "-o", folder];
  const { stderr, stdout } = spawnSync("b4", [...how, sample.id], {
    cwd: repository,
    env: place.env,
    maxBuffer: 1 << 28,
  });
  tally.seconds.push((performance.now() - began) / 1000);
  const text = `${stderr.toString()}${stdout.toString()}`;
  const [, name, how2] = /^ Base: (\S+) \((exact match|best guess)/m.exec(text) ?? [];
  if (name === undefined) {
    tally.silent++;
    return;
  }
  const commit = git(repository, ["rev-parse", "--verify", `${name}^{commit}`]);
  if (isRight(repository, sample, commit)) tally.right++;
  if (how2 !== "exact match") return;
  tally.unique++;
  const all = git(repository, ["rev-list", "--all"]).split("\n");
  if (holders(repository, sample.wanted, new Set(all)) !== 1) tally.falsely++;
}

function isRight(repository: string, { base, tip }: Sample, guessed: string): boolean {
  if (guessed === base) return true;
  const touched = git(repository, ["diff", "--no-renames", "--name-only", "-z", base, tip]);
  const names = touched.split("\0").filter((name) => name !== "");
  const args = ["--literal-pathspecs", "diff-tree", "-r", "--name-only", base, guessed, "--"];
  return git(repository, [...args, ...names]) === "";
}

/** How many commits hold all of the files: looked up one by one. */
function holders(
  repository: string,
  wanted: readonly Preimage[],
  all: ReadonlySet<string>,
): number {
  let left = [...all].filter((commit) => commit !== "");
  for (const { path, blob } of wanted) {
    const name = Buffer.from(path, "latin1").toString("utf8");
    const input = left.map((commit) => `${commit}:${name}\n`).join("");
    const found = git(repository, ["cat-file", "--batch-check=%(objectname)"], input).split("\n");
    left = left.filter((_, i) => found[i]?.startsWith(blob) === true);
  }
  return left.length;
}
