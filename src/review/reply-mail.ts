/** The reply in which a review is sent: to whoever sent the patch, and all whom that mail went to. */

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

/** The longest of an address list that is read, and the number of people that a reply goes to. */
const MAX_LIST = 16_384;
const MAX_PEOPLE = 200;
/** Message-IDs of References that are kept, the first and the nearest ones. */
const MAX_REFERENCES = 20;

/**
 * A reply to a patch or cover letter, to be sent by `git send-email` or `sendmail -t`: without Date and
 * Message-ID, which they add.
 *
 * @param to the headers of the mail that it answers
 * @param references the Message-IDs to which that refers, the nearest last
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

/** A reply with what a program that sends it would add: the same reply gets the same Message-ID. */
export function withDate(mail: Buffer, by: string, time: number): Buffer {
  const id = `<v.${sha256(mail).slice(0, 26)}@${by.slice(by.indexOf("@") + 1)}>`;
  const end = mail.indexOf("\n\n") + 1;
  const fields = Buffer.from(`Date: ${mailDate(time)}\nMessage-ID: ${id}\n`);
  return Buffer.concat([mail.subarray(0, end), fields, mail.subarray(end)]);
}

/**
 * What a reviewer inserts into a reply: the trailers for all readers, and below the mail's signature
 * separator the review.
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

/** `On Tue, 24 Nov 2026 10:00:00 +0000, Alice wrote:` */
function attribution({ date, from }: MailHeaders): string {
  const [person] = peopleIn(from);
  const who = person === undefined ? "somebody" : person.name || person.address;
  const when = oneLine(date).slice(0, 60);
  return `${when === "" ? "" : `On ${when}, `}${who} wrote:`;
}

/** A reply to all, as mail programs make it: each address once, the writer's own not at all. */
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
  // whoever reviews a patch of their own answers to the list
  return { to: others.length > 0 ? others : to, cc: cc.filter(isOther) };
}

/** The people of an address list: those that could be written to as they stand, in ASCII. */
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

/** A line a person: no header of many lists is too long for a mail server. */
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

/** No text of the mail that is answered can add a line, hide, or turn the direction of text. */
function oneLine(text: string): string {
  return text
    .slice(0, 1000)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
}
