/** Leads from one version of a series to the next. Pure. */

import { day } from "../primitives/time.ts";
import type { SentVersion, SeriesSettings, SeriesState, ThreadMode } from "./state.ts";

/**
 * A lasting name for a work: `20261128-net-timer-3f2a81c09d4e`, as b4 makes them.
 *
 * @param branch its short name
 * @param time seconds since the epoch; the day is UTC's
 * @param random six bytes
 */
export function changeIdFor(branch: string, time: number, random: Buffer): string {
  const date = day(time).replaceAll("-", "");
  const slug = branch
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 60);
  return [date, slug, random.toString("hex")].filter((part) => part !== "").join("-");
}

/** A series of which nothing is known or sent yet. */
export function newSeries(changeId: string): SeriesState {
  const settings: SeriesSettings = {
    changeId,
    version: 1,
    prefix: [],
    base: null,
    to: [],
    cc: [],
    thread: null,
  };
  return { settings, cover: "", changes: "", changelog: "", sent: [] };
}

/**
 * Once a version has been sent: it is remembered, the next one is numbered, and its changes are still
 * to be written.
 *
 * @param changelog what the version's letter said of changes, as `changeLog` made it
 */
export function afterSending(
  state: SeriesState,
  sent: SentVersion,
  changelog: string,
): SeriesState {
  const others = state.sent.filter(({ version }) => version !== sent.version);
  const version = Math.max(state.settings.version, sent.version + 1);
  return {
    ...state,
    settings: { ...state.settings, version },
    changes: "",
    changelog,
    sent: [...others, sent].sort((a, b) => a.version - b.version),
  };
}

/** The newest version below this one. */
function previousOf(state: SeriesState, version: number): SentVersion | null {
  return state.sent.findLast((sent) => sent.version < version) ?? null;
}

/** The mail that a version's first mail replies to: a Message-ID, or null if it begins a thread. */
export function threadParent(state: SeriesState, version: number, mode: ThreadMode): string | null {
  if (mode === "new") return null;
  const before = state.sent.filter((sent) => sent.version < version);
  const parent = mode === "first" ? before[0] : before.at(-1);
  return parent?.mails[0]?.messageId ?? null;
}

/** A cover letter's title and text. */
export interface CoverText {
  readonly title: string;
  readonly body: string;
}

/** The first line, and what follows the empty lines after it; null if there is no title. */
export function coverOf(cover: string): CoverText | null {
  const [title = "", ...rest] = cover.trim().split("\n");
  if (title.trim() === "") return null;
  return { title: title.trim(), body: rest.join("\n").trim() };
}

/** The line that begins the changes in the letter of each later version. */
const CHANGES = /^Changes in v[0-9]+:[ \t]*$/m;

/** The text for the editor: the cover letter, and below it the changes of the next version. */
export function editable(state: SeriesState): string {
  const { cover, changes, settings } = state;
  if (previousOf(state, settings.version) === null) return `${cover.trim()}\n`;
  return `${cover.trim()}\n\nChanges in v${settings.version}:\n${changes.trim()}\n`;
}

/** Reads the edited text. Only the first heading counts: all below it are the changes. */
export function edited(state: SeriesState, text: string): SeriesState {
  const found = previousOf(state, state.settings.version) === null ? null : CHANGES.exec(text);
  if (found === null) return { ...state, cover: lines(text) };
  return {
    ...state,
    cover: lines(text.slice(0, found.index)),
    changes: lines(text.slice(found.index + found[0].length)),
  };
}

function lines(text: string): string {
  const plain = text.replaceAll("\r\n", "\n").trim();
  return plain === "" ? "" : `${plain}\n`;
}

/**
 * The change log as it goes into a version's letter: what changed since the previous one and where
 * that is, then those before.
 *
 * @param link the URL of a mail, with `%s` for its Message-ID; null: no link
 */
export function changeLog(state: SeriesState, version: number, link: string | null): string {
  const previous = previousOf(state, version);
  if (previous === null) return "";
  const id = previous.mails[0]?.messageId.slice(1, -1) ?? "";
  const where =
    link === null || id === ""
      ? ""
      : `- Link to v${previous.version}: ${link.replaceAll("%s", () => encodeURI(id))}`;
  const own = [state.changes.trim(), where].filter((part) => part !== "").join("\n");
  const parts = [own === "" ? "" : `Changes in v${version}:\n${own}`, state.changelog.trim()];
  return lines(parts.filter((part) => part !== "").join("\n\n"));
}
