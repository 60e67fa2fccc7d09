import { cpSync, rmSync } from "node:fs";
import { commitsSince, git, tryGit } from "./repo.ts";

/**
 * What stock `git am` makes of mails: author, message and tree of each commit, or null if it
 * refuses. Judged in a fresh copy of `base`.
 */
export function gitAm(
  base: string,
  mail: Buffer,
  options: readonly string[] = [],
): string[] | null {
  const copy = `${base}-am`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(base, copy, { recursive: true });
  const head = git(copy, ["rev-parse", "HEAD"]).toString().trim();
  const run = tryGit(copy, ["am", "-q", ...options], mail);
  const commits = run.status === 0 ? commitsSince(copy, head) : null;
  rmSync(copy, { recursive: true, force: true });
  return commits;
}

/** Made equal: white space in the subject and `>From `, the two things that are normalised. */
export function sameCommits(a: readonly string[], b: readonly string[]): boolean {
  const plain = (commits: readonly string[]): string =>
    commits
      .map((commit) => {
        const [author, subject, ...rest] = commit.split("\n");
        return [author, subject!.replace(/\s+/g, ""), ...rest].join("\n");
      })
      .join("\x01")
      .replace(/^>From /gm, "From ");
  return plain(a) === plain(b);
}
