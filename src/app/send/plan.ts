/** What a `send` would send: the commits, the version, the texts, and what speaks against it. */

import { PatchsigError } from "../../errors.ts";
import { baseHazards } from "../../git/base-hazards.ts";
import { readCommits } from "../../git/patch-commits.ts";
import type { FetchedRequest } from "../../git/pull-request.ts";
import type { Repository } from "../../git/repository.ts";
import { addressFault, formatAddressee, readAddressees } from "../../outgoing/addressee.ts";
import {
  type CheckName,
  objections,
  type Objection,
  type SendLimits,
} from "../../outgoing/checks.ts";
import {
  changeIdFor,
  changeLog,
  type CoverText,
  coverOf,
  newSeries,
  threadParent,
} from "../../outgoing/reroll.ts";
import type { SentVersion, SeriesState, ThreadMode } from "../../outgoing/state.ts";
import { type SeriesPlan, planSeries } from "../sign/prepare-series.ts";
import { branchToSend, type BranchToSend, requestToSend } from "./branch.ts";
import { NO_PROJECT, projectAt, type ProjectFound } from "./project.ts";

/** What the user asked for, over what is remembered and set. */
export interface SendWishes {
  /** A branch, a range, or nothing. */
  readonly words: readonly string[];
  /** A pull request, instead of a branch. */
  readonly request: FetchedRequest | null;
  /** The version's number; null: the next. */
  readonly version: number | null;
  /** Null: as remembered. */
  readonly prefix: readonly string[] | null;
  readonly thread: ThreadMode | null;
  /** For git: `--base=…`; null: found. */
  readonly base: string | null;
  /** The cover letter's text, instead of the one remembered; null: that one. */
  readonly cover: string | null;
  /** False: no cover letter. */
  readonly withCover: boolean;
  /** More recipients, remembered from now on. */
  readonly to: readonly string[];
  readonly cc: readonly string[];
  /** Forget the recipients remembered so far. */
  readonly no: ReadonlySet<"to" | "cc">;
  /** False: ignore what the project asks for. */
  readonly withProject: boolean;
  /** Checks whose objections are ignored. */
  readonly allow: readonly CheckName[];
}

/** What the settings say. */
export interface SendSettings extends SendLimits {
  /** For a series that does not say otherwise. */
  readonly thread: ThreadMode;
  /** The URL of a mail, with `%s` for its Message-ID; null: mails have none. */
  readonly link: string | null;
}

export interface SendPlan {
  readonly branch: string;
  /** The commit that the state was read from; null: nothing was remembered. */
  readonly before: string | null;
  /** What is remembered from now on, without the new version. */
  readonly state: SeriesState;
  readonly version: number;
  /** The words before the number in the subject: `RFC net-next PATCH`. */
  readonly label: string;
  readonly series: SeriesPlan;
  /** Titles of the commits, oldest first. */
  readonly titles: readonly string[];
  readonly cover: CoverText | null;
  readonly changes: string;
  /** The Message-ID that the first mail replies to; null: it begins a thread. */
  readonly parent: string | null;
  /** `<base>..<tip>` of the version before; null if there is none that git can compare with. */
  readonly compareWith: string | null;
  readonly objections: readonly Objection[];
  readonly asked: ProjectFound;
}

/** What differs from run to run. */
export interface SendChance {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly random: (bytes: number) => Buffer;
}

/** @throws PatchsigError "usage" for wrong words, and where there is nothing to send */
export async function planSend(
  repository: Repository,
  wishes: SendWishes,
  settings: SendSettings,
  { now, random }: SendChance,
): Promise<SendPlan> {
  const { branch, range, stored } = await sourceOf(repository, wishes);
  const base = wishes.base === null ? [] : [`--base=${wishes.base}`];
  const series = await planSeries(repository, [...base, ...range]);
  const { commits } = series.range;
  if (commits.length === 0) throw nothingIn(branch, range);
  const fresh = (): SeriesState => newSeries(changeIdFor(branch, now, random(6)));
  const described = coverFromDescription(repository, branch);
  const state = withWishes(stored?.state ?? fresh(), wishes, described);
  const version = wishes.version ?? state.settings.version;
  const previous = state.sent.findLast((sent) => sent.version < version) ?? null;
  const titles = (await readCommits(repository, commits)).map(({ subject }) => subject.toString());
  const cover = wishes.withCover ? coverOf(state.cover) : null;
  const facts = {
    titles,
    merges: (await baseHazards(repository, series.base, series.range)).merges,
    basePrivate: whyPrivate(series),
    coverMissing: wishes.withCover && cover === null && needsCover(repository, titles.length),
    previous,
    unchanged: isSame(previous, commits),
    now,
  };
  const allowed = new Set<string>(wishes.allow);
  const asked = await projectOf(repository, series, wishes);
  return {
    branch,
    before: stored?.commit ?? null,
    state,
    version,
    label: labelOf(repository, state.settings.prefix, asked),
    series,
    titles,
    cover,
    changes: changeLog(state, version, settings.link),
    parent: threadParent(state, version, state.settings.thread ?? settings.thread),
    compareWith: compareWith(previous, cover !== null || titles.length === 1),
    objections: objections(facts, settings).filter(({ check }) => !allowed.has(check)),
    asked,
  };
}

function nothingIn(branch: string, range: readonly string[]): PatchsigError {
  const isImplied = range.includes("--remotes") || range[0]?.includes("@{u}..") === true;
  const why = range.includes("--remotes")
    ? `all commits of ${branch} are on a remote already`
    : isImplied
      ? `${branch} adds nothing to its upstream`
      : `there are no commits in ${range.join(" ")}`;
  const hint = isImplied
    ? "git commit; or name a range: git patchsig send BASE.."
    : "what comes after BASE: git patchsig send BASE..";
  return new PatchsigError("usage", why, { hint });
}

/** The project's wishes, from a public base only: a base that nobody else has may be written by the sender. */
export async function projectOf(
  repository: Repository,
  { base }: SeriesPlan,
  { withProject }: Pick<SendWishes, "withProject"> = { withProject: true },
): Promise<ProjectFound> {
  return withProject && base.kind === "public" ? projectAt(repository, base.commit) : NO_PROJECT;
}

/** By `format.coverLetter`; unset means `auto`: a series of more than one patch has one. */
function needsCover({ config }: Repository, patches: number): boolean {
  const isAuto = config.string("format.coverLetter")?.toLowerCase() === "auto";
  return (isAuto ? null : config.bool("format.coverLetter")) ?? patches > 1;
}

/** The words before the number: those of the series, else of `format.subjectPrefix`, else of the project. */
export function labelOf(
  { config }: Repository,
  prefix: readonly string[],
  { project }: ProjectFound,
): string {
  if (prefix.some((word) => word !== "RFC")) return [...prefix, "PATCH"].join(" ");
  const set = config.string("format.subjectPrefix") || null;
  const own = set === null ? [...(project?.prefix ?? []), "PATCH"] : [set];
  return [...prefix, ...own].join(" ");
}

/**
 * The branch's description as a cover letter, if `format.coverFromDescription` takes a title from it: its
 * first paragraph, which with `auto` is not too long; else "".
 */
function coverFromDescription({ config }: Repository, branch: string): string {
  const mode = config.string("format.coverFromDescription")?.toLowerCase();
  const [first = "", ...rest] = (config.string(`branch.${branch}.description`) ?? "")
    .trim()
    .split(/\n(?:[ \t]*\n)+/);
  const title = first.replaceAll(/\s+/g, " ").trim();
  const isTitle = mode === "subject" || (mode === "auto" && title.length <= LONGEST_TITLE);
  return isTitle && title !== "" ? [title, ...rest].join("\n\n") : "";
}

/** git takes a longer first paragraph for text. */
const LONGEST_TITLE = 100;

function sourceOf(repository: Repository, { words, request }: SendWishes): Promise<BranchToSend> {
  return request === null ? branchToSend(repository, words) : requestToSend(repository, request);
}

function withWishes(state: SeriesState, wishes: SendWishes, described: string): SeriesState {
  const { settings } = state;
  return {
    ...state,
    cover: wishes.cover ?? (state.cover || described),
    settings: {
      ...settings,
      prefix: wishes.prefix ?? settings.prefix,
      thread: wishes.thread ?? settings.thread,
      to: peopleOf("to", settings.to, wishes),
      cc: peopleOf("cc", settings.cc, wishes),
    },
  };
}

/** One by one, in a form that can be remembered; aliases stay what they are. */
function peopleOf(field: "to" | "cc", known: readonly string[], wishes: SendWishes): string[] {
  const named = wishes[field].flatMap((text) => text.split("\n")).flatMap(readAddressees);
  const wrong = named.find(({ name }) => addressFault({ name, address: "a@b" }) !== null);
  if (wrong !== undefined)
    throw new PatchsigError("usage", `--${field}: ${formatAddressee(wrong)} is no address`);
  return [...new Set([...(wishes.no.has(field) ? [] : known), ...named.map(formatAddressee)])];
}

function whyPrivate({ base }: SeriesPlan): string | null {
  if (base.kind === "public") return null;
  return base.kind === "none" && base.why === "none was wanted" ? null : base.why;
}

function isSame(previous: SentVersion | null, commits: readonly string[]): boolean {
  const sent = previous?.mails.flatMap(({ patch }) => (patch === null ? [] : [patch.commit])) ?? [];
  return sent.length === commits.length && sent.every((name, i) => name === commits[i]);
}

/**
 * What git range-diff takes.
 *
 * @param hasRoom git writes one into a cover letter, or into a single patch
 */
export function compareWith(previous: SentVersion | null, hasRoom: boolean): string | null {
  if (previous === null || previous.base === null || !hasRoom) return null;
  return `${previous.base}..${previous.tip}`;
}
