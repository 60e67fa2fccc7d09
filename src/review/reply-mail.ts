/** Writes the reply that carries a review: to the sender of the patch, and to all who got the patch. */

import { parseAuthor } from "../mail/author.ts";
import { encodeName, encodeText } from "../mail/encoded-words.ts";
import { isPlainMessageId } from "../mail/compose.ts";
import { sha256 } from "../patch/attestation.ts";
import { mailDate } from "../primitives/time.ts";
import { attempt } from "../refused.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { MailHeaders } from "../types.ts";
import { formatReview, type SignedReview } from "./review.ts";
import { formatReviewTrailer } from "./text.ts";

export interface ReplyPerson {
  readonly name: string;
  readonly address: string;
}

/** Characters of an address list that are read, and most people that a reply goes to. */
const MAX_LIST = 16_384;
const MAX_PEOPLE = 200;
/** Message-IDs of References to keep: the first, and so many of the nearest. */
const MAX_REFERENCES = 20;

/**
 * A reply to a patch or cover letter, for `git send-email` or `sendmail -t`. It has neither Date nor Message-ID: these
 * programs add them.
 *
 * @param to headers of the mail that is answered
 * @param references the Message-IDs to which that mail refers, the nearest last
 * @param body as `reviewBody` makes it
 */
export function replyMail(
  from: ReplyPerson,
  to: MailHeaders,
  references: readonly string[],
  body: string,
): Buffer {
  const people = recipients(from, to);
  const quoted = `${attribution(to)}\n> ${oneLine(to.subject)}\n\n`;
  const text = Buffer.from(quoted + body);
  const fields = [
    addressField("From", [from]),
    ...(people.to.length > 0 ? [addressField("To", people.to)] : []),
    ...(people.cc.length > 0 ? [addressField("Cc", people.cc)] : []),
    `Subject: ${encodeText(`Re: ${titleOf(to.subject)}`, "Subject: ".length)}`,
    ...threadFields(to.messageId, references),
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=UTF-8",
    `Content-Transfer-Encoding: ${text.some((byte) => byte > 0x7f) ? "8bit" : "7bit"}`,
  ];
  return Buffer.concat([Buffer.from(`${fields.join("\n")}\n\n`), text]);
}

/**
 * Adds the fields that a sending program would add; the same reply gets the same Message-ID.
 *
 * @param by the reviewer's identity
 * @param time seconds since the epoch
 */
export function withDate(mail: Buffer, by: string, time: number): Buffer {
  const id = `<v.${sha256(mail).slice(0, 26)}@${by.slice(by.indexOf("@") + 1)}>`;
  const end = mail.indexOf("\n\n") + 1;
  const fields = Buffer.from(`Date: ${mailDate(time)}\nMessage-ID: ${id}\n`);
  return Buffer.concat([mail.subarray(0, end), fields, mail.subarray(end)]);
}

/**
 * What a reviewer inserts into a reply: the trailers, for all readers, and below the line `-- `, where mail programs
 * put a signature, the signed review.
 */
export function reviewBody(review: SignedReview): string {
  const lines = review.trailers.map((trailer) => `${formatReviewTrailer(trailer)}\n`);
  return `${lines.join("")}-- \n${formatReview(review)}`;
}

function threadFields(messageId: string, references: readonly string[]): string[] {
  if (!isPlainMessageId(messageId)) return [];
  const [first, ...rest] = references.filter((id) => id !== messageId && isPlainMessageId(id));
  const nearest = rest.slice(-MAX_REFERENCES);
  const all = first === undefined ? [messageId] : [first, ...nearest, messageId];
  return [`In-Reply-To: ${messageId}`, `References: ${all.join("\n ")}`];
}

/** The line above the quote: `On Tue, 24 Nov 2026 10:00:00 +0000, Alice wrote:`. */
function attribution({ date, from }: MailHeaders): string {
  const [person] = peopleIn(from);
  const who = person === undefined ? "somebody" : person.name || person.address;
  const when = oneLine(date).slice(0, 60);
  return `${when === "" ? "" : `On ${when}, `}${who} wrote:`;
}

/** Reply to all, as mail programs do it: each address once, and without the writer's own. */
function recipients(
  from: ReplyPerson,
  headers: MailHeaders,
): { to: readonly ReplyPerson[]; cc: readonly ReplyPerson[] } {
  const own = normaliseIdentity(from.address);
  const seen = new Set<string>();
  const fresh = (people: readonly ReplyPerson[]): ReplyPerson[] =>
    people.filter(({ address }) => {
      const identity = normaliseIdentity(address)!;
      if (seen.has(identity) || seen.size === MAX_PEOPLE) return false;
      seen.add(identity);
      return true;
    });
  const wanted = peopleIn(headers.replyTo);
  const to = fresh(wanted.length > 0 ? wanted : peopleIn(headers.from));
  const cc = fresh([...peopleIn(headers.to), ...peopleIn(headers.cc)]);
  const isOther = ({ address }: ReplyPerson): boolean => normaliseIdentity(address) !== own;
  const others = to.filter(isOther);
  // a patch of one's own is answered to oneself, and so to the list in Cc
  return { to: others.length > 0 ? others : to, cc: cc.filter(isOther) };
}

/** The people of an address list whose addresses are valid, and ASCII. */
function peopleIn(list: string): ReplyPerson[] {
  const parts = list
    .slice(0, MAX_LIST)
    .match(/(?:"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)|[^,"(])+/g);
  return (parts ?? []).slice(0, MAX_PEOPLE).flatMap((part) => {
    const read = attempt(() => parseAuthor(part.trim()));
    if (!read.ok) return [];
    const address = read.value.email.toString("utf8");
    if (!/^[!-~]{3,254}$/.test(address) || normaliseIdentity(address) === null) return [];
    const name = oneLine(read.value.author.toString("utf8"));
    return [{ name: name === address ? "" : name, address }];
  });
}

/** One line for each person, so that no line gets too long for a mail server. */
function addressField(name: string, people: readonly ReplyPerson[]): string {
  const lines = people.map((person, i) => {
    const column = i === 0 ? name.length + 2 : 1;
    const shown = person.name === "" ? "" : `${encodeName(person.name, column)} `;
    return shown === "" ? person.address : `${shown}<${person.address}>`;
  });
  return `${name}: ${lines.join(",\n ")}`;
}

function titleOf(subject: string): string {
  return oneLine(subject).replace(/^(?:re[ \t]*:[ \t]*)+/i, "");
}

/** The other mail's text on one line: it can neither add a line, nor hide, nor turn the direction of text. */
function oneLine(text: string): string {
  return text
    .slice(0, 1000)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
}
