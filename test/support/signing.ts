import { createVerifier } from "../../src/minisign/ed25519.ts";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { prepare, signPlaced } from "../../src/patch/sign.ts";
import { checkMail } from "../../src/verify/check.ts";
import type { Checked } from "../../src/verify/result.ts";

/** The same key in every test run. */
const KEY = generateSecretKey(Buffer.alloc(32, 7), Buffer.from("patchsig"));
const TIME = 1_794_000_000;

interface Terms {
  readonly by?: string;
  readonly base?: string | null;
  readonly time?: number;
  /** Of another key. */
  readonly seed?: number;
}

/** Signs mails as one series, by their Subjects' numbers. */
export function signMails(mails: readonly Buffer[], terms: Terms = {}): Buffer[] {
  const placed = mails.map((mail) => {
    const made = prepare(mail);
    if (made === null) throw new Error("not a patch");
    if (!made.ok) throw new Error(`${made.refusal.reason}: ${made.refusal.detail}`);
    const { version, index, total } = made.value;
    return { prepared: made.value, version, index: index ?? 1, total: total ?? 1 };
  });
  const { by = "alice@example.org", base = null, time = TIME } = terms;
  const key = terms.seed === undefined ? KEY : keyOf(terms.seed);
  return signPlaced(placed, { time, by, base }, key);
}

function keyOf(seed: number): typeof KEY {
  return generateSecretKey(Buffer.alloc(32, seed), Buffer.alloc(8, seed));
}

const verifier = createVerifier();

/** The verifier's result for a mail as git mailsplit writes it. */
export function check(mail: Buffer): Checked {
  return checkMail(mail, verifier);
}

/** A good signature and nothing that fails. */
export function isGood(checked: Checked): boolean {
  return checked.signature === "good" && checked.findings.every((f) => f.severity !== "fail");
}

/** The lines of the signature block in a mail in 7bit or 8bit. */
export function blockOf(mail: Buffer): Buffer {
  const text = mail.toString("latin1");
  const start = text.indexOf("untrusted comment: patchsig");
  return Buffer.from(text.slice(start).split("\n").slice(0, 4).join("\n") + "\n", "latin1");
}
