/** Says where `git am` of a patch would not make the commit that it was made from. */

import {
  type Applied,
  applyToParents,
  type CommitText,
  type DiffOf,
  readCommits,
} from "../../git/patch-commits.ts";
import type { Repository } from "../../git/repository.ts";
import { PlainChecks, plainChanges } from "../record/plain-check.ts";
import { readRawMail } from "../../mail/mailinfo.ts";
import { subjectNumber } from "../../patch/subject.ts";
import { canonicalMessage, canonicalSubject } from "../../patch/message.ts";
import { readDiff } from "../../diff/diff.ts";
import type { MailView } from "../../types.ts";

/** A patch and the full name of its commit. */
export interface MadeFrom {
  readonly name: string;
  readonly mail: Buffer;
  readonly commit: string;
}

export interface CommitDifference {
  /** A line for people. */
  readonly text: string;
  /** True if git am would change other files, or the same in another way, or refuse the patch. */
  readonly inFiles: boolean;
}

const MAX_PATHS = 3;

/**
 * What git am would make otherwise. A Signed-off-by that format-patch added was asked for, and so
 * was a range of paths; all else is what somebody should know before it leaves.
 *
 * @param patches in the order of their commits
 * @param paths none, or those that format-patch was told to keep to
 */
export async function commitDifferences(
  repository: Repository,
  patches: readonly MadeFrom[],
  paths: readonly string[],
): Promise<CommitDifference[]> {
  const readable = patches.flatMap(({ name, mail, commit }) => {
    const read = readRawMail(mail);
    const diff = read.ok ? readDiff(read.value.patch, read.value.crs) : read;
    if (!read.ok || !diff.ok) return [];
    // git puts the last commit's name on top of a cover letter, which may show a diff, too
    const isCover = subjectNumber(read.value.headers.subject).index === 0;
    return isCover ? [] : [{ name, commit, view: read.value, diff: diff.value }];
  });
  if (readable.length === 0) return [];
  const commits = await readCommits(
    repository,
    readable.map(({ commit }) => commit),
  );
  const made = readable.map((patch, i) => ({ ...patch, commit: commits[i]! }));
  const applied = (await isAllPlain(repository, made))
    ? made.map(() => AS_COMMITTED)
    : await applyToParents(repository, made);
  return made.flatMap(({ name, view, commit }, i) => {
    const said = [authorSaid(view, commit), titleSaid(view, commit), messageSaid(view, commit)];
    const found = said.filter((words) => words !== "").map((words) => ({ words, inFiles: false }));
    const files = filesSaid(applied[i]!, paths);
    if (files !== "") found.push({ words: files, inFiles: true });
    return found.map(({ words, inFiles }) => ({ text: `${name}: git am would ${words}`, inFiles }));
  });
}

const AS_COMMITTED: Applied = { applies: true, differs: [] };
/** Larger files, and commits of more, are left to git. */
const MAX_BYTES = 16 << 20;
const MAX_FILES = 200;

/** Do all diffs make their commits in the plainest way, so that git need not be asked? */
async function isAllPlain(repository: Repository, made: readonly DiffOf[]): Promise<boolean> {
  const plain = made.map(({ commit, diff }) => plainChanges(diff.canonical, commit.changes));
  if (!plain.every((changes) => changes !== null && changes.length <= MAX_FILES)) return false;
  const checks = new PlainChecks({ cwd: repository.cwd }, repository.objectFormat, MAX_BYTES);
  try {
    for (const changes of plain) {
      checks.announce(changes!);
      if (!(await checks.areMade(changes!))) return false;
    }
    return true;
  } finally {
    checks.close();
  }
}

function filesSaid(applied: Applied, paths: readonly string[]): string {
  if (!applied.applies) return "refuse it on the commit's own parent";
  if (applied.differs.length === 0 || paths.length > 0) return "";
  const some = applied.differs.slice(0, MAX_PATHS).join(", ");
  const more = applied.differs.length > MAX_PATHS ? " and more" : "";
  return `make something else of ${some}${more}`;
}

function authorSaid({ info }: MailView, { author, email }: CommitText): string {
  const [name, address] = [info.author.toString(), info.email.toString()];
  return name === author && address === email ? "" : `take ${name} <${address}> for the author`;
}

function titleSaid({ info }: MailView, { subject }: CommitText): string {
  if (canonicalSubject(info.subject).equals(canonicalSubject(subject))) return "";
  const [shown, whole] = [info.subject.toString(), subject.toString()];
  return whole.endsWith(shown) && shown !== ""
    ? `drop "${whole.slice(0, -shown.length).trim()}" from the title`
    : `make the title "${shown}"`;
}

/** What `--signoff` adds: asked for, and no difference. */
const SIGNED_OFF = /(?:^|\n)Signed-off-by: [^\n]*\n$/;

function messageSaid(view: MailView, { body }: CommitText): string {
  const shown = canonicalMessage(view.message).toString("latin1");
  const whole = canonicalMessage(body).toString("latin1");
  if (shown === whole || shown.replace(SIGNED_OFF, "").trimEnd() === whole.trimEnd()) return "";
  const [lines, all] = [linesOf(shown), linesOf(whole)];
  let at = 0;
  while (at < lines.length && lines[at] === all[at]) at++;
  const does = at === lines.length ? "cut" : "change";
  while (all[at] === "") at++;
  return `${does} the message at the line "${Buffer.from(all[at] ?? "", "latin1").toString()}"`;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.slice(0, -1).split("\n");
}
