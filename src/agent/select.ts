/** `ssh:SELECTOR`: one of the keys that an agent holds. */

import { hash } from "node:crypto";
import { PatchsigError, FormatError } from "../errors.ts";
import { parsePublicKeyText, type PublicKey, publicKeyOfPoint } from "../minisign/public-key.ts";
import { formatSshKey, SSH_ED25519, sshFingerprint, whyUnfit } from "../ssh/key.ts";
import type { AgentKey, AgentIdentities, OtherKey } from "./ssh-agent.ts";

export interface Selected {
  readonly key: AgentKey;
  /** In minisign's form. */
  readonly publicKey: PublicKey;
}

/**
 * @param selector a comment, `SHA256:fingerprint`, `ssh-ed25519 AAAA…` or `RW…`
 * @throws PatchsigError "no-key" if none or several fit; its hint lists what the agent holds
 */
export function selectKey(held: AgentIdentities, selector: string): Selected {
  const wanted = publicKeyIn(selector);
  const matches = held.keys.filter(
    wanted === null ? matcher(selector) : (key) => key.point.equals(wanted.point),
  );
  // one key under two comments is one key
  const fits = matches.filter((key, i) => matches.findIndex((one) => isSame(one, key)) === i);
  const [key] = fits;
  if (key !== undefined && fits.length === 1)
    // a key file's key keeps its RW… number in the agent
    return { key, publicKey: wanted ?? publicKeyOfPoint(key.point) };
  const other = held.others.find((one) => isMeant(one, selector));
  if (key === undefined && other !== undefined) throw wrongType(other, selector);
  const many = `the ssh-agent holds ${fits.length} keys "${selector}"`;
  const none = `the ssh-agent holds no key "${selector}"`;
  throw new PatchsigError("no-key", fits.length > 1 ? many : none, { hint: listing(held) });
}

function isSame(one: AgentKey, other: AgentKey): boolean {
  return one.point.equals(other.point);
}

function isMeant({ type, comment, blob }: OtherKey, selector: string): boolean {
  const [name, base64] = selector.split(/ +/);
  return (
    comment === selector ||
    selector.replace(/=$/, "") === `SHA256:${hash("sha256", blob, "base64").replace(/=+$/, "")}` ||
    (name === type && base64 === blob.toString("base64"))
  );
}

function wrongType({ type }: OtherKey, selector: string): PatchsigError {
  return new PatchsigError("no-key", `the key "${selector}" is a ${type || "nameless"} key`, {
    hint: whyUnfit(type),
  });
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

function listing({ keys, others }: AgentIdentities): string {
  const shown = keys
    .slice(0, MOST_LISTED)
    .map((key) => `"${key.comment.slice(0, 80)}" ${sshFingerprint(key.point)}`);
  if (keys.length > MOST_LISTED) shown.push(`${keys.length - MOST_LISTED} more`);
  const types = [...new Set(others.map(({ type }) => type))].slice(0, MOST_LISTED).join(", ");
  const besides = others.length === 0 ? "" : `; ${others.length} of other types (${types})`;
  if (shown.length === 0) return `it holds no ed25519 key${besides}`;
  return `its ed25519 keys: ${shown.join(", ")}${besides}`;
}
