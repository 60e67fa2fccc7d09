/**
 * The findings about a series' base in a repository. Pure: the facts come from src/git.
 */

import { type BaseLines, type Dependency, joinBaseLines } from "./lines.ts";
import { type Finding, finding } from "../findings.ts";
import type { Base, BaseCheck, BaseState, CommitPlace } from "./result.ts";
import { count } from "../primitives/words.ts";

/** What a repository says about the base that a mail names. */
export interface BaseFacts {
  /** The type of the object of that name; null if there is none. */
  readonly type: "commit" | "tag" | "tree" | "blob" | null;
  readonly place: CommitPlace;
}

/** For a base that is not here or not a commit. */
export const NOWHERE: CommitPlace = {
  public: null,
  ref: null,
  name: null,
  branch: null,
  behind: null,
  ahead: null,
};

/** The result of applying the series to its base. */
export type Trial =
  | { readonly kind: "applies" }
  /** Number of the patch as in its subject, and the files that git named. */
  | { readonly kind: "conflicts"; readonly patch: number; readonly files: readonly string[] }
  | { readonly kind: "untried"; readonly why: string };

export interface Need {
  readonly id: string;
  readonly found: boolean;
}

/** A base as the mails of a series have it, before any repository is asked. */
export interface BaseClaim {
  readonly base: Base;
  /** The base is a signer's own word. */
  readonly signed: boolean;
  readonly lines: BaseLines;
  /** Codes of what is wrong with it. */
  readonly codes: ReadonlySet<string>;
}

/** What matters of a mail for the base of its series. */
interface Claimant {
  readonly signature: string;
  readonly signed: { readonly comment: { readonly base: string | null } } | null;
  readonly baseLines: BaseLines;
  readonly findings: readonly Finding[];
}

export function claimOf(base: Base, members: readonly Claimant[]): BaseClaim {
  const signed = members.some(
    (m) => m.signature === "good" && m.signed?.comment.base === base.commit,
  );
  return {
    base,
    signed: signed && base.commit !== null,
    lines: joinBaseLines(members.map((m) => m.baseLines)),
    codes: new Set(members.flatMap((m) => m.findings.map((f) => f.code))),
  };
}

/** The state that the mails alone decide; null if it depends on the repository. */
export function stateOf({ base, codes }: BaseClaim): BaseState | null {
  if (codes.has("base-contradicts")) return "contradicts";
  if (base.commit !== null) return null;
  return codes.has("base-malformed") ? "malformed" : "missing";
}

/**
 * @param facts of the commit; null if the mails name none
 * @param fetch the command that would bring it, or ""
 * @param needs prerequisites and dependencies, and whether they are at hand
 */
export function judgeBase(
  claim: BaseClaim,
  facts: BaseFacts | null,
  trial: Trial,
  needs: readonly Need[],
  fetch: string,
): { readonly check: BaseCheck; readonly findings: Finding[] } {
  const state = stateOf(claim) ?? askedState(facts, trial);
  const short = claim.base.commit?.slice(0, 12) ?? "";
  const findings: Finding[] = [];
  const missing = needs.filter(({ found }) => !found);

  if (state === "unknown")
    findings.push(finding("base-unknown", `the base ${short} is not in this repository`, fetch));
  if (state === "not-a-commit")
    findings.push(finding("base-not-a-commit", `the base ${short} is a ${facts?.type} here`));
  if (facts?.place.public === false)
    findings.push(
      finding("base-private", `no remote-tracking branch has the base ${short}`, fetch),
    );
  if (missing.length > 0)
    findings.push(
      finding("prerequisite-missing", `prerequisites that are not here: ${named(missing)}`),
    );
  // else the state has another reason, which says more
  if (state === trial.kind) findings.push(...trialFindings(trial, short, missing.length > 0));
  return {
    check: {
      state,
      ...(facts?.place ?? NOWHERE),
      conflict: trial.kind === "conflicts" ? { patch: trial.patch, files: trial.files } : null,
    },
    findings,
  };
}

function trialFindings(trial: Trial, base: string, lacksNeeds: boolean): Finding[] {
  if (trial.kind === "untried")
    return [finding("base-untried", `not tried on the base: ${trial.why}`)];
  if (trial.kind !== "conflicts") return [];
  const which = trial.patch === 0 ? "a prerequisite" : `patch ${trial.patch}`;
  const text = `${which} does not apply on the base ${base}: ${trial.files.join(", ")}`;
  const found = finding("base-conflict", text);
  // without its prerequisites nobody can tell
  return [lacksNeeds ? { ...found, severity: "warn" } : found];
}

function askedState(facts: BaseFacts | null, trial: Trial): BaseState {
  if (facts === null || facts.type === null) return "unknown";
  return facts.type === "commit" ? trial.kind : "not-a-commit";
}

const MAX_NAMED = 5;

function named(needs: readonly Need[]): string {
  const some = needs.slice(0, MAX_NAMED).map(({ id }) => id);
  const rest = needs.length - some.length;
  return `${some.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** A dependency as it is named to people. */
export function dependencyName(dependency: Dependency): string {
  const { kind, id } = dependency;
  if (kind === "message") return `<${id}>`;
  return kind === "change" && dependency.version !== null ? `${id} v${dependency.version}` : id;
}

/** `origin/main, v1.2-3-gabc, public, applies cleanly, 3 commits behind main` */
export function baseSentence(check: BaseCheck): string {
  const { state, ref, name, branch, behind, ahead } = check;
  const distance = (n: number | null, where: string): string[] =>
    n === null || n === 0 ? [] : [`${count(n, "commit")} ${where} ${branch}`];
  const placed = [...distance(behind, "behind"), ...distance(ahead, "ahead of")].join(" and ");
  return [
    ...(ref === null ? [] : [ref]),
    ...(name === null ? [] : [name]),
    ...(check.public === null ? [] : [check.public ? "public" : "not public"]),
    ...(state === "applies"
      ? ["applies cleanly"]
      : state === "conflicts"
        ? ["does not apply"]
        : []),
    ...(placed === "" ? [] : [placed]),
  ].join(", ");
}
