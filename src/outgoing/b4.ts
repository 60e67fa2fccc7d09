/**
 * What b4 prep keeps in a branch's cover commit: letter, recipients, version, and what was sent
 * (docs/sending.md, "Coming from b4"). Pure.
 */

import type { SeriesSettings, SeriesState } from "./state.ts";

/** A version that b4 sent. */
interface B4Sent {
  readonly version: number;
  /** Of its first mail, with angle brackets; the last time it was sent. */
  readonly messageId: string;
}

export interface B4Cover {
  readonly state: SeriesState;
  /** What b4 sent, oldest first; b4's tags name the commits. */
  readonly sent: readonly B4Sent[];
}

const MARKER = /^--- b4-submit-tracking ---$/m;
const CHANGES = /^Changes in v([0-9]{1,4}):/m;
const RECIPIENT = /^(to|cc): (.+)\n?/gim;

/** Is this the message of a commit that holds b4's cover letter? */
export function isB4Cover(message: string): boolean {
  return MARKER.test(message);
}

/** @returns null if the message is no cover letter of b4's, or damaged */
export function readB4Cover(message: string): B4Cover | null {
  const marker = MARKER.exec(message);
  if (marker === null) return null;
  const series = trackingOf(message.slice(marker.index + marker[0].length));
  const settings = series === null ? null : settingsOf(series);
  if (series === null || settings === null) return null;
  const text = message
    .slice(0, marker.index)
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n");
  const recipients = [...text.matchAll(RECIPIENT)];
  const named = (field: string): string[] =>
    recipients.flatMap(([, name, address]) =>
      name!.toLowerCase() === field ? address!.split(/,\s*/).map((one) => one.trim()) : [],
    );
  const letter = text.replace(RECIPIENT, "").trim();
  const isTemplate = letter.startsWith("EDITME");
  const state: SeriesState = {
    settings: { ...settings, to: named("to"), cc: named("cc") },
    ...(isTemplate ? { cover: "", changes: "", changelog: "" } : partsOf(letter, settings.version)),
    sent: [],
  };
  return { state, sent: sentOf(series) };
}

type Json = Readonly<Record<string, unknown>>;

function trackingOf(text: string): Json | null {
  const json = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n");
  try {
    return objectAt(JSON.parse(json) as unknown, "series");
  } catch {
    return null;
  }
}

function objectAt(value: unknown, name: string): Json | null {
  if (typeof value !== "object" || value === null) return null;
  const inner: unknown = (value as Json)[name];
  return typeof inner === "object" && inner !== null ? (inner as Json) : null;
}

function settingsOf(series: Json): SeriesSettings | null {
  const { revision, "change-id": changeId, prefixes } = series;
  const isVersion =
    Number.isInteger(revision) && Number(revision) >= 1 && Number(revision) < 10_000;
  if (!isVersion || typeof changeId !== "string" || !/^[0-9a-z][\w.-]{0,199}$/i.test(changeId))
    return null;
  const words = Array.isArray(prefixes) ? prefixes : [];
  return {
    changeId,
    version: Number(revision),
    prefix: words.filter(
      (word): word is string => typeof word === "string" && /^[\w./-]{1,40}$/.test(word),
    ),
    base: null,
    to: [],
    cc: [],
    thread: null,
  };
}

/** The letter, the changes of the next version, and the earlier changes. */
function partsOf(
  letter: string,
  version: number,
): Pick<SeriesState, "cover" | "changes" | "changelog"> {
  const end = (text: string): string => (text.trim() === "" ? "" : `${text.trim()}\n`);
  const found = CHANGES.exec(letter);
  if (found === null) return { cover: end(letter), changes: "", changelog: "" };
  const cover = letter.slice(0, found.index).replace(/\n---\s*$/, "");
  const log = letter.slice(found.index);
  if (Number(found[1]) !== version) return { cover: end(cover), changes: "", changelog: end(log) };
  const own = log.slice(found[0].length);
  const next = CHANGES.exec(own)?.index ?? own.length;
  const changes = own.slice(0, next).replaceAll(/^- (?:Link to v[0-9]+: |EDITME:).*$/gm, "");
  return { cover: end(cover), changes: end(changes), changelog: end(own.slice(next)) };
}

function sentOf(series: Json): B4Sent[] {
  const history = objectAt({ history: series["history"] }, "history") ?? {};
  return Object.entries(history)
    .flatMap(([name, ids]) => {
      const [, version] = /^v([1-9][0-9]{0,3})$/.exec(name) ?? [];
      const last: unknown = Array.isArray(ids) ? ids.at(-1) : undefined;
      if (version === undefined || typeof last !== "string") return [];
      const messageId = `<${last.replace(/^<|>$/g, "")}>`;
      return /^<[!-;=?-~]{1,250}>$/.test(messageId)
        ? [{ version: Number(version), messageId }]
        : [];
    })
    .sort((a, b) => a.version - b.version);
}
