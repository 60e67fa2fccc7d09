/** mlmmj: a footer is appended to the mail as it stands, below base64 too. */

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSmtp, type TestServer } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
import {
  arrived,
  ENCODINGS,
  expectGood,
  LINE_ENDS,
  LONG,
  newFolder,
  newSubmission,
  PATIENCE,
  run,
  sendEmail,
  type Submission,
} from "./support.ts";

const ready = LONG && requireTool("mlmmj-make-ml");

describe.runIf(ready)("mlmmj", () => {
  let list: string;
  let next: TestServer | undefined;
  let submission: Submission;

  beforeAll(async () => {
    submission = newSubmission();
    next = await startSmtp();
    const folder = newFolder();
    chmodSync(folder, 0o755);
    const answers = "example.org\nowner@example.org\n\n";
    await run("mlmmj-make-ml", ["-L", "list", "-s", folder], { input: answers });
    list = join(folder, "list");
    const control = (name: string, text: string): void =>
      writeFileSync(join(list, "control", name), text);
    control("relayhost", "127.0.0.1\n");
    control("smtpport", `${next.port}\n`);
    control("prefix", "[list]\n");
    control("footer", "-- \nlist@example.org: to leave, write to list+unsubscribe@example.org\n");
    writeFileSync(join(list, "subscribers.d", "r"), "reader@example.net\n");
  }, PATIENCE);

  afterAll(() => next?.stop());

  test.each(ENCODINGS)("--transfer-encoding=%s", { timeout: PATIENCE }, async (encoding) => {
    const relay = await startSmtp();
    const ids = await sendEmail(submission, relay.port, encoding, "list@example.org");
    await relay.stop();
    for (const { bytes } of relay.mails) {
      const mail = bytes.toString("latin1").replaceAll("\r\n", "\n");
      const header = "Return-Path: <alice@example.org>\nDelivered-To: list@example.org\n";
      await run("/usr/bin/mlmmj-receive", ["-F", "-L", list], {
        input: Buffer.from(header + mail, "latin1"),
      });
    }
    const mails = await arrived(next!, ids);
    expect(mails[0]!.toString("latin1")).toContain("list+unsubscribe@example.org");
    expectGood(submission, mails, encoding === "8bit" ? LINE_ENDS : undefined);
  });
});
