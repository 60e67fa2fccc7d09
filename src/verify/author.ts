/** The author that a mailing list's own From line replaced, and the sender. */

import { parseAuthor } from "../mail/author.ts";
import { attempt } from "../refused.ts";
import { decodeWords } from "../mail/rfc2047.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { MailInfo, MailView } from "../types.ts";

/**
 * Who the author may have been before a list put its own address into From ("Alice via list"): a
 * header that lists set for it, then Reply-To, the address within the list's own, and the address
 * in Cc with that name. These are only candidates: nothing but a good signature accepts one.
 *
 * None if the From line does not show that it was replaced: a header that nobody looks at must not
 * change the name that people see and git commits. None if the body has its own From line: no list
 * changes that.
 */
export function authorCandidates(view: MailView): MailInfo[] {
  const from = parseAuthor(view.headers.from);
  const isShown = view.info.author.equals(from.author) && view.info.email.equals(from.email);
  const name = nameOfReplaced(view.headers.from, from);
  if (!isShown || name === null) return [];
  return originals(view, name).flatMap(({ author, email }) => {
    // without a name, git uses the address as the name; the owner's name was the one before "via"
    const named = { author: Buffer.from(name), email };
    const asIs = { author, email };
    const all = author.equals(email) && name !== "" ? [named, asIs] : [asIs, named];
    return all.map((original) => ({ ...view.info, ...original }));
  });
}

/**
 * The name in a From line that was visibly replaced: by "via", or by an address in a list's form.
 * Null if it was not.
 */
function nameOfReplaced(from: string, { author, email }: Original): string | null {
  const name = nameBeforeVia(from);
  if (name !== null) return name;
  const isList = DMARC.test(email.toString("latin1")) || addressesWithin(email).length > 0;
  return isList ? author.toString("utf8") : null;
}

/** Whom git commits as the author, if that is a list ("Alice via list") and the body has no From line; or null. */
export function listedAuthor(view: MailView): string | null {
  const from = parseAuthor(view.headers.from);
  const isShown = view.info.author.equals(from.author) && view.info.email.equals(from.email);
  if (!isShown || nameOfReplaced(view.headers.from, from) === null) return null;
  return `${from.author.toString("utf8")} <${from.email.toString("utf8")}>`;
}

/** True for a From header that a list visibly replaced. */
export const isReplaced = (from: string): boolean =>
  nameOfReplaced(from, parseAuthor(from)) !== null;

/** LISTSERV writes 0000012a3b4c5d6e-dmarc-request@lists.example, FreeLists dmarc-noreply@. */
const DMARC = /dmarc/i;

/**
 * The name before "via": `Alice via list`, `'Alice' via list`, `"Alice" (via list)`, `Alice via`, as
 * Mailman, Google Groups, Sympa, groups.io and b4 write it. Null if there is no such word.
 */
function nameBeforeVia(from: string): string | null {
  if (!MAY_HOLD_VIA.test(from)) return null;
  // not the name that git reads: git ignores a long one
  const text = decodedText(from.slice(0, MAX_TEXT))
    .replace(/<[^<>]*>\s*$/, "")
    .replaceAll('"', "");
  const at = /[\s(]via(?:\s|$)/i.exec(text)?.index;
  return at === undefined
    ? null
    : text
        .slice(0, at)
        .trim()
        .replace(/^'(.*)'$/, "$1");
}

/** Encoded words may hold it, and quotes within it are taken away: no need to look closer if there are none. */
const MAY_HOLD_VIA = /via|=\?|"/i;

function decodedText(header: string): string {
  const read = attempt(() => decodeWords(Buffer.from(header)).toString("utf8"));
  return read.ok ? read.value : header;
}

interface Original {
  readonly author: Buffer;
  readonly email: Buffer;
}

function originals({ headers }: MailView, name: string): Original[] {
  const { xOriginalFrom, xOriginalSender, xMailFrom, sender, replyTo, cc, from } = headers;
  const own = [xOriginalFrom, xOriginalSender, xMailFrom, sender].map((text) =>
    parseAuthor(text.slice(0, MAX_TEXT)),
  );
  const author = Buffer.from(name);
  const within = addressesWithin(parseAuthor(from).email).map((email) => ({ author, email }));
  // Cc has many addresses: only the one with the name that the list shows
  const named = splitAddresses(cc).filter((one) => one.author.equals(author));
  const all = [...own, ...splitAddresses(replyTo), ...within, ...named];
  return all.filter((one) => one.email.length > 0);
}

/**
 * groups.io writes alice=example.org@groups.io for alice@example.org, the IETF's lists `=40` (`@` in
 * quoted-printable) between the two, and Apache's alice@example.org.INVALID.
 */
function addressesWithin(email: Buffer): Buffer[] {
  // both expressions would try each dot of a longer one with each end
  if (email.length > MAX_EMAIL) return [];
  const text = email.toString("utf8");
  const [, local = "", domain = ""] =
    /^([^@=]+)=([^@=]+\.[^@=]+)@/.exec(text) ?? /^([^@]+)@(.+\..+)\.invalid$/i.exec(text) ?? [];
  if (local === "") return [];
  return [...new Set([domain, domain.replace(/^40/, "")])].map((at) =>
    Buffer.from(`${local}@${at}`),
  );
}

const MAX_TEXT = 4000;
/** Bytes of an address with another one within; no real one is longer. */
const MAX_EMAIL = 640;
const MAX_ADDRESSES = 32;

/** Mailman puts the list beside the author into Reply-To, or the author into Cc. */
function splitAddresses(text: string): Original[] {
  return (text.slice(0, MAX_TEXT).match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? [])
    .slice(0, MAX_ADDRESSES)
    .map((part) => parseAuthor(part.trim()));
}

/**
 * By whom a mail is told from those of others: who may have sent what a list sends in its own name, without
 * the list's address, which all have there.
 *
 * @param senders as `senderAddresses` returns them
 */
export function distinctSenders(senders: readonly string[]): string[] {
  const [from, ...others] = new Set(senders);
  return others.length === 0 && from !== undefined ? [from] : others;
}

/**
 * The addresses that may count as the sender, normalised: the From header's own. If a list visibly
 * replaced that ("Alice via list"), also the candidates for the author: the name that people see is
 * then not the signer's anyway, and the verdict stays a warning.
 */
export function senderAddresses(view: MailView): string[] {
  const from = parseAuthor(view.headers.from);
  const name = nameOfReplaced(view.headers.from, from);
  return [from, ...(name === null ? [] : originals(view, name))]
    .map((person) => normaliseIdentity(person.email.toString("utf8")))
    .filter((address) => address !== null);
}
