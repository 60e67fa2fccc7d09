/** fixtures/review by three readers: patchsig's, stock minisign, and the one written from the specification. */

import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dropCr } from "../../src/mail/line-ends.ts";
import { replyText } from "../../src/mail/reply-text.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { proofOf } from "../../src/review/proof.ts";
import { type ReviewReading, reviewsIn } from "../../src/review/review.ts";
import { formatReviewTrailer, reviewDigests } from "../../src/review/text.ts";
import { temporaryFolder } from "../support/repo.ts";
import { check } from "../support/signing.ts";
import { requireTool } from "../support/tools.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FOLDER = join(ROOT, "fixtures", "review");
const read = (name: string): Buffer => readFileSync(join(FOLDER, name));
const names = (ending: string): string[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length));

const REVIEWS = names(".eml");
const PATCHES = names(".attestation").map((name) => ({
  name,
  digests: reviewDigests(read(`${name}.attestation`)),
}));

function readingsOf(name: string): ReviewReading[] {
  const mail = read(`${name}.eml`);
  const { isAnswer } = check(mail);
  return reviewsIn(replyText(dropCr(mail))!, createVerifier(), isAnswer);
}

function verdictOf(reading: ReviewReading): string {
  if (!reading.ok) return `${reading.why}\n`;
  const { review } = reading;
  const { by, series, version, trailers } = review;
  const proofs = (["proven", "diff"] as const).flatMap((proof) =>
    PATCHES.filter(({ digests }) => proofOf(review, digests) === proof).map(
      ({ name }) => `${proof}: ${name}`,
    ),
  );
  const lines = [
    `good by ${by} series=${series ?? "-"} v=${version ?? "-"}`,
    ...trailers.map(formatReviewTrailer),
    ...proofs,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

test.each(REVIEWS)("%s", (name) => {
  const said = readingsOf(name).map(verdictOf).join("\n");
  expect(said).toBe(read(`${name}.verdict`).toString());
});

const minisign = requireTool("minisign");

test.runIf(minisign)(
  "stock minisign accepts each good review, and the one in files of its own",
  () => {
    const folder = temporaryFolder();
    const good = REVIEWS.flatMap(readingsOf).flatMap((one) => (one.ok ? [one.review] : []));
    const different = new Map(good.map((review) => [review.text, review]));
    expect(different.size).toBeGreaterThan(5);
    for (const { text, minisig } of different.values()) {
      writeFileSync(join(folder, "text"), text);
      writeFileSync(join(folder, "text.minisig"), minisig);
      const args = ["-VHqm", "text", "-p", join(FOLDER, "bob.pub")];
      execFileSync("minisign", args, { cwd: folder });
    }
    execFileSync("minisign", ["-VHqm", "reviewed.text", "-p", "bob.pub"], { cwd: FOLDER });
  },
);

describe.runIf(minisign)("the reader written from the specification", () => {
  const script = join(ROOT, "docs", "spec", "review-by-hand.py");
  const attestations = PATCHES.map(({ name }) => `${name}.attestation`);
  // with stock minisign alone, these two cannot be told apart
  const alike = (said: string): string => said.replace(/^(?:signature|changed)$/gm, "not good");

  /** In one process: 60 starts would take four seconds. */
  const RUNNER = `
import json, runpy, sys
reviews = runpy.run_path(sys.argv[1])["reviews"]
mails, attestations = json.load(sys.stdin)
print(json.dumps([reviews(mail, attestations) for mail in mails]))`;

  test("says the same of each", () => {
    const mails = REVIEWS.map((name) => `${name}.eml`);
    const input = JSON.stringify([mails, attestations]);
    const run = spawnSync("python3", ["-c", RUNNER, script], { cwd: FOLDER, input });
    expect(run.stderr.toString()).toBe("");
    const said = JSON.parse(run.stdout.toString()) as string[][];
    for (const [i, name] of REVIEWS.entries()) {
      const text = said[i]!.map((one) => `${one}\n`).join("\n");
      expect([name, alike(text)]).toEqual([name, alike(read(`${name}.verdict`).toString())]);
    }
  });

  test("prints that", () => {
    const said = execFileSync("python3", [script, "reviewed.eml", ...attestations], {
      cwd: FOLDER,
    });
    expect(said).toEqual(read("reviewed.verdict"));
  });
});
