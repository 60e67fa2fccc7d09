/** Exim with spamd, which adds a header whose value is folded with lines of blanks. */

import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSmtp, type TestServer } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
import { EXIM, startExim } from "./exim.ts";
import {
  arrived,
  end,
  ENCODINGS,
  expectGood,
  freePort,
  LINE_ENDS,
  listening,
  LONG,
  newFolder,
  newSubmission,
  PATIENCE,
  sendEmail,
  type Submission,
  until,
} from "./support.ts";

const ready = LONG && requireTool("spamd") && requireTool(EXIM);

describe.runIf(ready)("exim with spamd", () => {
  let port: number;
  let next: TestServer;
  let submission: Submission;
  const ended: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    submission = newSubmission();
    next = await startSmtp();
    ended.push(next.stop);
    port = await freePort();
    const spamd = await freePort();
    const exim = await startExim(
      newFolder(),
      port,
      `daemon_smtp_ports = ${port}
tls_advertise_hosts =
spamd_address = 127.0.0.1 ${spamd}
acl_smtp_rcpt = accept
acl_smtp_data = data
begin acl
data:
  warn spam = nobody:true
       add_header = X-Spam-Score: $spam_score ($spam_bar)
       add_header = X-Spam-Report: $spam_report
  accept
begin routers
all:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = onward
begin transports
onward:
  driver = smtp
  port = ${next.port}
  allow_localhost
  tls_tempfail_tryclear
`,
    );
    ended.push(exim.stop);
    const args = [
      "-L",
      "-x",
      "-m",
      "1",
      "-i",
      "127.0.0.1",
      "-p",
      String(spamd),
      "-s",
      "stderr",
      // it would learn, in somebody's home
      "--cf=use_bayes 0",
    ];
    const child = spawn("spamd", args, { stdio: "ignore" });
    ended.push(() => end(child));
    await listening(spamd);
  }, PATIENCE);

  afterAll(async () => {
    for (const stop of ended.reverse()) await stop();
  }, PATIENCE);

  test.each(ENCODINGS)("--transfer-encoding=%s", { timeout: PATIENCE }, async (encoding) => {
    const ids = await sendEmail(submission, port, encoding);
    const raw = encoding === "8bit";
    // a line of more than 998 bytes goes back to the submitter
    const mails = await arrived(next, raw ? ids.slice(0, -1) : ids);
    // what this test is about
    expect(mails[0]!.toString("latin1")).toMatch(/^X-Spam-Report: (?:.*\r?\n[ \t])*[ \t]*\r?\n/m);
    expectGood(submission, mails, raw ? LINE_ENDS : undefined);
    if (!raw) return;
    const isBounce = ({ bytes }: { bytes: Buffer }): boolean =>
      bytes.includes(ids.at(-1)!) && bytes.includes("lines too long");
    await until(
      () => next.mails.some(isBounce),
      () => "the long line does not come back",
    );
  });
});
