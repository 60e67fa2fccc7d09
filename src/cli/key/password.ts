/** `patchsig key password`. */

import { changePassword } from "../../app/keys/files.ts";
import { keyPathOf } from "../../app/settings.ts";
import { command } from "../../options/command.ts";
import { passwordOptions, passwordSource } from "../../terminal/password.ts";
import { say } from "../../terminal/terminal.ts";
import { KEY_OPTION, newPasswordOf, PROTECT_OPTIONS } from "./common.ts";

export const passwordCommand = command({
  usage: "password",
  describe: "set, change or (--no-password) remove the password",
  options: { ...KEY_OPTION, ...passwordOptions, ...PROTECT_OPTIONS },
  async run(args) {
    const path = keyPathOf(args.key);
    const passwords = passwordSource(args);
    const done = await changePassword(path, passwords.ask, newPasswordOf(args, passwords));
    say(done === "none" ? `${path} has no password` : `${path}: password ${done}`);
  },
});
