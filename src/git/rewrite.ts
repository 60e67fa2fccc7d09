/**
 * Other messages for the newest commits of a branch: the same trees, authors and author dates. Everything
 * is written first; one update of the ref at the end makes it the branch.
 */

import { isUtf8 } from "node:buffer";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { PatchsigError } from "../errors.ts";
import type { Repository } from "./repository.ts";
import { git, gitLines, gitText, runGit } from "./run.ts";

/** A commit as it is. */
export interface RawCommit {
  readonly name: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** Name, address and date: bytes, a character each. */
  readonly author: string;
  /** Its encoding header; "" for UTF-8. */
  readonly encoding: string;
  readonly message: Buffer;
}

/** What git keeps while something is under way, and what ends that. */
const UNDER_WAY: readonly (readonly [path: string, what: string])[] = [
  ["rebase-merge", "rebase"],
  ["rebase-apply", "rebase or am"],
  ["MERGE_HEAD", "merge"],
  ["CHERRY_PICK_HEAD", "cherry-pick"],
  ["REVERT_HEAD", "revert"],
  ["sequencer", "cherry-pick or revert"],
];

/** @throws PatchsigError "refused" while git has not finished something here */
export async function checkNothingUnderWay({ cwd }: Repository): Promise<void> {
  const words = UNDER_WAY.flatMap(([path]) => ["--git-path", path]);
  const places = await gitLines(["rev-parse", ...words], { cwd });
  const found = UNDER_WAY.find((_, i) => existsSync(resolve(cwd, places[i]!)));
  if (found === undefined) return;
  throw new PatchsigError("refused", `a ${found[1]} is in progress here`, {
    hint: "finish it, or drop it with its --abort",
  });
}

/**
 * The commits, each the parent of the next, the last of them HEAD. What is in another encoding is in UTF-8, as a
 * rebase would make it.
 *
 * @param names full names, oldest first
 * @throws PatchsigError "refused" for a merge among them, and for an encoding that git does not know
 */
export async function readChain(
  { cwd }: Repository,
  names: readonly string[],
): Promise<RawCommit[]> {
  const commits: RawCommit[] = [];
  for (const commit of await readCommits(cwd, names))
    commits.push(commit.encoding === "" ? commit : await inUtf8(cwd, commit));
  const isChain = commits.every(
    ({ parents }, i) => parents.length <= 1 && (i === 0 || parents[0] === commits[i - 1]!.name),
  );
  const head = await gitText(["rev-parse", "--verify", "HEAD"], { cwd });
  if (isChain && commits.at(-1)?.name === head) return commits;
  throw new PatchsigError("refused", "there is a merge among the commits", {
    hint: "name the commit above which they begin: --base REVISION",
  });
}

/** As they are, in that order. */
async function readCommits(cwd: string, names: readonly string[]): Promise<RawCommit[]> {
  const input = names.map((name) => `${name}\n`).join("");
  const bytes = await git(["cat-file", "--batch"], { cwd, input });
  const commits: RawCommit[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    const [name = "", , size = ""] = bytes.toString("latin1", at, end).split(" ");
    commits.push(rawCommit(name, bytes.subarray(end + 1, end + 1 + Number(size))));
    at = end + 1 + Number(size) + 1;
  }
  return commits;
}

/** The commit with author and message as git converts them. */
async function inUtf8(cwd: string, commit: RawCommit): Promise<RawCommit> {
  const words = ["show", "-s", "--no-notes", "--encoding=UTF-8", "--format=%an <%ae>%x00%B%x00"];
  const bytes = await git([...words, commit.name], { cwd });
  const [author = "", message = ""] = bytes.toString("latin1").split("\0");
  const [date = ""] = / \d+ [+-]\d+$/.exec(commit.author) ?? [];
  if (!isUtf8(bytes))
    throw new PatchsigError("refused", `git cannot read the encoding of ${commit.name}`);
  const text = { author: `${author}${date}`, message: Buffer.from(message, "latin1") };
  return { ...commit, ...text, encoding: "" };
}

function rawCommit(name: string, bytes: Buffer): RawCommit {
  const end = bytes.indexOf("\n\n");
  const header = bytes.toString("latin1", 0, end).split("\n");
  const all = (field: string): string[] =>
    header
      .filter((line) => line.startsWith(`${field} `))
      .map((line) => line.slice(field.length + 1));
  return {
    name,
    tree: all("tree")[0] ?? "",
    parents: all("parent"),
    author: all("author")[0] ?? "",
    encoding: all("encoding")[0] ?? "",
    message: bytes.subarray(end + 2),
  };
}

/**
 * Gives commits other messages, and the branch the new ones. Notes follow as git's settings say
 * (git-notes(1), notes.rewriteRef), and those of `refs/notes/patchsig` always.
 *
 * @param chain as `readChain` returns it
 * @param messages by a commit's name; those before the first one stay as they are
 * @returns how many commits are new
 * @throws PatchsigError "refused" if the branch moved meanwhile, or an author cannot stay as it is; then nothing
 *   is changed
 */
export async function rewriteMessages(
  repository: Repository,
  chain: readonly RawCommit[],
  messages: ReadonlyMap<string, Buffer>,
): Promise<number> {
  const first = chain.findIndex(({ name }) => messages.has(name));
  if (first < 0) return 0;
  const { cwd, config } = repository;
  const signed = config.bool("commit.gpgSign") === true ? ["-S"] : [];
  const pairs: (readonly [from: string, to: string])[] = [];
  for (const commit of chain.slice(first)) {
    const parent = pairs.at(-1)?.[1] ?? commit.parents[0];
    const parents = parent === undefined ? [] : ["-p", parent];
    const made = await gitText(
      ["-c", "i18n.commitEncoding=UTF-8", "commit-tree", ...signed, ...parents, commit.tree],
      {
        cwd,
        purpose: "work",
        env: authorOf(commit),
        input: messages.get(commit.name) ?? commit.message,
      },
    );
    pairs.push([commit.name, made]);
  }
  await checkAuthors(cwd, chain.slice(first), pairs);
  const [before, after] = pairs.at(-1)!;
  await copyNotes(cwd, pairs);
  const update = ["update-ref", "-m", "patchsig trailers: messages", "HEAD", after, before];
  const { status } = await runGit(update, { cwd, purpose: "work" });
  if (status === 0) return pairs.length;
  throw new PatchsigError("refused", "the branch moved meanwhile, or git cannot update it", {
    hint: "nothing was changed; try again",
  });
}

/** git leaves out what other programs let stand, such as dots at the end of names. */
async function checkAuthors(
  cwd: string,
  chain: readonly RawCommit[],
  pairs: readonly (readonly [from: string, to: string])[],
): Promise<void> {
  const made = await readCommits(
    cwd,
    pairs.map(([, to]) => to),
  );
  const other = chain.find(({ author }, i) => author !== made[i]?.author);
  if (other !== undefined) throw oddAuthor(other.name);
}

function oddAuthor(commit: string): PatchsigError {
  return new PatchsigError("refused", `the author of ${commit} is not one that git writes`, {
    hint: "git commit --amend --author='Name <address>', in a git rebase",
  });
}

/** As git takes it: with the date as it stands. */
function authorOf({ name: commit, author }: RawCommit): Record<string, string> {
  const [, name, address, date] = /^(.*?) ?<([^<>]*)> (\d+ [+-]\d{4})$/s.exec(author) ?? [];
  if (name === undefined || !isUtf8(Buffer.from(author, "latin1"))) throw oddAuthor(commit);
  const text = (latin: string): string => Buffer.from(latin, "latin1").toString("utf8");
  return {
    GIT_AUTHOR_NAME: text(name),
    GIT_AUTHOR_EMAIL: text(address!),
    GIT_AUTHOR_DATE: `@${date!}`,
  };
}

async function copyNotes(
  cwd: string,
  pairs: readonly (readonly [from: string, to: string])[],
): Promise<void> {
  const input = pairs.map((pair) => `${pair.join(" ")}\n`).join("");
  const own = ["-c", "notes.rewriteRef=refs/notes/patchsig"];
  // like a rebase: a branch is worth more than its notes
  await runGit([...own, "notes", "copy", "--for-rewrite=rebase", "--stdin"], {
    cwd,
    purpose: "work",
    input,
  });
}
