import { type Finding, finding, type FindingCode } from "../findings.ts";
import type { MailHeaders, MailInfo, MailView, Result } from "../types.ts";
import { readAuthor } from "./author.ts";
import { type Body, readBody } from "./body.ts";
import { EMPTY, collapseSpace, hasAt, isSpace, nextLine, latin1 } from "../primitives/bytes.ts";
import type { Content } from "./content.ts";
import { type Header, type HeaderName, field } from "./header.ts";
import { isCutByGit } from "./mbox.ts";
import type { Parts } from "./parts.ts";
import { type CrPlaces, NO_CRS } from "./line-ends.ts";
import { ReadableMail } from "./readable.ts";
import { type MailStructure, structureOf } from "./structure.ts";
import { attempt, refuse } from "../refused.ts";
import { decodeWords, hasForeignWord, isUnlabelled } from "./rfc2047.ts";
import { hasScissors } from "./scissors.ts";
import { cleanTitle } from "./title.ts";

/** Reads one mail with its CRs, as `git mailsplit --keep-cr` leaves it; else as `readMail`. */
export function readRawMail(raw: Buffer): Result<MailView> {
  return readReadable(new ReadableMail(raw));
}

/** The same of a mail that others read too. */
export function readReadable({ plain, crs, structure }: ReadableMail): Result<MailView> {
  return readMail(plain, crs, structure);
}

/**
 * Reads one mail exactly as `git -c i18n.commitEncoding=UTF-8 mailinfo -u --no-scissors` does, or
 * refuses it: no third outcome. test/mail/ compares it with stock git.
 *
 * `mail` is one message as `git mailsplit` leaves it: see `dropCr`. The caller bounds its size.
 * `crs` says where CRs were dropped; only the view's own `crs` depends on it. `structure` is that of the mail.
 */
export function readMail(
  mail: Buffer,
  crs: CrPlaces = NO_CRS,
  structure: Result<MailStructure> = structureOf(mail),
): Result<MailView> {
  return attempt(() => {
    checkStart(mail);
    if (!structure.ok) refuse(structure.refusal.reason, structure.refusal.detail);
    const { header, content, parts } = structure.value;
    const body = readBody(mail, parts.parts, crs);
    return {
      info: readInfo(header, body),
      headers: readHeaders(header),
      message: body.message,
      patch: body.patch,
      crs: body.crs,
      breakPoint: body.breakPoint,
      recoded: body.recoded || DECODED.some((name) => hasForeignWord(field(header, name))),
      unlabelled: body.unlabelled || DECODED.some((name) => isUnlabelled(field(header, name))),
      attached: parts.attached,
      findings: findingsOf(header, content, parts, body),
    };
  });
}

const DECODED = ["from", "subject"] as const;

/** What `git mailinfo` prints on its standard output. */
export function formatInfo(info: MailInfo): Buffer {
  const lines: Buffer[] = [];
  const line = (name: string, value: Buffer) => {
    lines.push(Buffer.from(`${name}: `), value, Buffer.from("\n"));
  };
  const absent = info.absent ?? [];
  if (!absent.includes("from")) {
    line("Author", info.author);
    line("Email", info.email);
  }
  if (!absent.includes("subject")) line("Subject", info.subject);
  if (!absent.includes("date")) line("Date", info.date);
  lines.push(Buffer.from("\n"));
  return Buffer.concat(lines);
}

/** `git am` looks at the first three lines to tell Mercurial's and StGit's patches from mail. */
const FOREIGN = /^(?:# HG changeset patch|# This series applies on GIT commit)/;
const STGIT = /^\r?\n(?:From|Author|Date):/;

function checkStart(mail: Buffer): void {
  if (mail.length === 0) refuse("leading-blank", "an empty mail");
  if (isSpace(mail[0])) refuse("leading-blank", "white space before the first header");
  if (isCutByGit(mail))
    refuse("loose-from-line", "git am would cut this mail in two at a From line");
  if (mail[0] === 0x23 && FOREIGN.test(latin1(mail, 0, 64))) {
    refuse("foreign-format", "a Mercurial or StGit patch");
  }
  const isMbox = hasAt(mail, 0, "From ") || hasAt(mail, 0, "From: ");
  const second = nextLine(mail, 0);
  if (!isMbox && STGIT.test(latin1(mail, second, second + 16))) {
    refuse("foreign-format", "git am would take it for an StGit patch");
  }
}

/** Author, subject and date: the in-body header's, if it and a patch exist, else the top's. */
function readInfo(header: Header, body: Body): MailInfo {
  const absent: ("from" | "subject" | "date")[] = [];
  const value = (name: "from" | "subject" | "date"): Buffer => {
    const inBody = body.patch.length > 0 ? body.inBody.get(name) : undefined;
    const top = header.fields.get(name);
    // git decodes the top header in any case, and fails if that fails
    const decode = name === "subject" ? decodeSubject : decodeWords;
    const decoded = top === undefined ? undefined : decode(top);
    if (inBody === undefined && decoded === undefined) absent.push(name);
    return inBody ?? decoded ?? EMPTY;
  };
  const id = field(header, "message-id");
  decodeWords(id);
  checkMessageId(id);
  const from = readAuthor(value("from"));
  const subject = cleanTitle(value("subject"));
  const date = collapseSpace(value("date"));
  if (from.name.equals(FOLDER_DATA)) refuse("folder-data", "a mail folder's internal data");
  const info = { author: from.name, email: from.email, subject, date };
  return absent.length === 0 ? info : { ...info, absent };
}

/**
 * Mailman encodes a raw 8-bit Subject as words in the charset "unknown-8bit". git gives up on such
 * a mail; we still read a cover letter, which git would not apply anyway.
 */
function decodeSubject(subject: Buffer): Buffer {
  const named = latin1(subject).replace(UNKNOWN, "=?utf-8?");
  if (named === latin1(subject)) return decodeWords(subject);
  const decoded = decodeWords(Buffer.from(named, "latin1"));
  return COVER.test(latin1(decoded)) ? decoded : decodeWords(subject);
}

const UNKNOWN = /=\?unknown-8bit\?/gi;
const COVER = /\[[^[\]]*\b0+\/\d/;

/** git am -m decodes it, and commits what comes out: `<x=?utf-8?q?=0ASigned-off-by:_...?=>`. */
function checkMessageId(id: Buffer): void {
  const text = id.toString("latin1");
  if (/[\0-\x20\x7f]|=\?/.test(text))
    refuse(
      "message-id-ambiguous",
      "the Message-ID holds an encoded word, white space or a control character",
    );
}

const FOLDER_DATA = Buffer.from("Mail System Internal Data");

function readHeaders(header: Header): MailHeaders {
  const text = (name: HeaderName) => field(header, name).toString("utf8");
  return {
    messageId: text("message-id"),
    inReplyTo: text("in-reply-to"),
    references: text("references"),
    listIds: header.listIds.map((value) => value.toString("utf8")),
    subject: decodeSubject(field(header, "subject")).toString("utf8"),
    from: text("from"),
    sender: text("sender"),
    replyTo: text("reply-to"),
    to: text("to"),
    cc: text("cc"),
    xOriginalFrom: text("x-original-from"),
    xOriginalSender: text("x-original-sender"),
    xMailFrom: text("x-mailfrom"),
    date: text("date"),
    developerSignature: text("x-developer-signature"),
  };
}

function findingsOf(header: Header, content: Content, parts: Parts, body: Body): Finding[] {
  const findings: Finding[] = [...body.findings];
  const add = (met: boolean, code: FindingCode, message: string): void => {
    if (met) findings.push(finding(code, message));
  };
  add(hasScissors(body.message), "scissors-line", "the message has a scissors line");
  add(
    parts.nested,
    "nested-multipart",
    "a multipart within another: git takes its headers for text",
  );
  add(
    parts.parts.some((part) => part.flow.flowed),
    "format-flowed",
    "soft-broken lines are joined (format=flowed)",
  );
  add(parts.unclosed, "unclosed-multipart", "the multipart has no closing boundary");
  add(
    header.repeated.length > 0,
    "duplicate-header",
    `repeated with the same value: ${header.repeated.join(", ")}`,
  );
  add(header.fromLine, "from-line", "there is an mbox From line on top");
  add(
    content.type.startsWith("text/") && content.type !== "text/plain",
    "not-plain-text",
    `the mail is ${content.type}, which git reads as plain text`,
  );
  return findings;
}
