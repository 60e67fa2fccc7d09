/** The signing key, by options, and where its password comes from. */

import { type OpenSigner, openSigner } from "../app/sign/signer.ts";
import { value } from "../options/kinds.ts";
import { passwordOptions, passwordSource, type PasswordSettings } from "../terminal/password.ts";
import { say } from "../terminal/terminal.ts";

export const SIGNER_OPTIONS = {
  key: value("the secret key file, or ssh:NAME of one in ssh-agent (default: patchsig.key)"),
  ...passwordOptions,
} as const;

export interface SignerSettings extends PasswordSettings {
  readonly key?: string | undefined;
}

/** Ready to sign; the caller wipes it. PatchsigError: those of openSigner and passwordSource. */
export async function userSigner(settings: SignerSettings): Promise<OpenSigner> {
  const { key, passwordFd, passwordFile } = settings;
  const passwordGiven = passwordFd !== undefined || passwordFile !== undefined;
  // report wrong usage before doing anything
  const given = passwordGiven ? passwordSource(settings).ask : null;
  const askPassword = given ?? askOnTerminal;
  return openSigner({ key, askPassword, passwordGiven, say });
}

export function askOnTerminal(prompt: string): Promise<Buffer> {
  return passwordSource({}).ask(prompt);
}
