/** Exim with spamd, which adds a header whose value is folded with lines of blanks. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSmtp, type TestServer } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
import {
  arrived,
  below,
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

/** Where scripts/tools.sh unpacks it: Debian installs one mail server at a time. */
const EXIM = "/var/lib/patchsig-test/exim/usr/sbin/exim4";

const ready = LONG && requireTool("spamd") && requireTool(EXIM);

describe.runIf(ready)("exim with spamd", () => {
  let port: number;
  let next: TestServer | undefined;
  let submission: Submission;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    submission = newSubmission();
    next = await startSmtp();
    port = await freePort();
    const spamd = await freePort();
    const folder = newFolder();
    chmodSync(folder, 0o755);
    const spool = below(folder, "spool");
    spawnSync("chown", ["Debian-exim", spool]);
    const config = join(folder, "exim.conf");
    writeFileSync(
      config,
      `primary_hostname = mail.example.org
exim_path = ${EXIM}
keep_environment =
spool_directory = ${spool}
log_file_path = ${spool}/%slog
pid_file_path = ${spool}/pid
daemon_smtp_ports = ${port}
local_interfaces = 127.0.0.1
tls_advertise_hosts =
spamd_address = 127.0.0.1 ${spamd}
acl_smtp_rcpt = accept
acl_smtp_data = data
queue_run_in_order
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
begin retry
* * F,1h,1m
`,
    );
    const start = (command: string, args: readonly string[]): void =>
      void children.push(spawn(command, args, { stdio: "ignore" }));
    start("spamd", [
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
    ]);
    start(EXIM, ["-C", config, "-bdf", "-q1m"]);
    await listening(spamd);
    await listening(port);
  }, PATIENCE);

  afterAll(async () => {
    for (const child of children) await end(child);
    await next?.stop();
  }, PATIENCE);

  test.each(ENCODINGS)("--transfer-encoding=%s", { timeout: PATIENCE }, async (encoding) => {
    const ids = await sendEmail(submission, port, encoding);
    const raw = encoding === "8bit";
    // a line of more than 998 bytes goes back to the submitter
    const mails = await arrived(next!, raw ? ids.slice(0, -1) : ids);
    // what this test is about
    expect(mails[0]!.toString("latin1")).toMatch(/^X-Spam-Report: (?:.*\r?\n[ \t])*[ \t]*\r?\n/m);
    expectGood(submission, mails, raw ? LINE_ENDS : undefined);
    if (!raw) return;
    const isBounce = ({ bytes }: { bytes: Buffer }): boolean =>
      bytes.includes(ids.at(-1)!) && bytes.includes("lines too long");
    await until(
      () => next!.mails.some(isBounce),
      () => "the long line does not come back",
    );
  });
});
