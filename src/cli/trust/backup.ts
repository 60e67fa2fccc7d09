/** `patchsig trust backup, restore`: the whole database as one file. */

import type { CommandModule } from "yargs";
import { escapeText } from "../../report/escape.ts";
import { backUp, restore } from "../../store/backup.ts";
import { note } from "../terminal.ts";
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
    note(`written: ${escapeText(file)}\n`);
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
    note(`restored: ${escapeText(databaseFile())}\n`);
    if (kept !== null) note(`the one before is ${escapeText(kept)}\n`);
  },
};
