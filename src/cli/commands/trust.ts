/** `patchsig trust`: whose key is which, and what is said about keys. */

import type { Argv, CommandModule } from "yargs";
import { backupCommand, restoreCommand } from "../trust/backup.ts";
import { diffCommand, exportCommand, importCommand } from "../trust/keyrings.ts";
import { acceptCommand, listCommand, showCommand } from "../trust/keys.ts";
import { mergeCommand } from "../trust/merge.ts";
import { statusCommand } from "../trust/status.ts";
import { logCommand } from "../trust/log.ts";
import {
  addCommand,
  endorseCommand,
  revokeCommand,
  rotateCommand,
  statementCommand,
} from "../trust/statements.ts";

export const trustCommand: CommandModule = {
  command: "trust",
  describe: "whose key is which: look, accept, rotate, add, endorse, revoke",
  builder: (yargs): Argv =>
    yargs
      .command(listCommand)
      .command(showCommand)
      .command(logCommand)
      .command(acceptCommand)
      .command(revokeCommand)
      .command(rotateCommand)
      .command(addCommand)
      .command(endorseCommand)
      .command(statementCommand)
      .command(importCommand)
      .command(exportCommand)
      .command(diffCommand)
      .command(statusCommand)
      .command(mergeCommand)
      .command(backupCommand)
      .command(restoreCommand)
      .demandCommand(1, "trust: list, show, log, accept, revoke …?")
      .strict(),
  handler: () => undefined,
};
