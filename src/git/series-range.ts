/** Which commits a `git format-patch` command line means, before it is run. */

import { checkImplied, type ImpliedRange, impliedRange } from "./implied-range.ts";
import { gitLines, gitText } from "./run.ts";
import type { Repository } from "./repository.ts";

/** The commits that become patches. */
export interface CommitsOfSeries {
  /**
   * Full names, oldest first; more than there are patches if options drop commits by their diffs
   * (-S, --ignore-if-in-upstream).
   */
  readonly commits: readonly string[];
  /** The parents of each of them; none of a root, or where a shallow clone ends. */
  readonly parents: ReadonlyMap<string, readonly string[]>;
  /** What names the newest of them: "HEAD", or the right side of a range. */
  readonly tip: string;
}

export interface SeriesRange extends CommitsOfSeries {
  /** The arguments in their order, without any form of --base; what is implied before them. */
  readonly args: readonly string[];
  /** The last --base (a commit, "auto"); "none" for --no-base; null if there was none. */
  readonly base: string | null;
  /** The addresses of their authors. */
  readonly authors: ReadonlySet<string>;
  /** Only changes to these paths; all if empty. */
  readonly paths: readonly string[];
  /** The range that was taken, since none was named. */
  readonly implied: ImpliedRange | null;
}

/**
 * Options of format-patch, its diff and its walk whose value is the next argument. An unlisted
 * option counts as having no value; if it has one, that is tried as a revision, which only matters
 * if a branch has that very name.
 */
const WITH_VALUE = new Set(
  `-o -v -O -S -G -l -I --output-directory --start-number --reroll-count --suffix --subject-prefix
  --filename-max-length --cover-from-description --description-file --add-header --to --cc
  --in-reply-to --signature --signature-file --interdiff --range-diff --creation-factor
  --diff-filter --diff-algorithm --anchored --src-prefix --dst-prefix --line-prefix --output
  --output-indicator-new --output-indicator-old --output-indicator-context --word-diff-regex
  --inter-hunk-context --stat-width --stat-name-width --stat-graph-width --stat-count --rotate-to
  --skip-to --find-object --ignore-matching-lines --encoding`.split(/\s+/),
);

/** Those that choose commits: `git rev-list` has them too. */
const WALK_WITH_VALUE = new Set(
  `--max-count --skip --since --since-as-filter --after --until --before --max-age --min-age --author
  --committer --grep --exclude --glob`.split(/\s+/),
);
const WALK_FLAG = new Set(
  `--no-merges --first-parent --all-match --invert-grep --cherry-pick --left-only --right-only
  --full-history --ancestry-path --not --all --branches --tags --remotes --topo-order --date-order
  --author-date-order --regexp-ignore-case --extended-regexp --fixed-strings --perl-regexp
  --basic-regexp --min-parents --max-parents`.split(/\s+/),
);

interface RangeWords {
  readonly args: string[];
  /** Options that choose commits, and revisions, in their order. */
  readonly walk: string[];
  readonly paths: string[];
  /** Revisions as written. */
  readonly revisions: string[];
  base: string | null;
  /** How many commits the revisions name: a range names two. */
  named: number;
  limited: boolean;
  root: boolean;
  /** A word that may be a path, or a revision that is none. */
  loose: boolean;
}

/**
 * Parses the arguments of `git format-patch`, as git would: `X` means `X..HEAD`, `-3` the last
 * three, `--root X` everything up to X. Where git would take nothing, since no range is named, the
 * one of implied-range.ts.
 *
 * Throws a PatchsigError "git-failed" if git cannot make sense of the revisions, "usage" if none are
 * named and none are implied.
 */
export async function seriesRange(
  repository: Repository,
  args: readonly string[],
): Promise<SeriesRange> {
  const words = await split(repository, args);
  const implied = isUnnamed(words) && !words.loose ? await impliedRange(repository.cwd) : null;
  const revisions = implied?.revisions ?? [];
  const since = sinceOf(words);
  const walk = walkOf(words, since, revisions);
  const listed =
    walk.length === 0 ? [] : await listCommits(repository, [...walk, "--", ...words.paths]);
  if (implied !== null) checkImplied(implied, listed.length);
  return {
    args: [...revisions, ...words.args],
    base: words.base,
    commits: listed.map(({ name }) => name),
    parents: new Map(listed.map(({ name, parents }) => [name, parents])),
    authors: new Set(listed.map(({ author }) => author)),
    paths: words.paths,
    tip: since === null ? tipOf(words.revisions.at(-1)) : "HEAD",
    implied,
  };
}

/**
 * The commits that a series was made from, by the names in its patches.
 *
 * @param names full names in the order of the patches
 * @returns null if one is not in this repository, or if one does not descend from the one before:
 *   patches of several branches, or from before and after a rebase, have no common base
 */
export async function namedCommits(
  cwd: string,
  names: readonly string[],
): Promise<CommitsOfSeries | null> {
  const [oldest, newest] = [names[0], names.at(-1)];
  if (oldest === undefined || newest === undefined) return null;
  const walk = ["--reverse", "--topo-order", "--parents", newest, "--not", `${oldest}^@`, "--"];
  const listed = await gitLines(["rev-list", ...walk], { cwd });
  const parents = new Map(
    listed.map((line) => {
      const [name = "", ...its] = line.split(" ");
      return [name, its];
    }),
  );
  const wanted = new Set(names);
  const order = [...parents.keys()].filter((name) => wanted.has(name));
  if (order.join(" ") !== names.join(" ")) return null;
  return { commits: names, parents: new Map(names.map((n) => [n, parents.get(n)!])), tip: "HEAD" };
}

interface AuthoredCommit {
  readonly name: string;
  readonly parents: readonly string[];
  /** Its author's address. */
  readonly author: string;
}

/** @param words for `git rev-list` */
async function listCommits(
  repository: Repository,
  words: readonly string[],
): Promise<AuthoredCommit[]> {
  const list = ["rev-list", "--reverse", "--max-parents=1", "--format=%P%n%ae", ...words];
  const lines = (await gitText(list, { cwd: repository.cwd })).split("\n");
  const commits: AuthoredCommit[] = [];
  // `commit <name>` comes before each
  for (let i = 0; i + 2 < lines.length; i += 3) {
    const parents = lines[i + 1]!.split(" ").filter((name) => name !== "");
    commits.push({ name: lines[i]!.slice("commit ".length), parents, author: lines[i + 2]! });
  }
  return commits;
}

/** Nothing says which commits. */
function isUnnamed({ named, limited, root }: RangeWords): boolean {
  return named === 0 && !limited && !root;
}

/** The only revision, which means all since; null if the words mean something else. */
function sinceOf({ named, limited, root, revisions }: RangeWords): string | null {
  return named === 1 && !limited && !root ? (revisions[0] ?? "") : null;
}

/** What `git rev-list` takes; nothing if git format-patch would write nothing. */
function walkOf(
  words: RangeWords,
  since: string | null,
  implied: readonly string[],
): readonly string[] {
  if (since !== null) return [...words.walk.filter((word) => word !== since), `^${since}`, "HEAD"];
  if (!isUnnamed(words)) return words.named === 0 ? [...words.walk, "HEAD"] : words.walk;
  return implied.length === 0 ? [] : [...implied, ...words.walk];
}

function tipOf(revision: string | undefined): string {
  const tip = revision?.split(/\.\.\.?/).at(-1) ?? "";
  return tip === "" || tip.startsWith("^") ? "HEAD" : tip;
}

async function split(repository: Repository, args: readonly string[]): Promise<RangeWords> {
  const words: RangeWords = {
    args: [],
    walk: [],
    paths: [],
    revisions: [],
    base: null,
    named: 0,
    limited: false,
    root: false,
    loose: false,
  };
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? "";
    if (word === "--") {
      words.args.push(...args.slice(i));
      words.paths.push(...args.slice(i + 1));
      break;
    }
    const value = args[i + 1];
    const takesValue = WITH_VALUE.has(word) || WALK_WITH_VALUE.has(word) || word === "--base";
    if (takesValue && value !== undefined) i++;
    const taken = takesValue && value !== undefined ? [word, value] : [word];
    if (isBase(word)) {
      words.base = word === "--no-base" ? "none" : (taken[1] ?? word.slice("--base=".length));
      continue;
    }
    words.args.push(...taken);
    if (word.startsWith("-") && word !== "-") takeOption(words, taken);
    else await takeName(repository, words, word);
  }
  return words;
}

function isBase(word: string): boolean {
  return word === "--base" || word === "--no-base" || word.startsWith("--base=");
}

function takeOption(words: RangeWords, taken: readonly string[]): void {
  const [word = ""] = taken;
  const [name = ""] = word.split("=", 1);
  if (/^-[0-9]+$/.test(word) || name === "--max-count") words.limited = true;
  if (word === "--root") words.root = true;
  else if (/^-[0-9]+$/.test(word) || WALK_WITH_VALUE.has(name) || WALK_FLAG.has(name))
    words.walk.push(...taken);
  if (name === "--all" || name === "--branches" || name === "--tags" || name === "--remotes")
    words.named += 2;
}

async function takeName(repository: Repository, words: RangeWords, word: string): Promise<void> {
  const named = await gitLines(["rev-parse", "--revs-only", word], { cwd: repository.cwd });
  if (named.length === 0) {
    words.paths.push(word);
    words.loose = true;
    return;
  }
  words.revisions.push(word);
  words.walk.push(word);
  words.named += named.length;
}
