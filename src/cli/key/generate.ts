/** `patchsig key generate`. */

import { DEFAULT_COMMENT, generateKey } from "../../app/keys/files.ts";
import { keyPathOf } from "../../app/settings.ts";
import { command } from "../../options/command.ts";
import { passwordOptions, passwordSource } from "../../terminal/password.ts";
import { say } from "../../terminal/terminal.ts";
import { FORCE_OPTION, KEY_OPTION, newPasswordOf, printNewKey, PROTECT_OPTIONS } from "./common.ts";

export const generateCommand = command({
  usage: "generate",
  describe: "make a new key",
  options: {
    ...KEY_OPTION,
    ...passwordOptions,
    ...PROTECT_OPTIONS,
    ...FORCE_OPTION,
    comment: {
      type: "string",
      requiresArg: true,
      default: DEFAULT_COMMENT,
      describe: "first line of the secret key file",
    },
  },
  async run(args) {
    const { comment, force } = args;
    const path = keyPathOf(args.key);
    const newPassword = newPasswordOf(args, passwordSource(args));
    printNewKey(await generateKey({ path, comment, force, newPassword }), path);
    say("next: git patchsig format-patch -o out");
  },
});
