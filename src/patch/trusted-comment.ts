/** The trusted comment: what a receiver must know and a transport can destroy (spec, "Fields"). */

import type { Digests } from "./attestation.ts";

/** All fields of version 1. Every one is always written, in this order; `null` is written `-`. */
export interface TrustedComment {
  /** Time of signing, seconds since the epoch. */
  readonly time: number;
  /** The signer's address, normalised (spec, "Addresses"); printable ASCII. */
  readonly by: string;
  /** Digest over the whole series: 32 hex digits; null if it was not signed as a whole. */
  readonly series: string | null;
  /** The reroll: 1, 2, 3 … */
  readonly version: number;
  /** 0 for a cover letter, else 1 to total. */
  readonly index: number;
  readonly total: number;
  /** Full object name of the commit that the series applies to, or null. */
  readonly base: string | null;
  readonly digests: Digests;
}

const number = (digits: number): string => `(0|[1-9][0-9]{0,${digits - 1}})`;

/** The grammar without white space, as the tolerant block reader sees the comment. */
export const COMMENT_SQUEEZED = new RegExp(
  [
    "^patchsig-v1",
    `t=${number(12)}`,
    "by=([!-~]{3,254}?)",
    "series=([0-9a-f]{32}|-)",
    `v=${number(4)}`,
    `n=${number(4)}/${number(4)}`,
    "base=([0-9a-f]{64}|[0-9a-f]{40}|-)",
    "a=([0-9a-f]{8})",
    "s=([0-9a-f]{8})",
    "m=([0-9a-f]{16})",
    "d=([0-9a-f]{16})",
  ].join(""),
);

/**
 * The fields of a match of `COMMENT_SQUEEZED`; null if a number is out of its range.
 */
export function fromMatch(match: RegExpExecArray): TrustedComment | null {
  const [, time, by, series, version, index, total, base, a, s, m, d] =
    match as unknown as string[];
  const comment = {
    time: Number(time),
    by: by!,
    series: series === "-" ? null : series!,
    version: Number(version),
    index: Number(index),
    total: Number(total),
    base: base === "-" ? null : base!,
    digests: { author: a!, subject: s!, message: m!, diff: d! },
  };
  const sane = comment.version >= 1 && comment.total >= 1 && comment.index <= comment.total;
  return sane ? comment : null;
}

/** The comment's text, without the `trusted comment: ` before it. */
export function formatTrustedComment(c: TrustedComment): string {
  return [
    "patchsig-v1",
    `t=${c.time}`,
    `by=${c.by}`,
    `series=${c.series ?? "-"}`,
    `v=${c.version}`,
    `n=${c.index}/${c.total}`,
    `base=${c.base ?? "-"}`,
    `a=${c.digests.author}`,
    `s=${c.digests.subject}`,
    `m=${c.digests.message}`,
    `d=${c.digests.diff}`,
  ].join(" ");
}
