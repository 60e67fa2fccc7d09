/** `patchsig trust`: whose key is which, and what is said about keys. */

import type { CommandGroup } from "../../options/command.ts";
import { backupCommand, restoreCommand } from "../trust/backup.ts";
import { diffCommand, exportCommand, importCommand } from "../trust/keyrings.ts";
import { acceptCommand, listCommand, showCommand } from "../trust/keys.ts";
import { mergeCommand } from "../trust/merge.ts";
import { statusCommand } from "../trust/status.ts";
import { trustLogCommand } from "../trust/log.ts";
import {
  addCommand,
  endorseCommand,
  revokeCommand,
  rotateCommand,
  statementCommand,
} from "../trust/statements.ts";

export const trustCommand: CommandGroup = {
  usage: "trust",
  describe: "whose key is which: look, accept, rotate, add, endorse, revoke",
  question: "trust: list, show, log, accept, revoke …?",
  commands: [
    listCommand,
    showCommand,
    trustLogCommand,
    acceptCommand,
    revokeCommand,
    rotateCommand,
    addCommand,
    endorseCommand,
    statementCommand,
    importCommand,
    exportCommand,
    diffCommand,
    statusCommand,
    mergeCommand,
    backupCommand,
    restoreCommand,
  ],
};
