/**
 * The mail that `am` gives to git in place of the received one: made only of verified values, in a
 * form that leaves nothing to interpret.
 */

/** What a commit is made of. Bytes are UTF-8, except the diff's, which are unchanged. */
export interface CommitContents {
  readonly author: string;
  readonly email: string;
  /** Any form that git's date parser takes; one line. */
  readonly date: string;
  readonly subject: string;
  /** Without the subject; stripped as git-stripspace(1) does. */
  readonly message: Buffer;
  /** Canonical file patches. */
  readonly diff: Buffer;
  /** For `am.messageid`; "" if the mail has no plain one. */
  readonly messageId: string;
}

const MESSAGE_ID = /^<[!-;=?-~]{1,250}>$/;

/** Is this an unambiguous Message-ID? */
export function isPlainMessageId(text: string): boolean {
  return MESSAGE_ID.test(text);
}

/**
 * One message of an mbox for `git am --no-scissors`: a single part in quoted-printable, with an
 * in-body From, Subject and Date and an empty line before the message, so that no line of the
 * message is taken for one of them (git-am(1), "DISCUSSION").
 */
export function composeMail(commit: CommitContents): Buffer {
  const author = `${encodeWord(commit.author) ?? quoteName(commit.author)} <${commit.email}>`;
  const subject = encodeWord(commit.subject) ?? commit.subject;
  const body = Buffer.concat([
    Buffer.from(`From: ${author}\nSubject: ${subject}\nDate: ${commit.date}\n\n`),
    commit.message,
    Buffer.from("---\n\n"),
    commit.diff,
  ]);
  const header = [
    "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001",
    "From: patchsig <patchsig@localhost>",
    `Date: ${commit.date}`,
    "Subject: verified patch",
    ...(isPlainMessageId(commit.messageId) ? [`Message-ID: ${commit.messageId}`] : []),
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=UTF-8",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    "",
  ];
  return Buffer.concat([Buffer.from(header.join("\n")), quotedPrintable(body), Buffer.from("\n")]);
}

/** Text that holds `=?`, as an RFC 2047 word: git would take it for one. Null for all other text. */
function encodeWord(text: string): string | null {
  return text.includes("=?") ? `=?UTF-8?b?${Buffer.from(text).toString("base64")}?=` : null;
}

/** A quoted string where the name holds anything that an address parser would act on. */
function quoteName(name: string): string {
  return /^[A-Za-z0-9 \x80-\u{10ffff}_'-]*$/u.test(name)
    ? name
    : `"${name.replace(/["\\]/g, "\\$&")}"`;
}

const HEX = "0123456789ABCDEF";
const LINE = 72;

/** RFC 2045, 6.7; LF stays a line end, everything else but plain ASCII is encoded. */
function quotedPrintable(body: Buffer): Buffer {
  const out: string[] = [];
  let line = "";
  for (const [i, byte] of body.entries()) {
    if (byte === 0x0a) {
      out.push(line, "\n");
      line = "";
      continue;
    }
    const last = body[i + 1] === 0x0a || i + 1 === body.length;
    // a blank may stand for itself unless it ends the line; "From " and "." must not begin one
    const plain =
      (byte > 0x20 &&
        byte < 0x7f &&
        byte !== 0x3d &&
        !(line === "" && (byte === 0x46 || byte === 0x2e))) ||
      (byte === 0x20 && !last && line !== "");
    const piece = plain ? String.fromCharCode(byte) : `=${HEX[byte >> 4]!}${HEX[byte & 15]!}`;
    if (line.length + piece.length > LINE) {
      out.push(line, "=\n");
      line = "";
    }
    line += piece;
  }
  out.push(line);
  if (line !== "") out.push("=\n");
  return Buffer.from(out.join(""), "latin1");
}
