/** `patchsig trust backup, restore`: the whole database as one file. */

import type { CommandModule } from "yargs";
import { PatchsigError } from "../../errors.ts";
import { backUp, restore } from "../../store/backup.ts";
import { openTrust } from "../../store/trust-store.ts";
import type { KeyRecord } from "../../trust/record.ts";
import { count } from "../../primitives/words.ts";
import { say } from "../terminal.ts";
import { databaseFile } from "./common.ts";

interface Arguments {
  file: string;
}

export const backupCommand: CommandModule<object, Arguments> = {
  command: "backup <file>",
  describe: "write a copy of the database, while others may be writing",
  builder: (yargs) =>
    yargs.positional("file", { type: "string", demandOption: true, describe: "must not exist" }),
  handler({ file }) {
    backUp(databaseFile(), file);
    say(`written: ${file}`);
  },
};

export const restoreCommand: CommandModule<object, Arguments> = {
  command: "restore <file>",
  describe: "put a copy in the place of the database; the old one is kept aside",
  builder: (yargs) =>
    yargs.positional("file", { type: "string", demandOption: true, describe: "from trust backup" }),
  handler({ file }) {
    // 20261124T120000Z, to the millisecond
    const stamp = new Date().toISOString().replace(/[-:.]/g, "");
    const kept = restore(databaseFile(), file, stamp);
    say(`restored: ${databaseFile()}`);
    if (kept === null) return;
    say(`the one before is ${kept}`);
    const back = comeBack(kept, databaseFile());
    if (back.length === 0) return;
    say(`${count(back.length, "key")} revoked there, and not in this copy:`);
    for (const { identity, publicKey } of back) say(`  ${identity} ${publicKey}`);
    say("hint: git patchsig trust revoke ADDRESS KEY");
  },
};

/** Keys that are void in one database and not in the other. */
function comeBack(before: string, now: string): KeyRecord[] {
  try {
    const still = new Set(revokedIn(now).map(({ publicKey }) => publicKey));
    return revokedIn(before).filter(({ publicKey }) => !still.has(publicKey));
  } catch (error) {
    // damaged, which may be why it was replaced
    if (error instanceof PatchsigError) return [];
    throw error;
  }
}

function revokedIn(file: string): KeyRecord[] {
  const trust = openTrust({ file, dryRun: true });
  try {
    return [...trust.list()].filter(({ state }) => state === "revoked");
  } finally {
    trust.close();
  }
}
