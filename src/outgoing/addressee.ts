/** Reads names and addresses as headers, options, trailers and programs write them. Pure. */

import { decodeWords } from "../mail/rfc2047.ts";
import { encodeName } from "../mail/encoded-words.ts";
import { attempt } from "../refused.ts";

/** Somebody's address, and name. */
export interface Addressee {
  /** Decoded; "" for none. */
  readonly name: string;
  /** Without angle brackets. A name without `@` may be an alias. */
  readonly address: string;
}

/** A string, a comment, an address, what ends one, what ends a group's name, a word. */
const TOKEN =
  /"((?:[^"\\]|\\.)*)"|(\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\))|<([^<>]*)>?|([,;])|(:)|((?:\[[^\]\s]*\]|[^\s"(),:;<>])+)/gsu;

/**
 * The addresses of a list: a field's value, or an option's. Comments are dropped, groups stand for their
 * members, and a blank is enough between two addresses, as for git send-email.
 *
 * @returns also what is no address, for `isAddress` to refuse
 */
export function readAddressees(text: string): Addressee[] {
  const found: Addressee[] = [];
  let words: string[] = [];
  let ended = false;
  const flush = (): void => {
    if (!ended) found.push(...words.map((word) => ({ name: "", address: word })));
    words = [];
    ended = false;
  };
  for (const [, quoted, , address, end, group, word] of text.matchAll(TOKEN)) {
    if (quoted !== undefined) words.push(quoted.replaceAll(/\\(.)/gsu, "$1"));
    else if (address !== undefined) {
      const bare = address.replaceAll(/\s/g, "");
      if (bare !== "") found.push({ name: ended ? "" : nameOf(words.join(" ")), address: bare });
      ended = true;
    } else if (end !== undefined) flush();
    else if (group !== undefined) words = [];
    else if (word !== undefined) words.push(word);
  }
  flush();
  return found;
}

/**
 * The address at the start of a line, whatever stands behind it: `Name <address> # why`.
 *
 * @returns null if there is none
 */
export function readAddressee(text: string): Addressee | null {
  const [, name, address] = /^("[^"]*"\s*|[^"<]*)<([^>]*)>/.exec(text) ?? [];
  if (name !== undefined && address !== undefined) {
    const bare = address.replaceAll(/\s/g, "");
    const plain = name.trim().replace(/^"(.*)"$/s, "$1");
    return bare === "" ? null : { name: nameOf(plain), address: bare };
  }
  const word = /^[^"#,\s]*/.exec(text)?.[0].replace(/^<|[;>]+$/g, "") ?? "";
  return /.@./.test(word) ? { name: "", address: word } : null;
}

/** With RFC 2047's words decoded, and one blank for several. */
function nameOf(text: string): string {
  const decoded = attempt(() => decodeWords(Buffer.from(text)).toString("utf8"));
  return (decoded.ok ? decoded.value : text).replaceAll(/\s+/g, " ").trim();
}

const LOCAL = /^[^-\s()<>@,;:\\"[\]\p{C}][^\s()<>@,;:\\"[\]\p{C}]{0,63}$/u;
const DOMAIN = /^(?:[0-9a-z_-]{1,63}(?:\.[0-9a-z_-]{1,63})*|\[(?:IPv6:)?[0-9a-f:.]{2,45}\])$/i;
const MAX_ADDRESS = 254;
const MAX_NAME = 200;

/**
 * Why nothing can be sent to somebody; null if it can. Addresses must be ASCII (few servers know SMTPUTF8) and
 * without quotes; names must not hide anything.
 */
export function addressFault({ name, address }: Addressee): string | null {
  const at = address.lastIndexOf("@");
  if (at < 0) return "neither an address nor an alias";
  if (/[^\x21-\x7e]/.test(address)) return "an address is in ASCII";
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  if (address.length > MAX_ADDRESS || !LOCAL.test(local) || !DOMAIN.test(domain))
    return "not an address";
  return name.length > MAX_NAME || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)
    ? "the name is too long, or has invisible characters"
    : null;
}

/** `Name <address>`, or the address: for people, and to be read again by `readAddressees`. */
export function formatAddressee({ name, address }: Addressee): string {
  if (name === "") return address;
  const plain = /^[^"(),.:;<>@[\\\]]*$/.test(name) && !name.includes("=?");
  return `${plain ? name : `"${name.replaceAll(/["\\]/g, "\\$&")}"`} <${address}>`;
}

/** A field's value in ASCII, one address per line. */
export function encodeAddressees(addressees: readonly Addressee[]): string {
  return addressees
    .map(({ name, address }) => (name === "" ? address : `${encodeName(name, 5)} <${address}>`))
    .join(",\n ");
}
