/** What `patchsig trust log` prints for people: events, as git log prints commits. */

import type { TrustEvent } from "../trust/record.ts";
import { escapeText, ours, type SafeText, truncateTo } from "./escape.ts";

const WHAT: Record<TrustEvent["kind"], string> = {
  "first-use": "first patch by this key, and the first signed one from this address",
  confirm: "a second patch by this key",
  changed: "a patch by this key, which is not the key of this address: it failed",
  accept: "accepted by hand",
  replace: "another key was accepted in its place",
  drop: "revoked by hand",
  rotate: "rotated",
  add: "used too, said the other key",
  endorse: "endorsed",
  revoke: "revoked",
  "fall-back": "falls back: the key that it rested on is not good any more",
  merge: "another database of yours says so",
  keyring: "it stands in an imported keyring",
  "accept-results": "accepted by hand, for test results alone",
  "replace-results": "another key was accepted for test results in its place",
};

/** The role of an event's other key; for a rotation see below. */
const OTHER: Partial<Record<TrustEvent["kind"], string>> = {
  replace: "New key",
  "replace-results": "New key",
  add: "By",
  endorse: "By",
  revoke: "By",
  "fall-back": "Rested on",
};

function otherKey({ kind, to }: TrustEvent): string {
  if (kind === "rotate") return to === "replaced" ? "New key" : "Old key";
  return OTHER[kind] ?? "Other";
}

export function renderEvent(event: TrustEvent): SafeText[] {
  const { id, identity, publicKey, other, at, messageId, source, from, to } = event;
  const rows: [string, string][] = [
    ["Address", identity],
    ["Key", publicKey],
    ...(other === "" ? [] : [[otherKey(event), other] as [string, string]]),
    ["Date", date(at)],
    ...(messageId === "" ? [] : [["Mail", messageId] as [string, string]]),
    ...(source === "" ? [] : [["From", source] as [string, string]]),
  ];
  const change = to === null || from === to ? "" : `(${from ?? "unknown"} -> ${to})`;
  const what = `${WHAT[event.kind]} ${change}`.trimEnd();
  return [
    ours`event ${id}`,
    ...rows.map(
      ([name, value]) =>
        ours`${`${name}:`.padEnd(COLUMN)}${truncateTo(escapeText(value), 80 - COLUMN)}`,
    ),
    ours``,
    ...(what.length <= 76 ? [what] : [WHAT[event.kind], change]).map((line) => ours`    ${line}`),
  ];
}

const COLUMN = 11;

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** As git log writes it, in UTC: `Tue Nov 24 12:00:00 2026 +0000`. */
function date(seconds: number): string {
  // oxlint-disable-next-line no-restricted-globals -- of its argument: the clock is not read
  const then = new Date(seconds * 1000);
  const time = then.toISOString().slice(11, 19);
  const day = `${DAYS[then.getUTCDay()]} ${MONTHS[then.getUTCMonth()]} ${then.getUTCDate()}`;
  return `${day} ${time} ${then.getUTCFullYear()} +0000`;
}
