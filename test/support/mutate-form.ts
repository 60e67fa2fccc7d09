/**
 * Random changes to the form of a mail that keep its text, or nearly: multiparts in each other,
 * encodings of the whole or of a piece, charsets, line ends, mbox files.
 */

import {
  atLine,
  base64,
  bodyStart,
  type Mutation,
  pick,
  quotedPrintable,
  type Random,
  withBody,
  withHeaders,
} from "./reshape.ts";

const EVIL = `diff --git a/keys.txt b/keys.txt
--- a/keys.txt
+++ b/keys.txt
@@ -1 +1 @@
-alice
+mallory
`;

const EXTRAS = [
  "",
  "\n",
  "____\ndevel mailing list\n",
  "-- \nsent by hand\n",
  EVIL,
  `---\n${EVIL}`,
];
const BOUNDARIES = ["xx", "xxx", "yy", "x x", "=_x", "--xx", "XX", "xx--"];
const CHARSETS = [
  "UTF-8",
  "utf8",
  "us-ascii",
  "ISO-8859-1",
  "windows-1252",
  "gbk",
  "big5",
  "utf-16",
  "",
];
const TYPES = [
  "text/plain",
  "text/html",
  "text/x-patch; name=0001.patch",
  "application/octet-stream",
  "application/pgp-signature; name=signature.asc",
  "message/rfc822",
  "text/plain; format=flowed",
  'text/plain; Format="flowed"; DelSp="yes"',
  "text/plain; x=charset=utf-16",
  "text/plain (boundary=xx)",
];

/** The header without its content fields, and these fields; both end in LF or are empty. */
function headerOf(text: string): { rest: string; own: string } {
  const lines = text.slice(0, bodyStart(text) - 1).match(/^.*\n(?:[ \t].*\n)*/gm) ?? [];
  const isOwn = (line: string): boolean => /^(?:content-|mime-version:)/i.test(line);
  return {
    rest: lines.filter((line) => !isOwn(line)).join(""),
    own: lines.filter((line) => /^content-/i.test(line)).join(""),
  };
}

const bodyOf = (text: string): string => text.slice(bodyStart(text));

const part = (header: string, body: string): string => `${header}\n${body}`;

/** One encoded part. */
function codedPart(r: Random, body: string): string {
  const charset = pick(r, CHARSETS);
  const type = `Content-Type: ${pick(r, TYPES)}${charset === "" ? "" : `; charset=${charset}`}\n`;
  switch (r(4)) {
    case 0:
      return part(`${type}Content-Transfer-Encoding: base64\n`, base64(body, pick(r, [76, 60, 4])));
    case 1:
      return part(`${type}Content-Transfer-Encoding: quoted-printable\n`, quotedPrintable(body));
    case 2:
      return part(type, body);
    default:
      return part(
        `${type}Content-Transfer-Encoding: ${pick(r, ["8bit", "7bit", "binary"])}\n`,
        body,
      );
  }
}

function multipart(r: Random, parts: readonly string[]): { header: string; body: string } {
  const boundary = pick(r, BOUNDARIES);
  const kind = pick(r, [
    "mixed",
    "alternative",
    'signed; protocol="application/pgp-signature"',
    "related",
  ]);
  const quote = r(4) === 0 ? "" : '"';
  const preamble = r(4) === 0 ? pick(r, EXTRAS) : "";
  const close =
    r(6) === 0 ? "" : `--${boundary}--${pick(r, ["", " ", "\t", "x"].slice(0, 1 + r(4)))}\n`;
  const opened = parts.map((text) => {
    const end = text.endsWith("\n") ? "" : "\n";
    return `--${boundary}${r(12) === 0 ? pick(r, [" ", "\r", "-"]) : ""}\n${text}${end}`;
  });
  return {
    header: `Content-Type: multipart/${kind}; boundary=${quote}${boundary}${quote}\n`,
    body: `${preamble}${opened.join("")}${close}${r(4) === 0 ? pick(r, EXTRAS) : ""}`,
  };
}

/** The mail in one to five multiparts, with other parts around it. */
const nest: Mutation = (text, r) => {
  const { rest, own } = headerOf(text);
  let inner = { header: own, body: bodyOf(text) };
  for (let depth = 1 + r(r(3) === 0 ? 5 : 2); depth > 0; depth--) {
    const parts = [part(inner.header, inner.body)];
    if (r(2) === 0) parts.push(codedPart(r, pick(r, EXTRAS)));
    if (r(4) === 0) parts.unshift(codedPart(r, pick(r, EXTRAS)));
    inner = multipart(r, parts);
  }
  return `${rest}MIME-Version: 1.0\n${inner.header}\n${inner.body}`;
};

/** The body cut at a line, each piece a part in an encoding and charset of its own. */
const cutIntoParts: Mutation = (text, r) => {
  const { rest, own } = headerOf(text);
  if (/multipart/i.test(own)) return text;
  const lines = bodyOf(text).split(/(?<=\n)/);
  const at = r(lines.length + 1);
  const pieces = [lines.slice(0, at).join(""), lines.slice(at).join("")];
  const made = multipart(
    r,
    pieces.map((piece) => codedPart(r, piece)),
  );
  return `${rest}MIME-Version: 1.0\n${made.header}\n${made.body}`;
};

/** The bodies of a multipart's parts, changed one by one. */
function withinParts(text: string, change: (part: string) => string): string {
  const boundary = /boundary="?([^";\s]+)/i.exec(text)?.[1];
  if (boundary === undefined) return withBody(text, change);
  return withBody(text, (body) =>
    body
      .split(`--${boundary}`)
      .map((piece) => withBody(piece, change))
      .join(`--${boundary}`),
  );
}

const hex = (char: string, lower: boolean): string => {
  const digits = char.charCodeAt(0).toString(16).padStart(2, "0");
  return `=${lower ? digits : digits.toUpperCase()}`;
};

/** More is escaped, and lines are broken softly, in a body that is quoted-printable already. */
const escapeMore: Mutation = (text, r) =>
  /quoted-printable/i.test(text)
    ? withinParts(text, (body) =>
        body.replace(/[^\n=](?![0-9A-F]?\n)/g, (char) =>
          r(40) > 0 ? char : r(2) === 0 ? hex(char, r(2) === 0) : `${char}=\n`,
        ),
      )
    : text;

/** Some lines only are escaped, under a header that says that all are, or none. */
const escapeSome: Mutation = (text, r) => {
  const declared = pick(r, ["quoted-printable", "8bit"]);
  const { rest, own } = headerOf(text);
  if (own !== "") return text;
  const body = bodyOf(text).replace(/^.*$/gm, (line) =>
    r(3) === 0 ? quotedPrintable(line) : line,
  );
  return `${rest}MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ${declared}\n\n${body}`;
};

/** Base64 in lines of other lengths, a piece at a time, perhaps with a footer below. */
const rewrapBase64: Mutation = (text, r) => {
  if (!/^content-transfer-encoding: *base64/im.test(text) || /multipart/i.test(text)) return text;
  const footer =
    r(3) === 0 ? pick(r, ["____\nlist\n", "\n____\nlist\n", "-- \nlist\n", base64(EVIL, 76)]) : "";
  return withBody(text, (body) => {
    const all = body.replace(/\s/g, "");
    const lines: string[] = [];
    for (let at = 0; at < all.length;) {
      const width = 4 * (1 + r(25)) + (r(60) === 0 ? 1 : 0);
      lines.push(all.slice(at, at + width));
      at += width;
    }
    return `${lines.join(pick(r, ["\n", "\n", "\r\n", " \n"]))}\n${footer}`;
  });
};

/** Another name for the charset, with the text transcoded or not. */
const recharset: Mutation = (text, r) => {
  const charset = pick(r, CHARSETS);
  const named = /charset="?[^";\s]*"?/i.test(text)
    ? text.replace(/charset="?[^";\s]*"?/i, `charset=${charset}`)
    : withHeaders(text, `Content-Type: text/plain; charset=${charset}\n`);
  return r(2) === 0
    ? named
    : withBody(named, (body) =>
        Buffer.from(body, "latin1")
          .toString("utf8")
          .replace(/[\u0100-\uffff]/g, "?"),
      );
};

/** From or Subject as RFC 2047 words of any size, in any case, perhaps with a word in another charset. */
const encodeWords: Mutation = (text, r) =>
  text.replace(pick(r, [/^Subject: (.*)$/m, /^From: ([^<\n]*?)(?= <)/m]), (line, value: string) => {
    const name = line.slice(0, line.indexOf(":"));
    const size = 1 + r(12);
    const words = (value.match(new RegExp(`.{1,${size}}`, "gs")) ?? []).map((piece) => {
      const charset = pick(r, ["UTF-8", "utf-8", "us-ascii", "iso-8859-1"]);
      return r(2) === 0
        ? `=?${charset}?b?${Buffer.from(piece, "latin1").toString("base64")}?=`
        : `=?${charset}?Q?${quotedPrintable(piece).replace(/[ ?_]/g, (c) => hex(c, false))}?=`;
    });
    return `${name}: ${words.join(pick(r, [" ", "\n ", "\n\t", "", " x "]))}`;
  });

const stuff = (body: string): string => body.replace(/^(?= |>|From )/gm, " ");

/** format=flowed: declared, stuffed, broken softly. */
const flow: Mutation = (text, r) => {
  const type = `Content-Type: text/plain; charset=UTF-8; format=flowed${r(3) === 0 ? "; delsp=yes" : ""}\n`;
  const { rest, own } = headerOf(text);
  if (own !== "") return text;
  const broken = (body: string): string =>
    body.replace(/^([^\n]{8,}) (?=\S)/gm, (start, words: string) =>
      r(4) === 0 ? `${words} \n` : start,
    );
  return `${rest}${type}\n${r(3) === 0 ? bodyOf(text) : broken(stuff(bodyOf(text)))}`;
};

const FROM = [
  "From alice@example.org Tue Nov 24 10:00:00 2026",
  "From patchwork Tue Nov 24 10:00:00 2026",
  "From nobody Tue Nov 24 10:00:00 2026",
  "From alice at example.org  Tue Nov 24 10:00:00 2026",
  "From MAILER_DAEMON Tue Nov 24 10:00:00 2026",
  "From - Tue Nov 24 10:00:00 2026",
  "From adb0875634948dd966cbf51206b6dcc546e83fef Mon Sep 17 00:00:00 2001",
  "From a@x.example Tue Nov 24 10:00 2026",
  "From a@x.example Tue Nov 24 10:00:00 +0100 2026",
  "From a@x.example Tue Nov 24 10:00:00 2026 +0100",
  "From x 1:11:11 99",
  "From time 12:34 2026",
  "From here on 10:00:00 x2026",
  "From here",
];

/** A From line on top; anywhere, with an empty line before it or not; escaped once or twice. */
const fromLine: Mutation = (text, r) => {
  const line = pick(r, FROM);
  const end = r(4) === 0 ? "\r" : "";
  if (r(3) === 0) return `${line}${end}\n${text}`;
  const marked = `${pick(r, ["", "", "", ">", ">>", " "])}${line}${end}`;
  const inside = atLine(text, r, (lines, at) =>
    lines.splice(at, 0, ...(r(2) === 0 ? ["", marked] : [marked])),
  );
  return r(2) === 0 ? inside : `${pick(r, FROM)}\n${inside}`;
};

/** An mbox of two mails, cut in any way. */
const together: Mutation = (text, r, pool) => {
  const [first, second] = r(2) === 0 ? [text, pick(r, pool)] : [pick(r, pool), text];
  const between = pick(r, ["\n", "", "\r\n", "\n\n"]);
  const both = `${pick(r, FROM)}\n${first}${between}${pick(r, FROM)}\n${second}`;
  return r(3) === 0 ? both.replaceAll("\n", "\r\n") : both;
};

const mboxrd: Mutation = (text) => text.replace(/^(?=>*From )/gm, ">");

/** Where line ends may change at once. */
const ZONES: readonly RegExp[] = [
  /^diff --git[^]*/m,
  /^[-+ @][^\n]*\n/gm,
  /^@@[^]*/m,
  /^\+[^\n]*\n/gm,
  /\n\n[^]*/,
  /^untrusted comment[^]*?(?=^diff|$(?![\n]))/m,
];

const addCr: Mutation = (text, r) =>
  text.replace(pick(r, ZONES), (zone) => zone.replace(/\n/g, pick(r, ["\r\n", "\r\n", "\r\r\n"])));

/** CRs in some lines, as two transports in a row leave them. */
const someCr: Mutation = (text, r) => {
  const odds = pick(r, [2, 5, 20]);
  return withBody(text, (body) =>
    body.replace(/\r?\n/g, (end) => (r(odds) === 0 ? pick(r, ["\n", "\r\n", "\r\r\n"]) : end)),
  );
};

const codedCr: Mutation = (text, r) => {
  const { rest, own } = headerOf(text);
  if (own !== "") return text;
  const body = bodyOf(text).replace(pick(r, ZONES), (zone) => zone.replace(/\r?\n/g, "\r\n"));
  const [encoding, coded] = pick(r, [
    ["base64", base64(body, 76)],
    ["quoted-printable", quotedPrintable(body)],
  ]);
  return `${rest}Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ${encoding}\n\n${coded}`;
};

const loseCr: Mutation = (text) => withBody(text, (body) => body.replace(/=0D(?=\n)|\r/g, ""));

export const FORM_MUTATIONS: readonly Mutation[] = [
  nest,
  nest,
  nest,
  cutIntoParts,
  cutIntoParts,
  escapeMore,
  escapeMore,
  escapeSome,
  rewrapBase64,
  rewrapBase64,
  recharset,
  encodeWords,
  flow,
  fromLine,
  fromLine,
  together,
  mboxrd,
  addCr,
  someCr,
  codedCr,
  loseCr,
];
