/** `patchsig trust log`: what happened to keys, the newest first, as git log tells it of commits. */

import type { Argv, CommandModule } from "yargs";
import { PatchsigError, EXIT } from "../../errors.ts";
import { escapeText, ours, type SafeText, truncateTo } from "../../report/escape.ts";
import type { TrustEvent } from "../../trust/record.ts";
import { MAX_CHANGED } from "../../store/trust-transitions.ts";
import { out, say } from "../terminal.ts";
import { identityOf, JSON_OPTION, record, withTrust } from "./common.ts";

interface Arguments {
  identity?: string;
  maxCount?: number;
  json: boolean;
}

export const logCommand: CommandModule<object, Arguments> = {
  command: "log [identity]",
  describe: "what happened to keys and why, the newest first",
  builder: (yargs) =>
    yargs
      .positional("identity", { type: "string", describe: "a mail address; without it, all" })
      .option("max-count", {
        alias: "n",
        type: "number",
        requiresArg: true,
        describe: "so many entries at most",
      })
      .option("json", JSON_OPTION) as unknown as Argv<Arguments>,
  handler: ({ identity, maxCount, json }) =>
    withTrust(true, (trust) => {
      const most = maxCount ?? Infinity;
      if (Number.isNaN(most) || most < 0)
        throw new PatchsigError("usage", "--max-count needs a number that is not negative");
      const of = identity === undefined ? null : identityOf(identity);
      const events = of === null ? trust.log() : trust.events(of).toReversed();
      let shown = 0;
      for (const event of events) {
        if (shown++ >= most) break;
        if (json) record("event", event);
        else out(shown > 1 ? [ours``, ...entry(event)] : entry(event));
      }
      if (of !== null && trust.changedKeys(of) >= MAX_CHANGED)
        say(`of keys that are not theirs, only the newest ${MAX_CHANGED} are kept`);
      if (of !== null && shown === 0 && trust.show(of) === null)
        throw new PatchsigError("not-found", `nothing is remembered of ${of}`, {
          exit: EXIT.unmet,
        });
    }),
};

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
};

/** What the other key of an event is; of a rotation see below. */
const OTHER: Partial<Record<TrustEvent["kind"], string>> = {
  replace: "New key",
  add: "By",
  endorse: "By",
  revoke: "By",
  "fall-back": "Rested on",
};

function otherKey({ kind, to }: TrustEvent): string {
  if (kind === "rotate") return to === "replaced" ? "New key" : "Old key";
  return OTHER[kind] ?? "Other";
}

function entry(event: TrustEvent): SafeText[] {
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
  const then = new Date(seconds * 1000);
  const time = then.toISOString().slice(11, 19);
  const day = `${DAYS[then.getUTCDay()]} ${MONTHS[then.getUTCMonth()]} ${then.getUTCDate()}`;
  return `${day} ${time} ${then.getUTCFullYear()} +0000`;
}
