/** Postfix: into a maildir, and to a server that takes seven bits only. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
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
  LINE_ENDS,
  listening,
  LONG,
  newFolder,
  newSubmission,
  PATIENCE,
  run,
  sendEmail,
  type Submission,
  until,
  withIds,
} from "./support.ts";

const POSTFIX = "/usr/sbin/postfix";
const ready = LONG && requireTool(POSTFIX);

describe.runIf(ready)("postfix", () => {
  let port: number;
  let folder: string;
  let next: TestServer | undefined;
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
    await run(POSTFIX, ["-c", etc!, "start"]);
    await listening(port);
  }, PATIENCE);

  afterAll(async () => {
    spawnSync(POSTFIX, ["-c", join(folder, "etc"), "stop"]);
    await next?.stop();
  }, PATIENCE);

  const box = (): string => join(folder, "mail", "box", "new");

  test.each(ENCODINGS)(
    "into a maildir, --transfer-encoding=%s",
    { timeout: PATIENCE },
    async (encoding) => {
      const ids = await sendEmail(submission, port, encoding, "box@maildir.example.org");
      const fresh = (): Buffer[] => withIds(mailsIn(box()), ids);
      await until(
        () => fresh().length === ids.length,
        () => `${fresh().length} of ${ids.length}`,
      );
      expectGood(submission, fresh(), damage(encoding));
    },
  );

  test.each(ENCODINGS)(
    "to a server of seven bits, --transfer-encoding=%s",
    { timeout: PATIENCE },
    async (encoding) => {
      const ids = await sendEmail(submission, port, encoding);
      expectGood(submission, await arrived(next!, ids), damage(encoding));
    },
  );
});

/** A raw CR before LF does not survive SMTP. */
const damage = (encoding: string) => (encoding === "8bit" ? LINE_ENDS : undefined);

/** All that was delivered; what is under way has another folder. */
function mailsIn(folder: string): Buffer[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => readFileSync(join(folder, name)));
}
