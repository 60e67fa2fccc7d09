/** Bob's unsigned mails, as text with one character per byte. */

import { base64, quotedPrintable, withBody, withHeaders, withPart } from "../support/reshape.ts";

const DIFF = `diff --git a/song.txt b/song.txt
index e69de29..4b48dee 100644
--- a/song.txt
+++ b/song.txt
@@ -1,3 +1,3 @@
 one
-two
+TWO
 three
`;

const HEAD = `From: Bob <bob@example.org>
Date: Mon, 23 Nov 2026 12:00:00 +0000
Subject: [PATCH] song: louder
`;

const TEXT = `It was too quiet.

Signed-off-by: Bob <bob@example.org>
---
 song.txt | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

`;

export const PLAIN = `${HEAD}\n${TEXT}${DIFF}-- \n2.39.5\n\n`;
/** The mail ends with the diff. */
export const BARE = `${HEAD}\n${TEXT}${DIFF}`;

const encoded = (encoding: string, charset: string, encode: (body: string) => string): string =>
  withBody(
    withHeaders(
      PLAIN.replace("quiet", charset === "UTF-8" ? "qui\xc3\xa9t" : "qui\xe9t"),
      `MIME-Version: 1.0\nContent-Type: text/plain; charset=${charset}\nContent-Transfer-Encoding: ${encoding}\n`,
    ),
    encode,
  );
const same = (body: string): string => body;

/** Mails that patatt signs and finds good, and our findings for them. */
export const HONEST: Readonly<Record<string, readonly [mail: string, outcome: string]>> = {
  plain: [PLAIN, "good"],
  "no version line": [BARE, "good"],
  "with CR LF": [PLAIN.replaceAll("\n", "\r\n"), "good"],
  "with a Message-ID": [withHeaders(PLAIN, "Message-ID: <1@example.org>\n"), "good"],
  "8bit utf-8": [encoded("8bit", "UTF-8", same), "good"],
  "quoted-printable": [encoded("quoted-printable", "UTF-8", quotedPrintable), "good"],
  base64: [encoded("base64", "UTF-8", (body) => base64(body, 76)), "good"],
  "latin 1": [encoded("quoted-printable", "ISO-8859-1", quotedPrintable), "unsupported"],
  "a word in utf-8": [PLAIN.replace("From: Bob", "From: =?UTF-8?q?B=C3=B6b?="), "good"],
  "a word in latin 1": [PLAIN.replace("From: Bob", "From: =?ISO-8859-1?q?B=F6b?="), "unsupported"],
  "in-body headers": [
    withBody(PLAIN, (body) => `From: Alice <alice@example.org>\nSubject: song: loud\n\n${body}`),
    "good",
  ],
  "a folded subject": [PLAIN.replace("song: louder", "song:\n louder than ever"), "good"],
  "two parts": [withPart(PLAIN, "Content-Type: text/plain", "-- \nbob", false), "good"],
  "a cover letter": [
    `${HEAD.replace("[PATCH]", "[PATCH 0/1]")}\nAll about it.\n\n-- \n2.39.5\n`,
    "good",
  ],
  "a file with CR LF": [
    encoded("quoted-printable", "UTF-8", (body) => quotedPrintable(body.replace("+TWO", "+TWO\r"))),
    "unsupported",
  ],
  "a form feed in the subject": [PLAIN.replace("song: ", "song: \f"), "unsupported"],
};
