/**
 * Decides who gets which mail, and why: git send-email's rules (git-send-email(1), "Automating"), in its order.
 * docs/sending.md says where they differ. Pure.
 */

import { FormatError } from "../errors.ts";
import {
  addressFault,
  formatAddressee,
  type Addressee,
  readAddressee,
  readAddressees,
} from "./addressee.ts";

export type RecipientField = "to" | "cc" | "bcc";

/** Somebody who gets a mail. */
export interface Recipient extends Addressee {
  readonly field: RecipientField;
  /** The reason, in a few words: `--to`, `author`, `Reviewed-by`, `.patchsig of this project`. */
  readonly why: string;
  /** Whose wish it is: the user's, the patch's or the project's. */
  readonly by: "user" | "patch" | "project";
}

/** A mail before it has recipients. */
export interface MailToAddress {
  readonly author: Addressee;
  /** Addresses in the header that git wrote and in headerCmd's output, and where each is from. */
  readonly header: readonly (Addressee & Pick<Recipient, "field" | "why">)[];
  /** All text below the header. */
  readonly text: string;
  /** Lines that toCmd and ccCmd printed for this mail, and which of them did. */
  readonly said: readonly (Pick<Recipient, "field" | "why" | "by"> & { readonly lines: string })[];
}

/** What `sendemail.suppressCc` names. */
const SUPPRESSIONS = [
  "author",
  "self",
  "cc",
  "bodycc",
  "sob",
  "misc-by",
  "cccmd",
  "body",
  "all",
] as const;
export type Suppression = (typeof SUPPRESSIONS)[number];

export interface RecipientTerms {
  /** Who sends, as in From. */
  readonly sender: Addressee;
  /** Whom the user or the project named, in order. */
  readonly named: readonly Recipient[];
  readonly suppressed: ReadonlySet<Suppression>;
  /** All mails go to the first one's To, Cc too. */
  readonly toCover: boolean;
  readonly ccCover: boolean;
  /** An alias's addresses, or the address itself. */
  readonly resolve: (addressee: Addressee) => readonly Addressee[];
}

export interface MailRecipients {
  /** In the header's order. */
  readonly recipients: readonly Recipient[];
  /** Lines that give no recipient, and why. */
  readonly left: readonly string[];
}

/**
 * All that is suppressed.
 *
 * @param words of `--suppress-cc`, else of the settings
 * @param suppressFrom null where it is not set, as for signedOffByCc
 * @throws FormatError for a word that git does not know either
 */
export function suppressions(
  words: readonly string[],
  suppressFrom: boolean | null,
  signedOffByCc: boolean | null,
): ReadonlySet<Suppression> {
  const all = new Set<Suppression>();
  for (const word of words) {
    const known = SUPPRESSIONS.find((one) => one === word);
    if (known === undefined)
      throw new FormatError(`"${word}" is none of ${SUPPRESSIONS.join(", ")}`);
    all.add(known);
  }
  const set = (word: Suppression, on: boolean): unknown => (on ? all.add(word) : all.delete(word));
  if (all.has("all")) for (const word of SUPPRESSIONS) all.add(word);
  if (suppressFrom !== null) set("self", suppressFrom);
  if (signedOffByCc !== null) set("sob", !signedOffByCc);
  if (all.has("body")) for (const word of ["sob", "bodycc", "misc-by"] as const) all.add(word);
  return all;
}

/** The recipients of a series' mails, in order; the first is the cover letter, if there is one. */
export function recipientsOf(
  mails: readonly MailToAddress[],
  terms: RecipientTerms,
): MailRecipients[] {
  let named = terms.named;
  return mails.map((mail, i) => {
    const left: string[] = [];
    const all = [...named, ...ownOf(mail, terms, left)].flatMap((one) =>
      resolved(one, terms, left),
    );
    if (i === 0) named = coverNamed(terms, all);
    return { recipients: withoutDoubles(all), left };
  });
}

/** The recipients named for all mails after the first. */
function coverNamed(
  { named, toCover, ccCover }: RecipientTerms,
  first: readonly Recipient[],
): Recipient[] {
  const passes = { to: toCover, cc: ccCover, bcc: false };
  const from = (field: RecipientField): readonly Recipient[] =>
    (passes[field] ? first : named).filter((one) => one.field === field);
  return [...from("to"), ...from("cc"), ...from("bcc")];
}

function resolved(recipient: Recipient, { resolve }: RecipientTerms, left: string[]): Recipient[] {
  return resolve(recipient).flatMap(({ name, address }) => {
    const fault = addressFault({ name, address });
    if (fault === null) return [{ ...recipient, name, address }];
    left.push(`${recipient.why}: ${formatAddressee({ name, address })}: ${fault}`);
    return [];
  });
}

/** The recipients that the mail itself names. */
function ownOf(mail: MailToAddress, terms: RecipientTerms, left: string[]): Recipient[] {
  const { suppressed, sender } = terms;
  const self = formatAddressee(sender);
  const wanted = (addressee: Addressee, ...words: readonly Suppression[]): boolean =>
    formatAddressee(addressee) === self
      ? !suppressed.has("self")
      : !words.some((word) => suppressed.has(word));
  const said = mail.said.flatMap(({ lines, ...from }) =>
    from.field === "cc" && suppressed.has("cccmd")
      ? []
      : linesOf(lines)
          .flatMap(saidAddressees)
          .filter((addressee) => wanted(addressee))
          .map((addressee) => ({ ...addressee, ...from })),
  );
  const by = "patch" as const;
  const header = mail.header.map((one) => ({ ...one, by }));
  const of = (list: readonly Recipient[], field: RecipientField): Recipient[] =>
    list.filter((one) => one.field === field);
  const author = { ...mail.author, field: "cc", why: "author", by } as const;
  return [
    ...of(header, "to"),
    ...of(said, "to"),
    ...(suppressed.has("author") || !wanted(author) ? [] : [author]),
    ...of(header, "cc").filter((addressee) => wanted(addressee, "cc")),
    ...trailersIn(mail.text, left).filter((one) => wanted(one, suppressionOf(one.why))),
    ...of(said, "cc"),
    ...of(header, "bcc"),
  ];
}

function saidAddressees(line: string): Addressee[] {
  const one = /<[^>]*>/.test(line) ? readAddressee(line) : null;
  return one === null ? readAddressees(line) : [one];
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Lines anywhere below the header, as git looks for them: below `---` too. */
function trailersIn(text: string, left: string[]): Recipient[] {
  return text.split("\n").flatMap((line) => {
    const [, why, value] = /^([a-z][a-z-]*-by|cc): (.*)/i.exec(line) ?? [];
    if (why === undefined || value === undefined) return [];
    const addressee = readAddressee(value);
    if (addressee !== null) return [{ ...addressee, field: "cc", why, by: "patch" }];
    left.push(`${line.trim()}: no address`);
    return [];
  });
}

function suppressionOf(trailer: string): Suppression {
  const name = trailer.toLowerCase();
  return name === "cc" ? "bodycc" : name === "signed-off-by" ? "sob" : "misc-by";
}

/** Each address once, at its first place; as To rather than Cc, and as Cc rather than Bcc. */
function withoutDoubles(all: readonly Recipient[]): Recipient[] {
  const seen = new Map<string, Recipient>();
  for (const field of ["to", "cc", "bcc"] as const)
    for (const one of all)
      if (one.field === field && !seen.has(one.address)) seen.set(one.address, one);
  return [...seen.values()];
}
