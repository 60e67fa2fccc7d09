/** What the brackets of a Subject say: `[PATCH v2 1/3]` (spec, "Brackets"). */

/** Version and number as people read them; null where the subject does not say. */
export interface SubjectNumber {
  /** 1 if a bracket is about patches and names none. */
  readonly version: number | null;
  readonly index: number | null;
  readonly total: number | null;
  /**
   * A label that no signature can express: `v2.1`, `v2a`, `0.5/5`, `v0`, or a second, different one. Such
   * a mail is not signed; with a signature it is not good.
   */
  readonly odd: string | null;
  /** False if the version is 1 because none is named. */
  readonly hasVersion: boolean;
  /** Of `v5.1`, which replaces a part of v5: `1`. Else "". */
  readonly minor: string;
  /**
   * The other words, lower case: `net-next`, `rfc`, `resend 6.6`. They tell series of the same version
   * and size apart.
   */
  readonly prefix: string;
}

/** What git strips from the front of a title; see `cleanTitle`. */
const LEAD = /(?:[ \t:]|re:(?=[^]))+|\[([^\]]*)\]/iy;
/** `1 of 3`, `1 / 3`; `v 2`, `ver. 2`, `version #2`. */
const SPACED_NUMBER = /(\d)\s*(?:\/|of)\s*(?=\d)/gi;
const SPACED_VERSION = /\bv(?:er(?:sion)?)?[\s.#]*(?=\d)/gi;
const ASCII = /^[\0-\x7f]*$/;
const ASCII_WORD = /[A-Za-z0-9](?:[A-Za-z0-9./_#-]*[A-Za-z0-9])?/g;
/** People glue them together: `PATCHv2`, `net-next-v2`, `PATCH1/2`, `v2-RESEND`. */
const GLUED = "^(?:.*(?:patch|rfc|[a-z][-_/]))?";
const NUMBER = new RegExp(`${GLUED}(\\d+(?:\\.\\d+)?)/(\\d+)$`, "i");
const VERSION = new RegExp(
  `${GLUED}v(\\d+(?:[./-]\\d+)*[a-c]?)(?:[-_/]?(?:rfc|resend|repost|patch))?$`,
  "i",
);
const ABOUT_PATCHES = /^(?:.*[-_/])?(?:patch|rfc)/i;
/** As in the fields `v=` and `n=`, but for zeros in front. */
const COUNT = /^\d{1,4}$/;

/**
 * Reads the brackets before the title in a decoded Subject header, in any order. `6.6` in
 * `[PATCH 6.6 2/5]` and `v5.10.y` name trees, not versions.
 */
export function subjectNumber(subject: string): SubjectNumber {
  const words = bracketsOf(subject).flatMap(wordsOf);
  const versions: string[] = [];
  const numbers: string[] = [];
  const others: string[] = [];
  for (const word of words) {
    const version = VERSION.exec(word);
    const number = NUMBER.exec(word);
    if (version !== null) versions.push(version[1]!);
    if (number !== null) numbers.push(`${number[1]}/${number[2]}`);
    if (version === null && number === null && !/^patch$/i.test(word)) others.push(word);
  }
  // of v2.1, for want of better, 2
  const version = versions.map((text) => countOf(text.split(/[./-]/, 1)[0]!)).find((n) => n > 0);
  const [index, total] = numbers.map(numberOf).find((number) => number.length > 0) ?? [];
  const odd = [
    ...versions.filter((text) => countOf(text) !== version).map((text) => `v${text}`),
    ...numbers.filter((text) => numberOf(text).join() !== [index, total].join()),
  ];
  const isAbout = versions.length + numbers.length > 0 || words.some((w) => ABOUT_PATCHES.test(w));
  return {
    version: version ?? (isAbout ? 1 : null),
    index: index ?? null,
    total: total ?? null,
    odd: odd[0] ?? null,
    hasVersion: version !== undefined,
    minor: minorOf(versions),
    prefix: others.join(" ").toLowerCase(),
  };
}

/** The rest of the first version that has more than one number. */
function minorOf(versions: readonly string[]): string {
  const [minor = ""] = versions.flatMap((text) => /^\d+[./-](.+)$/.exec(text)?.[1] ?? []);
  return minor;
}

/** NaN unless it is a whole number of at most four digits. */
function countOf(text: string): number {
  return COUNT.test(text) ? Number(text) : Number.NaN;
}

/** i and N; empty if it is none. */
function numberOf(text: string): number[] {
  const [index, total] = text.split("/").map(countOf) as [number, number];
  return index >= 0 && total > 0 ? [index, total] : [];
}

/** The texts of the brackets, as people see them. */
function bracketsOf(subject: string): string[] {
  const texts: string[] = [];
  // the match that fails sets LEAD back to the start
  for (let match = LEAD.exec(subject); match !== null; match = LEAD.exec(subject))
    if (match[1] !== undefined)
      texts.push(visible(match[1]).replace(SPACED_NUMBER, "$1/").replace(SPACED_VERSION, "v"));
  return texts;
}

// Nearly all brackets are in ASCII, and V8 takes long for expressions that know Unicode

/** Without zero-width characters and the like, which nobody sees. */
function visible(text: string): string {
  return ASCII.test(text) ? text : text.normalize("NFKC").replace(/\p{Cf}/gu, "");
}

function wordsOf(text: string): string[] {
  if (ASCII.test(text)) return text.match(ASCII_WORD) ?? [];
  return text.match(/[\p{L}\p{N}](?:[\p{L}\p{N}./_#-]*[\p{L}\p{N}])?/gu) ?? [];
}

/** `Re:` as mail programs write it, perhaps after a list's own `[name]`. */
const REPLY =
  /^\s*(?:\[([^\]]*)\]\s*)?(?:re|aw|antw|sv|vs|odp|ynt|回复|答复)(?:\[\d+\]|\^\d+)?\s*[:：]/iu;

/** True if the Subject says that the mail is a reply. */
export function isReplySubject(subject: string): boolean {
  const match = REPLY.exec(subject);
  return match !== null && subjectNumber(`[${match[1] ?? ""}]`).version === null;
}

/** The same for forwards. Only for patches: `tr: fix it` is a title too. */
const forward = (): RegExp =>
  /^\s*(?:\[([^\]]*)\]\s*)?(?:\p{L}{2,4}\s*[:：]\s*){0,8}(?:fwd?|wg|tr|rv|enc|vb|pd|vl|转发|轉寄|転送)\s*[:：]\s*(?:\p{L}{2,4}\s*[:：]\s*){0,8}\[/iu;

/** True if the Subject says that a mail with brackets is forwarded. */
export function isForwardSubject(subject: string): boolean {
  const match = forward().exec(subject);
  return match !== null && subjectNumber(`[${match[1] ?? ""}]`).version === null;
}
