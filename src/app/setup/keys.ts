/** Existing keys, and what they are: the one that signs now, and those that could. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import type { PublicKey } from "../../minisign/public-key.ts";
import { homeFolder } from "../../places.ts";
import { sshFingerprint } from "../../ssh/key.ts";
import { readPublicKeyBeside, readSecretKeyFile } from "../../store/key-file.ts";
import { isUnlocked } from "../keys/agent.ts";
import type { Reporter } from "../reporter.ts";
import { agentKey, userAgent } from "../sign/agent-signer.ts";
import { AGENT, type KeyChoice } from "../settings.ts";

/** A key that could sign. */
export interface KeyOffer {
  /** As patchsig.key names it: a path, or `ssh:SHA256:…`. */
  readonly name: string;
  /** Its comment in ssh-agent; null for a file. */
  readonly comment: string | null;
}

/** The key of a file, put into the agent by `key unlock`. */
const UNLOCKED = /^patchsig [0-9A-F]{16}$/;

/** Keys of stock minisign, and of the user's ssh-agent. No agent, or a silent one, offers none. */
export async function keyOffers(say: Reporter["say"]): Promise<readonly KeyOffer[]> {
  const stock = join(
    process.env["MINISIGN_CONFIG_DIR"] || join(homeFolder(), ".minisign"),
    "minisign.key",
  );
  const files = existsSync(stock) ? [{ name: stock, comment: null }] : [];
  return [...files, ...(await agentOffers(say))];
}

async function agentOffers(say: Reporter["say"]): Promise<KeyOffer[]> {
  try {
    const agent = userAgent(say);
    try {
      const { keys } = await agent.listIdentities();
      return keys
        .filter(({ comment }) => !UNLOCKED.test(comment))
        .map(({ point, comment }) => ({ name: `${AGENT}${sshFingerprint(point)}`, comment }));
    } finally {
      agent.close();
    }
  } catch (error) {
    if (error instanceof PatchsigError) return [];
    throw error;
  }
}

/** What is known about a key without its password. */
export interface SigningKeyState {
  /** It can sign without asking for a password. */
  readonly open: boolean;
  /** It is in an encrypted file. */
  readonly encrypted: boolean;
  /** Of an encrypted file: only if it is beside it. */
  readonly publicKey: PublicKey | null;
}

/** PatchsigError if it cannot be a key to sign with: "not-found", "bad-key", "lax-mode", "no-key" … */
export async function keyStateOf(
  choice: KeyChoice,
  say: Reporter["say"],
): Promise<SigningKeyState> {
  if (choice.kind === "agent")
    return {
      open: true,
      encrypted: false,
      publicKey: (await agentKey(choice.selector, say)).publicKey,
    };
  const { path } = choice;
  const { encrypted, body } = readSecretKeyFile(path);
  body.wipe();
  const publicKey = readPublicKeyBeside(path);
  const unlocked = encrypted && publicKey !== null && (await isUnlocked(publicKey, say));
  return { open: !encrypted || unlocked, encrypted, publicKey };
}
