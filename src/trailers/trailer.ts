/** A trailer line of a reply: `Reviewed-by: Bob Berg <bob@example.org> # net`. */

import { normaliseIdentity } from "../trust/identity.ts";

/** Those that are read in replies; `patchsig.trailers` adds others. */
const TRAILER_NAMES = ["Reviewed-by", "Acked-by", "Tested-by", "Reported-by", "Fixes"] as const;

export interface Trailer {
  /** As in TRAILER_NAMES, or as the settings spell it. */
  readonly name: string;
  readonly value: string;
  /** Whom it names, in the form of `normaliseIdentity`; null if it names nobody, as `Fixes:`. */
  readonly address: string | null;
  /** Why it is no trailer that can be added; null if it is one. */
  readonly flaw: TrailerFlaw | null;
}

/**
 * `characters`: it holds control or invisible characters, or turns the direction of text. `words`: an
 * encoded word. `person`: it does not name one address. `long`: it is longer than any real one. `quoted`:
 * it stands below a quote that is not marked line by line. `diff`: it stands below a diff. `lookalike`: its
 * address could be taken for that of somebody who has a key.
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

/** Equal for two trailers that say the same: by the address, not by how the name is written. */
export function trailerKey({ name, value, address }: Omit<Trailer, "flaw">): string {
  return `${name.toLowerCase()} ${address ?? value.replace(/\s+/g, " ")}`;
}

/** Characters; a line of a commit message is never longer. */
export const MAX_LINE = 400;

const LINE = /^([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:[ \t\u00a0:]*([^\s:].*)$/su;
/** `Name <address>`, and what may follow: `# net`, `[arm64]`, `(for mm)`. */
const PERSON = /^[^<>]*<([^<>\s]+@[^<>\s]+)>(?:[ \t]+(?:#.*|\[[^[\]]*\]|\([^()]*\)))?$/su;
const BARE = /^([^<>\s"(),:;@]+@[^<>\s"(),:;@]+)$/u;
/** What some programs make of an address: `<bob@example.org<mailto:bob@example.org>>`, `<…><mailto:…>`. */
const LINKED = /<([^<>\s]+@[^<>\s]+)(?: ?<mailto:\1>>|> ?<mailto:\1>)/giu;
/** Controls, formats (which turn the direction of text, or are invisible), and line ends. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u;

/**
 * The trailer of one line, if it has one of these names.
 *
 * @param names their spelling by the name in lower case
 */
export function readTrailer(line: string, names: ReadonlyMap<string, string>): Trailer | null {
  const [, word = "", rest = ""] = LINE.exec(line.slice(0, 2 * MAX_LINE)) ?? [];
  const name = names.get(word.toLowerCase());
  if (name === undefined) return null;
  const value = rest
    .trimEnd()
    .replace(/[\t\u00a0]/gu, " ")
    .replace(LINKED, "<$1>");
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

/** The spelling of each name, by that in lower case. */
export function trailerNames(added: readonly string[]): ReadonlyMap<string, string> {
  return new Map([...TRAILER_NAMES, ...added].map((name) => [name.toLowerCase(), name]));
}
