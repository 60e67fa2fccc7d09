/** Addresses of pages. A Message-ID stands in one as public-inbox writes it: without brackets, escaped. */

import { escapeText, ours, type SafeText } from "../report/escape.ts";

function part(text: string): SafeText {
  return escapeText(encodeURIComponent(text.replaceAll(/[<>]/g, "")));
}

export const toSeries = (messageId: string): SafeText => ours`/series/${part(messageId)}`;
export const toPatch = (messageId: string): SafeText => ours`/patch/${part(messageId)}`;
export const toRaw = (messageId: string): SafeText => ours`/${part(messageId)}/raw`;
export const toThread = (messageId: string): SafeText => ours`/${part(messageId)}/t.mbox.gz`;
export const toDiff = (messageId: string, older: string): SafeText =>
  ours`/series/${part(messageId)}/diff?from=${part(older)}`;
export const toPerson = (identity: string): SafeText => ours`/people/${part(identity)}`;
export const toSearch = (query: string): SafeText =>
  ours`/search?q=${escapeText(encodeURIComponent(query))}`;

/** The Message-ID in an address, with its brackets. */
export function messageIdIn(text: string): string {
  return `<${text.replaceAll(/[<>]/g, "")}>`;
}
