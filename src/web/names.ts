/** Addresses of pages. A Message-ID stands in them as in public-inbox's: without brackets, and escaped. */

import { escapeText, ours, type SafeText } from "../report/escape.ts";

function part(text: string): SafeText {
  const bare = text.replaceAll(/[<>]/g, "");
  // as a path, dots alone would climb: brackets hold them
  const held = /^\.{1,2}$/.test(bare) ? `<${bare}>` : bare;
  return escapeText(encodeURIComponent(held).replaceAll("'", "%27"));
}

/** In addresses, copies count from 1. */
function copyQuery(copy: number | undefined): SafeText {
  return copy === undefined ? ours`` : ours`?copy=${copy + 1}`;
}

export const toSeries = (messageId: string): SafeText => ours`/series/${part(messageId)}`;
/** @param copy which of several mails with this Message-ID, from 0; not given: the page chooses */
export const toPatch = (messageId: string, copy?: number): SafeText =>
  ours`/patch/${part(messageId)}${copyQuery(copy)}`;
/** @param copy which of several mails with this Message-ID, from 0 */
export const toRaw = (messageId: string, copy?: number): SafeText =>
  ours`/${part(messageId)}/raw${copyQuery(copy === 0 ? undefined : copy)}`;
/** Absolute, since b4 derives other addresses from it. */
export const toList = (host: string, messageId: string): SafeText =>
  ours`http://${host}/all/${part(messageId)}/`;
export const toThread = (messageId: string): SafeText => ours`/${part(messageId)}/t.mbox.gz`;
export const toDiff = (messageId: string, older: string): SafeText =>
  ours`/series/${part(messageId)}/diff?from=${part(older)}`;
export const toPerson = (identity: string): SafeText => ours`/people/${part(identity)}`;
export const toSearch = (query: string): SafeText =>
  ours`/search?q=${escapeText(encodeURIComponent(query))}`;

/** A `mid:` URL (RFC 2392): the same wherever the pages are served. */
export const midUrl = (messageId: string): SafeText => ours`mid:${part(messageId)}`;

/** The Message-ID in an address, with its brackets. */
export function messageIdIn(text: string): string {
  return `<${text.replaceAll(/[<>]/g, "")}>`;
}
