/**
 * What is remembered of a branch's series between its versions: the files of the tree behind
 * `refs/patchsig/series/<branch>` (docs/sending.md, "What is remembered"). Pure.
 *
 *     series      settings, `name: value` a line
 *     cover       the cover letter: title, empty line, text
 *     changes     what changed since the last version
 *     changelog   what changed in those before, newest first, as it was sent
 *     sent/v2     what was sent as version 2
 */

import { FormatError } from "../errors.ts";
import { isFullName } from "../primitives/object-name.ts";

/** What the next version replies to: nothing, or the first mail of the first or of the previous version. */
export type ThreadMode = "new" | "first" | "previous";
export const THREAD_MODES: readonly ThreadMode[] = ["new", "first", "previous"];

/** How the branch is to be sent. */
export interface SeriesSettings {
  /** Names the work, whatever becomes of the branch's name: `20261128-net-timer-3f2a81c09d4e`. */
  readonly changeId: string;
  /** The version to be sent next, from 1. */
  readonly version: number;
  /** Words before PATCH: `RFC`, `net-next`. */
  readonly prefix: readonly string[];
  /** The revision on which the series builds; null: found as format-patch finds it. */
  readonly base: string | null;
  /** Recipients, as in a header: `Name <address>` or `address`. */
  readonly to: readonly string[];
  readonly cc: readonly string[];
  /** Null: what the user's settings say. */
  readonly thread: ThreadMode | null;
}

/** A mail that was sent. */
export interface SentMail {
  /** 0 for the cover letter. */
  readonly index: number;
  /** With its angle brackets. */
  readonly messageId: string;
  /** Of a patch: its commit, and the digests of message and diff in its attestation; null of a cover letter. */
  readonly patch: {
    readonly commit: string;
    readonly message: string;
    readonly diff: string;
  } | null;
}

/** A version that was sent. */
export interface SentVersion {
  readonly version: number;
  /** Seconds since the epoch. */
  readonly time: number;
  /** Full names of the newest commit, and of the base; null if none was recorded. */
  readonly tip: string;
  readonly base: string | null;
  /** In the order in which they were sent. */
  readonly mails: readonly SentMail[];
}

export interface SeriesState {
  readonly settings: SeriesSettings;
  readonly cover: string;
  readonly changes: string;
  readonly changelog: string;
  /** Oldest first. */
  readonly sent: readonly SentVersion[];
}

/** Limits, since a state may come from somebody else's repository. */
export const MAX_STATE_FILE = 256 * 1024;
export const MAX_SENT_VERSIONS = 500;
const MAX_MAILS = 1000;
const MAX_LINE = 1000;

const CHANGE_ID = /^[0-9a-z][0-9a-z._-]{0,199}$/i;
const VERSION = /^[1-9][0-9]{0,3}$/;
const DIGEST = /^[0-9a-f]{64}$/;
const MESSAGE_ID = /^<[!-;=?-~]{1,250}>$/;
/** A line without control characters, C1 and bidi included. */
const PLAIN = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;

/** Is it one line without invisible characters? */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

const NAMES = ["change-id", "version", "prefix", "base", "to", "cc", "thread"] as const;
type FieldName = (typeof NAMES)[number];

/** The file `series`. */
export function formatSeriesSettings(settings: SeriesSettings): string {
  const { changeId, version, prefix, base, to, cc, thread } = settings;
  const lines = [
    `change-id: ${changeId}`,
    `version: ${version}`,
    ...(prefix.length === 0 ? [] : [`prefix: ${prefix.join(" ")}`]),
    ...(base === null ? [] : [`base: ${base}`]),
    ...to.map((address) => `to: ${address}`),
    ...cc.map((address) => `cc: ${address}`),
    ...(thread === null ? [] : [`thread: ${thread}`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** @throws FormatError that names the line */
export function parseSeriesSettings(text: string): SeriesSettings {
  const values = fieldsOf(text);
  const one = (name: FieldName): string | null => {
    const [value, ...more] = values.get(name) ?? [];
    if (more.length > 0) throw new FormatError(`"${name}" is there twice`);
    return value ?? null;
  };
  const changeId = one("change-id") ?? "";
  if (!CHANGE_ID.test(changeId)) throw new FormatError("there is no valid change-id");
  const version = one("version") ?? "";
  if (!VERSION.test(version)) throw new FormatError("there is no valid version");
  const base = one("base");
  if (base?.startsWith("-") === true) throw new FormatError(`"base: ${base}" is no revision`);
  const thread = one("thread");
  if (thread !== null && !isThreadMode(thread))
    throw new FormatError(`"thread: ${thread}" is none of ${THREAD_MODES.join(", ")}`);
  return {
    changeId,
    version: Number(version),
    prefix: (one("prefix") ?? "").split(" ").filter((word) => word !== ""),
    base,
    to: values.get("to") ?? [],
    cc: values.get("cc") ?? [],
    thread,
  };
}

export function isThreadMode(text: string): text is ThreadMode {
  return (THREAD_MODES as readonly string[]).includes(text);
}

function fieldsOf(text: string): Map<FieldName, string[]> {
  const values = new Map<FieldName, string[]>();
  for (const line of linesOf(text)) {
    const [, name, value] = /^([a-z-]+): (.+)$/.exec(line) ?? [];
    const known = NAMES.find((one) => one === name);
    if (known === undefined || value === undefined)
      throw new FormatError(`unknown line "${line.slice(0, 60)}"`);
    values.set(known, [...(values.get(known) ?? []), value]);
  }
  return values;
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new FormatError("the last line has no end");
  for (const line of lines)
    if (line.length > MAX_LINE || !isPlain(line))
      throw new FormatError("a line is too long, or has control characters");
  return lines;
}

/** A file `sent/v<version>`. */
export function formatSent({ time, tip, base, mails }: SentVersion): string {
  const lines = mails.map(({ index, messageId, patch }) =>
    [
      "mail:",
      index,
      messageId,
      ...(patch === null ? [] : [patch.commit, patch.message, patch.diff]),
    ].join(" "),
  );
  return [`t: ${time}`, `tip: ${tip}`, `base: ${base ?? "-"}`, ...lines, ""].join("\n");
}

/** @throws FormatError that names the line */
export function parseSent(version: number, text: string): SentVersion {
  const [t = "", tip = "", base = "", ...mails] = linesOf(text);
  const time = /^t: (0|[1-9][0-9]{0,11})$/.exec(t)?.[1];
  const tipName = objectIn(tip, "tip");
  const baseName = base === "base: -" ? null : objectIn(base, "base");
  if (time === undefined || tipName === undefined || baseName === undefined)
    throw new FormatError("it does not begin with t, tip and base");
  if (mails.length > MAX_MAILS) throw new FormatError("it names too many mails");
  return { version, time: Number(time), tip: tipName, base: baseName, mails: mails.map(mailOf) };
}

function objectIn(line: string, name: string): string | undefined {
  const value = line.slice(name.length + 2);
  return line.startsWith(`${name}: `) && isFullName(value) ? value : undefined;
}

function mailOf(line: string): SentMail {
  const [word, index = "", messageId = "", commit, message = "", diff = "", ...more] =
    line.split(" ");
  const isPatch = commit !== undefined;
  const valid =
    word === "mail:" &&
    /^(?:0|[1-9][0-9]{0,3})$/.test(index) &&
    MESSAGE_ID.test(messageId) &&
    more.length === 0 &&
    (!isPatch || (isFullName(commit) && DIGEST.test(message) && DIGEST.test(diff)));
  if (!valid) throw new FormatError(`unknown line "${line.slice(0, 60)}"`);
  return {
    index: Number(index),
    messageId,
    patch: isPatch ? { commit, message, diff } : null,
  };
}
