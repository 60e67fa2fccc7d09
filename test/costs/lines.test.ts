/**
 * A line costs what its bytes cost. A call of a Buffer's methods, or an object, for each line costs as much as hundreds
 * of bytes: a mail of nothing but short lines took minutes. Counted are calls; no clock is read.
 */

import { expect, onTestFinished, test, vi } from "vitest";
import { withoutCrs } from "../../src/mail/line-ends.ts";
import { readRawMail } from "../../src/mail/mailinfo.ts";
import { canonicalMessage } from "../../src/patch/message.ts";

const LINES = 20_000;
const HEADER =
  "From: M <m@e.example>\nSubject: [PATCH] p\nMIME-Version: 1.0\nContent-Type: text/plain";
const DIFF = "---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n+y\n";

const MAILS: Readonly<Record<string, string>> = {
  "short lines": `${HEADER}\n\n${"ab\n".repeat(LINES)}${DIFF}`,
  "short lines, flowed": `${HEADER}; format=flowed\n\n${"ab\n".repeat(LINES)}${DIFF}`,
  "one paragraph, flowed": `${HEADER}; format=flowed\n\n${"a \n".repeat(LINES)}b\n${DIFF}`,
  "empty lines": `${HEADER}\n\n${"\n".repeat(LINES)}text\n${DIFF}`,
  "lines of CR LF": `${HEADER}\n\n${"ab\n".repeat(LINES)}${DIFF}`.replaceAll("\n", "\r\n"),
};

test.each(Object.entries(MAILS))("%s", (_, text) => {
  const mail = Buffer.from(text);
  const spies = (["subarray", "slice", "copy"] as const).map((name) =>
    vi.spyOn(Buffer.prototype, name),
  );
  onTestFinished(() => void vi.restoreAllMocks());
  const view = readRawMail(mail);
  canonicalMessage(view.ok ? view.value.message : Buffer.alloc(0));
  const calls = spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  expect(view.ok).toBe(true);
  expect(calls).toBeLessThan(1_000);
});

test("where CRs were is four bytes for each", () => {
  const { crs } = withoutCrs(Buffer.from("\r\n".repeat(LINES)));
  expect(crs).toHaveLength(LINES);
  expect((crs as Uint32Array).BYTES_PER_ELEMENT).toBe(4);
});
