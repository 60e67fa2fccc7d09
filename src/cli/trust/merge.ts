/** `patchsig trust merge`: what is remembered on another machine of the same person. */

import type { CommandModule } from "yargs";
import { PatchsigError, EXIT } from "../../errors.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { ours } from "../../report/escape.ts";
import { openTrust, type TrustStore } from "../../store/trust-store.ts";
import { usableKeys } from "../../trust/decide.ts";
import type { KeyRecord } from "../../trust/record.ts";
import { findStatements } from "../../trust/statement.ts";
import { count } from "../../primitives/words.ts";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { out, say } from "../terminal.ts";
import { now } from "../../app/now.ts";
import { COLUMN, JSON_OPTION, record, withTrust } from "./common.ts";

interface Arguments {
  file: string;
  json: boolean;
}

export const mergeCommand: CommandModule<object, Arguments> = {
  command: "merge <file>",
  describe: "take over what another machine of yours remembers; conflicts are shown",
  builder: (yargs) =>
    yargs
      .positional("file", {
        type: "string",
        demandOption: true,
        describe: "from trust backup, there",
      })
      .option("json", JSON_OPTION),
  handler: ({ file, json }) =>
    withTrust(false, (trust) => {
      if (!existsSync(file)) throw new PatchsigError("not-found", `no such file: ${file}`);
      const other = openTrust({ file: resolve(file), dryRun: true });
      try {
        const rows = trust.transaction(() => merge(trust, other, file));
        for (const { key, outcome } of rows) show(key, outcome, json);
        const [taken, conflicts] = ["taken", "conflict"].map(
          (word) => rows.filter(({ outcome }) => outcome === word).length,
        ) as [number, number];
        if (!json) say(`${count(taken, "key")} taken over, ${conflicts} in conflict`);
        if (conflicts > 0)
          say("hint: trust show says what is known here, trust accept takes a key over");
        process.exitCode = conflicts === 0 ? EXIT.ok : EXIT.unmet;
      } finally {
        other.close();
      }
    }),
};

interface Row {
  readonly key: KeyRecord;
  readonly outcome: "taken" | "same" | "conflict";
}

/** Revoked keys first, so that nothing rests on them; then statements, by which keys came. */
function merge(trust: TrustStore, other: TrustStore, source: string): Row[] {
  const cause = { cause: "file", at: now(), messageId: "", source } as const;
  const keys = [...other.list()];
  const take = (key: KeyRecord): Row => {
    const inUse = usableKeys(other.lookup(key.identity)).map(({ publicKey }) => publicKey);
    return { key, outcome: trust.merge(key, inUse, cause) };
  };
  const [gone, rest] = [true, false].map((revoked) =>
    keys.filter(({ state }) => (state === "revoked") === revoked),
  ) as [KeyRecord[], KeyRecord[]];
  const rows = [...gone, ...rest].map(take);
  const verifier = createVerifier();
  for (const identity of new Set(keys.map((key) => key.identity)))
    for (const { text, applied } of other.statements(identity))
      for (const found of applied ? findStatements(Buffer.from(text), verifier) : [])
        if (found.ok) trust.applyStatement(found.statement, cause);
  return rows;
}

function show(key: KeyRecord, outcome: Row["outcome"], json: boolean): void {
  const { identity, publicKey, state } = key;
  if (json) return record("merged-key", { identity, publicKey, state, outcome });
  if (outcome === "same") return;
  const word = outcome === "taken" ? state : outcome;
  out(ours`${identity}\n${word.padEnd(COLUMN)}${publicKey}`);
}
