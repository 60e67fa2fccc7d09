/** A Message-ID as the name of a source. */

import { isThere } from "../../source/reading.ts";

const BARE = /^<?([^\s<>/]{1,500}@[^\s<>/]{1,500})>?$/;
/** `https://lore.kernel.org/r/<id>`, also of its thread: the address is not opened. */
const LINK =
  /^https?:\/\/[^\s<>]+?\/([^\s<>/?#]{1,500}(?:@|%40)[^\s<>/?#]{1,500})(?:\/(?:[tT]\/?|t\.mbox\.gz|t\.atom|raw)?)?(?:[?#]\S*)?$/;

/** The Message-ID that a source's name is, with angle brackets; null for a file, a folder, a mailbox. */
export function namedMessageId(name: string): string | null {
  const [, linked] = LINK.exec(name) ?? [];
  if (linked !== undefined) return `<${decoded(linked)}>`;
  // RFC 2392, as pages of `web` have it; notmuch's
  const word = name.startsWith("mid:") ? decoded(name.slice(4)) : name.trim().replace(/^id:/, "");
  const [, bare] = BARE.exec(word) ?? [];
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
