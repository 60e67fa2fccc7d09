/**
 * The repository a command runs in, and the git commands it uses.
 *
 * Nothing from a mail may be read as an option: object names must be full hex, branch names must
 * pass git's own check, and everything else goes over stdin.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { type Config, LIST_CONFIG, parseConfig } from "./config.ts";
import { PLAIN_DIFF } from "./closed.ts";
import { factsAt, type RepositoryFacts } from "./facts.ts";
import type { OwnSettings } from "./scope.ts";
import { failure, git, gitSucceeds, gitText, isLossy, notUtf8, runGit } from "./run.ts";

export interface Repository extends RepositoryFacts {
  /** Where the commands run: the directory that the repository was opened from. */
  readonly cwd: string;
  readonly config: Config;
}

/**
 * Opens the repository that holds `directory`.
 *
 * @param known of that directory, so that git is not asked twice
 * @throws PatchsigError "no-repository", "git-missing", "git-failed"
 */
export async function openRepository(directory: string, known?: OwnSettings): Promise<Repository> {
  const options = { cwd: directory, purpose: "settings" } as const;
  // settings that do not count for the user still say what is in the repository
  const listing = (known?.toplevel ?? null) === null ? runGit(LIST_CONFIG, options) : null;
  const facts = known?.facts ?? factsAt(directory);
  const listed = await listing;
  if (facts === null || "refusal" in facts) throw noRepository(directory, facts?.refusal ?? "");
  const top = facts.toplevel ?? facts.gitFolder;
  if (isLossy(top)) throw notUtf8(top);
  if (listed !== null && listed.status !== 0) throw failure(["config"], listed.stderr);
  const config = listed === null ? known!.config : parseConfig(listed.stdout.toString());
  return { ...facts, cwd: directory, config };
}

/** @param said what git says on stderr */
function noRepository(directory: string, said: string): PatchsigError {
  const { message, hint } = failure(["rev-parse"], said);
  const why = message.replace(/^git rev-parse: /, "");
  // git explains another owner, and a setting that it refuses
  const isNone = why.startsWith("not a git repository");
  return new PatchsigError(
    "no-repository",
    isNone ? `no git repository at ${directory}` : `git does not read the repository here: ${why}`,
    hint === undefined ? {} : { hint },
  );
}

/** Of git itself: [2, 39, 5]. */
export async function gitVersion(cwd: string): Promise<readonly [number, number, number]> {
  const [, major, minor, patch] =
    /(\d+)\.(\d+)(?:\.(\d+))?/.exec(await gitText(["version"], { cwd })) ?? [];
  return [Number(major ?? 0), Number(minor ?? 0), Number(patch ?? 0)];
}

/** Is git at least that version? */
export async function isAtLeast(
  { cwd }: Repository,
  major: number,
  minor: number,
): Promise<boolean> {
  const [its, itsMinor] = await gitVersion(cwd);
  return its > major || (its === major && itsMinor >= minor);
}

/** Is it a full object name, in the repository's format? */
export function isObjectName(repository: Repository, text: string): boolean {
  const digits = repository.objectFormat === "sha256" ? 64 : 40;
  return text.length === digits && /^[0-9a-f]+$/.test(text);
}

/** Is this commit here? False for anything but a full object name. */
export async function hasCommit(repository: Repository, commit: string): Promise<boolean> {
  if (!isObjectName(repository, commit)) return false;
  return gitSucceeds(["cat-file", "-e", `${commit}^{commit}`], { cwd: repository.cwd });
}

/**
 * The full name of the tree that a person names, by itself or by a commit; null if there is none.
 */
export async function treeNamed({ cwd }: Repository, name: string): Promise<string | null> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{tree}`];
  const { status, stdout } = await runGit(args, { cwd });
  return status === 0 ? stdout.toString().trim() : null;
}

/**
 * Makes a branch and checks it out; git keeps local changes or refuses. Throws a PatchsigError:
 * usage (a bad name, or not a commit), exists, git-failed.
 */
export async function createBranchAt(
  repository: Repository,
  name: string,
  commit: string,
): Promise<void> {
  const options = { cwd: repository.cwd };
  // refuses names that begin with "-"; expands @{-1}, which is no new name
  const checked = await runGit(["check-ref-format", "--branch", name], options);
  if (checked.status !== 0 || checked.stdout.toString() !== `${name}\n`)
    throw new PatchsigError("usage", `${name} is not a valid branch name`);
  if (!isObjectName(repository, commit))
    throw new PatchsigError("usage", `${commit} is not the full name of a commit`);
  if (await gitSucceeds(["show-ref", "--verify", "--quiet", `refs/heads/${name}`], options)) {
    throw new PatchsigError("exists", `a branch ${name} exists already`, {
      hint: "give another name: --branch NAME",
    });
  }
  await git(["checkout", "--quiet", "--no-track", "-b", name, commit, "--"], {
    ...options,
    purpose: "work",
  });
}

/** git's exit status for wrong usage, and its message where it dies instead. */
const GIT_USAGE = 129;
const WRONG_USAGE = /unrecognized argument|unknown option|unknown switch/;
const NO_UPSTREAM = /no upstream configured/;

/**
 * Overrides settings whose patches others could not apply, or would apply to other files, and
 * external diff programs. The user's options come later, and win.
 */
const FORMAT_PATCH = [
  // it dies without an upstream, and we choose the base
  ["-c", "format.useAutoBase=false", "-c", "log.showSignature=false"],
  ["-c", "diff.relative=false"],
  // it writes ">From " for "From "
  ["-c", "format.mboxrd=false"],
  ["-c", "diff.submodule=short", "-c", "i18n.logOutputEncoding=UTF-8"],
  ["format-patch", "--ignore-submodules=none", ...PLAIN_DIFF],
  // no settings: from 2.41 to 2.53, git takes even format.noprefix=false for yes
  ["--src-prefix=a/", "--dst-prefix=b/"],
].flat();

/**
 * Runs `git format-patch` with these options.
 *
 * @param onWarning gets git's stderr, a line at a time; escape it before printing
 * @returns git's stdout: file names, or with --stdout the patches
 * Throws a PatchsigError with what git said: "usage" for a wrong option, else "git-failed".
 */
export async function runFormatPatch(
  repository: Repository,
  args: readonly string[],
  onWarning: (line: string) => void = () => undefined,
): Promise<Buffer> {
  const command = [...FORMAT_PATCH, ...args];
  const { status, stdout, stderr } = await runGit(command, {
    cwd: repository.cwd,
    purpose: "work",
    // what it says is read
    env: { LC_ALL: "C" },
  });
  if (status === 0) {
    for (const line of stderr.split("\n")) if (line !== "") onWarning(line);
    return stdout;
  }
  const { message } = failure(["format-patch"], stderr);
  if (status !== GIT_USAGE && !WRONG_USAGE.test(message))
    throw new PatchsigError(
      "git-failed",
      message,
      NO_UPSTREAM.test(message)
        ? { hint: "leave @{u}.. out: git patchsig format-patch -o out" }
        : {},
    );
  throw new PatchsigError("usage", message, { hint: "git help format-patch lists what git takes" });
}

/**
 * Everything that decides what is committed, whatever the settings. git am keeps these for its own
 * --continue, except the encoding. The composed mail's message has the Message-ID if am.messageId
 * asks for it. Left to the user: commit.gpgSign, hooks, rerere (git am stops there).
 */
const AM = [
  ["-c", "i18n.commitEncoding=UTF-8", "am", "--patch-format=mbox", "--no-message-id"],
  ["--no-scissors", "--no-keep-cr", "--whitespace=warn", "--no-ignore-whitespace"],
  // else a setting could strip "\r\n" that a mail encoded on purpose
  ["--quoted-cr=nowarn"],
].flat();

export interface AmOptions {
  readonly threeWay?: boolean;
  readonly signoff?: boolean;
  /** More options, after all others. */
  readonly words?: readonly string[];
  /**
   * Gets git's output, a line at a time without its end. git quotes subjects verbatim: escape it
   * before printing.
   */
  readonly onLine?: (line: string) => void;
}

/**
 * Hands mails to `git am`, with settings under which git reads exactly what was verified.
 *
 * @param mailbox mbox, as src/verify composed it: never a received mail
 * @returns git's exit status
 */
export async function gitAm(
  repository: Repository,
  mailbox: Buffer,
  options: AmOptions = {},
): Promise<number> {
  const args = [...AM, options.threeWay === true ? "--3way" : "--no-3way"];
  if (options.signoff === true) args.push("--signoff");
  args.push(...(options.words ?? []));
  const lines = lineSplitter(options.onLine ?? ((): void => undefined));
  const { status } = await runGit(args, {
    cwd: repository.cwd,
    purpose: "work",
    input: mailbox,
    onOutput: lines.write,
  });
  lines.end();
  return status;
}

/** Goes on with a `git am` that stopped, or ends it; git knows the rest from its start. As `gitAm`. */
export async function resumeGitAm(
  { cwd }: Repository,
  words: readonly string[],
  onLine: (line: string) => void,
): Promise<number> {
  const lines = lineSplitter(onLine);
  const args = ["-c", "i18n.commitEncoding=UTF-8", "am", ...words];
  const { status } = await runGit(args, { cwd, purpose: "work", onOutput: lines.write });
  lines.end();
  return status;
}

/** What `git am --show-current-patch` prints. */
export function currentPatch({ cwd }: Repository, word: string): Promise<Buffer> {
  return git(["am", word], { cwd });
}

/** Does the index differ from HEAD? git am refuses to begin then. */
export async function hasStagedChanges(repository: Repository): Promise<boolean> {
  const options = { cwd: repository.cwd };
  // not git diff, which refuses settings that git am never reads
  const words = ["diff-index", "--cached", "--quiet", "HEAD", "--"];
  const { status, stderr } = await runGit(words, options);
  if (status <= 1) return status === 1;
  if (await gitSucceeds(["rev-parse", "--verify", "--quiet", "HEAD"], options))
    throw failure(words, stderr);
  return (await gitText(["ls-files"], options)) !== "";
}

/** How far a stopped `git am` got; null if none is in progress. */
export function amProgress({
  gitFolder,
}: Repository): { readonly at: number; readonly total: number } | null {
  const place = join(gitFolder, "rebase-apply");
  const read = (name: string): number => {
    try {
      return Number(readFileSync(join(place, name), "utf8"));
    } catch {
      return 0;
    }
  };
  return existsSync(place) ? { at: read("next"), total: read("last") } : null;
}

interface LineSplitter {
  readonly write: (bytes: Buffer) => void;
  readonly end: () => void;
}

function lineSplitter(onLine: (line: string) => void): LineSplitter {
  let rest: Buffer = Buffer.alloc(0);
  const write = (bytes: Buffer): void => {
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      onLine(rest.toString("utf8", 0, end));
      rest = rest.subarray(end + 1);
    }
  };
  const end = (): void => {
    if (rest.length > 0) onLine(rest.toString());
  };
  return { write, end };
}
