// Stock git as the judge of what a patch text holds and of what it does to a tree.
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Diff } from "../../src/types.ts";

const DATES = {
  GIT_AUTHOR_DATE: "2024-01-01T00:00:00Z",
  GIT_COMMITTER_DATE: "2024-01-01T00:00:00Z",
};

export interface Judge {
  readonly repository: string;
  readonly git: (args: readonly string[]) => Buffer;
  /** What `git apply --numstat -z` prints for a patch text, or null if git refuses it. */
  numstat(patch: Buffer, option?: "-p1"): string | null;
  /** True if git finds no file patch at all (for which it fails too). */
  findsNothing(patch: Buffer): boolean;
  /** The tree that `git apply` makes of the last commit's, or null if git refuses. */
  apply(patch: Buffer): string | null;
  /** Asks git in one batch, by a shell; `numstat` and `apply` then return its answers. */
  ask(questions: readonly Question[]): void;
  close(): void;
}

export interface Question {
  readonly patch: Buffer;
  readonly what: "numstat" | "apply";
  /** For numstat. */
  readonly option?: "-p1";
}

// $1 to … are numbers of patches in $BATCH
const NUMSTAT = `for i in $*; do
  git apply --numstat -z $OPTION $BATCH/$i >$BATCH/$i.out 2>$BATCH/$i.err || rm -f $BATCH/$i.out
done`;
const APPLY = `for i in $*; do
  export GIT_INDEX_FILE=$BATCH/$i.index
  if git apply --cached --whitespace=nowarn $BATCH/$i 2>/dev/null; then git write-tree >$BATCH/$i.out; fi
done`;

/** A judge with a repository in a temporary folder, filled by `populate`. */
export function makeJudge(populate: (repository: string) => void): Judge {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-diff-"));
  const repository = join(folder, "repository");
  const empty = join(folder, "empty");
  mkdirSync(repository);
  mkdirSync(empty);
  const env = { ...process.env, ...DATES, GIT_CEILING_DIRECTORIES: folder };
  const git = (args: readonly string[]): Buffer =>
    execFileSync("git", args, { cwd: repository, env, maxBuffer: 1 << 28 });
  git(["init", "-q", "-b", "main"]);
  populate(repository);
  git(["add", "-A"]);
  git(["commit", "-qm", "base"]);
  const run = (args: readonly string[], input: Buffer | undefined, cwd: string) =>
    spawnSync("git", args, { cwd, env, input });
  const batch = join(folder, "batch");
  const answers = new Map<string, string | null>();
  const keyOf = ({ patch, what, option }: Question): string =>
    `${what} ${option ?? ""}\n${patch.toString("latin1")}`;

  function ask(questions: readonly Question[]): void {
    if (answers.size > 5000) answers.clear();
    const fresh = [...new Map(questions.map((q) => [keyOf(q), q]))].filter(
      ([k]) => !answers.has(k),
    );
    mkdirSync(batch);
    for (const [i, [, { patch, what }]] of fresh.entries()) {
      writeFileSync(join(batch, String(i)), patch);
      if (what === "apply") copyFileSync(join(repository, ".git/index"), join(batch, `${i}.index`));
    }
    const shell = (script: string, cwd: string, option: string, wanted: string): void => {
      const numbers = fresh.flatMap(([, question], i) =>
        `${question.what} ${question.option ?? ""}` === wanted ? [String(i)] : [],
      );
      if (numbers.length === 0) return;
      execFileSync("sh", ["-c", script, "sh", ...numbers], {
        cwd,
        env: { ...env, BATCH: batch, OPTION: option },
      });
    };
    shell(NUMSTAT, empty, "", "numstat ");
    shell(NUMSTAT, empty, "-p1", "numstat -p1");
    shell(APPLY, repository, "", "apply ");
    for (const [i, [key, { what }]] of fresh.entries()) {
      const out = join(batch, `${i}.out`);
      // git fails to parse a binary patch, says so, and goes on with what came before it: exit status 0
      const refused =
        !existsSync(out) ||
        (what === "numstat" && readFileSync(join(batch, `${i}.err`)).includes("error:"));
      answers.set(key, refused ? null : readFileSync(out, "latin1"));
    }
    rmSync(batch, { recursive: true });
  }

  function answer(question: Question): string | null {
    const key = keyOf(question);
    if (!answers.has(key)) ask([question]);
    return answers.get(key)!;
  }

  return {
    repository,
    git,
    numstat: (patch, option) =>
      answer({ patch, what: "numstat", ...(option === undefined ? {} : { option }) }),
    findsNothing(patch) {
      const judged = run(["apply", "--numstat"], patch, empty);
      // before git 2.35, the latter
      return /^error: (?:No valid patches|unrecognized input)/.test(judged.stderr.toString());
    },
    apply: (patch) => answer({ patch, what: "apply" }),
    ask,
    close() {
      rmSync(folder, { recursive: true });
    },
  };
}

/** What `git apply --numstat -z` would print for `diff`. */
export function numstatOf(diff: Diff): string {
  return diff.files
    .map(({ binary, added, deleted, oldName, newName }) => {
      const counts = binary ? "-\t-" : `${added}\t${deleted}`;
      return `${counts}\t${(newName ?? oldName)?.toString("latin1")}\0`;
    })
    .join("");
}

/** Writes `files` (path to content) below `folder`. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
