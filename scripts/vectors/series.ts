/** A signed series with its cover letter, and the key that signed it. */

import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatPublicKeyFile } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { formatSignature } from "../../src/minisign/signature.ts";
import { sha256 } from "../../src/patch/attestation.ts";
import { findMarkers, readBlock } from "../../src/patch/block.ts";
import { seriesId } from "../../src/patch/series.ts";
import { type Placed, prepare, signPlaced } from "../../src/patch/sign.ts";

/** A public secret: this key is for tests only. The secret is 32 ASCII letters. */
const SEED = Buffer.from("patchsig vectors are no secret!!");
const KEY_NUMBER = Buffer.from("vectors1");
export const KEY = generateSecretKey(SEED, KEY_NUMBER);

/** The commit that fixtures/README.md says how to make. */
const BASE = "adb0875634948dd966cbf51206b6dcc546e83fef";
/** 2026-11-24 10:00:00 UTC. */
export const TIME = 1_795_514_400;
export const BY = "alice@example.org";

const TAIL = "-- \n2.39.5\n";

function header(number: string, title: string): string {
  const thread = number === "0" ? "" : "In-Reply-To: <hello-v2-0@example.org>\n";
  return `From: Alice <alice@example.org>
Date: Tue, 24 Nov 2026 10:00:00 +0000
Message-ID: <hello-v2-${number}@example.org>
${thread}Subject: [PATCH v2 ${number}/3] ${title}
`;
}

const COVER = `${header("0", "hello: louder, and further")}
This shouts, counts on and says so.

Alice (3):
  hello: shout two
  hello: count to four
  doc: say what hello.txt is

 README    | 1 +
 hello.txt | 3 ++-
 2 files changed, 3 insertions(+), 1 deletion(-)
 create mode 100644 README


base-commit: ${BASE}
${TAIL}`;

const FIRST = `${header("1", "hello: shout two")}
Make it loud.

Signed-off-by: Alice <alice@example.org>
---
 hello.txt | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/hello.txt b/hello.txt
index 4cb29ea..ddc897f 100644
--- a/hello.txt
+++ b/hello.txt
@@ -1,3 +1,3 @@
 one
-two
+TWO
 three
${TAIL}`;

const SECOND = `${header("2", "hello: count to four")}
Signed-off-by: Alice <alice@example.org>
---
 hello.txt | 1 +
 1 file changed, 1 insertion(+)

diff --git a/hello.txt b/hello.txt
index ddc897f..6addb9b 100644
--- a/hello.txt
+++ b/hello.txt
@@ -1,3 +1,4 @@
 one
 TWO
 three
+four
${TAIL}`;

const THIRD = `${header("3", "doc: say what hello.txt is")}
Signed-off-by: Alice <alice@example.org>
---
 README | 1 +
 1 file changed, 1 insertion(+)
 create mode 100644 README

diff --git a/README b/README
new file mode 100644
index 0000000..795fd45
--- /dev/null
+++ b/README
@@ -0,0 +1 @@
+hello.txt counts.
${TAIL}`;

const NAMES = [
  "v2-0000-cover-letter",
  "v2-0001-hello-shout-two",
  "v2-0002-hello-count-to-four",
  "v2-0003-doc-say-what-hello-txt-is",
] as const;

/** A mail of the series, as `signSeries` takes it. */
export function placed(text: string): Placed {
  const made = prepare(Buffer.from(text, "latin1"));
  if (made === null || !made.ok) throw new Error(`not a patch: ${text.slice(0, 200)}`);
  const { version, index, total } = made.value;
  return { prepared: made.value, version, index: index ?? 1, total: total ?? 1 };
}

/** The cover letter and patches 1 to 3, not signed. */
export const TEXTS = [COVER, FIRST, SECOND, THIRD] as const;
const PLACED = TEXTS.map(placed);
/** The cover letter and patches 1 to 3, signed. */
export const SIGNED = signPlaced(PLACED, { time: TIME, by: BY, base: BASE }, KEY);
/** The id of the series. */
export const SERIES_ID = seriesId(
  2,
  BASE,
  PLACED.slice(1).map((p) => sha256(p.prepared.attestation.text)),
);
/** The first patch, not signed. */
export const UNSIGNED = FIRST;

/** The four lines of the block in a mail that this script signed. */
export function blockOf(mail: Buffer): string {
  const read = readBlock(mail, findMarkers(mail)[0]!);
  if (!read.ok) throw new Error("no block");
  return formatSignature(read.value.signature);
}

/** The text whose digest is the id of the series, and that digest. */
function seriesText(): string {
  const texts = PLACED.slice(1).map((p) => p.prepared.attestation.text);
  const lines = ["patchsig-v1 series", "version: 2", `base: ${BASE}`, "total: 3"];
  const text = [...lines, ...texts.map(sha256)].map((line) => `${line}\n`).join("");
  if (sha256(text).slice(0, 32) !== SERIES_ID) throw new Error("another text");
  return text;
}

/** Every file of fixtures/series. */
export function seriesFiles(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const add = (name: string, text: string | Buffer) => files.set(name, Buffer.from(text));
  add("alice.key", formatSecretKeyFile(KEY, "minisign secret key, for tests only", null));
  add("alice.pub", formatPublicKeyFile(KEY.publicKey));
  add("series-id.text", seriesText());
  for (const [i, name] of NAMES.entries()) {
    add(`${name}.patch`, SIGNED[i]!);
    add(`${name}.attestation`, PLACED[i]!.prepared.attestation.text);
    add(`${name}.attestation.minisig`, blockOf(SIGNED[i]!));
  }
  return files;
}
