/** Reads trailer lines: `Reviewed-by: Bob Berg <bob@example.org> # net`. */

import { normaliseIdentity } from "../trust/identity.ts";

/** The trailers that are read in replies; `patchsig.trailers` adds others. */
const TRAILER_NAMES = ["Reviewed-by", "Acked-by", "Tested-by", "Reported-by", "Fixes"] as const;

export interface Trailer {
  /** As in TRAILER_NAMES, or as the settings spell it. */
  readonly name: string;
  readonly value: string;
  /** The identity that it names (`normaliseIdentity`); null if it names nobody, such as `Fixes:`. */
  readonly address: string | null;
  /** Why it must not be added to a message; null if it may. */
  readonly flaw: TrailerFlaw | null;
}

/**
 * `characters`: it has control or invisible characters, or turns the direction of text. `words`: it has an RFC 2047
 * encoded word. `person`: it does not name one address. `long`: it is longer than any real trailer. `quoted`: it stands
 * below a quote that is not marked line by line. `diff`: it stands below a diff. `lookalike`: its address looks like
 * that of somebody who has a key.
 */
export type TrailerFlaw =
  | "characters"
  | "words"
  | "person"
  | "long"
  | "quoted"
  | "diff"
  | "lookalike";

/** The line in the commit message, without LF. */
export function trailerLine({ name, value }: Pick<Trailer, "name" | "value">): string {
  return `${name}: ${value}`;
}

/** A key that is equal for two trailers that say the same: it has the address, not how the name is written. */
export function trailerKey({ name, value, address }: Omit<Trailer, "flaw">): string {
  return `${name.toLowerCase()} ${address ?? value.replace(/\s+/g, " ")}`;
}

/** Characters of a line; no trailer in a commit message is longer. */
export const MAX_LINE = 400;

const LINE = /^([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:[ \t\u00a0:]*([^\s:].*)$/su;
/** `Name <address>`, and what may follow: `# net`, `[arm64]`, `(for mm)`. */
const PERSON = /^[^<>]*<([^<>\s]+@[^<>\s]+)>(?:[ \t]+(?:#.*|\[[^[\]]*\]|\([^()]*\)))?$/su;
const BARE = /^([^<>\s"(),:;@]+@[^<>\s"(),:;@]+)$/u;
/**
 * What programs make of an address that they take for a link: `<bob@example.org<mailto:bob@example.org>>`,
 * `<…><mailto:…>`, `… <mailto:…>`, `<mailto:…>`.
 */
const LINKED = /(?:<|(?<![^\s<>]))([^<>\s]+@[^<>\s]+)>? ?<mailto:\1>>?/giu;
const ONLY_LINK = /^([^<>@]*<)mailto:/iu;
/** A full stop behind the address is the sentence's. */
const STOP = /(?<=>)[.,;]+$/;
/** Control characters, line ends, and format characters, which are invisible or turn the direction of text. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u;

/**
 * Reads a line as a trailer.
 *
 * @param names as `trailerNames` makes them
 * @returns null if the line is not a trailer with one of these names
 */
export function readTrailer(line: string, names: ReadonlyMap<string, string>): Trailer | null {
  const [, word = "", rest = ""] = LINE.exec(line.slice(0, 2 * MAX_LINE)) ?? [];
  const name = names.get(word.toLowerCase());
  if (name === undefined) return null;
  const value = rest
    .trimEnd()
    .replace(/[\t\u00a0]/gu, " ")
    .replace(LINKED, "<$1>")
    .replace(ONLY_LINK, "$1")
    .replace(STOP, "");
  return trailerOf(name, value, line.length > MAX_LINE);
}

function trailerOf(name: string, value: string, isLong: boolean): Trailer {
  const [, address = ""] = PERSON.exec(value) ?? BARE.exec(value) ?? [];
  const identity = normaliseIdentity(address);
  const flaw = isLong
    ? "long"
    : UNSEEN.test(value)
      ? "characters"
      : value.includes("=?")
        ? "words"
        : namesPerson(name) && identity === null
          ? "person"
          : null;
  return { name, value, address: namesPerson(name) ? identity : null, flaw };
}

function namesPerson(name: string): boolean {
  return /-by$/i.test(name) || name.toLowerCase() === "cc";
}

/** The names of trailers to read: by the name in lower case, how it is spelled. @param added names from the settings */
export function trailerNames(added: readonly string[]): ReadonlyMap<string, string> {
  return new Map([...TRAILER_NAMES, ...added].map((name) => [name.toLowerCase(), name]));
}
