/**
 * What people reply to the bot. Pure: takes the text of a mail, returns one wish.
 *
 * In doubt it is a "stop": a wrong one costs a letter, a missed one a reader's patience.
 */

import { STOP_LINES, STOP_PHRASES } from "./stop-words.ts";

export type Wish =
  /** `sure`: in the very words that letters ask for, so it cannot mean anything else. */
  | { readonly kind: "stop"; readonly sure: boolean }
  | { readonly kind: "pause" }
  | { readonly kind: "base"; readonly commit: string }
  /** Nothing for a program to act on. */
  | { readonly kind: "none" };

const STOP =
  /^(?:please |just )?(?:stop|unsubscribe|opt[- ]?out|no,? thanks?|no,? thank you|remove me)(?: please| now)?$/;
const PAUSE =
  /^(?:please |sorry |no )?(?:not (?:right |just )?now|(?:maybe |perhaps )?later|(?:ask |remind |try )(?:me )?(?:again )?later)(?: please| thanks?| sorry)?$/;
/** Full commit names only: an abbreviation may be ambiguous tomorrow. */
const BASE = /\bbase(?:[- ]commit)?(?: is| was|:| =)? ?`?([0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-z])/;
const COMMIT = /(?<![0-9a-z])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-z])/g;
/** "Do not stop" is the one thing that only sounds like it. */
const GO_ON =
  /(?<!\p{L})(?:do not|don't|dont|never|need not|needn't|no need to|please keep|without) (?:ever )?(?:stop(?:ping)?|unsubscrib(?:e|ing))(?!\p{L})/gu;

/** Lines above the quoted text that are searched for the words letters ask for. */
const SURE_LINES = 5;
/** Characters and lines of a mail that are read. */
const MAX_TEXT = 20_000;
const MAX_LINES = 200;

/**
 * @param subject counts if the text says nothing: List-Unsubscribe sends a mail with a subject
 * @param text the mail's first part, as a person reads it
 * @param words more words for stop, in the language of the letters
 */
export function wishIn(subject: string, text: string, words: readonly string[] = []): Wish {
  const lines = ownLines(text);
  const own = words.map(plain).filter((word) => word !== "");
  for (const line of lines.slice(0, SURE_LINES)) {
    if (STOP.test(line) || own.includes(line)) return { kind: "stop", sure: true };
    if (PAUSE.test(line)) return lines.some(isStrong) ? UNSURE : { kind: "pause" };
  }
  const bare = ` ${lines.join(" ").replaceAll(COMMIT, "").replace(GO_ON, "")} `;
  if (isStrong(bare) || own.some((word) => bare.includes(` ${word} `))) return UNSURE;
  const commit = baseIn(lines);
  if (commit !== null) return { kind: "base", commit };
  if (lines.some((line) => STOP_LINES.test(line.replace(GO_ON, "")))) return UNSURE;
  // the subject of List-Unsubscribe says which letter it was
  const title = plain(subject).replace(/^(stop) [0-9a-f]{32}$/, "$1");
  if (STOP.test(title) || own.includes(title)) return { kind: "stop", sure: true };
  return PAUSE.test(title) ? { kind: "pause" } : { kind: "none" };
}

const UNSURE: Wish = { kind: "stop", sure: false };

function isStrong(text: string): boolean {
  return STOP_PHRASES.some((phrase) => phrase.test(text));
}

/** The commit named as the base; null if none is, or if several commits are mentioned. */
function baseIn(lines: readonly string[]): string | null {
  const named = lines.flatMap((line) => BASE.exec(line)?.[1] ?? []);
  const all = lines.flatMap((line) => line.match(COMMIT) ?? []);
  return named.length > 0 && all.length === 1 ? named[0]! : null;
}

/** Where a quotation or a signature begins. */
const END = [
  /^-- ?$/,
  /^_{10,}$/,
  /^-{2,} ?(?:original message|original mail|forwarded message|urspr)/i,
  /^(?:begin forwarded message|get outlook for|sent from my) ?/i,
  // Outlook's header above the quoted mail
  /^\*?(?:from|von|de|da|van|発信者|差出人|发件人|寄件者)\*? ?[:：] ?.*[@<"]/i,
];
const QUOTED = /^[>|]/;
/** The line above a quotation: "On …, … wrote:"; may be folded. */
const ATTRIBUTION = /^(?:on|am|le|el|em|il|op|den|w dniu|在|于) .*[:：]$/i;

/** The writer's own lines: not quoted, not empty, not below a signature. */
function ownLines(text: string): string[] {
  const lines: string[] = [];
  const raw = text.slice(0, MAX_TEXT).split(/\r\n|[\r\n\u2028\u2029]/);
  for (const [i, line] of raw.entries()) {
    const bare = line.trim();
    if (END.some((end) => end.test(bare)) || lines.length >= MAX_LINES) break;
    if (bare === "" || QUOTED.test(bare)) continue;
    if (ATTRIBUTION.test(bare) || ATTRIBUTION.test(`${bare} ${raw[i + 1]?.trim() ?? ""}`)) continue;
    // an attribution's second line
    if (/(?:wrote|schrieb|écrit|a écrit|scritto|escribió|escreveu)[^:]*[:：]$/i.test(bare))
      continue;
    const own = plain(line);
    if (own !== "") lines.push(own);
  }
  return lines;
}

/** Lower case, one spelling of each sign, no quotation marks or sentence ends. */
function plain(line: string): string {
  return line
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\p{Cf}+/gu, "")
    .replace(/[’‘ʼ`´]/g, "'")
    .replace(/[^\p{L}\p{M}\p{N}\p{So}'`:=@#/+_-]+/gu, " ")
    .replace(/(?<!\p{L})'+|'+(?!\p{L})|[\s:-]+$/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
}
