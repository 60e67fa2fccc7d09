/** Who signs: a key that ssh-agent holds, or the key in a file, unlocked at most once. */

import { PatchsigError } from "../../errors.ts";
import type { MinisignSigner } from "../../minisign/signature.ts";
import {
  type AskPassword,
  readPublicKeyBeside,
  readSecretKeyFile,
  unlockKey,
} from "../../store/key-file.ts";
import type { Reporter } from "../reporter.ts";
import { keyChoiceOf } from "../settings.ts";
import { agentSigner, signerIfHeld } from "./agent-signer.ts";

/** A signer that holds a secret or a connection, until it is wiped. */
export interface OpenSigner extends MinisignSigner {
  wipe(): void;
}

export interface SignerOptions {
  /** As `--key` names it; without it, the user's own. */
  readonly key?: string | undefined;
  /** Called at most once, for a key file with a password that no agent holds. */
  readonly askPassword: AskPassword;
  /** The user says where the password comes from and wants it used: no agent is asked first. */
  readonly passwordGiven?: boolean;
  readonly say: Reporter["say"];
}

/**
 * The user's key, ready to sign. The caller wipes it.
 *
 * A key file with a password is looked for in ssh-agent first (`key unlock`); only if it is not
 * there is the password asked for, once.
 */
export async function openSigner(options: SignerOptions): Promise<OpenSigner> {
  const { askPassword, passwordGiven = false, say } = options;
  const choice = keyChoiceOf(options.key);
  if (choice.kind === "agent") return agentSigner(choice.selector, say);
  const { path } = choice;
  try {
    const unlocked = passwordGiven ? null : await unlockedInAgent(path, say);
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
async function unlockedInAgent(path: string, say: Reporter["say"]): Promise<OpenSigner | null> {
  const socket = process.env["SSH_AUTH_SOCK"] ?? "";
  if (socket === "" || !isEncrypted(path)) return null;
  const publicKey = readPublicKeyBeside(path);
  if (publicKey === null) return null;
  return signerIfHeld(socket, publicKey, say);
}

function isEncrypted(path: string): boolean {
  const file = readSecretKeyFile(path);
  file.body.wipe();
  return file.encrypted;
}
