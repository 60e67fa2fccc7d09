/** What the brackets of a Subject say: `[PATCH v2 1/3]`. */

/** Version and number as people read them; null where the subject does not say. */
export interface SubjectNumber {
  readonly version: number | null;
  readonly index: number | null;
  readonly total: number | null;
}

const NOTHING: SubjectNumber = { version: null, index: null, total: null };

/**
 * Reads the leading brackets of a decoded Subject header, past `Re:` and list prefixes. Only a
 * bracket that says PATCH or RFC, or that holds a number n/m, is about the series. The last such
 * bracket wins: a list puts its own in front.
 */
export function subjectNumber(subject: string): SubjectNumber {
  let found = NOTHING;
  let rest = subject.slice(0, 1000);
  for (;;) {
    const lead = /^\s*(?:(?:re|aw|fwd?)\s*:|\[([^\]]*)\])/i.exec(rest);
    if (lead === null) return found;
    rest = rest.slice(lead[0].length);
    const words = (lead[1] ?? "").split(/[\s,]+/);
    const number = words.map((w) => /^(\d{1,4})\/(\d{1,4})$/.exec(w)).find((m) => m !== null);
    const isPatch = words.some((w) => /^(?:.*-)?(?:patch|rfc)/i.test(w));
    if (number === undefined && !isPatch) continue;
    // A `v` may be glued to the word before it, as in PATCHv2.
    const version = words.map((w) => /^(?:patch|rfc)?v(\d{1,4})$/i.exec(w)).find((m) => m !== null);
    found = {
      version: version === undefined ? 1 : Number(version[1]),
      index: number === undefined ? null : Number(number[1]),
      total: number === undefined ? null : Number(number[2]),
    };
  }
}
