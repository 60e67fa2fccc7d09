/**
 * Chooses the base commit of a new series: the newest public ancestor, which the mail's receivers
 * can have. Public means reachable from a remote-tracking branch.
 */

import { PatchsigError } from "../errors.ts";
import type { Repository } from "./repository.ts";
import { git, gitLines, gitSucceeds } from "./run.ts";
import type { CommitsOfSeries } from "./series-range.ts";
import { shortName } from "../primitives/object-name.ts";

/**
 * How the base was found: the user named it; it is on the branch's upstream, or on origin's main
 * branch; or it is the nearest commit that any remote-tracking branch has. The last three are all
 * the newest public ancestor, and say where a receiver finds it.
 */
type Via = "explicit" | "upstream" | "origin/HEAD" | "nearest";

export type BaseChoice =
  | {
      readonly kind: "public";
      readonly commit: string;
      readonly via: Via;
      /** A remote-tracking branch that has it: "origin/main". */
      readonly remoteRef: string;
      /** Private commits between the base and the series: git lists them as prerequisites. */
      readonly prerequisites: number;
    }
  | {
      readonly kind: "private";
      readonly commit: string;
      readonly via: "explicit" | "parent";
      /** Half a sentence for the user. */
      readonly why: string;
      /** A possible base; null if there is none. */
      readonly newestPublic: string | null;
      readonly prerequisites: number;
    }
  | { readonly kind: "none"; readonly why: string };

/**
 * Chooses the base of a series.
 *
 * @param wanted.explicit the value of --base: a commit, even a private one; "none"; "auto" and null
 *   leave the choice to us
 * Throws a PatchsigError "usage" if the explicit one cannot be a base.
 */
export async function chooseBase(
  repository: Repository,
  wanted: { readonly explicit: string | null; readonly range: CommitsOfSeries },
): Promise<BaseChoice> {
  const { explicit, range } = wanted;
  if (explicit === "none") return { kind: "none", why: "none was wanted" };
  const below = await commitBelow(repository, range);
  if (explicit !== null && explicit !== "auto")
    return explicitBase(repository, explicit, below, range);
  if ("why" in below) return { kind: "none", why: below.why };

  const refs = await remoteRefs(repository, range.tip);
  const found = await newestPublic(repository, below.commit, refs);
  if (found === null) {
    return {
      kind: "private",
      commit: below.commit,
      via: "parent",
      why: whyPrivate(repository, refs),
      newestPublic: null,
      prerequisites: 0,
    };
  }
  const prerequisites = await countBetween(repository, found.commit, below.commit);
  return { kind: "public", ...found, prerequisites };
}

type Below = { readonly commit: string } | { readonly why: string };

/** The newest common ancestor of the series' commits that is none of them. */
async function commitBelow(
  repository: Repository,
  { commits, parents }: CommitsOfSeries,
): Promise<Below> {
  const options = { cwd: repository.cwd };
  if (commits.length === 0) return { why: "there are no commits in the range" };
  const root = commits.find((commit) => parents.get(commit)!.length === 0);
  if (root !== undefined) return { why: await whyNoParent(repository, root) };
  // merges in the range, or gaps: look below them all, some hundred at a time
  const series = new Set(commits);
  const remaining = [...new Set([...parents.values()].flat())].filter((name) => !series.has(name));
  let common = remaining.shift() ?? "";
  while (remaining.length > 0) {
    const some = remaining.splice(0, 200);
    const [next] = await gitLines(["merge-base", "--octopus", common, ...some], options);
    if (next === undefined) return { why: "its commits have no common ancestor" };
    common = next;
  }
  return { commit: common };
}

async function whyNoParent(repository: Repository, commit: string): Promise<string> {
  const [, second = ""] = await gitLines(["cat-file", "commit", commit], { cwd: repository.cwd });
  return repository.shallow && second.startsWith("parent ")
    ? `the clone is shallow, and does not have the parents of ${shortName(commit)}`
    : "the series begins with a root commit";
}

async function explicitBase(
  repository: Repository,
  explicit: string,
  below: Below,
  range: CommitsOfSeries,
): Promise<BaseChoice> {
  const options = { cwd: repository.cwd };
  const isOption = explicit.startsWith("-");
  const [commit] = isOption
    ? []
    : await gitLines(["rev-parse", "--verify", "--quiet", `${explicit}^{commit}`], options);
  if (commit === undefined)
    throw new PatchsigError("usage", `--base: there is no commit ${explicit}`);
  if (
    "why" in below ||
    !(await gitSucceeds(["merge-base", "--is-ancestor", commit, below.commit], options))
  ) {
    throw new PatchsigError("usage", `--base: ${explicit} is not below the series`, {
      hint: "the base is a commit that all commits of the series descend from",
    });
  }
  const prerequisites = await countBetween(repository, commit, below.commit);
  const refs = await remoteRefs(repository, range.tip);
  const ref = await publicRef(repository, commit, refs);
  if (ref !== null)
    return { kind: "public", commit, via: "explicit", remoteRef: ref.name, prerequisites };
  return {
    kind: "private",
    commit,
    via: "explicit",
    why: "no remote-tracking branch has it",
    newestPublic: (await newestPublic(repository, below.commit, refs))?.commit ?? null,
    prerequisites,
  };
}

interface FoundCommit {
  readonly commit: string;
  readonly via: Via;
  readonly remoteRef: string;
}

async function newestPublic(
  repository: Repository,
  below: string,
  refs: RemoteRefs,
): Promise<FoundCommit | null> {
  // without any, the walk below would read all of history in vain
  if (refs.tips.size === 0) return null;
  const candidates = await publicBelow(repository, below, refs);

  const found: (FoundCommit & { rank: number; distance: number })[] = [];
  for (const commit of candidates) {
    const ref = await publicRef(repository, commit, refs);
    if (ref === null) continue;
    const distance = candidates.length > 1 ? await countBetween(repository, commit, below) : 0;
    found.push({ commit, via: ref.via, remoteRef: ref.name, rank: ref.rank, distance });
  }
  const [best] = found.sort((a, b) => a.rank - b.rank || a.distance - b.distance);
  return best === undefined
    ? null
    : { commit: best.commit, via: best.via, remoteRef: best.remoteRef };
}

/** The commit itself if it is public, else the newest public ones below it. */
async function publicBelow(
  repository: Repository,
  below: string,
  { tips }: RemoteRefs,
): Promise<readonly string[]> {
  if ([...tips.values()].includes(below)) return [below];
  const walk = ["rev-list", "--boundary", below, "--not", "--remotes"];
  const walked = await gitLines(walk, { cwd: repository.cwd });
  const borders = walked.filter((line) => line.startsWith("-")).map((line) => line.slice(1));
  return walked.length === 0 ? [below] : newestOf(repository, borders);
}

/** Those that are no ancestor of another. Private merges can give many; a few are enough. */
async function newestOf(repository: Repository, commits: readonly string[]): Promise<string[]> {
  if (commits.length < 2) return [...commits];
  const some = commits.slice(0, 100);
  const newest = await gitLines(["merge-base", "--independent", ...some], { cwd: repository.cwd });
  return newest.slice(0, 10);
}

/** The remote-tracking branches of a repository, and the best known ones of them. */
export interface RemoteRefs {
  /** The commit at each, by its full name. */
  readonly tips: ReadonlyMap<string, string>;
  /** The branch's upstream, origin's main branch, those of other remotes: the best known first. */
  readonly best: readonly (readonly [ref: string, via: Via])[];
}

/** Of the branch that is checked out, git says it in the same listing. */
const LIST_REFS = [
  "for-each-ref",
  "--format=%(refname) %(objectname) %(upstream) %(symref) %(HEAD)",
  "refs/remotes",
  "refs/heads",
];

/** @param tip whose upstream is known best: a branch, or HEAD */
export async function remoteRefs(repository: Repository, tip: string): Promise<RemoteRefs> {
  const options = { cwd: repository.cwd };
  const named = ["rev-parse", "--symbolic-full-name", "--verify", "--quiet", `${tip}@{upstream}`];
  const [lines, [upstreamOfTip]] = await Promise.all([
    gitLines(LIST_REFS, options),
    tip === "HEAD" ? [] : gitLines(named, options),
  ]);
  const all = lines.map((line) => line.split(" ") as [string, string, string, string, string]);
  const refs = all.filter(([ref]) => ref.startsWith("refs/remotes/"));
  const upstream = tip === "HEAD" ? all.find(([, , , , head]) => head === "*")?.[2] : upstreamOfTip;
  const heads = refs.filter(([ref]) => /^refs\/remotes\/[^/]+\/HEAD$/.test(ref));
  const origin = heads.find(([ref]) => ref === "refs/remotes/origin/HEAD");
  const best: readonly (readonly [string | undefined, Via])[] = [
    [upstream, "upstream"],
    [origin?.[3], "origin/HEAD"],
    ...heads.map(([, , , target]) => [target, "nearest"] as const),
  ];
  const tips = new Map(
    refs.filter((ref) => !heads.includes(ref)).map(([ref, commit]) => [ref, commit]),
  );
  return {
    tips,
    best: best.flatMap(([ref, via]) => (ref !== undefined && tips.has(ref) ? [[ref, via]] : [])),
  };
}

interface PublicRef {
  readonly name: string;
  readonly via: Via;
  /** Lower is better known. */
  readonly rank: number;
}

/**
 * The best known remote-tracking branch that has a commit; null if none has. Asks the best known ones
 * one by one: to ask all which have it takes git a walk from each tip.
 */
export async function publicRef(
  repository: Repository,
  commit: string,
  { tips, best }: RemoteRefs,
): Promise<PublicRef | null> {
  const options = { cwd: repository.cwd };
  const named = (ref: string, via: Via, rank: number): PublicRef => ({
    name: ref.replace(/^refs\/remotes\//, ""),
    via,
    rank,
  });
  for (const [rank, [ref, via]] of best.entries()) {
    const tip = tips.get(ref)!;
    if (
      tip === commit ||
      (await gitSucceeds(["merge-base", "--is-ancestor", commit, tip], options))
    )
      return named(ref, via, rank);
  }
  const isPrivate = await gitLines(
    ["rev-list", "--max-count=1", commit, "--not", "--remotes"],
    options,
  );
  if (tips.size === 0 || isPrivate.length > 0) return null;
  const having = ["for-each-ref", `--contains=${commit}`, "--format=%(refname)", "refs/remotes"];
  const ref = (await gitLines(having, options)).find((name) => tips.has(name));
  return ref === undefined
    ? null
    : named(ref, "nearest", best.length + [...tips.keys()].indexOf(ref));
}

/** Commits that git would list as prerequisites: no merges. */
async function countBetween(repository: Repository, base: string, tip: string): Promise<number> {
  if (base === tip) return 0;
  const args = ["rev-list", "--count", "--max-parents=1", tip, `^${base}`];
  return Number((await git(args, { cwd: repository.cwd })).toString());
}

function whyPrivate({ shallow }: Repository, { tips }: RemoteRefs): string {
  if (tips.size === 0) return "there is no remote-tracking branch";
  return shallow
    ? "the clone is shallow, and no remote-tracking branch meets the series in it"
    : "no remote-tracking branch shares history with it";
}
