/** The JSON records about a base. */

export interface Base {
  readonly status: "present" | "missing" | "guessed";
  readonly commit: string | null;
  readonly tree: string | null;
}

export type BaseState =
  | "missing"
  | "malformed"
  | "contradicts"
  | "unknown"
  | "not-a-commit"
  | "applies"
  | "conflicts"
  | "untried";

/** Where a commit is in a repository; all null if it is not there, or is no commit. */
export interface CommitPlace {
  /** Whether a remote-tracking branch has it; null if there is no such branch at all. */
  readonly public: boolean | null;
  /** The best known remote-tracking branch that has it. */
  readonly ref: string | null;
  /** As git describe names it. */
  readonly name: string | null;
  /** The branch that is checked out, or "HEAD"; how many commits the base is behind and ahead of it. */
  readonly branch: string | null;
  readonly behind: number | null;
  readonly ahead: number | null;
}

/** Part of a JSON record (docs/schema/base.md): what a repository says about a base. */
export interface BaseCheck extends CommitPlace {
  readonly state: BaseState;
  readonly conflict: { readonly patch: number; readonly files: readonly string[] } | null;
}
