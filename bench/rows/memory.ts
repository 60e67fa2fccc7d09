/** Peak memory: for an mbox, which is streamed, and for one mail of the maximum size. */

import { closeSync, openSync, rmSync } from "node:fs";
import type { Bench, Row } from "../bench.ts";
import { appendMail, keyOf, writeMbox } from "../corpus.ts";
import { prepare, signPlaced } from "../../src/patch/sign.ts";
import { encodeBase64 } from "../../src/mail/transfer.ts";
import { writeInbox } from "../inbox.ts";
import { megabytes, number } from "../report.ts";

/** Repeats the corpus endlessly, each mail with a new Message-ID. */
function* endless(bench: Bench): Generator<Buffer> {
  const mails = bench.mails.map(({ signed }) => signed);
  for (let count = 0; ; count++) {
    const mail = mails[count % mails.length]!;
    const end = mail.indexOf("\n\n") + 1;
    const round = Math.floor(count / mails.length);
    const header = mail.toString("latin1", 0, end).replace(/\.bench@/g, `.${round}.bench@`);
    yield Buffer.concat([Buffer.from(header, "latin1"), mail.subarray(end)]);
  }
}

function* first(count: number, mails: Iterable<Buffer>): Generator<Buffer> {
  for (const mail of mails) {
    if (count-- === 0) return;
    yield mail;
  }
}

/** Writes an mbox of that many bytes; returns its number of mails. */
function writeLarge(file: string, bench: Bench, size: number): number {
  const fd = openSync(file, "w");
  let count = 0;
  let written = 0;
  for (const mail of endless(bench)) {
    appendMail(fd, mail);
    count++;
    written += mail.length + 72;
    if (written >= size) break;
  }
  closeSync(fd);
  return count;
}

const LINE = Buffer.from(
  `+${"a line of a very long file, eighty columns with its end ".padEnd(78, ".")}\n`,
);

/** A signed mail that creates one file, of about that many bytes. */
function largeMail(size: number, base64: boolean): Buffer {
  const by = "bench@example.org";
  const mime = base64 ? "MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n" : "";
  const header = `From: Bench <${by}>\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nSubject: [PATCH] large\n${mime}\n`;
  const lines = Math.floor(((base64 ? 0.74 : 1) * size - 2000) / LINE.length);
  const top = `A large file.\n\n---\n\ndiff --git a/f b/f\nnew file mode 100644\n--- /dev/null\n+++ b/f\n`;
  const body = Buffer.concat([
    Buffer.from(`${top}@@ -0,0 +1,${lines} @@\n`),
    Buffer.alloc(lines * LINE.length, LINE),
  ]);
  const mail = Buffer.concat([Buffer.from(header), base64 ? encodeBase64(body) : body]);
  const made = prepare(mail);
  if (made?.ok !== true) throw new Error("the large mail cannot be signed");
  const placed = { prepared: made.value, version: 1, index: 1, total: 1 };
  return signPlaced([placed], { time: 1_794_000_000, by, base: null }, keyOf(by))[0]!;
}

export const memoryRow: Row = (bench, report) => {
  const place = bench.workplace("memory");
  const mbox = place.path("mbox");
  const sizes = bench.settings.full ? [1e8, 1e9] : [1e8, 3e8];
  for (const size of sizes) {
    const count = writeLarge(mbox, bench, size);
    const onTwo = (): number => {
      place.forgetTrust();
      return megabytes(place.peakOf(["verify", "-j2", mbox]));
    };
    place.forgetTrust();
    report({
      row: "memory",
      what: `peak memory, an mbox of ${number(megabytes(size))} MB`,
      value: megabytes(place.peakOf(["verify", "-j1", mbox])),
      unit: "MB",
      goal: { atMost: 150 },
      raw: [`${number(count)} mails; on two threads ${number(onTwo())} MB`],
    });
  }
  const count = bench.settings.full ? 500_000 : 20_000;
  writeInbox(place.path("inbox"), first(count, endless(bench)));
  place.forgetTrust();
  report({
    row: "memory",
    what: `peak memory, a public-inbox of ${number(count)} mails`,
    value: megabytes(place.peakOf(["verify", "-j1", place.path("inbox")])),
    unit: "MB",
    goal: { atMost: 150 },
    raw: [],
  });
  rmSync(place.path("inbox"), { recursive: true });
  for (const base64 of [false, true]) {
    writeMbox(mbox, [largeMail(1e8, base64)]);
    place.forgetTrust();
    report({
      row: "memory",
      what: `peak memory, one mail of 100 MB${base64 ? " in base64" : ""}`,
      value: megabytes(place.peakOf(["verify", mbox])),
      unit: "MB",
      ...(base64 ? {} : { goal: { atMost: 400 } }),
      raw: [],
    });
  }
  rmSync(place.folder, { recursive: true });
};
