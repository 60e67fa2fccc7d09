/** `ssh:SELECTOR`: one of the keys that an agent holds. */

import { CliError, FormatError } from "../errors.ts";
import { parsePublicKeyText, type PublicKey } from "../minisign/public-key.ts";
import {
  formatSshKey,
  publicKeyOfPoint,
  SSH_ED25519,
  sshFingerprint,
} from "../minisign/ssh-key.ts";
import type { AgentKey, Holdings } from "./ssh-agent.ts";

export interface Selected {
  readonly key: AgentKey;
  /** As minisign has it. */
  readonly publicKey: PublicKey;
}

/**
 * @param selector a comment, `SHA256:fingerprint`, `ssh-ed25519 AAAA…` or `RW…`
 * @throws CliError "no-key" if none or several fit; its hint lists what the agent holds
 */
export function selectKey(held: Holdings, selector: string): Selected {
  const wanted = publicKeyIn(selector);
  const fits = held.keys.filter(
    wanted === null ? matcher(selector) : (key) => key.point.equals(wanted.point),
  );
  const [key] = fits;
  if (key !== undefined && fits.length === 1)
    // a key file's key, put into the agent, keeps the number that RW… says
    return { key, publicKey: wanted ?? publicKeyOfPoint(key.point) };
  const many = `the ssh-agent holds ${fits.length} keys "${selector}"`;
  const none = `the ssh-agent holds no key "${selector}"`;
  throw new CliError("no-key", fits.length > 1 ? many : none, { hint: listing(held) });
}

function publicKeyIn(selector: string): PublicKey | null {
  if (!/^RW[A-Za-z0-9+/]{54}$/.test(selector)) return null;
  try {
    return parsePublicKeyText(selector);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function matcher(selector: string): (key: AgentKey) => boolean {
  if (selector.startsWith("SHA256:")) {
    const fingerprint = selector.replace(/=$/, "");
    return (key) => sshFingerprint(key.point) === fingerprint;
  }
  if (selector.startsWith(`${SSH_ED25519} `)) {
    // as in a .pub file or authorized_keys: what follows the key is its comment
    const [, base64] = selector.split(/ +/);
    return (key) => formatSshKey(key.point).toString("base64") === base64;
  }
  return (key) => key.comment === selector;
}

const MOST_LISTED = 5;

function listing({ keys, others }: Holdings): string {
  const shown = keys
    .slice(0, MOST_LISTED)
    .map((key) => `"${key.comment.slice(0, 80)}" ${sshFingerprint(key.point)}`);
  if (keys.length > MOST_LISTED) shown.push(`${keys.length - MOST_LISTED} more`);
  const besides = others === 0 ? "" : `; ${others} of other types`;
  if (shown.length === 0) return `it holds no ed25519 key${besides}`;
  return `its ed25519 keys: ${shown.join(", ")}${besides}`;
}
