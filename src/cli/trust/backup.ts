/** `patchsig trust backup, restore`: the whole database as one file. */

import { restoreDatabase } from "../../app/trust/restore.ts";
import { backUp } from "../../store/backup.ts";
import { count } from "../../primitives/words.ts";
import { say } from "../terminal.ts";
import { databaseFile } from "./common.ts";
import { command } from "../command.ts";

export const backupCommand = command({
  usage: "backup <file>",
  describe: "write a copy of the database, while others may be writing",
  words: {
    file: { type: "string", demandOption: true, describe: "must not exist" },
  },
  run({ file }) {
    backUp(databaseFile(), file);
    say(`written: ${file}`);
  },
});

export const restoreCommand = command({
  usage: "restore <file>",
  describe: "put a copy in the place of the database; the old one is kept aside",
  words: {
    file: { type: "string", demandOption: true, describe: "from trust backup" },
  },
  run({ file }) {
    // 20261124T120000Z, to the millisecond
    const stamp = new Date().toISOString().replace(/[-:.]/g, "");
    const { kept, comeBack: back } = restoreDatabase(databaseFile(), file, stamp);
    say(`restored: ${databaseFile()}`);
    if (kept === null) return;
    say(`the one before is ${kept}`);
    if (back.length === 0) return;
    say(`${count(back.length, "key")} revoked there, and not in this copy:`);
    for (const { identity, publicKey } of back) say(`  ${identity} ${publicKey}`);
    say("hint: git patchsig trust revoke ADDRESS KEY");
  },
});
