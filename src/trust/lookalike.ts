/**
 * Look-alikes: identities that people, and readers of the git log, could not tell from an address. An
 * unsigned mail from `alice@example.org.`, `"alice"@example.org` or an address with a Cyrillic letter
 * is not from somebody new; it must not be treated better than one from alice herself.
 *
 * Only odd spellings map to plain ones: a plain address never looks like another, so that an impostor
 * with a key cannot make the mails of the real person fail.
 */

import { domainToUnicode } from "node:url";
import { normaliseIdentity } from "./identity.ts";

/** Nobody has a longer address. */
const MAX_ADDRESS = 2000;

/** Characters that are invisible anywhere. */
const unseen = (): RegExp => /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;
/** RFC 5322 comments, the innermost of nested ones. */
const COMMENT = /\([^()]*\)/g;

/**
 * Letters that fonts draw like ASCII ones, after NFKC (which knows full-width and mathematical ones)
 * and lower-casing: the ASCII letter, then those that look like it. Cyrillic, Greek, Armenian, Latin.
 */
const ALIKE = [
  "aаɑαа",
  "bЬьƅ",
  "cсϲᴄⅽ",
  "dԁժ",
  "eеҽєε",
  "fſẝ",
  "gɡցƍ",
  "hһհ",
  "iіıɩιӏі",
  "jјϳյ",
  "kкκ",
  "lӏⅼןǀ",
  "mмⅿ",
  "nոռпη",
  "oоοօσᴏ0оჿ০०",
  "pрρϼ",
  "qԛգզ",
  "rгᴦɾ",
  "sѕꜱƽ",
  "tтτ",
  "uսυʋᴜ",
  "vѵνᴠ∨",
  "wԝѡωաᴡ",
  "xхχ×",
  "yуүγʏყ",
  "zᴢʐ",
  ".․。｡٠۰",
  "-‐‑‒–—−﹘",
  "'’ʼʹ",
  "_ˍ",
] as const;

const PLAIN: ReadonlyMap<string, string> = new Map(
  ALIKE.flatMap(([plain = "", ...others]) =>
    others.filter((letter) => letter > "\x7f").map((letter) => [letter, plain] as const),
  ),
);

/** @returns identities, none of them the address's own; most often none at all */
export function lookalikes(address: string): readonly string[] {
  if (address.length > MAX_ADDRESS || isPlain(address)) return [];
  const seen = spelled(address);
  const own = normaliseIdentity(address);
  const found = [seen, drawn(seen)].map(normaliseIdentity).filter((name) => name !== null);
  return [...new Set(found)].filter((name) => name !== own);
}

/** Plain addresses, as most are: unambiguous, and what they look like. */
function isPlain(address: string): boolean {
  return (
    /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9_.-]*[A-Za-z0-9]$/.test(
      address,
    ) && !/[@.]xn--/i.test(address)
  );
}

/** The address as people read it: without comments, quotes and invisible characters. */
function spelled(address: string): string {
  let text = address.normalize("NFKC").replace(unseen(), "");
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replace(COMMENT, "");
  }
  text = text.replace(/[<>"\\]/g, "");
  const at = text.lastIndexOf("@");
  const local = text
    .slice(0, at)
    .replace(/^\.+|\.+$/g, "")
    .replace(/\.{2,}/g, ".");
  const domain = text.slice(at + 1).replace(/^\.+|\.+$/g, "");
  return `${local}@${domain}`;
}

/** The ASCII text that it looks like. */
function drawn(spelled: string): string {
  const at = spelled.lastIndexOf("@");
  const domain = domainToUnicode(spelled.slice(at + 1));
  const text = `${spelled.slice(0, at)}@${domain === "" ? spelled.slice(at + 1) : domain}`;
  return Array.from(text.toLowerCase(), (letter) => PLAIN.get(letter) ?? letter).join("");
}
