/** Postfix: into a maildir, and to a server that takes seven bits only. */

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { startSmtp, type TestServer } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
import {
  arrived,
  ENCODINGS,
  expectGood,
  freePort,
  listening,
  LONG,
  newFolder,
  newSubmission,
  run,
  sendEmail,
  type Submission,
  until,
} from "./support.ts";

const ready = LONG && requireTool("postfix");

describe.runIf(ready)("postfix", () => {
  let port: number;
  let folder: string;
  let next: TestServer;
  let submission: Submission;

  beforeAll(async () => {
    submission = newSubmission();
    folder = newFolder();
    port = await freePort();
    // it does not say 8BITMIME, so that postfix has to make seven bits of eight
    next = await startSmtp({ hide8BITMIME: true, hideSMTPUTF8: true });
    chmodSync(folder, 0o755);
    for (const name of ["etc", "spool", "data", "mail"])
      mkdirSync(join(folder, name), { mode: 0o755 });
    const [etc, spool, data, mail] = ["etc", "spool", "data", "mail"].map((n) => join(folder, n));
    for (const name of [data!, mail!]) spawnSync("chown", ["postfix", name]);
    const uid = spawnSync("id", ["-u", "postfix"]).stdout.toString().trim();
    writeFileSync(
      join(etc!, "main.cf"),
      `compatibility_level = 3.6
queue_directory = ${spool}
data_directory = ${data}
mail_owner = postfix
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mydestination =
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = maildir.example.org
virtual_mailbox_base = ${mail}
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:${uid}
virtual_gid_maps = static:${uid}
virtual_minimum_uid = 1
relayhost = [127.0.0.1]:${next.port}
smtp_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
maillog_file = /dev/null
maillog_file_prefixes = /dev
smtp_host_lookup = native
`,
    );
    const master = readFileSync("/etc/postfix/master.cf", "utf8")
      .replace(/^smtp\s+inet.*$/m, `127.0.0.1:${port} inet n - n - - smtpd`)
      // no service runs in a chroot: the queue's folder is not prepared as one
      .replace(/^(\S+\s+\S+\s+\S+\s+\S+\s+)y/gm, "$1n");
    writeFileSync(join(etc!, "master.cf"), master);
    await run("postfix", ["-c", etc!, "start"]);
    await listening(port);
  }, 600_000);

  afterAll(async () => {
    spawnSync("postfix", ["-c", join(folder, "etc"), "stop"]);
    await next.stop();
  });

  const box = (): string => join(folder, "mail", "box", "new");

  test.each(ENCODINGS)("into a maildir, --transfer-encoding=%s", async (encoding) => {
    const count = submission.files.length;
    const before = new Set(spawnSync("ls", [box()]).stdout.toString().split("\n"));
    const fresh = (): string[] => {
      const names = spawnSync("ls", [box()]).stdout.toString().split("\n");
      return names.filter((name) => name !== "" && !before.has(name));
    };
    await sendEmail(submission, port, encoding, `box@maildir.example.org`);
    await until(() => fresh().length >= count, "postfix delivers nothing");
    expectGood(
      submission,
      fresh().map((name) => readFileSync(join(box(), name))),
      encoding,
    );
  });

  test.each(ENCODINGS)("to a server of seven bits, --transfer-encoding=%s", async (encoding) => {
    next.mails.length = 0;
    await sendEmail(submission, port, encoding);
    expectGood(submission, await arrived(next, submission.files.length), encoding);
  });
});
