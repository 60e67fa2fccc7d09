/** `patchsig trust backup, restore`: the whole database as one file. */

import { restoreDatabase } from "../../app/trust/restore.ts";
import { backUp } from "../../store/backup.ts";
import { count } from "../../primitives/words.ts";
import { say } from "../../terminal/terminal.ts";
import { databaseFile } from "./common.ts";
import { command } from "../../options/command.ts";
import { required } from "../../options/kinds.ts";

export const backupCommand = command({
  usage: "backup <file>",
  describe: "write a copy of the database, even while others write to it",
  words: {
    file: required("must not exist"),
  },
  run({ file }) {
    backUp(databaseFile(), file);
    say(`written: ${file}`);
  },
});

export const restoreCommand = command({
  usage: "restore <file>",
  describe: "replace the database by a copy; the old one is kept",
  words: {
    file: required("from trust backup"),
  },
  run({ file }) {
    // 20261124T120000Z, to the millisecond
    const stamp = new Date().toISOString().replace(/[-:.]/g, "");
    const { kept, comeBack: back } = restoreDatabase(databaseFile(), file, stamp);
    say(`restored: ${databaseFile()}`);
    if (kept === null) return;
    say(`the old one is now ${kept}`);
    if (back.length === 0) return;
    say(`${count(back.length, "key")} revoked in the old one, but not in this copy:`);
    for (const { identity, publicKey } of back) say(`  ${identity} ${publicKey}`);
    say("hint: git patchsig trust revoke ADDRESS KEY");
  },
});
