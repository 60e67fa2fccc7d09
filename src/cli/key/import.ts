/** `patchsig key import`: a key of stock minisign, or of patatt. */

import { resolve } from "node:path";
import { DEFAULT_COMMENT, importKey, importPatattKey } from "../../app/keys/files.ts";
import { keyPathOf } from "../../app/settings.ts";
import { PatchsigError } from "../../errors.ts";
import { command } from "../../options/command.ts";
import { passwordOptions, passwordSource } from "../../terminal/password.ts";
import { say } from "../../terminal/terminal.ts";
import {
  FORCE_OPTION,
  KEY_OPTION,
  newPasswordOf,
  printKey,
  printNewKey,
  PROTECT_OPTIONS,
} from "./common.ts";
import { flag, required, value } from "../../options/kinds.ts";

export const importCommand = command({
  usage: "import <file>",
  describe: "import a minisign secret key, encrypted as it is; or one of patatt's",
  words: {
    file: required("the secret key file to import"),
  },
  options: {
    ...KEY_OPTION,
    ...passwordOptions,
    ...PROTECT_OPTIONS,
    patatt: flag("the key is patatt's ed25519 key: encrypt it with a new password"),
    ...FORCE_OPTION,
    public: value("its public key file; without it the key is unlocked once"),
  },
  async run(args) {
    const { patatt, force } = args;
    const path = keyPathOf(args.key);
    const source = resolve(args.file);
    if (patatt && args.public !== undefined)
      throw new PatchsigError("usage", "--public does not go with --patatt");
    if (!patatt && (args.noPassword === true || args.password !== undefined))
      throw new PatchsigError("usage", "the password stays as it is", {
        hint: "git patchsig key password changes it",
      });
    const passwords = passwordSource(args);
    if (patatt) {
      const newPassword = newPasswordOf(args, passwords);
      const options = { path, comment: DEFAULT_COMMENT, force, newPassword };
      return printNewKey(await importPatattKey(source, options), path);
    }
    const publicFile = args.public === undefined ? null : resolve(args.public);
    printKey(await importKey(source, publicFile, { path, force, askPassword: passwords.ask }));
    say(`secret key: ${path} (a copy; the password is the same)`);
  },
});
