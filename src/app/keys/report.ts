/** What there is to say of a key, wherever it lies. */

import { formatKeyId, formatPublicKeyText, type PublicKey } from "../../minisign/public-key.ts";
import { sshFingerprint } from "../../ssh/key.ts";
import {
  type AskPassword,
  readPublicKeyBeside,
  readPublicKeyFile,
  readSecretKeyFile,
} from "../../store/key-file.ts";
import { publicKeyPath } from "../../store/key-path.ts";
import type { Reporter } from "../reporter.ts";
import type { KeyChoice } from "../settings.ts";
import { agentKey } from "../sign/agent-signer.ts";
import { isUnlocked } from "./agent.ts";
import { publicKeyByUnlocking } from "./files.ts";

export interface KeyReport {
  readonly type: "key";
  readonly publicKey: string;
  readonly keyId: string;
  /** Null if only a public key file was looked at. */
  readonly path: string | null;
  readonly publicPath: string | null;
  readonly encrypted: boolean | null;
  /** An encrypted file's key is in ssh-agent (`key unlock`), so that no password is needed; else null. */
  readonly unlocked: boolean | null;
  /** Its comment and fingerprint in ssh-agent; null for a file. */
  readonly agent: { readonly comment: string; readonly fingerprint: string } | null;
}

/** @param askPassword asked only of an encrypted key without its public key beside it */
export async function reportOf(
  choice: KeyChoice,
  { askPassword, say }: { readonly askPassword: AskPassword; readonly say: Reporter["say"] },
): Promise<KeyReport> {
  if (choice.kind === "agent") {
    const { publicKey, key } = await agentKey(choice.selector, say);
    const fingerprint = sshFingerprint(key.point);
    return report(publicKey, { agent: { comment: key.comment, fingerprint } });
  }
  const { path } = choice;
  if (path.endsWith(".pub")) return report(readPublicKeyFile(path), { publicPath: path });
  const { encrypted } = readSecretKeyFile(path);
  const beside = readPublicKeyBeside(path);
  // an encrypted key does not tell its public half: believe the file beside it, or ask
  const publicKey =
    encrypted && beside !== null ? beside : await publicKeyByUnlocking(path, askPassword);
  const publicPath = beside === null ? null : publicKeyPath(path);
  const unlocked = encrypted ? await isUnlocked(publicKey, say) : null;
  return report(publicKey, { path, publicPath, encrypted, unlocked });
}

function report(
  key: PublicKey,
  place: Partial<Pick<KeyReport, "path" | "publicPath" | "encrypted" | "unlocked" | "agent">>,
): KeyReport {
  return {
    type: "key",
    publicKey: formatPublicKeyText(key),
    keyId: formatKeyId(key.keyNumber),
    path: null,
    publicPath: null,
    encrypted: null,
    unlocked: null,
    agent: null,
    ...place,
  };
}
