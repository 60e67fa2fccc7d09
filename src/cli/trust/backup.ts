/** `patchsig trust backup, restore`: the whole database as one file. */

import { backUpDatabase, restoreDatabase } from "../../app/trust/restore.ts";
import { count } from "../../primitives/words.ts";
import { say } from "../../terminal/terminal.ts";
import { databasePlace } from "./common.ts";
import { command } from "../../options/command.ts";
import { required } from "../../options/kinds.ts";

export const backupCommand = command({
  usage: "backup <file>",
  describe: "write a copy of the database, even while others write to it",
  words: {
    file: required("must not exist"),
  },
  async run({ file }) {
    await backUpDatabase(file);
    say(`written: ${file}`);
  },
});

export const restoreCommand = command({
  usage: "restore <file>",
  describe: "replace the database by a copy; the old one is kept",
  words: {
    file: required("from trust backup"),
  },
  async run({ file }) {
    // 20261124T120000Z, to the millisecond
    const stamp = new Date().toISOString().replace(/[-:.]/g, "");
    const { kept, comeBack: back } = await restoreDatabase(file, stamp);
    say(`restored: ${databasePlace()}`);
    if (kept === null) return;
    say(`the old one is now ${kept}`);
    if (back.length === 0) return;
    say(`${count(back.length, "key")} revoked in the old one, but not in this copy:`);
    for (const { identity, publicKey } of back) say(`  ${identity} ${publicKey}`);
    say("hint: git patchsig trust revoke ADDRESS KEY");
  },
});
