/** The signing key, by options; loads the password prompt only when needed. */

import { type OpenSigner, openSigner } from "../app/sign/signer.ts";
import type { AskPassword } from "../store/key-file.ts";
import type { PasswordSettings } from "./password.ts";
import { say } from "./terminal.ts";

export interface SignerSettings extends PasswordSettings {
  readonly key?: string | undefined;
}

/** Ready to sign; the caller wipes it. PatchsigError: those of openSigner and passwordSource. */
export async function userSigner(settings: SignerSettings): Promise<OpenSigner> {
  const { key, passwordFd, passwordFile } = settings;
  const passwordGiven = passwordFd !== undefined || passwordFile !== undefined;
  // report wrong usage before doing anything
  const given = passwordGiven ? await passwordsOf(settings) : null;
  const askPassword = given ?? askOnTerminal;
  return openSigner({ key, askPassword, passwordGiven, say });
}

export async function askOnTerminal(prompt: string): Promise<Buffer> {
  return (await passwordsOf({}))(prompt);
}

async function passwordsOf(settings: PasswordSettings): Promise<AskPassword> {
  return (await import("./password.ts")).passwordSource(settings).ask;
}
