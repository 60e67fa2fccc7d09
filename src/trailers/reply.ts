/** Reads replies, and the trailers in them: none from a quote, a mailer's signature, or a diff. */

import { parseDate } from "../mail/date.ts";
import { parseAuthor } from "../mail/author.ts";
import { messageIds } from "../mail/message-id.ts";
import type { DkimClaims } from "../dkim/claim.ts";
import { plainSender } from "../dkim/sender.ts";
import type { Verifier } from "../minisign/ed25519.ts";
import { saysTrailer } from "../review/proof.ts";
import { type ReviewReading, reviewsIn, type SignedReview } from "../review/review.ts";
import { formatReviewTrailer } from "../review/text.ts";
import type { Decision } from "../trust/decide.ts";
import type { Finding } from "../findings.ts";
import type { ThreadMail } from "../series/item.ts";
import type { MailView } from "../types.ts";
import { MAX_LINE, readTrailer, type Trailer, type TrailerFlaw } from "./trailer.ts";

/** A mail without a patch of its own, and what it says about patches. */
export interface ReplyMail extends ThreadMail {
  readonly subject: string;
  /** From the field From, decoded. */
  readonly from: { readonly name: string; readonly email: string };
  /** The identity in From (`normaliseIdentity`); null if there is not exactly one address. */
  readonly sender: string | null;
  /** From the field Date, in seconds since the epoch; null without a valid one. */
  readonly date: number | null;
  readonly listIds: readonly string[];
  /** In their order in the mail. */
  readonly trailers: readonly Trailer[];
  /** True if there are more trailers than are read. */
  readonly more: boolean;
  /** It has a diff of its own: its trailers may be about that. */
  readonly hasDiff: boolean;
  /** The signed reviews in its text, good and bad ones. */
  readonly reviews: readonly ReviewReading[];
  /** What DKIM signatures claim; null if DKIM was not looked at. */
  readonly dkim: DkimClaims | null;
}

/** A signed review whose key was looked up. */
interface KeyedReview {
  readonly review: SignedReview;
  readonly trust: Decision["trust"] | "unknown";
  readonly findings: readonly Finding[];
  /** The reviewer's address has a key in the database here. */
  readonly isKnown: boolean;
  /** The policy accepts the key as the reviewer's. */
  readonly counts: boolean;
}

/** A reply whose reviews were judged. */
export interface Reply extends Omit<ReplyMail, "dkim" | "reviews"> {
  /** The place of the mail. */
  readonly source: string;
  readonly reviews: readonly KeyedReview[];
  /** Findings on reviews that do not count, such as a bad signature. */
  readonly flaws: readonly Finding[];
  /** The domain that vouches for sender and text; null if none does. */
  readonly vouched: { readonly domain: string; readonly saidBy: string | null } | null;
}

/** True for a reply whose reviews were judged, and not merely a link between mails. */
export function isReply(mail: ThreadMail | Reply): mail is Reply {
  return "vouched" in mail;
}

/** Trailers of one mail. */
const MAX_TRAILERS = 32;
/** Lines of a reply that are read. */
const MAX_LINES = 20_000;

/** Where a person's own text ends: a mailer's signature, a list's footer. */
const END = /^(?:--[ \t]*$|_{20,}$|-{5}BEGIN PGP SIGNATURE-{5})/;
/** The first line of a diff. */
const DIFF = /^(?:diff -|Index: |--- \S|\+\+\+ \S|@@ -)/;
/** A divider above text that is the person's own, signed inline. */
const SIGNED = /^-{5}BEGIN PGP SIGNED MESSAGE-{5}/;
const FORWARDED = /^[ \t]?Begin forwarded message:[ \t]*$/i;
/** The rules at both ends of a divider. */
const FIRST_RULE = /^[ \t]?[-_]{3,}[ \t]*/;
const LAST_RULE = /[-_]{3}[ \t]*$/;
/** What stands between them: words, or somebody with an address. */
const DIVIDED = /^[\p{L}\ufffd&][\p{L}\p{M}\ufffd .'’&;-]{1,60}$|^.{1,99}(?:@|wrote)/iu;
const MAX_DIVIDED = 200;
/** The first line of a quoted header, as Outlook writes it. */
const HEADER =
  /^[*_]*(?:From|Von|De|Da|Van|Från|Fra|Od|От|发件人|差出人|보낸 사람)[*_]*[ \t]*[:：]/iu;
/** Another line of a quoted header. */
const FIELD = /^[*_]*\p{L}[\p{L} ]{0,20}[*_]*[ \t]*[:：]/u;
/** `On Tue, Bob wrote:`, perhaps wrapped. */
const ATTRIBUTION =
  /(?:wrote|writes|schrieb.*|a écrit|ha scritto|escribió|skrev.*|pisze|napisał\S{0,12}|写道|のメッセージ)[ \t]*[:：][ \t]*$/iu;
/** `5 jan. 2026 om 10:00, Mallory <m@example.net>:`, in any language and order. */
const WHEN_AND_WHO = /^(?=.*\d{1,2}[:.h]\d{2})(?=.*<[^<>\s]+@[^<>\s]+>)/u;
const MARKED = /^[ \t]*(?:[>|:»]|\w{0,4}>)/u;
/** What people write between an attribution and its quote: `[...]`, `Hello Bob,`. */
const ASIDE =
  /^[ \t]*(?:[[(<]?[ \t]*(?:\.{2,}|…|snip\w{0,4}|cut)[ \t]*[\])>]?|\p{L}[\p{L}\p{M} ,.'’-]{0,38}[,!])[ \t]*$/iu;
const INDENTED = /^[ \t]+\S/;
/** A line that continues a trailer. */
const CONTINUED = /^(?:[ \t]+\S|<[^<>\s]+@[^<>\s]+>[ \t]*$)/;

/**
 * The trailers in a person's own text, each on a line of its own. Those below a quote that is not marked line by line
 * are returned too, with the flaw `quoted`; those below a diff, with the flaw `diff`.
 *
 * @param text UTF-8, as `replyText` reads it
 * @param names as `trailerNames` makes them
 */
export function trailersIn(
  text: Buffer,
  names: ReadonlyMap<string, string>,
): { readonly trailers: readonly Trailer[]; readonly more: boolean } {
  const lines = text.toString("utf8").split("\n", MAX_LINES);
  const trailers: Trailer[] = [];
  let flaw: TrailerFlaw | null = null;
  for (const [i, line] of lines.entries()) {
    if (END.test(line)) break;
    if (DIFF.test(line)) flaw ??= "diff";
    else if (beginsQuote(lines, i)) flaw = "quoted";
    const found = readTrailer(joined(lines, i), names);
    if (found === null) continue;
    if (trailers.length === MAX_TRAILERS) return { trailers, more: true };
    trailers.push(flaw === null ? found : { ...found, flaw });
  }
  return { trailers, more: false };
}

/** True if a quote begins at this line whose lines are not marked: all that follows is somebody else's. */
function beginsQuote(lines: readonly string[], at: number): boolean {
  const line = lines[at]!;
  if (line.length > MAX_LINE) return false;
  // Zimbra divides too, and marks each line below
  if (isDivider(line)) return !SIGNED.test(line) && !isMarkedBelow(lines, at);
  if (HEADER.test(line)) {
    const below = lines.slice(at + 1, at + 4).filter((next) => FIELD.test(next));
    return below.length >= 2;
  }
  return isAttribution(lines, at) && !isMarkedBelow(lines, at);
}

/**
 * True for `-----Original Message-----`, in any language, `---- On Tue, Bob wrote ----`, and `Begin forwarded message:`.
 * Not for `--8<---`, nor what kernels and tests print: `---[ cut here ]---`, `=== a test ===`.
 */
function isDivider(line: string): boolean {
  if (FORWARDED.test(line)) return true;
  if (!FIRST_RULE.test(line) || !LAST_RULE.test(line)) return false;
  // one expression for all would try each length of one rule with each of the other
  const text = withoutRule(line.replace(FIRST_RULE, ""));
  return text.length <= MAX_DIVIDED && DIVIDED.test(text);
}

/** Without the rule at its end, and the blanks before it. */
function withoutRule(text: string): string {
  let end = text.length;
  while (end > 0 && "-_ \t".includes(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** True if the lines of the quote below are marked, or if nothing follows. */
function isMarkedBelow(lines: readonly string[], at: number): boolean {
  const below = lines.slice(at + 1, at + 10);
  const first = below.findIndex((one) => one.trim() !== "" && !ASIDE.test(one));
  if (first === -1) return below.every((one) => one.trim() === "");
  const [line = "", next = ""] = below.slice(first);
  // Gmail leaves the first line of a quote without its mark
  return MARKED.test(line) || (MARKED.test(next) && !/[:：][ \t]*$/u.test(line));
}

/** True if an attribution, such as `Bob wrote:`, ends at this line; it may have begun on the line above. */
function isAttribution(lines: readonly string[], at: number): boolean {
  const line = lines[at]!;
  if (!/[:：][ \t]*$/u.test(line) || MARKED.test(line)) return false;
  const above = lines[at - 1] ?? "";
  const whole = above.length > MAX_LINE || MARKED.test(above) ? line : `${above} ${line}`;
  return ATTRIBUTION.test(line) || WHEN_AND_WHO.test(line) || WHEN_AND_WHO.test(whole);
}

/**
 * A line, joined with the next one if a mail program wrapped it, or if it is folded as git folds trailers. A single
 * indented line loses its indentation; a block of indented lines keeps it, since that is a quote or some program's
 * output.
 */
function joined(lines: readonly string[], at: number): string {
  const line = lines[at]!;
  const next = lines[at + 1] ?? "";
  if (line.length > MAX_LINE || next.length > MAX_LINE) return line;
  if (isCutTitle(line) && next.trimEnd().endsWith(")")) return `${line.trimEnd()} ${next.trim()}`;
  if (INDENTED.test(line)) {
    const isAlone = !INDENTED.test(lines[at - 1] ?? "") && !INDENTED.test(next);
    return isAlone ? line.trimStart() : line;
  }
  if (line.includes("@") || !CONTINUED.test(next)) return line;
  return `${line.trimEnd()} ${next.trim()}`;
}

/** A wrapped line such as `Fixes: 0123456789ab ("a title that was`. */
const isCutTitle = (line: string): boolean =>
  /^[\w-]+:[ \t]*[0-9a-f]{7,64} \(.*[^)\s][ \t]*$/i.test(line);

/**
 * Reads what a mail says about patches.
 *
 * @param text the mail's text, in UTF-8
 * @param names as `trailerNames` makes them
 * @param hasDiff true if the mail has a diff of its own
 * @returns null if it has neither trailers nor signed reviews
 */
export function replyOf(
  { messageId, references }: ThreadMail,
  { headers }: MailView,
  text: Buffer,
  names: ReadonlyMap<string, string>,
  verifier: Verifier,
  hasDiff: boolean,
): ReplyMail | null {
  const { trailers, more } = trailersIn(text, names);
  const reviews = reviewsIn(text, verifier, hasDiff);
  if (trailers.length === 0 && reviews.length === 0) return null;
  const from = parseAuthor(headers.from);
  return {
    messageId,
    references: parentLast(references, headers.inReplyTo),
    subject: headers.subject,
    from: { name: from.author.toString("utf8"), email: from.email.toString("utf8") },
    sender: plainSender(headers.from)?.identity ?? null,
    date: parseDate(headers.date),
    listIds: headers.listIds,
    trailers: [...trailers, ...onlySigned(reviews, trailers, names)],
    more,
    hasDiff,
    reviews,
    dkim: null,
  };
}

/** Puts the parent last: In-Reply-To names it, even if References has another order (RFC 5322, 3.6.4). */
function parentLast(references: readonly string[], inReplyTo: string): readonly string[] {
  const [parent, ...more] = messageIds(inReplyTo);
  if (parent === undefined || more.length > 0) return references;
  return [...references.filter((id) => id !== parent), parent];
}

/** The trailers of good signed reviews that the clear text does not repeat. */
function onlySigned(
  reviews: readonly ReviewReading[],
  written: readonly Trailer[],
  names: ReadonlyMap<string, string>,
): Trailer[] {
  const sound = written.filter(({ flaw }) => flaw === null);
  return reviews.flatMap((one) => {
    if (!one.ok) return [];
    const missing = one.review.trailers.filter(
      (trailer) => !sound.some((line) => saysTrailer({ ...one.review, trailers: [trailer] }, line)),
    );
    return missing.flatMap((trailer) => readTrailer(formatReviewTrailer(trailer), names) ?? []);
  });
}
