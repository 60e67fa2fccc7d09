/** A Message-ID as the name of a source. */

import { isThere } from "../../source/reading.ts";

const BARE = /^<?([^\s<>/]{1,500}@[^\s<>/]{1,500})>?$/;
/** `https://lore.kernel.org/r/<id>`: the address is not opened. */
const LINK = /^https?:\/\/[^\s<>]+\/([^\s<>/]{1,500}(?:@|%40)[^\s<>/]{1,500})\/?$/;

/** The Message-ID that a source's name is, with angle brackets; null for a file, a folder, a mailbox. */
export function namedMessageId(name: string): string | null {
  const [, linked] = LINK.exec(name) ?? [];
  const [, bare] = BARE.exec(name) ?? [];
  if (linked !== undefined) return `<${decoded(linked)}>`;
  if (bare === undefined || (!name.startsWith("<") && isThere(name))) return null;
  return `<${bare}>`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Those among the names of sources. */
export function messageIdsAmong(sources: readonly string[]): string[] {
  return sources.flatMap((name) => namedMessageId(name) ?? []);
}
