/**
 * Commits that a forge or a request has for us, as plain git has them: `refs/pull/N/head` (GitHub, Gitea),
 * `refs/merge-requests/N/head` (GitLab), or what git request-pull names. They are kept under
 * `refs/patchsig/pull/`, so that what is sent stays here.
 */

import { PatchsigError } from "../errors.ts";
import type { Repository } from "./repository.ts";
import { failure, gitText, runGit } from "./run.ts";
import { shortName } from "../primitives/object-name.ts";

/** Fetched commits. */
export interface FetchedRequest {
  /** Under `refs/patchsig/pull/`: `origin/12`. Its series is remembered as `pull/origin/12`. */
  readonly name: string;
  readonly ref: string;
  /** The full name of the newest commit. */
  readonly commit: string;
}

const REFS = "refs/patchsig/pull/";
/** Where forges show them, with `%` for the number. */
const PLACES = ["refs/pull/%/head", "refs/merge-requests/%/head", "refs/pull-requests/%/from"];

/**
 * Fetches a pull request from a remote.
 *
 * @param remote its name here; @param number the request's
 * @throws PatchsigError "usage" for a wrong number or remote, "not-found", "git-failed"
 */
export async function fetchPullRequest(
  repository: Repository,
  remote: string,
  number: number,
): Promise<FetchedRequest> {
  if (!Number.isInteger(number) || number < 1)
    throw new PatchsigError("usage", "the number of a pull request is 1 or more");
  if (repository.config.string(`remote.${remote}.url`) === null)
    throw new PatchsigError("usage", `no such remote: ${remote}`, { hint: "git remote -v" });
  const places = PLACES.map((place) => place.replace("%", String(number)));
  const listed = await runGit(["ls-remote", "--", remote, ...places], fetching(repository));
  if (listed.status !== 0) throw failure(["ls-remote"], listed.stderr);
  const there = listed.stdout
    .toString()
    .split("\n")
    .map((line) => line.split("\t")[1] ?? "");
  const place = places.find((one) => there.includes(one));
  if (place === undefined)
    throw new PatchsigError("not-found", `${remote} has no pull request ${number}`, {
      hint: `it would be ${places.slice(0, 2).join(" or ")}`,
    });
  return fetchInto(repository, { from: remote, what: place, name: `${remote}/${number}` });
}

/** What git request-pull asks to pull. */
export interface RequestedPull {
  readonly url: string;
  /** A branch, or a tag. */
  readonly ref: string;
  /** The full name of the commit that it is to have. */
  readonly commit: string;
}

const REQUEST =
  /available in the Git repository at:\s+(\S+)(?: (\S+))?\s+for you to fetch changes up to ([0-9a-f]{40,64}):/;

/** What a text as git request-pull writes it asks for; null if it is none. */
export function readRequest(text: string): RequestedPull | null {
  const [, url, ref = "HEAD", commit] = REQUEST.exec(text.slice(0, MAX_REQUEST)) ?? [];
  if (url === undefined || commit === undefined) return null;
  return { url, ref: ref.replace(/^tags\//, "refs/tags/"), commit };
}

/** Characters of a request that are looked at. */
const MAX_REQUEST = 100_000;

/** @throws PatchsigError "refused" if there is another commit than the one that was named; "git-failed" */
export async function fetchRequest(
  repository: Repository,
  { url, ref, commit }: RequestedPull,
): Promise<FetchedRequest> {
  if (url.startsWith("-") || ref.startsWith("-"))
    throw new PatchsigError("refused", `${url} ${ref} is nothing to fetch`);
  const name = `request/${shortName(commit)}`;
  const fetched = await fetchInto(repository, { from: url, what: ref, name });
  if (fetched.commit === commit) return fetched;
  throw new PatchsigError("refused", `${ref} is ${fetched.commit} there, not ${commit}`, {
    hint: "it has changed since it was asked for: ask for a new request",
  });
}

function fetching({ cwd }: Repository) {
  return { cwd, purpose: "fetch" } as const;
}

async function fetchInto(
  repository: Repository,
  { from, what, name }: { readonly from: string; readonly what: string; readonly name: string },
): Promise<FetchedRequest> {
  const ref = `${REFS}${name}`;
  const words = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-gc"];
  const run = await runGit([...words, "--", from, `+${what}:${ref}`], fetching(repository));
  if (run.status !== 0) throw failure(["fetch"], run.stderr);
  const commit = await gitText(["rev-parse", "--verify", `${ref}^{commit}`], {
    cwd: repository.cwd,
  });
  return { name, ref, commit };
}
