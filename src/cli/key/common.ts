/** What the key commands share. */

import { formatPublicKeyText, type PublicKey } from "../../minisign/public-key.ts";
import { ours } from "../../report/escape.ts";
import { publicKeyPath } from "../../store/key-path.ts";
import type { PasswordSource } from "../../terminal/password.ts";
import { out, say } from "../../terminal/terminal.ts";
import { flag, value } from "../../options/kinds.ts";

export const KEY_OPTION = {
  key: value("the secret key file (default: patchsig.key of git config, else the user's own)"),
} as const;

export const PROTECT_OPTIONS = {
  "no-password": { alias: "W", type: "boolean", describe: "do not encrypt the key" },
  password: { type: "boolean", hidden: true },
} as const;

export const FORCE_OPTION = {
  force: flag("overwrite a key that exists"),
} as const;

/** The values of PROTECT_OPTIONS. */
export interface ProtectSettings {
  /** False after `--no-password`: yargs reads every `--no-x` so. */
  readonly password?: boolean | undefined;
  /** True after `-W`. */
  readonly noPassword?: boolean | undefined;
}

export function encrypts({ noPassword, password }: ProtectSettings): boolean {
  return noPassword !== true && password !== false;
}

/** Where a new password comes from; null if none is wanted. */
export function newPasswordOf(
  settings: ProtectSettings,
  { askNew }: PasswordSource,
): (() => Promise<Buffer>) | null {
  return encrypts(settings) ? () => askNew("new password: ") : null;
}

export function printKey(key: PublicKey): void {
  out(ours`${formatPublicKeyText(key)}`);
}

/** Prints a new key pair: the public key, its file, and what to do next. */
export function printNewKey(key: PublicKey, path: string): void {
  printKey(key);
  say(`secret key: ${path}`);
  say("            keep a copy where nobody else can read it");
  say(`public key: ${publicKeyPath(path)}`);
  say("            give it to those who verify");
}
