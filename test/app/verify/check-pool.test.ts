/** Mails that other threads check: each with its own bytes, and an answer whatever happens to a thread. */

import { expect, test } from "vitest";
import { foundInJob, jobOf, openCheckPool } from "../../../src/app/verify/check-pool.ts";
import { type CheckOptions, examine } from "../../../src/app/verify/checking.ts";
import { PatchsigError } from "../../../src/errors.ts";
import type { SourceMail } from "../../../src/source/item.ts";

const OPTIONS: CheckOptions = { devKeyrings: [], signedOnly: false, plainAm: null, dkim: null };

const mail = (id: string): SourceMail => {
  const bytes = Buffer.from(`From: a@x.org\nSubject: hello\nMessage-ID: <${id}@x>\n\n${id}\n`);
  return { source: "", bytes, size: bytes.length };
};
const TOO_LARGE: SourceMail = { source: "", bytes: null, size: 99 };
const MAILS = [mail("first"), TOO_LARGE, mail("2"), mail("last one")];

test("a thread gets each mail as it is, and its real size", () => {
  const seen: (readonly [string | null, number])[] = [];
  const job = jobOf(MAILS);
  expect(job.bytes).toHaveLength(MAILS.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0));
  foundInJob(job, (bytes, size) => {
    seen.push([bytes?.toString() ?? null, size]);
  });
  expect(seen).toEqual(MAILS.map(({ bytes, size }) => [bytes?.toString() ?? null, size]));
});

test("what goes wrong at a mail is its result, what else goes wrong ends the job", () => {
  const found = (error: unknown) =>
    foundInJob(jobOf([mail("1")]), (bytes, size) =>
      examine(
        () => {
          throw error;
        },
        bytes,
        size,
      ),
    );
  const own = new TypeError("injected");
  expect(found(own)).toEqual([own]);
  const other = new PatchsigError("not-found", "no keyring");
  expect(() => found(other)).toThrow(other);
});

/** A thread that runs this, with the job in `job`. */
const thread = (code: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(
      `import { parentPort } from "node:worker_threads"; parentPort.on("message", (job) => { ${code} });`,
    )}`,
  );

test("answers come back to who asked, in the order of a thread's jobs", async () => {
  const sizes = "parentPort.postMessage({ ok: true, answer: job.mails.map(({ size }) => size) })";
  const pool = openCheckPool(2, OPTIONS, thread(sizes));
  try {
    const of = (size: number): SourceMail => ({ ...TOO_LARGE, size });
    const asked = [[of(1), of(2)], [of(3)], [of(4)]].map((mails) => pool.check(mails));
    expect(await Promise.all(asked)).toEqual([[1, 2], [3], [4]]);
  } finally {
    pool.close();
  }
});
