/**
 * Whom an address could be taken for: identities that people, and the git log, would not tell from
 * it. An unsigned mail from `alice@example.org.`, `"alice"@example.org` or an address with a Cyrillic
 * letter in it is not from somebody new; it must not be treated better than one from alice herself.
 *
 * Only ever from an odd spelling to a plain one: nobody's plain address is taken for another, so that
 * an impostor who has a key cannot make the mails of the real person fail.
 */

import { domainToUnicode } from "node:url";
import { normaliseIdentity } from "./identity.ts";

/** Longer addresses are nobody's. */
const MAX_ADDRESS = 2000;

/** What nobody sees, wherever it stands. */
const UNSEEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;
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

/** Has one reading, and is what it looks like: most addresses are. */
function isPlain(address: string): boolean {
  return (
    /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9_.-]*[A-Za-z0-9]$/.test(
      address,
    ) && !/[@.]xn--/i.test(address)
  );
}

/** The address as it is read: without comments, quotes, and what is not seen. */
function spelled(address: string): string {
  let text = address.normalize("NFKC").replace(UNSEEN, "");
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

/** The ASCII that it looks like, where a letter has such a twin. */
function drawn(spelled: string): string {
  const at = spelled.lastIndexOf("@");
  const domain = domainToUnicode(spelled.slice(at + 1));
  const text = `${spelled.slice(0, at)}@${domain === "" ? spelled.slice(at + 1) : domain}`;
  return Array.from(text.toLowerCase(), (letter) => PLAIN.get(letter) ?? letter).join("");
}
