/** What `patchsig trust` prints for people: keys, impostors, and statements about them. */

import { shellCommand, shellWords } from "../primitives/shell.ts";
import type { IdentityHistory, KeyRecord, StatementRecord, TrustEvent } from "../trust/record.ts";
import { statementText } from "../verify/statements.ts";
import { count } from "../primitives/words.ts";
import { day } from "../primitives/time.ts";
import {
  displayWidth,
  escapeText,
  ours,
  padTo,
  type SafeText,
  truncateTo,
  wrapTo,
} from "./escape.ts";

/** The first column of most output. */
const COLUMN = 11;
const INDENT = " ".repeat(COLUMN);

/** A word, and the key aligned below the identity. */
export function keyLine(word: string, publicKey: string): SafeText {
  return ours`${word.padEnd(COLUMN)}${publicKey}`;
}

/** Whose it is, and such a line below. */
export function ownedKeyLines(
  word: string,
  { identity, publicKey }: { readonly identity: string; readonly publicKey: string },
): SafeText[] {
  return [escapeText(identity), keyLine(word, publicKey)];
}

/** More text below such a line. */
export function moreLine(text: string): SafeText {
  return ours`${INDENT}${text}`;
}

/** A statement, beside a word in the first column. */
export function statementLines(
  word: string,
  said: Parameters<typeof statementText>[0],
): SafeText[] {
  return wrapTo(escapeText(statementText(said)), 80 - COLUMN).map(
    (line, i) => ours`${i === 0 ? word.padEnd(COLUMN) : INDENT}${line}`,
  );
}

/** Wider addresses get a line of their own. */
const MAX_IDENTITY = 36;

/**
 * A line a key, or two.
 *
 * @param keys called twice, to align them: there may be too many to hold
 */
export function* renderKeys(keys: () => Iterable<KeyRecord>): Generator<SafeText> {
  let width = 0;
  for (const { identity } of keys()) {
    const its = displayWidth(escapeText(identity));
    if (its <= MAX_IDENTITY) width = Math.max(width, its);
  }
  for (const key of keys()) {
    const identity = escapeText(key.identity);
    const fits = displayWidth(identity) <= MAX_IDENTITY;
    if (!fits) yield identity;
    const start = fits ? padTo(identity, width) : " ".repeat(width);
    yield ours`${start}  ${key.state.padEnd(9)}  since ${day(key.firstSeen)}  ${count(key.patches, "patch")}`;
  }
}

/** Keys that posed as this identity but were never its own: the last sighting of each. */
export function changedKeys(history: IdentityHistory): TrustEvent[] {
  const had = new Set(history.keys.map((key) => key.publicKey));
  const last = new Map<string, TrustEvent>();
  for (const event of history.events) {
    if (event.kind === "changed" && !had.has(event.publicKey)) last.set(event.publicKey, event);
  }
  return [...last.values()];
}

/** Most changed keys, and most statements, to show: the newest. */
const MAX_SHOWN = 5;

export function renderHistory(history: IdentityHistory): SafeText[] {
  const lines = [escapeText(history.identity)];
  for (const key of history.keys) lines.push(...keyLines(key, history.events));
  for (const { publicKey, since, replaced } of history.resultKeys) {
    const end = replaced === null ? "" : `, replaced ${day(replaced)}`;
    lines.push(
      keyLine("results", publicKey),
      moreLine(`since ${day(since)}${end}; signs no patches`),
    );
  }
  for (const said of history.statements.slice(-MAX_SHOWN)) lines.push(...historyLines(said));
  const changed = changedKeys(history);
  for (const event of changed.slice(-MAX_SHOWN)) lines.push(...changedLines(event));
  if (changed.length > MAX_SHOWN)
    lines.push(ours`${INDENT}and ${changed.length - MAX_SHOWN} more such keys before: --json`);
  const { unsigned } = history;
  if (unsigned !== null) {
    const unknown = count(unsigned.patches, "unsigned patch");
    lines.push(ours`${unknown} from this address since ${day(unsigned.firstSeen)}`);
  }
  return lines;
}

function keyLines(key: KeyRecord, events: readonly TrustEvent[]): SafeText[] {
  const ended = events.findLast(
    ({ publicKey, to }) => publicKey === key.publicKey && to === key.state,
  );
  const seen = `since ${day(key.firstSeen)}, last ${day(key.lastSeen)}`;
  const lines = [
    ours`${key.state.padEnd(COLUMN)}${key.publicKey}`,
    ...(isOld(key) && ended !== undefined ? [ours`${INDENT}${key.state} ${day(ended.at)}`] : []),
    ours`${INDENT}${seen}, ${count(key.patches, "patch")}, ${key.applied} applied`,
  ];
  if (key.endorsedBy !== "") lines.push(ours`${INDENT}endorsed by ${key.endorsedBy}`);
  if (key.rotatedFrom !== "")
    lines.push(
      ours`${INDENT}${key.origin === "addition" ? "announced by" : "rotated from"} ${key.rotatedFrom}`,
    );
  if (key.firstMessageId !== "") lines.push(...mailLines("first in", key.firstMessageId));
  if (key.firstList !== "") lines.push(...mailLines("on", key.firstList));
  return lines;
}

function isOld({ state }: KeyRecord): boolean {
  return state === "replaced" || state === "revoked";
}

function historyLines(said: StatementRecord): SafeText[] {
  const effect = said.applied ? "" : ", without effect";
  return [
    ...statementLines("said", said),
    ours`${INDENT}signed ${day(said.time)}, seen ${day(said.at)}${effect}`,
  ];
}

function changedLines(event: TrustEvent): SafeText[] {
  return [
    ours`${"CHANGED".padEnd(COLUMN)}${event.publicKey}`,
    ours`${INDENT}seen ${day(event.at)}, not accepted`,
    ...mailLines("in", event.messageId),
    ...commandLines(event),
  ];
}

function commandLines({ identity, publicKey }: TrustEvent): SafeText[] {
  const command = shellCommand("git patchsig trust accept", identity, publicKey);
  const [key = "", address = "", ...start] = shellWords(command).toReversed();
  return [
    ours`${INDENT}if its owner confirms it: ${start.toReversed().join(" ")} \\`,
    ours`${INDENT}  ${address} \\`,
    ours`${INDENT}  ${key}`,
  ];
}

function mailLines(word: string, text: string): SafeText[] {
  return text === ""
    ? []
    : [ours`${INDENT}${word} ${truncateTo(escapeText(text), 66 - word.length)}`];
}
