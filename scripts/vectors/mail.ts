/**
 * The mail that most vectors are made from, and ways to change it. Text has one character per byte.
 */

/** One vector: a mail and a line that says what it shows. */
export interface MailVector {
  readonly name: string;
  readonly shows: string;
  readonly mail: Buffer;
}

/** One without an attestation, and why. */
export interface RefusedVector extends MailVector {
  /** As docs/findings.md has it. */
  readonly reason: string;
}

interface Pieces {
  readonly header: string;
  readonly type: string;
  readonly message: string;
  readonly separator: string;
  readonly notes: string;
  readonly diff: string;
  readonly tail: string;
}

export const HEADER = `From: Alice <alice@example.org>
Date: Tue, 24 Nov 2026 10:00:00 +0000
Message-ID: <song@example.org>
Subject: [PATCH v2] song: sing louder
`;

export const TYPE = `MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
`;

export const MESSAGE = `Nobody heard it.

Signed-off-by: Alice <alice@example.org>
`;

export const STAT = ` song.txt | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

`;

export const DIFF = `diff --git a/song.txt b/song.txt
index 1c0a1f2..7d3e5b9 100644
--- a/song.txt
+++ b/song.txt
@@ -1,3 +1,3 @@ chorus
 la
-li
+LI
 lu
`;

/** Another file patch, for places where people do not look. */
export const OTHER = `diff --git a/keys.txt b/keys.txt
index 8a7c1b2..5f6d3e4 100644
--- a/keys.txt
+++ b/keys.txt
@@ -1 +1 @@
-alice
+mallory
`;

/** The patch of a file with CRLF line ends: git writes the header with LF, and the hunk as it is. */
export function ofCrlfFile(patch: string): string {
  const [head = "", hunk = ""] = patch.split(/(?<=^@@ .*\n)/m);
  return head + hunk.replace(/^[ +-](?!- ).*$/gm, "$&\r");
}

export const TAIL = "-- \n2.39.5\n";

const PLAIN: Pieces = {
  header: HEADER,
  type: TYPE,
  message: MESSAGE,
  separator: "---\n",
  notes: STAT,
  diff: DIFF,
  tail: TAIL,
};

/** The plain mail with some of its pieces changed. */
export function mail(change: Partial<Pieces> = {}): string {
  const p = { ...PLAIN, ...change };
  return `${p.header}${p.type}\n${p.message}${p.separator}${p.notes}${p.diff}${p.tail}`;
}

/** The plain mail below its header, some of its pieces changed. */
export function body(change: Partial<Pieces> = {}): string {
  const text = mail(change);
  return text.slice(text.indexOf("\n\n") + 2);
}

export function base64(text: string): string {
  return Buffer.from(text, "latin1")
    .toString("base64")
    .replace(/.{1,76}/g, "$&\n");
}

/** `=` and all that is not printable ASCII, escaped. No line is broken. */
export function quotedPrintable(text: string): string {
  return text.replace(/[^\n -<>-~]| $/gm, (byte) => {
    const hex = byte.charCodeAt(0).toString(16).toUpperCase();
    return `=${hex.padStart(2, "0")}`;
  });
}

/** The plain mail's header above a body in this transfer encoding. */
export function encoded(encoding: string, text: string): string {
  return `${HEADER}${TYPE.replace("8bit", encoding)}\n${text}`;
}

/** Parts with their own headers, as one mail. */
export function multipart(parts: readonly string[], header: string = HEADER): string {
  const all = parts.map((part) => `--xx\n${part}`).join("");
  return `${header}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="xx"\n\n${all}--xx--\n`;
}

export const PART = "Content-Type: text/plain; charset=UTF-8\n\n";

export function vector(name: string, shows: string, text: string): MailVector {
  return { name, shows, mail: Buffer.from(text, "latin1") };
}

export function refusedFor(
  reason: string,
  name: string,
  shows: string,
  text: string,
): RefusedVector {
  return { ...vector(name, shows, text), reason };
}
