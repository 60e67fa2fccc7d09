/**
 * `patchsig trust list, show, accept`: the remembered keys, and the user's decisions about them.
 */

import { withUserTrust } from "../../app/trust/user-trust.ts";
import { now } from "../../app/now.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { escapeText } from "../../report/escape.ts";
import {
  changedKeys,
  keyLine,
  moreLine,
  ownedKeyLines,
  renderHistory,
  renderKeys,
} from "../../report/trust.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { IdentityHistory } from "../../trust/record.ts";
import { count } from "../../primitives/words.ts";
import { day } from "../../primitives/time.ts";
import { command } from "../../options/command.ts";
import { out, say } from "../../terminal/terminal.ts";
import { IDENTITY, identityOf } from "./common.ts";
import { flag, required } from "../../options/kinds.ts";
import { JSON_OPTION, printRecord } from "../json.ts";

const KEY = required("the whole public key, RW…, or the first 28 characters of a seen one");

export const listCommand = command({
  usage: "list",
  paged: true,
  describe: "all remembered keys",
  options: { json: JSON_OPTION },
  run: ({ json }) => withUserTrust(true, (trust) => list(trust, json)),
});

export const showCommand = command({
  usage: "show <identity>",
  paged: true,
  describe: "the keys of one identity, and other keys that claimed it",
  words: { identity: IDENTITY },
  options: { json: JSON_OPTION },
  run: ({ identity, json }) =>
    withUserTrust(true, (trust) => {
      const history = trust.show(identityOf(identity));
      if (history === null) {
        throw new PatchsigError("not-found", `nothing is known about ${identity}`, {
          exit: EXIT.unmet,
        });
      }
      if (json) showJson(history);
      else out(renderHistory(history));
    }),
});

export const acceptCommand = command({
  usage: "accept <identity> <key>",
  describe: "pin a key that you have checked; it replaces the others",
  words: {
    identity: IDENTITY,
    key: KEY,
  },
  options: {
    also: flag("keep the others in use: somebody signs on more than one machine"),
    "result-only": flag("it may sign test results, and never patches: the key of a CI system"),
    json: JSON_OPTION,
  },
  run: (args) => withUserTrust(false, (trust) => accept(trust, args)),
});

function list(trust: TrustStore, json: boolean): void {
  if (json) {
    for (const key of trust.list()) printRecord("key", key);
    for (const key of trust.results.list()) printRecord("result-key", key);
    return;
  }
  let empty = true;
  for (const line of renderKeys(() => trust.list())) {
    empty = false;
    out(line);
  }
  for (const { identity, since, replaced } of trust.results.list()) {
    const state = replaced === null ? "for test results" : "for test results, replaced";
    out(escapeText(`${identity}  ${state}  since ${day(since)}`));
    empty = false;
  }
  if (empty) say("no keys yet: git patchsig verify remembers the keys of signed mails");
}

function showJson(history: IdentityHistory): void {
  for (const key of history.keys) printRecord("key", key);
  for (const key of history.resultKeys) printRecord("result-key", key);
  for (const said of history.statements) printRecord("statement", said);
  for (const event of changedKeys(history)) {
    const { identity, publicKey, at, messageId } = event;
    printRecord("changed-key", { identity, publicKey, at, messageId });
  }
  if (history.unsigned !== null) printRecord("unsigned", history.unsigned);
  for (const event of history.events) printRecord("event", event);
}

interface AcceptArguments {
  readonly identity: string;
  readonly key: string;
  readonly also: boolean;
  readonly resultOnly: boolean;
  readonly json: boolean;
}

function accept(trust: TrustStore, args: AcceptArguments): void {
  const { key, also, json, resultOnly } = args;
  const identity = identityOf(args.identity);
  if (resultOnly) {
    const { publicKey, replaced } = trust.results.accept(identity, key, now(), also);
    if (json) return printRecord("result-key", { identity, publicKey });
    out(ownedKeyLines("results", { identity, publicKey }));
    for (const old of replaced) out(keyLine("replaced", old.publicKey));
    return;
  }
  const before = trust.lookup(identity);
  const { record: pinned, replaced } = trust.accept(identity, key, now(), also);
  if (before.some(({ publicKey, state }) => publicKey === pinned.publicKey && state === "replaced"))
    say("note: this key was replaced before, and is accepted again");
  if (json) {
    printRecord("key", pinned);
    for (const old of replaced) printRecord("key", { ...old, state: "replaced" });
    return;
  }
  out(ownedKeyLines("pinned", pinned));
  for (const old of replaced) {
    out(keyLine("replaced", old.publicKey));
    out(moreLine(`${old.state} since ${day(old.firstSeen)}, ${count(old.patches, "patch")}`));
  }
}
