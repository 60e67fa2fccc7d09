import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { COMMITS, commitsOf, commitsSince, git } from "./repo.ts";

/** Stock `git am` in a repository that is reset after every mail. */
export interface AmJudge {
  readonly repository: string;
  /** Author, message and tree of each commit that the mail makes; null if git refuses it. */
  am(mail: Buffer, options?: readonly string[]): string[] | null;
  /** The same of commits that `apply` makes here; `apply` returns false if it could not. */
  by(apply: () => Promise<boolean>): Promise<string[] | null>;
  close(): void;
}

/** Resets everything. */
const RESET = `rm -rf .git/rebase-apply && git reset -q --hard "$0" && git clean -qfdx`;
/** `git am`, its commits since "$0"; a shell starts git faster than node does. */
const AM = `if git am -q "$@" >/dev/null 2>&1; then git log ${COMMITS} "$0.."; else printf refused; fi
  ${RESET}`;

/** A git setting under which mails are judged, as `name=value`, and what git am does with it itself. */
export interface Setting {
  readonly config: readonly string[];
  readonly split?: readonly string[];
  readonly read?: readonly string[];
}

export const NO_SETTING: Setting = { config: [], read: ["--no-scissors"] };

function copyWith(base: string, repository: string, { config }: Setting): void {
  cpSync(base, repository, { recursive: true });
  for (const setting of config) {
    const [name, value] = setting.split("=") as [string, string];
    git(repository, ["config", name, value]);
  }
  git(repository, ["update-index", "-q", "--refresh"]);
}

/** @param base a repository, of which a copy is judged in */
export function openAm(base: string, setting: Setting = NO_SETTING): AmJudge {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-am-"));
  const repository = join(folder, "r");
  copyWith(base, repository, setting);
  const head = git(repository, ["rev-parse", "HEAD"]).toString().trim();
  return {
    repository,
    am(mail, options = []) {
      const run = spawnSync("sh", ["-c", AM, head, ...options], { cwd: repository, input: mail });
      expect(run.status, run.stderr.toString()).toBe(0);
      const said = run.stdout.toString("latin1");
      return said === "refused" ? null : commitsOf(said);
    },
    async by(apply) {
      try {
        return (await apply()) ? commitsSince(repository, head) : null;
      } finally {
        execFileSync("sh", ["-c", RESET, head], { cwd: repository });
      }
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Normalises white space in the subject and `>From `. */
export function sameCommits(a: readonly string[], b: readonly string[]): boolean {
  const plain = (commits: readonly string[]): string =>
    commits
      .map((commit) => {
        const [author, subject, ...rest] = commit.split("\n");
        return [author, subject!.replace(/\s+/g, ""), ...rest].join("\n");
      })
      .join("\x01")
      .replace(/(^|\n)>+From /g, "$1From ");
  return plain(a) === plain(b);
}

/** Git's result for one mail, in a comparable form. */
interface Outcome {
  /** Author, subject and message as `git mailinfo` gives them, equal up to what is normalised. */
  readonly text: string;
  /** The index after `git apply`; null if git does not apply the patch. */
  readonly index: string | null;
}

/** Null for a mail that git refuses; "unsure" for one that it cuts into more, or takes for no mail. */
export type Judged = Outcome | "unsure" | null;

/**
 * What `git am` does, by the programs that it consists of, for many mails in one batch: most of the
 * time goes into starting a process for each step of each mail, and a shell does that faster than
 * node.
 *
 * Equal outcomes mean equal commits. Unequal ones mean little: ask `git am` itself.
 */
export interface Plumbing {
  /** `isTwin`: of whose patch every line loses a CR, the third thing that is normalised. */
  judge(mails: readonly Buffer[], isTwin?: readonly boolean[]): Judged[];
  close(): void;
}

const SPLIT = `for i in $*; do
  if [ "$(git mailsplit -b $OPTIONS -o. $i.eml)" = 1 ]; then mv 0001 $i.eml; else mv $i.eml $i.mbox; rm -f 0*; fi
done`;
const READ = `for i in $*; do
  if [ -f $i.eml ]; then
    git mailinfo -u $OPTIONS $i.msg $i.patch <$i.eml >$i.info 2>/dev/null || rm -f $i.info
  fi
done`;
const APPLY = `for i in $*; do
  GIT_INDEX_FILE=$i.index git apply --cached $FOLDER/$i.patch 2>/dev/null || rm -f $i.index
done`;

export function openPlumbing(base: string, setting: Setting = NO_SETTING): Plumbing {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-plumbing-"));
  const repository = join(folder, "r");
  const out = join(folder, "out");
  copyWith(base, repository, setting);
  // of the base, not of the copy: what it knows of files' times would differ from bench to bench
  const start = join(base, ".git", "index");
  const applied = new Map<string, string | null>();
  const shell = (
    script: string,
    cwd: string,
    names: readonly number[],
    options: readonly string[] = [],
  ): void => {
    if (names.length === 0) return;
    const GIT_DIR = join(repository, ".git");
    execFileSync("sh", ["-c", script, "sh", ...names.map(String)], {
      cwd,
      env: { ...process.env, FOLDER: out, GIT_DIR, OPTIONS: options.join(" ") },
      stdio: "ignore",
    });
  };
  const content = (path: string): string | null =>
    existsSync(path) ? readFileSync(path, "latin1") : null;

  return {
    judge(mails, isTwin = []) {
      rmSync(out, { recursive: true, force: true });
      mkdirSync(out);
      const names = [...mails.keys()];
      for (const i of names) writeFileSync(join(out, `${i}.eml`), mails[i]!);
      shell(
        SPLIT,
        out,
        names.filter((i) => mayBeSplit(mails[i]!.toString("latin1"))),
        setting.split,
      );
      shell(READ, out, names, setting.read);
      const read = names.map((i) => {
        const info = content(join(out, `${i}.info`));
        if (!mails[i]!.toString("latin1", 0, 4).startsWith("From")) return "unsure";
        if (info === null) return existsSync(join(out, `${i}.mbox`)) ? "unsure" : null;
        let patch = content(join(out, `${i}.patch`))!;
        if (isTwin[i] === true) {
          patch = patch.replaceAll("\r\n", "\n");
          writeFileSync(join(out, `${i}.patch`), patch, "latin1");
        }
        return { text: plainText(info, content(join(out, `${i}.msg`))!), patch };
      });
      const single = read.flatMap((r, i) => (r === null || r === "unsure" ? [] : [{ ...r, i }]));
      const fresh = single.filter(({ patch }) => !applied.has(patch));
      for (const { i } of fresh) copyFileSync(start, join(repository, `${i}.index`));
      shell(
        APPLY,
        repository,
        fresh.map(({ i }) => i),
      );
      for (const { i, patch } of fresh) {
        const index = join(repository, `${i}.index`);
        applied.set(patch, content(index));
        rmSync(index, { force: true });
      }
      const judged = read.map((r) =>
        r === null || r === "unsure" ? r : { text: r.text, index: applied.get(r.patch) ?? null },
      );
      if (applied.size > 4000) applied.clear();
      return judged;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** False for mails that mailsplit leaves as they are: no CR, and no From line, which has a time. */
function mayBeSplit(mail: string): boolean {
  return /\r|\nFrom .*:/.test(mail) || /^\s/.test(mail);
}

/** The date is not covered; the message is stripped as git-stripspace(1) does. */
function plainText(info: string, message: string): string {
  const head = info
    .replace(/^Date: .*\n/m, "")
    .replace(/^Subject: (.*)$/m, (line) => line.replace(/[ \t\r]/g, ""));
  const body = message
    .replace(/[ \t\r]+(?=\n|$)/g, "")
    .replace(/(^|\n)>+From /g, "$1From ")
    .replace(/\n{3,}/g, "\n\n")
    .replace(/^\n+|\n+$/g, "");
  return `${head}${body}`;
}
