/** Mails by which a stranger tries to cause much work at little cost, by size. */

import { importSeed, publicPoint } from "../../src/minisign/ed25519.ts";
import { formatPublicKeyText } from "../../src/minisign/public-key.ts";
import { SecretKey } from "../../src/minisign/secret-key.ts";
import { prepare, signPlaced } from "../../src/patch/sign.ts";
import { signStatement, type Statement } from "../../src/trust/statement.ts";

const TIME = 1_794_000_000;
const BLOCK = "untrusted comment: patchsig x\n";
const keys = new Map<number, SecretKey>();

function key(i: number): SecretKey {
  const known = keys.get(i);
  if (known !== undefined) return known;
  const seed = Buffer.alloc(32);
  seed.writeUInt32BE(i + 1);
  // generateSecretKey makes sure of each, which takes twenty times as long
  const point = publicPoint(importSeed(seed));
  const made = new SecretKey(seed, { keyNumber: seed.subarray(0, 8), point });
  keys.set(i, made);
  return made;
}

const DIFF = diff("f");

function diff(name: string, lines = 1): string {
  return `diff --git a/${name} b/${name}\nnew file mode 100644\n--- /dev/null\n+++ b/${name}\n@@ -0,0 +1,${lines} @@\n${"+x\n".repeat(lines)}`;
}

interface Parts {
  readonly from?: string;
  readonly subject?: string;
  readonly id?: string;
  readonly headers?: string;
  readonly message?: string;
  readonly below?: string;
  readonly diff?: string;
}

function mail(parts: Parts): string {
  const { from = "mallory@evil.example", subject = "[PATCH] p", id = "", headers = "" } = parts;
  const { message = "Text.\n", below = "", diff = DIFF } = parts;
  return (
    `From: Mallory <${from}>\nDate: Fri, 27 Nov 2026 10:00:00 +0000\n` +
    `${id === "" ? "" : `Message-ID: <${id}@evil.example>\n`}Subject: ${subject}\n${headers}\n` +
    `${message}---\n${below}${diff}`
  );
}

function signed(parts: Parts, by = 0, t = TIME): string {
  const prepared = prepare(Buffer.from(mail(parts)));
  if (prepared === null || !prepared.ok) throw new Error("not a patch");
  const { version, index, total } = prepared.value;
  const placed = [{ prepared: prepared.value, version, index: index ?? 1, total: total ?? 1 }];
  const from = parts.from ?? "mallory@evil.example";
  return signPlaced(placed, { time: t, by: from, base: null }, key(by))[0]!.toString("latin1");
}

/** A mail with eight statements at a time. */
function notes(statements: readonly string[]): string[] {
  const mails: string[] = [];
  for (let i = 0; i < statements.length; i += 8)
    mails.push(
      `From: Mallory <mallory@evil.example>\nMessage-ID: <note${i}@evil.example>\nSubject: keys\n\n${statements.slice(i, i + 8).join("")}\n`,
    );
  return mails;
}

function said(
  signer: number,
  kind: Statement["kind"],
  of: number,
  names: { by?: string; of?: string; time?: number } = {},
): string {
  const { by = "mallory@evil.example", time = TIME } = names;
  const about = { by, of: names.of ?? by, key: formatPublicKeyText(key(of).publicKey) };
  return signStatement(key(signer), { kind, time, ...about }).text;
}

const IN_THREAD = "In-Reply-To: <root@evil.example>\n";

/** A reply with a trailer of its sender. */
function review(id: string, to: string): string {
  const who = `R <${id}@evil.example>`;
  return `From: ${who}\nMessage-ID: <${id}@evil.example>\nIn-Reply-To: <${to}@evil.example>\nSubject: Re: [PATCH] p\n\nReviewed-by: ${who}\n`;
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const each = (n: number, make: (i: number) => string): string => upTo(n).map(make).join("");
const alone = (parts: Parts): string[] => [mail(parts)];

/** The stranger's first key, confirmed by the user. */
export const MALLORY = "mallory@evil.example";
export const ACCEPTED = formatPublicKeyText(key(0).publicKey);

interface Shape {
  readonly from: number;
  readonly make: (n: number) => string[];
  /** The user has confirmed the first key. */
  readonly accepted?: boolean;
}

/** Inputs that grow with a size; `from` is the smallest size above a limit, if there is one. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  "rotations of an own key, then its revocation": {
    from: 160,
    accepted: true,
    make: (n) => [
      signed({ id: "a" }),
      signed({ id: "b", message: "B.\n" }),
      ...notes([
        ...upTo(n).map((i) => said(i, "rotate", i + 1, { time: TIME + i })),
        said(0, "revoke", 0, { time: TIME + n }),
      ]),
      signed({ id: "c", message: "C.\n" }),
    ],
  },
  "additions to an own key": {
    from: 60,
    accepted: true,
    make: (n) => notes(upTo(n).map((i) => said(0, "add", i + 1, { time: TIME + i }))),
  },
  "versions of one patch, older ones after newer ones": {
    from: 130,
    make: (n) =>
      upTo(n).map((i) =>
        i < n / 2
          ? signed({ id: `${i}`, subject: "[PATCH v2] p", message: `${i}\n` }, 0, 1)
          : signed({ id: `${i}`, subject: "[PATCH v1] p", message: `${i}\n` }, 0, 1000),
      ),
  },
  "addresses, each with a key that is revoked": {
    from: 60,
    make: (n) => [
      ...upTo(n).map((i) => signed({ from: `m${i}@evil.example` }, i)),
      ...notes(upTo(n).map((i) => said(i, "revoke", i, { by: `m${i}@evil.example` }))),
    ],
  },
  "addresses of one key, then patches by it for another's": {
    from: 60,
    make: (n) => [
      signed({ from: "alice@example.org" }, 1),
      ...upTo(n).map((i) => signed({ from: `m${i}@evil.example` })),
      ...upTo(n).map((i) => signed({ from: "alice@example.org", message: `${i}\n` })),
    ],
  },
  "addresses of one key, which is revoked again and again": {
    from: 60,
    make: (n) => [
      ...upTo(n).map((i) => signed({ from: `m${i}@evil.example` })),
      ...notes(upTo(n).map((i) => said(0, "revoke", 0, { time: TIME + i }))),
    ],
  },
  "statements of no effect about another, and keys for that address": {
    from: 60,
    make: (n) => [
      signed({ from: "alice@example.org" }, n + 1),
      signed({}),
      ...notes(upTo(n).map((i) => said(0, "endorse", i + 1, { of: "alice@example.org" }))),
      ...upTo(n).map((i) => signed({ from: "alice@example.org", message: `${i}\n` }, i + 1)),
    ],
  },
  "series of which almost all is missing": {
    from: 60,
    make: (n) => upTo(n).map((i) => mail({ id: `${i}`, subject: "[PATCH 5000/9999] p" })),
  },
  "patches of one number": {
    from: 60,
    make: (n) =>
      upTo(n).map((i) =>
        mail({ id: `${i}`, headers: "In-Reply-To: <a@b>\n", subject: "[PATCH 1/2] p" }),
      ),
  },
  "patches of one series": {
    from: 60,
    make: (n) =>
      upTo(n).map((i) =>
        mail({ id: `${i}`, headers: "In-Reply-To: <a@b>\n", subject: `[PATCH ${i + 1}/9999] p` }),
      ),
  },
  "a thread": {
    from: 60,
    make: (n) =>
      upTo(n).map((i) =>
        mail({
          id: `${i}`,
          headers: `In-Reply-To: <${i - 1}@evil.example>\n`,
          subject: "Re: [PATCH 1/2] p",
        }),
      ),
  },
  "versions in one thread, and replies to them": {
    from: 60,
    make: (n) => [
      ...upTo(n).map((i) =>
        mail({
          id: `v${i}`,
          headers: IN_THREAD,
          subject: `[PATCH v${i + 1}] p`,
          message: `${i}\n`,
        }),
      ),
      ...upTo(n).map((i) => review(`r${i}`, `v${i}`)),
    ],
  },
  "replies to replies": {
    from: 60,
    make: (n) => [mail({ id: "r0" }), ...upTo(n).map((i) => review(`r${i + 1}`, `r${i}`))],
  },
  "patches of one series, and replies to its cover letter": {
    from: 330,
    make: (n) => [
      mail({ id: "c", subject: `[PATCH 0/${n}] p`, diff: "" }),
      ...upTo(n).map((i) =>
        mail({
          id: `${i}`,
          headers: "In-Reply-To: <c@evil.example>\n",
          subject: `[PATCH ${i + 1}/${n}] p`,
        }),
      ),
      ...upTo(n).map((i) => review(`r${i}`, "c")),
    ],
  },
  "trailers that were added": {
    from: 2000,
    make: (n) => [
      signed({ message: "Text.\n\nA: b\n" }).replace(
        "A: b\n",
        `A: b\n${each(n, (i) => `C: ${i}\n`)}`,
      ),
    ],
  },
  "a wide trailer that was added": {
    from: 5000,
    make: (n) => [
      signed({ message: "Text.\n\nA: b\n" }).replace(
        "A: b\n",
        `A: b\nC: ${"\u00e4\u00b8\u00ad".repeat(n)}\n`,
      ),
    ],
  },
  "a long message before trailers, changed": {
    from: 2000,
    make: (n) => [
      signed({ message: `${each(n, () => "text\n")}\n${each(32, () => "A: b\n")}` }).replace(
        "text",
        "tEXt",
      ),
    ],
  },
  files: { from: 200, make: (n) => [signed({ diff: each(n, (i) => diff(`f${i}`)) })] },
  "lines of a hunk": { from: 2000, make: (n) => [signed({ diff: diff("f", n) })] },
  hunks: {
    from: 500,
    make: (n) =>
      alone({
        diff: `diff --git a/f b/f\n--- a/f\n+++ b/f\n${each(n, (i) => `@@ -${i * 9 + 1} +${i * 9 + 1} @@\n-x\n+y\n`)}`,
      }),
  },
  ...diffs({
    dashes: (n) => "-- \n".repeat(n),
    "names without hunks": (n) => "--- \n+++ \n".repeat(n),
    "context lines without a blank": (n) => hunk(n, "\n"),
    "bidi controls in context": (n) => hunk(n, " \u00e2\u0080\u00ae\n"),
    "lines past a hunk": (n) => `${DIFF}${"+x\n".repeat(n)}`,
    "a long line": (n) => diff("g").replace("+x", `+${"x".repeat(n)}`),
    "a name of blanks": (n) => `--- a/${" ".repeat(n)}x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n`,
    "blanks between halves of a name": (n) =>
      `diff --git a/${" b/".repeat(n)}\nold mode 100644\nnew mode 100755\n`,
  }),
  "a long name": { from: 500, make: (n) => alone({ diff: diff("f".repeat(n)) }) },
  "lines of a message": {
    from: 2000,
    make: (n) => [signed({ message: each(n, (i) => `${i}\n`) })],
  },
  "empty lines": { from: 8000, make: (n) => alone({ message: `a\n${"\n".repeat(n)}b\n` }) },
  blanks: { from: 5000, make: (n) => alone({ message: `a${" ".repeat(n)}b${" ".repeat(n)}\n` }) },
  "lines before the message that are no headers": {
    from: 1000,
    make: (n) => alone({ message: each(n, (i) => `X-${i}: y\n`) }),
  },
  "lines that begin a signature": { from: 1000, make: (n) => alone({ below: BLOCK.repeat(n) }) },
  "patch breaks": { from: 1000, make: (n) => alone({ below: "---\n".repeat(n) }) },
  prerequisites: {
    from: 200,
    make: (n) =>
      alone({ below: each(n, (i) => `prerequisite-patch-id: ${`${i}`.padStart(40, "0")}\n`) }),
  },
  dependencies: {
    from: 200,
    make: (n) => alone({ below: each(n, (i) => `Depends-on: <${i}@x>\n`) }),
  },
  "lines in the notes": {
    from: 2000,
    make: (n) => alone({ below: each(n, (i) => ` f${i} | 1 +\n`) }),
  },
  "header fields": { from: 200, make: (n) => alone({ headers: each(n, (i) => `X-${i}: y\n`) }) },
  "the same header field": {
    from: 600,
    make: (n) => alone({ headers: "To: a@b.example\n".repeat(n) }),
  },
  "lines of a header field": {
    from: 500,
    make: (n) => alone({ headers: `X: y\n${" y\n".repeat(n)}` }),
  },
  addresses: {
    from: 800,
    make: (n) =>
      alone({
        headers: `Cc: ${upTo(n)
          .map((i) => `a${i}@b.example`)
          .join(", ")}\n`,
      }),
  },
  "replies to": {
    from: 200,
    make: (n) =>
      alone({
        headers: `Reply-To: ${upTo(n)
          .map((i) => `"A via L" <a${i}@b.example>`)
          .join(", ")}\n`,
      }),
  },
  references: {
    from: 1500,
    make: (n) => alone({ headers: `References: ${each(n, (i) => `<${i}@x> `)}\n` }),
  },
  "encoded words": {
    from: 200,
    make: (n) => alone({ subject: `[PATCH] ${each(n, () => "=?utf-8?q?a?=\n ")}p` }),
  },
  brackets: { from: 200, make: (n) => alone({ subject: `${"[a]".repeat(n)} [PATCH] p` }) },
  "a wide title": { from: 1000, make: (n) => alone({ subject: `[PATCH] ${"\u00e4".repeat(n)}` }) },
  "parts of a multipart": {
    from: 100,
    make: (n) =>
      alone({
        headers: 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n',
        message: each(n, () => "--b\nContent-Type: text/plain\n\nx\n"),
        diff: `${DIFF}--b--\n`,
      }),
  },
  "quoted-printable": {
    from: 1000,
    make: (n) =>
      alone({
        headers: "MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n",
        message: each(n, () => "a=3D=\n"),
        diff: DIFF,
      }),
  },
  base64: {
    from: 500,
    make: (n) => [
      `From: Mallory <m@e.example>\nSubject: [PATCH] p\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n` +
        Buffer.from(`${"text\n".repeat(n)}---\n${DIFF}`)
          .toString("base64")
          .replace(/.{76}/g, "$&\n") +
        "\n",
    ],
  },
  "statements in one mail": {
    from: 200,
    make: (n) => [`From: M <m@e.example>\nSubject: x\n\n${said(0, "revoke", 1).repeat(n)}\n`],
  },
  "developer signatures": {
    from: 200,
    make: (n) =>
      alone({
        headers: each(
          n,
          (i) =>
            `X-Developer-Signature: v=1; a=ed25519-sha256; t=${i}; i=m@e.example;\n h=from:subject; bh=AAAA; b=AAAA\n`,
        ),
      }),
  },
  "mails without a patch": {
    from: 100,
    make: (n) => upTo(n).map((i) => `From: M <m@e.example>\nSubject: ${i}\n\nlunch\n`),
  },
  "unsigned patches of as many addresses": {
    from: 60,
    make: (n) => upTo(n).map((i) => mail({ from: `m${i}@evil.example` })),
  },
};

function hunk(n: number, line: string): string {
  return `diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,${n} +1,${n + 1} @@\n${line.repeat(n)}+a\n`;
}

function diffs(texts: Readonly<Record<string, (n: number) => string>>): Record<string, Shape> {
  return Object.fromEntries(
    Object.entries(texts).map(([what, text]) => [
      what,
      { from: 2000, make: (n: number) => alone({ diff: text(n) }) },
    ]),
  );
}

/** The mails as an mbox. */
export function mboxOf(mails: readonly string[]): Buffer {
  return Buffer.from(
    mails.map((one) => `From m@e.x Mon Sep 17 00:00:00 2001\n${one}\n`).join(""),
    "latin1",
  );
}
