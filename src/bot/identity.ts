/** Names under which the bot remembers people and mails: digests, so that one can be forgotten. */

import { hash } from "node:crypto";

/** 16 bytes that stand for a normalised address: whom not to write to must outlive the address. */
export function authorDigest(identity: string): Buffer {
  return hash("sha256", `patchsig bot author ${identity}`, "buffer").subarray(0, 16);
}

/** 8 bytes that stand for a mail: one that came before, or through another list, is the same. */
export function mailDigest(messageId: string, bytes: Uint8Array): Buffer {
  const name = messageId === "" ? bytes : `patchsig bot mail ${messageId}`;
  return hash("sha256", name, "buffer").subarray(0, 8);
}

/**
 * The Message-ID of what the bot writes about a mail: the same whenever it is made again, so that
 * nothing is ever sent twice.
 *
 * @param kind of the letter
 * @param about the Message-ID of what it answers, or whatever names it
 * @param address the bot's
 */
export function letterId(kind: string, about: string, address: string): string {
  const name = hash("sha256", `${kind} ${about} ${address}`, "hex").slice(0, 32);
  return `<patchsig-bot.${name}@${address.slice(address.indexOf("@") + 1)}>`;
}

/** What stands for a letter in the subject of a mail that stops it. */
export function tokenOf(messageId: string): string {
  return /^<patchsig-bot\.([0-9a-f]{32})@/.exec(messageId)?.[1] ?? "";
}

/** The Message-ID of the letter that such a subject speaks of; null if it speaks of none. */
export function letterOfToken(subject: string, address: string): string | null {
  const [, token] = /^stop ([0-9a-f]{32})$/i.exec(subject.trim()) ?? [];
  const domain = address.slice(address.indexOf("@") + 1);
  return token === undefined ? null : `<patchsig-bot.${token.toLowerCase()}@${domain}>`;
}

/** Whether a Message-ID looks like one of this or another bot's. */
export function isLetterId(messageId: string): boolean {
  return messageId.startsWith("<patchsig-bot.");
}
