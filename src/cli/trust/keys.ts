/** `patchsig trust list, show, accept, revoke`: the keys that are remembered, and a person's word on them. */

import type { CommandModule } from "yargs";
import { PatchsigError, EXIT } from "../../errors.ts";
import {
  displayWidth,
  escapeText,
  ours,
  padTo,
  type SafeText,
  truncateTo,
} from "../../report/escape.ts";
import type { IdentityHistory } from "../../store/trust-queries.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { shellCommand, shellWords } from "../../primitives/shell.ts";
import type { KeyRecord, StatementRecord, TrustEvent } from "../../trust/record.ts";
import { out, say } from "../terminal.ts";
import { now } from "../../app/now.ts";
import { count } from "../../primitives/words.ts";
import { day } from "../../primitives/time.ts";
import {
  COLUMN,
  IDENTITY,
  identityOf,
  INDENT,
  JSON_OPTION,
  record,
  statementLines,
  withTrust,
} from "./common.ts";

interface ListArguments {
  json: boolean;
}
interface ShowArguments extends ListArguments {
  identity: string;
}
interface AcceptArguments extends ShowArguments {
  key: string;
  also: boolean;
}

const KEY = {
  type: "string",
  demandOption: true,
  describe: "the whole public key, RW…, or the first 28 characters of one that was seen",
} as const;

export const listCommand: CommandModule<object, ListArguments> = {
  command: "list",
  describe: "all remembered keys",
  builder: (yargs) => yargs.option("json", JSON_OPTION),
  handler: ({ json }) => withTrust(true, (trust) => (json ? listJson(trust) : listText(trust))),
};

export const showCommand: CommandModule<object, ShowArguments> = {
  command: "show <identity>",
  describe: "the keys of one identity, and keys that posed as it",
  builder: (yargs) => yargs.positional("identity", IDENTITY).option("json", JSON_OPTION),
  handler: ({ identity, json }) =>
    withTrust(true, (trust) => {
      const history = trust.show(identityOf(identity));
      if (history === null) {
        throw new PatchsigError("not-found", `nothing is remembered of ${identity}`, {
          exit: EXIT.unmet,
        });
      }
      if (json) showJson(history);
      else showText(history);
    }),
};

export const acceptCommand: CommandModule<object, AcceptArguments> = {
  command: "accept <identity> <key>",
  describe: "pin a key that you have checked; the ones before it are replaced",
  builder: (yargs) =>
    yargs
      .positional("identity", IDENTITY)
      .positional("key", KEY)
      .option("also", {
        type: "boolean",
        default: false,
        describe: "beside those in use: somebody signs on more than one machine",
      })
      .option("json", JSON_OPTION),
  handler: (args) => withTrust(false, (trust) => accept(trust, args)),
};

function listJson(trust: TrustStore): void {
  for (const key of trust.list()) record("key", key);
}

/** Wider addresses get a line of their own. */
const MAX_IDENTITY = 36;

function listText(trust: TrustStore): void {
  let width = 0;
  for (const { identity } of trust.list()) {
    const its = displayWidth(escapeText(identity));
    if (its <= MAX_IDENTITY) width = Math.max(width, its);
  }
  let empty = true;
  for (const key of trust.list()) {
    empty = false;
    const identity = escapeText(key.identity);
    const fits = displayWidth(identity) <= MAX_IDENTITY;
    if (!fits) out(identity);
    const start = fits ? padTo(identity, width) : " ".repeat(width);
    out(
      ours`${start}  ${key.state.padEnd(9)}  since ${day(key.firstSeen)}  ${count(key.patches, "patch")}`,
    );
  }
  if (empty) say("no keys yet: git patchsig verify remembers those it finds on signed mails");
}

function showJson(history: IdentityHistory): void {
  for (const key of history.keys) record("key", key);
  for (const said of history.statements) record("statement", said);
  for (const event of changedKeys(history)) {
    const { identity, publicKey, at, messageId } = event;
    record("changed-key", { identity, publicKey, at, messageId });
  }
  if (history.unsigned !== null) record("unsigned", history.unsigned);
  for (const event of history.events) record("event", event);
}

/** Keys that posed as this identity and never were its own: the last sighting of each. */
function changedKeys(history: IdentityHistory): TrustEvent[] {
  const had = new Set(history.keys.map((key) => key.publicKey));
  const last = new Map<string, TrustEvent>();
  for (const event of history.events) {
    if (event.kind === "changed" && !had.has(event.publicKey)) last.set(event.publicKey, event);
  }
  return [...last.values()];
}

/** Of many keys that posed as somebody, and of statements, the newest are enough. */
const MAX_SHOWN = 5;

function showText(history: IdentityHistory): void {
  const lines = [escapeText(history.identity)];
  for (const key of history.keys) lines.push(...keyLines(key, history.events));
  for (const said of history.statements.slice(-MAX_SHOWN)) lines.push(...historyOf(said));
  const changed = changedKeys(history);
  for (const event of changed.slice(-MAX_SHOWN)) lines.push(...changedLines(event));
  if (changed.length > MAX_SHOWN)
    lines.push(ours`${INDENT}and ${changed.length - MAX_SHOWN} more such keys before: --json`);
  const { unsigned } = history;
  if (unsigned !== null) {
    const unknown = count(unsigned.patches, "unsigned patch");
    lines.push(ours`${unknown} from this address since ${day(unsigned.firstSeen)}`);
  }
  out(lines);
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

function historyOf(said: StatementRecord): SafeText[] {
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

function accept(trust: TrustStore, { key, also, json, ...args }: AcceptArguments): void {
  const identity = identityOf(args.identity);
  const before = trust.lookup(identity);
  const { record: pinned, replaced } = trust.accept(identity, key, now(), also);
  if (before.some(({ publicKey, state }) => publicKey === pinned.publicKey && state === "replaced"))
    say("note: this key had been replaced: it is taken back");
  if (json) {
    record("key", pinned);
    for (const old of replaced) record("key", { ...old, state: "replaced" });
    return;
  }
  out(ours`${identity}\n${"pinned".padEnd(COLUMN)}${pinned.publicKey}`);
  for (const old of replaced) {
    out(ours`${"replaced".padEnd(COLUMN)}${old.publicKey}`);
    out(ours`${INDENT}${old.state} since ${day(old.firstSeen)}, ${count(old.patches, "patch")}`);
  }
}
