/** Mails, and what comes of their DKIM signatures with keys at hand. */

import { readClaims } from "../../src/dkim/claim.ts";
import type { ServerWord } from "../../src/dkim/auth-results.ts";
import type { DkimResult } from "../../src/dkim/result.ts";
import { keysIn, type SeenRecord, verifyClaims } from "../../src/dkim/verify.ts";
import { readDiff } from "../../src/diff/diff.ts";
import { readRawMail } from "../../src/mail/mailinfo.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import type { Diff, MailView } from "../../src/types.ts";

/** Key records by their names in DNS; a list of them, the newest first, with their dates. */
export type Zone = Readonly<Record<string, string | readonly SeenRecord[]>>;

/** 2024-02-01, a month after the mails of fixtures/dkim. */
export const AT = 1_706_745_600;

const verifier = createVerifier();

/** What git reads in a mail; null if it, or its diff, is refused. */
export function gitView(mail: Buffer): { view: MailView; diff: Diff } | null {
  const read = readRawMail(mail);
  if (!read.ok) return null;
  const diff = readDiff(read.value.patch, read.value.crs);
  return diff.ok ? { view: read.value, diff: diff.value } : null;
}

/** What comes of a mail; null if it is refused. */
export function dkimOf(
  mail: Buffer | string,
  zone: Zone,
  { at = AT, words = [] }: { at?: number; words?: readonly ServerWord[] } = {},
): DkimResult | null {
  const bytes = typeof mail === "string" ? Buffer.from(mail, "latin1") : mail;
  const seen = gitView(bytes);
  if (seen === null) return null;
  const claims = { ...readClaims(bytes, seen.view, seen.diff, () => true), words };
  return verifyClaims(claims, (name) => known(zone, name, at), at, verifier);
}

function known(zone: Zone, name: string, at: number) {
  const found = Object.hasOwn(zone, name) ? zone[name]! : [];
  const records =
    typeof found === "string" ? [{ text: found, firstSeen: at, lastSeen: at }] : found;
  return { keys: keysIn(records), asked: "answered" } as const;
}
