/**
 * `patchsig key`: make, bring in, show, re-encrypt and unlock minisign keys. A key belongs to a person,
 * not to an address: which address it signs for is git's user.email when it signs.
 */

import type { CommandGroup } from "../../options/command.ts";
import { lockCommand, unlockCommand } from "../key/agent.ts";
import { generateCommand } from "../key/generate.ts";
import { importCommand } from "../key/import.ts";
import { passwordCommand } from "../key/password.ts";
import { showCommand } from "../key/show.ts";

export const keyCommand: CommandGroup = {
  usage: "key",
  describe: "make, import and show the key that signs",
  question: "key: generate, import, show, password, unlock or lock?",
  commands: [
    generateCommand,
    importCommand,
    showCommand,
    passwordCommand,
    unlockCommand,
    lockCommand,
  ],
};
