/** Signed test results in mails. */

import { formatPublicKeyText } from "../../../src/minisign/public-key.ts";
import { signNow } from "../../../src/minisign/signature.ts";
import { textSigning } from "../../../src/patch/signed-text.ts";
import { resultMail } from "../../../src/result/mail.ts";
import { RESULT_TEXT, type TestResult } from "../../../src/result/text.ts";
import { keyOf } from "../../trust/support.ts";

const CI = keyOf(7);
export const OTHER = keyOf(8);
export const TREE = "1".repeat(40);
export const TIME = 1_795_530_000;

export const SAID: TestResult = {
  time: TIME,
  by: "ci@example.org",
  tree: TREE,
  base: null,
  commit: null,
  patches: null,
  series: null,
  message: null,
  test: "net.all",
  rev: null,
  env: ["arch=x86_64", "cc=gcc"],
  config: null,
  run: 1,
  result: "pass",
  counts: null,
  log: null,
  logSha256: null,
  details: null,
  via: null,
};

/** A pass on `TREE`, but for the changes. */
export function result(changes: Partial<TestResult> = {}, key = CI): Buffer {
  const said = { ...SAID, ...changes };
  return resultMail(
    signNow(key.signer, textSigning(RESULT_TEXT, key.signer.publicKey, said)),
    "",
    null,
  );
}

export const PUBLIC = formatPublicKeyText(CI.signer.publicKey);
