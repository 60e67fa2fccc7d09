/**
 * What the bot needs to know of a mail: who sent it, whether a program did, whether a suggestion
 * may reply to it. Pure; a mail is untrusted to the last byte, and in doubt the bot stays silent.
 */

import { readAuthor } from "../mail/author.ts";
import { parseDate } from "../mail/date.ts";
import { attempt } from "../refused.ts";
import { decodeWords } from "../mail/rfc2047.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import { isReplaced } from "../verify/author.ts";
import type { Checked } from "../verify/result.ts";
import { type Fields, headerFieldsOf } from "./header.ts";
import { messageIds } from "../mail/message-id.ts";

export interface Sender {
  /** As the mail has it, for people; may be "". */
  readonly name: string;
  readonly identity: string;
}

export interface SeriesFacts {
  /** The cover letter or the first patch; null before either arrives. */
  readonly first: MailFacts | null;
  /** Some mail is signed; some by patchsig; some names a base. */
  readonly signed: boolean;
  readonly patchsig: boolean;
  readonly based: boolean;
  /** What of it came cannot be read. */
  readonly refused: boolean;
  /** Seconds; when it was sent, and never later than now. */
  readonly sentAt: number;
}

export interface MailFacts {
  /** With angle brackets; "" if there is none to reply to. */
  readonly messageId: string;
  /** The whole Subject, decoded; one line. */
  readonly subject: string;
  readonly title: string;
  /** Null if From is not one plain address. */
  readonly sender: Sender | null;
  readonly lists: readonly string[];
  readonly kind: "patch" | "cover" | "other" | "refused";
  readonly number: Checked["number"];
  /** Date, seconds since the epoch. */
  readonly date: number | null;
  readonly inReplyTo: string;
  /** What marks it as a program's, or forbids automatic answers; null if nothing does. */
  readonly automatic: string | null;
  readonly bot: boolean;
  readonly replaced: boolean;
  readonly reply: boolean;
  /** The subject has PATCH in brackets, as git format-patch writes it. */
  readonly marked: boolean;
  readonly rfc: boolean;
  readonly pull: boolean;
  readonly forwarded: boolean;
  /** Signed in any way, whether the signature is good or not: its sender knows how. */
  readonly signed: boolean;
  /** Signed the way a letter recommends. */
  readonly patchsig: boolean;
  readonly based: boolean;
}

const MAX_TITLE = 300;
/** A longer From has no address that all readers find. */
const MAX_FROM = 2000;

/** @param mail what `checked` was made of; null if it was too large to be read */
export function factsOf(mail: Buffer | null, checked: Checked): MailFacts {
  const fields = headerFieldsOf(mail ?? Buffer.alloc(0));
  const sender = senderOf(fields);
  const subject = subjectOf(fields);
  const brackets = leadingBrackets(subject);
  return {
    messageId: messageIds(...fields("message-id"))[0] ?? "",
    subject,
    title: subject
      .replace(/^(?:\s*(?:\[[^\]]*\]|(?:re|aw|fwd?)\s*:))+\s*/i, "")
      .slice(0, MAX_TITLE),
    sender,
    lists: fields("list-id").map(listIdOf),
    kind: checked.view === null || checked.diff === null ? refusedKind(checked) : checked.kind,
    number: checked.number,
    date: parseDate(fields("date")[0] ?? ""),
    inReplyTo: messageIds(...fields("in-reply-to"))[0] ?? "",
    automatic: automaticBy(fields),
    bot: isBot(sender),
    // From is the list's; the author is uncertain
    replaced: isReplaced(fields("from")[0] ?? "") || fields("x-original-from").length > 0,
    reply: /^\s*(?:\[[^\]]*\]\s*)*(?:re|aw|sv|antw|odp|vs)\s*(?:\[\d+\])?\s*:/i.test(subject),
    marked: brackets.some((word) => /^(?:.*-)?patch(?:v?\d+)?$/i.test(word)),
    rfc: brackets.some((word) => /^(?:.*-)?rfc/i.test(word)),
    pull:
      brackets.some((word) => /^pull$/i.test(word)) || /^\s*(?:git )?pull request/i.test(subject),
    forwarded: isForwarded(subject, fields, sender, checked),
    signed: isSigned(fields, checked),
    patchsig: checked.signature !== "none",
    based: checked.base.commit !== null,
  };
}

function refusedKind({ kind }: Checked): MailFacts["kind"] {
  return kind === "other" ? "other" : "refused";
}

/**
 * The sender, if every reader finds the same address: one address, bare or in angle brackets, with
 * no second @ before it.
 */
export function senderOf(fields: Fields): Sender | null {
  const values = fields("from");
  const [from] = values;
  if (from === undefined || values.length !== 1 || from.length > MAX_FROM) return null;
  const [, address] = /^[^<>@]*<([^<>@\s,;]+@[^<>@\s,;]+)>\s*$/.exec(from) ?? [];
  const bare = address ?? (/^[^\s<>,;"()]+@[^\s<>,;"()]+$/.test(from) ? from : null);
  const identity = bare === null ? null : normaliseIdentity(bare);
  if (identity === null) return null;
  const read = attempt(() => readAuthor(decodeWords(Buffer.from(from, "latin1"))));
  if (!read.ok) return null;
  // git must agree
  if (normaliseIdentity(read.value.email.toString("utf8")) !== identity) return null;
  const name = oneLine(read.value.name.toString("utf8"));
  return { name: name.includes("@") ? "" : name, identity };
}

/** Blanks out what is unfit for a terminal or a header. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim()
    .slice(0, 500);
}

/** Decoded, on one line. */
export function subjectOf(fields: Fields): string {
  const raw = fields("subject")[0] ?? "";
  const decoded = attempt(() => decodeWords(Buffer.from(raw, "latin1")));
  return oneLine(decoded.ok ? decoded.value.toString("utf8") : raw);
}

/** Words in the Subject's leading brackets. */
function leadingBrackets(subject: string): string[] {
  const [lead = ""] = /^(?:\s*(?:\[[^\]]*\]|(?:re|aw|fwd?)\s*:))*/i.exec(subject) ?? [];
  return lead.split(/[[\]\s,:]+/).filter((word) => word !== "");
}

/** `Linux on Foo <foo.lists.example.org>` and `<foo…>`: the identifier (RFC 2919). */
function listIdOf(value: string): string {
  const [, id] = /<([^<>\s]*)>\s*$/.exec(value) ?? [];
  return (id ?? value).toLowerCase().slice(0, 255);
}

/** Headers that mark a program's mail, or that ask programs not to answer (RFC 3834, 2). */
const AUTOMATIC: readonly (readonly [string, RegExp])[] = [
  ["auto-submitted", /^(?!no\b)/i],
  ["x-autoreply", /./],
  ["x-autorespond", /./],
  ["x-auto-response-suppress", /\b(?:all|autoreply|oof)\b/i],
  ["x-failed-recipients", /./],
  ["x-mailer-daemon", /./],
  ["feedback-type", /./],
  ["return-path", /^<\s*>$/],
  ["content-type", /^\s*multipart\/report\b/i],
  ["precedence", /^auto/i],
];

/** The header that says so; null if none does. */
export function automaticBy(fields: Fields): string | null {
  for (const [name, pattern] of AUTOMATIC)
    if (fields(name).some((value) => pattern.test(value))) return name;
  // lists add bulk, and even junk, to people's mails
  const fromList = fields("list-id").length > 0;
  if (!fromList && fields("precedence").some((value) => /^(?:bulk|junk|list)/i.test(value)))
    return "precedence";
  return null;
}

/** Words in a local part or name that no person has. */
const PROGRAMS = new Set([
  "bot",
  "robot",
  "syzbot",
  "lkp",
  "noreply",
  "reply",
  "donotreply",
  "daemon",
  "postmaster",
  "bounce",
  "bounces",
  "listserv",
  "majordomo",
  "mailman",
  "gitgitgadget",
  "request",
  "owner",
  "root",
]);

/** By its address or its name. */
export function isBot(sender: Sender | null): boolean {
  if (sender === null) return false;
  const local = sender.identity.slice(0, sender.identity.indexOf("@"));
  const words = [...local.split(/[-_.+]/), ...sender.name.toLowerCase().split(/[\s()-]+/)];
  return words.some((word) => PROGRAMS.has(word.replace(/\d+$/, "")));
}

/** Forwarded by somebody: a letter would reach the wrong person. */
function isForwarded(
  subject: string,
  fields: Fields,
  sender: Sender | null,
  { kind, author, view }: Checked,
): boolean {
  if (/^\s*(?:\[[^\]]*\]\s*)*(?:fwd?|wg|tr)\s*:/i.test(subject)) return true;
  if (fields("resent-from").length > 0) return true;
  // a cover letter names no author; the patches after it may
  if (kind !== "patch" || view === null || sender === null) return false;
  return normaliseIdentity(author?.email ?? "") !== sender.identity;
}

function isSigned(fields: Fields, { signature }: Checked): boolean {
  if (signature !== "none") return true;
  if (fields("x-developer-signature").length > 0) return true;
  return fields("content-type").some((value) => /^\s*multipart\/signed\b/i.test(value));
}

/** What a series is to the bot. `now`: seconds; nothing counts as sent later than that. */
export function seriesFacts(mails: readonly MailFacts[], now: number): SeriesFacts {
  const opening = mails.filter(({ number }) => number.index <= 1);
  const [first = null] = opening.sort((a, b) => a.number.index - b.number.index);
  const dates = mails.flatMap(({ date }) => date ?? []);
  return {
    first,
    signed: mails.some(({ signed }) => signed),
    patchsig: mails.some(({ patchsig }) => patchsig),
    based: mails.some(({ based }) => based),
    refused: mails.some(({ kind }) => kind === "refused"),
    sentAt: Math.min(now, first?.date ?? dates[0] ?? now),
  };
}
