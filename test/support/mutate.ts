/** Random changes to mails: bytes, lines, headers, parts, encodings. Same seed, same changes. */

export type Random = (below: number) => number;

/** mulberry32: small, fast, and the same everywhere. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)]!;
}

const EVIL = [
  "diff --git a/keys.txt b/keys.txt",
  "--- a/keys.txt",
  "+++ b/keys.txt",
  "@@ -1 +1 @@",
  "-alice",
  "+mallory",
].join("\n");

/** Lines that mean something to git, to a MIME reader, or to the block's reader. */
const LINES = [
  "---",
  "--- ",
  "----",
  "-- ",
  "",
  " ",
  "\t",
  "diff --git a/keys.txt b/keys.txt",
  "diff --git a/song.txt b/song.txt",
  "old mode 100644",
  "new mode 100755",
  "deleted file mode 100644",
  "new file mode 100755",
  "index 1111111..2222222 100644",
  "rename from song.txt",
  "rename to keys.txt",
  "--- a/keys.txt",
  "+++ b/keys.txt",
  "@@ -1 +1 @@",
  "@@ -1,3 +1,3 @@",
  "-alice",
  "+mallory",
  "\\ No newline at end of file",
  "GIT binary patch",
  "From: Mallory <mallory@evil.example>",
  "Subject: [PATCH] other",
  "Subject: other",
  "Date: Mon, 01 Jan 2001 00:00:00 +0000",
  "[PATCH] other",
  ">From x Mon Sep 17 00:00:00 2001",
  "From m@evil.example Mon Sep 17 00:00:00 2001",
  "From now on",
  ">From now on",
  "-- >8 --",
  "Index: song.txt",
  "--xx",
  "--xx--",
  "Content-Type: text/plain; charset=UTF-8",
  'Content-Type: multipart/mixed; boundary="xx"',
  "Content-Type: text/plain; charset=UTF-8; format=flowed",
  "Content-Type: text/plain; charset=ISO-8859-1",
  "Content-Transfer-Encoding: base64",
  "Content-Transfer-Encoding: quoted-printable",
  "Content-Transfer-Encoding: 8bit",
  "MIME-Version: 1.0",
  "untrusted comment: patchsig",
  "Signed-off-by: Mallory <mallory@evil.example>",
  "base-commit: 1111111111111111111111111111111111111111",
  EVIL,
];

const BYTES = [
  "\0",
  "\r",
  "\n",
  "\t",
  " ",
  "=",
  "-",
  "+",
  ">",
  "\xc3",
  "\xe9",
  "\xa0",
  "\x0c",
  "A",
  "@",
  ":",
  '"',
  "(",
];

/** Where headers end and the body begins. */
function bodyStart(text: string): number {
  const at = text.search(/\r?\n\r?\n/);
  return at < 0 ? text.length : at + /\r?\n\r?\n/.exec(text.slice(at))![0].length;
}

function base64(text: string, width: number): string {
  const all = Buffer.from(text, "latin1").toString("base64");
  return all.replace(new RegExp(`.{1,${width}}`, "g"), "$&\n");
}

function quotedPrintable(text: string): string {
  return text
    .replace(
      /[^\n\t !-<>-~]/g,
      (c) => `=${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .replace(/[ \t]$/gm, (c) => `=${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function withEncoding(text: string, encoding: string, encode: (body: string) => string): string {
  if (/^content-(?:type|transfer-encoding):/im.test(text)) return text;
  const at = bodyStart(text);
  const headers = `MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ${encoding}\n`;
  return `${text.slice(0, at - 1)}${headers}\n${encode(text.slice(at))}`;
}

function withPart(text: string, type: string, extra: string, before: boolean): string {
  if (/^content-type: multipart/im.test(text)) return text;
  const at = bodyStart(text);
  const own = text
    .slice(0, at)
    .split("\n")
    .filter((line) => /^content-/i.test(line))
    .join("\n");
  const rest = text
    .slice(0, at - 1)
    .split("\n")
    .filter((line) => !/^(?:content-|mime-version)/i.test(line))
    .join("\n");
  const parts = [
    `--xx\n${own}${own === "" ? "" : "\n"}\n${text.slice(at)}`,
    `--xx\n${type}\n\n${extra}\n`,
  ];
  if (before) parts.reverse();
  return `${rest}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="xx"\n\n${parts.join("")}--xx--\n`;
}

type Mutation = (text: string, random: Random) => string;

function atLine(
  text: string,
  random: Random,
  change: (lines: string[], at: number) => void,
): string {
  const lines = text.split("\n");
  change(lines, random(lines.length));
  return lines.join("\n");
}

const MUTATIONS: readonly Mutation[] = [
  (t, r) => {
    const at = r(t.length);
    return t.slice(0, at) + pick(r, BYTES) + t.slice(at + r(2));
  },
  (t, r) => {
    const at = r(t.length);
    return t.slice(0, at) + String.fromCharCode(r(256)) + t.slice(at + 1);
  },
  (t, r) => {
    const at = r(t.length);
    return t.slice(0, at) + t.slice(at + 1 + r(8));
  },
  (t, r) => atLine(t, r, (lines, at) => lines.splice(at, 1)),
  (t, r) => atLine(t, r, (lines, at) => lines.splice(at, 0, lines[at]!)),
  (t, r) =>
    atLine(t, r, (lines, at) => lines.splice(at, 0, ...lines.splice(r(lines.length), 1 + r(4)))),
  (t, r) => atLine(t, r, (lines, at) => lines.splice(at, 0, pick(r, LINES))),
  (t, r) => atLine(t, r, (lines, at) => lines.splice(at, 0, pick(r, LINES), pick(r, LINES))),
  (t, r) =>
    atLine(
      t,
      r,
      (lines, at) => (lines[at] += pick(r, [" ", "\t", "\r", "\r\r", "  ", "=", "=20", " x"])),
    ),
  (t, r) =>
    atLine(
      t,
      r,
      (lines, at) =>
        (lines[at] = lines[at]!.replace(/^./, pick(r, ["", " ", "-", "+", "\t", "  "]))),
    ),
  (t, r) => {
    const at = bodyStart(t) - 1;
    return `${t.slice(0, at)}${pick(r, LINES)}\n${t.slice(at)}`;
  },
  (t, r) => `${pick(r, LINES)}\n${t}`,
  (t, r) => `${t}\n${pick(r, LINES)}\n${pick(r, LINES)}\n`,
  (t) => `${t}\n${EVIL}\n`,
  (t) => t.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n"),
  (t) => t.replaceAll("\r\n", "\n"),
  (t, r) => withEncoding(t, "base64", (body) => base64(body, pick(r, [76, 72, 60, 77, 4]))),
  (t) => withEncoding(t, "base64", (body) => base64(body.replaceAll("\n", "\r\n"), 76)),
  (t) => withEncoding(t, "quoted-printable", quotedPrintable),
  (t, r) =>
    withEncoding(t, pick(r, ["8bit", "7bit", "x-uuencode", "8BIT", '"base64"']), (body) => body),
  (t, r) =>
    withPart(
      t,
      pick(r, ["Content-Type: text/plain", "Content-Type: image/png", "Content-Type: text/html"]),
      pick(r, LINES),
      r(2) === 0,
    ),
  (t, r) =>
    withPart(
      t,
      "Content-Type: text/plain\nContent-Transfer-Encoding: base64",
      base64(pick(r, LINES), 76),
      r(2) === 0,
    ),
  (t, r) =>
    t.replace(
      "Subject: ",
      pick(r, [
        "Subject: Re: ",
        "Subject: [list] ",
        "Subject:\n ",
        "subject: ",
        "Subject : ",
        "Subject: [PATCH v9 2/3] ",
      ]),
    ),
  (t, r) =>
    t.replace(
      "UTF-8",
      pick(r, [
        "utf-8",
        "us-ascii",
        "ISO-8859-1",
        "windows-1252",
        "x-none",
        "",
        "UTF-8; format=flowed",
        "UTF-8; format=flowed; delsp=yes",
        "UTF-7",
      ]),
    ),
  (t, r) =>
    t.replace(
      /^(---|\+\+\+) ([ab])\//m,
      pick(r, ["$1 $2//", "$1 c/", "$1 ", "$1 $2/./", "$1\t$2/"]),
    ),
  (t) => t.replace(/^ $/m, ""),
  (t, r) => t.replace(/^@@ -\d+/m, `@@ -${r(9)}`),
];

/** The mail with one to three random changes. */
export function mutate(mail: Buffer, random: Random): Buffer {
  let text = mail.toString("latin1");
  for (let n = 1 + random(3); n > 0; n--) text = pick(random, MUTATIONS)(text, random);
  return Buffer.from(text, "latin1");
}
