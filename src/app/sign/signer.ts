/**
 * Who signs: a key that ssh-agent holds, or the key in a file, unlocked at most once. What asks for
 * passwords and what speaks to an agent is loaded when it is needed.
 */

import { PatchsigError } from "../../errors.ts";
import type { Signer } from "../../minisign/signature.ts";
import {
  type AskPassword,
  readPublicKeyBeside,
  readSecretKeyFile,
  unlockKey,
} from "../../store/key-file.ts";
import type { PasswordSettings } from "../../cli/password.ts";
import { keyChoiceOf } from "../settings.ts";

/** A signer that holds a secret or a connection, until it is wiped. */
export interface OpenSigner extends Signer {
  wipe(): void;
}

export interface SignerSettings extends PasswordSettings {
  readonly key?: string | undefined;
}

/**
 * The user's key, ready to sign. The caller wipes it.
 *
 * A key file with a password is looked for in ssh-agent first (`key unlock`); only if it is not
 * there is the password asked for, once. Who says where a password comes from wants it used: then
 * the agent is not asked.
 *
 * @param askOtherwise if not on the terminal
 */
export async function openSigner(
  settings: SignerSettings,
  askOtherwise: AskPassword | null = null,
): Promise<OpenSigner> {
  const { passwordFd, passwordFile } = settings;
  const given = passwordFd !== undefined || passwordFile !== undefined;
  const source = async (): Promise<AskPassword> =>
    (await import("../../cli/password.ts")).passwordSource(settings).ask;
  // wrong usage is told before anything is done
  const fromSettings = given ? await source() : null;

  const choice = keyChoiceOf(settings.key);
  if (choice.kind === "agent")
    return (await import("./agent-signer.ts")).agentSigner(choice.selector);
  const { path } = choice;
  const askPassword: AskPassword =
    fromSettings ?? askOtherwise ?? (async (prompt) => (await source())(prompt));
  try {
    const unlocked = given ? null : await unlockedInAgent(path);
    return unlocked ?? (await unlockKey({ path, askPassword }));
  } catch (error) {
    if (error instanceof PatchsigError && error.code === "not-found")
      throw new PatchsigError("not-found", `no key yet: ${path} is not there`, {
        hint: "make one: git patchsig key generate",
        cause: error,
      });
    throw error;
  }
}

/** A signer for the key in this file if the file has a password and ssh-agent holds the key. */
async function unlockedInAgent(path: string): Promise<OpenSigner | null> {
  const socket = process.env["SSH_AUTH_SOCK"] ?? "";
  if (socket === "" || !isEncrypted(path)) return null;
  const publicKey = readPublicKeyBeside(path);
  if (publicKey === null) return null;
  return (await import("./agent-signer.ts")).signerIfHeld(socket, publicKey);
}

function isEncrypted(path: string): boolean {
  const file = readSecretKeyFile(path);
  file.body.wipe();
  return file.encrypted;
}
