/** Reads `-P 1-3,5`, which chooses patches of a series as in b4 am. Pure. */

import { PatchsigError } from "../../errors.ts";
import type { JudgedMember } from "../../verify/series.ts";

/** Tells whether a patch is chosen. */
export type PatchChoice = (member: JudgedMember<unknown>) => boolean;

const RANGE = /^(\d{1,6})?(-)?(\d{1,6})?$/;

/**
 * @param words `1-3,5,7-` for numbers, `_` for the patch that a source's Message-ID names, `*timer*` for subjects
 * @param mails Message-IDs that were given as sources
 * @throws PatchsigError "usage" for anything else
 */
export function patchChoice(words: string, mails: readonly string[]): PatchChoice {
  const choices = words.split(",").map((word) => oneChoice(word.trim(), mails));
  return (member) => choices.some((choice) => choice(member));
}

function oneChoice(word: string, mails: readonly string[]): PatchChoice {
  if (word === "_") {
    if (mails.length > 0) return ({ result }) => mails.includes(result.messageId);
    throw new PatchsigError("usage", "-P _ goes with a Message-ID as the source");
  }
  if (word.includes("*")) {
    const pattern = globOf(word);
    return ({ result }) => pattern.test(result.subject);
  }
  const [, first, dash, last] = RANGE.exec(word) ?? [];
  if (first === undefined && last === undefined) throw wrong(word);
  const from = Number(first ?? 1);
  const to = dash === undefined ? from : Number(last ?? Infinity);
  if (from < 1 || to < from || (dash === undefined && last !== undefined)) throw wrong(word);
  return ({ evidence: { number } }) => number.index >= from && number.index <= to;
}

function globOf(word: string): RegExp {
  const parts = word.split(/\*+/).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "is");
}

function wrong(word: string): PatchsigError {
  return new PatchsigError("usage", `-P: "${word}" names no patches`, {
    hint: "numbers and ranges, as in -P 1-3,5,7-",
  });
}
