/** Writes and reads the mail that carries a test result (docs/spec/result.md). */

import { readDiff } from "../diff/diff.ts";
import { encodeName } from "../mail/encoded-words.ts";
import { dropCr } from "../mail/line-ends.ts";
import { readRawMail } from "../mail/mailinfo.ts";
import { ReadableMail } from "../mail/readable.ts";
import { replyText } from "../mail/reply-text.ts";
import { decodeBody, encodeBase64 } from "../mail/transfer.ts";
import type { Verifier } from "../minisign/ed25519.ts";
import { sha256 } from "../patch/attestation.ts";
import { formatSignedText, signedTextsIn, type TextReading } from "../patch/signed-text.ts";
import { mailDate } from "../primitives/time.ts";
import { attempt } from "../refused.ts";
import { RESULT_TEXT, type SignedResult, TEST_OUTCOMES, type TestResult } from "./text.ts";
import { shortName } from "../primitives/object-name.ts";

/** Bytes of attached details; larger ones are neither attached nor read. */
export const MAX_DETAILS = 262_144;

/** RFC 4648's alphabet in lower case. */
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * The Message-ID of a result, with angle brackets: a digest of the signer, the place where the test ran, the test, its
 * environment, the tree and the attempt. So a run has the same Message-ID, whoever writes the mail.
 */
export function resultMessageId(result: TestResult): string {
  const { by, via, log, test, rev, env, config, tree, run } = result;
  const said = [by, via ?? log ?? "-", String(run), test, rev ?? "-", config ?? "-", tree, ...env];
  const digest = sha256(["patchsig-run-v1", ...said].map((line) => `${line}\n`).join(""));
  // 130 bits, in 26 characters of 5 bits
  const bits = BigInt(`0x${digest.slice(0, 33)}`) >> 2n;
  const name = Array.from(
    { length: 26 },
    (_, i) => BASE32[Number((bits >> BigInt(5 * (25 - i))) & 31n)],
  );
  return `<r.${name.join("")}.${run}@${by.slice(by.indexOf("@") + 1)}>`;
}

/**
 * Writes the mail, for `sendmail -t`, `git send-email` or a feed; the same result gives the same bytes.
 *
 * @param name the signer's name, for From; "" for none
 * @param details the KCIDB JSON whose digest is in the result; null for none
 */
export function resultMail(signed: SignedResult, name: string, details: Buffer | null): Buffer {
  const { said } = signed;
  const shown = name === "" ? said.by : `${encodeName(name, "From: ".length)} <${said.by}>`;
  const fields = [
    `From: ${shown}`,
    `Date: ${mailDate(said.time)}`,
    `Subject: [${said.result}] ${said.test} of ${shortName(said.tree)}`,
    `Message-ID: ${resultMessageId(said)}`,
    ...(said.message === null
      ? []
      : [`In-Reply-To: <${said.message}>`, `References: <${said.message}>`]),
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
  ];
  const text = `${summaryOf(said)}\n\n${formatSignedText(signed)}`;
  if (details === null)
    return Buffer.from(
      `${fields.join("\n")}\nContent-Type: text/plain; charset=us-ascii\n\n${text}`,
    );
  // no base64 contains "=_", and no line of the text begins with it
  const boundary = "=_result";
  return Buffer.concat([
    Buffer.from(
      `${fields.join("\n")}\nContent-Type: multipart/mixed; boundary="${boundary}"\n\n` +
        `--${boundary}\nContent-Type: text/plain; charset=us-ascii\n\n${text}\n` +
        `--${boundary}\nContent-Type: application/json; name=kcidb.json\n` +
        "Content-Disposition: attachment; filename=kcidb.json\n" +
        "Content-Transfer-Encoding: base64\n\n",
    ),
    encodeBase64(details),
    Buffer.from(`--${boundary}--\n`),
  ]);
}

/** The result in a line: `pass: kselftest.net on arch=x86_64: 118 pass, 3 skip`. */
function summaryOf({ result, test, env, counts }: TestResult): string {
  const where = env.length === 0 ? "" : ` on ${env.join(" ")}`;
  const cases = TEST_OUTCOMES.filter((outcome) => (counts?.[outcome] ?? 0) > 0);
  const all = cases.map((outcome) => `${counts![outcome]} ${outcome}`);
  const line = `${result}: ${test}${where}`;
  const found = all.length === 0 ? "" : `: ${all.join(", ")}`;
  // without a long environment, so that the line of the mail stays short
  return line.length + found.length <= 200 ? line + found : `${result}: ${test}${found}`;
}

/**
 * The results in a mail, with good signatures and bad ones. None of them counts if the mail has a diff, or if git refuses
 * to read it.
 *
 * @param mail the mail's bytes
 * @param text the mail's text, if the caller has read it
 */
export function resultsIn(
  mail: Buffer,
  verifier: Verifier,
  text = replyText(dropCr(mail)),
): readonly TextReading<TestResult>[] {
  if (text === null || !text.includes("patchsig-result-v")) return [];
  return signedTextsIn(RESULT_TEXT, text, verifier, hasDiff(mail));
}

function hasDiff(mail: Buffer): boolean {
  const view = readRawMail(mail);
  if (!view.ok) return true;
  const diff = readDiff(view.value.patch, view.value.crs);
  return !diff.ok || diff.value.files.length > 0;
}

/** The attached JSON with this digest (`TestResult.details`); null if the mail has none. */
export function detailsIn(mail: Buffer, digest: string): Buffer | null {
  const read = attempt(() => {
    const { plain, parts } = new ReadableMail(mail);
    for (const part of parts ?? []) {
      if (part.type !== "application/json" || part.end - part.start > 2 * MAX_DETAILS) continue;
      const bytes = decodeBody(plain.subarray(part.start, part.end), part.encoding);
      if (sha256(bytes) === digest) return bytes;
    }
    return null;
  });
  return read.ok ? read.value : null;
}
