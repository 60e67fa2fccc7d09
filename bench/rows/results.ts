/** Test results: signed one after the other, and a mailbox of them verified by the program. */

import { closeSync, openSync, writeSync } from "node:fs";
import type { SecretKey } from "../../src/minisign/secret-key.ts";
import { signNow } from "../../src/minisign/signature.ts";
import { sha256 } from "../../src/patch/attestation.ts";
import { textSigning } from "../../src/patch/signed-text.ts";
import { resultMail } from "../../src/result/mail.ts";
import { RESULT_TEXT, type TestResult } from "../../src/result/text.ts";
import type { Row } from "../bench.ts";
import { keyOf } from "../corpus.ts";
import { number } from "../report.ts";

const BY = "ci@example.org";

/** One run of a nightly build: another tree each. */
function resultOf(i: number, tree = sha256(`tree ${i}`).slice(0, 40)): TestResult {
  return {
    time: 1_794_000_000 + i,
    by: BY,
    tree,
    base: sha256(`base ${i % 100}`).slice(0, 40),
    commit: null,
    patches: sha256(`patches ${i}`),
    series: null,
    message: `${i}@example.org`,
    test: "kselftest.net",
    rev: null,
    env: ["arch=x86_64", "cc=gcc-14.2"],
    config: sha256("config"),
    run: 1,
    result: "pass",
    counts: { pass: 118, fail: 0, error: 0, miss: 0, done: 0, skip: 3 },
    log: `https://ci.example.org/runs/${i}`,
    logSha256: null,
    details: null,
    via: null,
  };
}

/** @param tree that was tested; by default, one of its own */
export function resultMailOf(key: SecretKey, i: number, tree?: string): Buffer {
  const signed = signNow(key, textSigning(RESULT_TEXT, key.publicKey, resultOf(i, tree)));
  return resultMail(signed, "Example CI", null);
}

export const resultsRow: Row = async (bench, report) => {
  const place = bench.workplace("results");
  const count = bench.settings.full ? 100_000 : 10_000;
  const key = keyOf(BY);
  const file = place.path("results.mbox");
  const fd = openSync(file, "w");
  let signing = 0;
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    const mail = resultMailOf(key, i);
    signing += (performance.now() - began) / 1000;
    writeSync(
      fd,
      Buffer.concat([
        Buffer.from("From mboxrd@z Thu Jan  1 00:00:00 1970\n"),
        mail,
        Buffer.from("\n"),
      ]),
    );
  }
  closeSync(fd);
  report({
    row: "results",
    what: `signing ${number(count)} test results`,
    value: count / signing,
    unit: "/s",
    goal: { atLeast: 1000 },
    raw: [`${number(signing)} s in one process`],
  });
  const seconds = place.patchsig(["result", "show", file]);
  report({
    row: "results",
    what: `result show of ${number(count)} test results`,
    value: count / seconds,
    unit: "/s",
    goal: { atLeast: 1667 },
    raw: [`${number(seconds)} s`],
  });
};
