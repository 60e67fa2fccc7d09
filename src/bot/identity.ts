/** The bot's names for people and mails: digests, so that they can be forgotten. */

import { hash } from "node:crypto";

/** 16 bytes for a normalised address: whom not to write to must outlive the address. */
export function authorDigest(identity: string): Buffer {
  return hash("sha256", `patchsig bot author ${identity}`, "buffer").subarray(0, 16);
}

/** 8 bytes for a mail: the same if it comes again, or through another list. */
export function mailDigest(messageId: string, bytes: Uint8Array): Buffer {
  const name = messageId === "" ? bytes : `patchsig bot mail ${messageId}`;
  return hash("sha256", name, "buffer").subarray(0, 8);
}

/**
 * The Message-ID of what the bot writes about a mail. It is always the same, so that nothing is
 * ever sent twice.
 *
 * @param kind of the letter
 * @param about the Message-ID it answers, or another name for it
 * @param address the bot's
 */
export function letterId(kind: string, about: string, address: string): string {
  const name = hash("sha256", `${kind} ${about} ${address}`, "hex").slice(0, 32);
  return `<patchsig-bot.${name}@${address.slice(address.indexOf("@") + 1)}>`;
}

/** The letter's token in the subject of a stop mail. */
export function tokenOf(messageId: string): string {
  return /^<patchsig-bot\.([0-9a-f]{32})@/.exec(messageId)?.[1] ?? "";
}

/** The Message-ID of the letter whose token is in the subject; null if none is. */
export function letterOfToken(subject: string, address: string): string | null {
  const [, token] = /^stop ([0-9a-f]{32})$/i.exec(subject.trim()) ?? [];
  const domain = address.slice(address.indexOf("@") + 1);
  return token === undefined ? null : `<patchsig-bot.${token.toLowerCase()}@${domain}>`;
}

/** Does a Message-ID look like this or another bot's? */
export function isLetterId(messageId: string): boolean {
  return messageId.startsWith("<patchsig-bot.");
}
