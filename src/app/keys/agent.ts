/** A key file's key in ssh-agent, for a while. */

import { isGpgAgent } from "../../agent/gpg-agent.ts";
import type { SshAgent } from "../../agent/ssh-agent.ts";
import { PatchsigError } from "../../errors.ts";
import { formatKeyId, type PublicKey } from "../../minisign/public-key.ts";
import { shellWord } from "../../primitives/shell.ts";
import {
  type AskPassword,
  readPublicKeyBeside,
  readSecretKeyFile,
  unlockKey,
} from "../../store/key-file.ts";
import { publicKeyPath } from "../../store/key-path.ts";
import type { Reporter } from "../reporter.ts";
import { userAgent } from "../sign/agent-signer.ts";

/**
 * Decrypts the key file once and hands the key to the agent, which forgets it after so many seconds.
 *
 * @returns the key; null if its file has no password, so that there is nothing to unlock
 * @throws PatchsigError "unsupported" for gpg-agent, "not-found", "no-agent", "agent-failed"
 */
export async function unlockInAgent(
  path: string,
  seconds: number,
  { askPassword, say }: { readonly askPassword: AskPassword; readonly say: Reporter["say"] },
): Promise<PublicKey | null> {
  const agent = userAgent(say);
  try {
    if (isGpgAgent(process.env["SSH_AUTH_SOCK"] ?? ""))
      throw new PatchsigError("unsupported", "gpg-agent would keep the key on the disk for good", {
        hint: "eval $(ssh-agent) starts an agent that forgets",
      });
    const file = readSecretKeyFile(path);
    file.body.wipe();
    if (!file.encrypted) return null;
    publicKeyBeside(path);
    // before a password is asked for
    await agent.listIdentities();

    const key = await unlockKey({ path, askPassword });
    const { keyNumber, point } = key.publicKey;
    try {
      await agent.add(key.exposeSeed(), point, `patchsig ${formatKeyId(keyNumber)}`, seconds);
    } finally {
      key.wipe();
    }
    if (!(await holds(agent, point)))
      throw new PatchsigError(
        "agent-failed",
        "the ssh-agent accepted the key but does not list it",
      );
    return key.publicKey;
  } finally {
    agent.close();
  }
}

/** Takes the key out of the agent; false if it is not in there. */
export async function lockInAgent(path: string, say: Reporter["say"]): Promise<boolean> {
  const { point } = publicKeyBeside(path);
  const agent = userAgent(say);
  try {
    if (!(await holds(agent, point))) return false;
    await agent.remove(point);
    return true;
  } finally {
    agent.close();
  }
}

/** True if ssh-agent holds this key now. No agent, or one that does not answer, holds nothing. */
export async function isUnlocked({ point }: PublicKey, say: Reporter["say"]): Promise<boolean> {
  try {
    const agent = userAgent(say);
    try {
      return await holds(agent, point);
    } finally {
      agent.close();
    }
  } catch (error) {
    if (error instanceof PatchsigError) return false;
    throw error;
  }
}

async function holds(agent: SshAgent, point: Buffer): Promise<boolean> {
  return (await agent.listIdentities()).keys.some((key) => key.point.equals(point));
}

/** Only the public key tells which of the agent's keys a locked file's is. */
function publicKeyBeside(path: string): PublicKey {
  const key = readPublicKeyBeside(path);
  if (key !== null) return key;
  const beside = publicKeyPath(path);
  throw new PatchsigError(
    "not-found",
    `no public key beside the secret one: ${beside} is not there`,
    { hint: `minisign -R -s ${shellWord(path)} -p ${shellWord(beside)}` },
  );
}
