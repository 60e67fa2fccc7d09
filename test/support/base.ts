/** Series from real repositories, and snapshots to show that a repository was not changed. */

import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, writeFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { BaseChecker, type Checkup } from "../../src/app/base/checker.ts";
import { BaseGuesser, type Guessed } from "../../src/app/base/guesser.ts";
import {
  allBaseFindings,
  readSeriesBases,
  type SeriesBase,
} from "../../src/app/base/series-base.ts";
import type { Repository } from "../../src/git/repository.ts";
import { newFolder } from "../cli/support.ts";
import { patchsig, records, type Run } from "./cli.ts";
import { problems, schemaOf } from "./json-schema.ts";
import { commit, git, newRepository } from "./repo.ts";

const SILENT = { progress: null, say: () => undefined, sayError: () => undefined };

/** Names and contents of all files of a repository, `.git` among them. */
export function everything(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return `${file} ${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
    })
    .sort();
}

export function lines(changed: Readonly<Record<number, string>> = {}, count = 30): string {
  return Array.from({ length: count }, (_, i) => `${changed[i + 1] ?? `line ${i + 1}`}\n`).join("");
}

export interface Scene {
  readonly repository: string;
  /** The commit of the remote's branch. */
  readonly base: string;
}

let made: Scene | null = null;

/**
 * `main` of the remote is at `base`; the current branch has two more commits. Each call returns a
 * new copy of the repository that the test file made first.
 */
export function newScene(): Scene {
  // it is removed after the test file that made it; the module may outlive that file
  if (made === null || !existsSync(made.repository)) made = makeScene();
  const repository = join(newFolder(), "r");
  cpSync(made.repository, repository, { recursive: true });
  return { ...made, repository };
}

function makeScene(): Scene {
  const repository = newRepository(join(newFolder(), "r"));
  commit(repository, "start", { "a.txt": lines(), "b.txt": "b\n" });
  git(repository, ["tag", "-m", "first", "v1"]);
  const base = commit(repository, "second", { "a.txt": lines({ 1: "one" }) });
  git(repository, ["update-ref", "refs/remotes/origin/main", base]);
  git(repository, ["remote", "add", "origin", "https://git.example.org/x.git"]);
  git(repository, ["checkout", "-q", "-b", "topic"]);
  commit(repository, "x: two", { "a.txt": lines({ 1: "one", 2: "two" }) });
  commit(repository, "x: three", { "a.txt": lines({ 1: "one", 2: "two", 3: "three" }) });
  return { repository, base };
}

/** The output of git format-patch as one mbox. */
export function mboxOf(repository: string, ...args: readonly string[]): string {
  const file = join(newFolder(), "series.mbox");
  writeFileSync(file, git(repository, ["format-patch", "--stdout", ...args]));
  return file;
}

export function mailbox(text: string): string {
  const file = join(newFolder(), "series.mbox");
  writeFileSync(file, text, "latin1");
  return file;
}

interface Looked {
  readonly series: SeriesBase;
  readonly checkup: Checkup;
  readonly codes: readonly string[];
}

/** The result of check for the only series in a file; does not start the program. */
export async function check(repository: Repository, file: string): Promise<Looked> {
  const { allSeries } = await readSeriesBases([file], SILENT);
  const [series] = allSeries;
  const checker = new BaseChecker(repository);
  try {
    const checkup = await checker.check(series!, [series!]);
    const findings = [...allBaseFindings(series!), ...checkup.findings];
    return { series: series!, checkup, codes: findings.map(({ code }) => code) };
  } finally {
    checker.close();
  }
}

/** The same for guess. */
export async function guess(repository: Repository, file: string): Promise<Guessed> {
  const guesser = await BaseGuesser.open(repository, []);
  try {
    const [guessed] = await guesser.guess((await readSeriesBases([file], SILENT)).allSeries);
    return guessed!;
  } finally {
    guesser.close();
  }
}

const SCHEMA = schemaOf("base");

const home = newFolder();

export function base(repository: string, ...args: readonly string[]): Run {
  return patchsig(["base", ...args], { home, cwd: repository });
}

/** The only record of a `--json` run, as docs/schema has it. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into records of several types
export function record(run: Run): Record<string, any> {
  const [one, ...more] = records(run);
  if (one === undefined || more.length > 0) throw new Error(`${run.stdout}${run.stderr}`);
  expect(problems(one, SCHEMA)).toEqual([]);
  return one;
}
