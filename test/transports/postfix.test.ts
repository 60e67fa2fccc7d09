/** Postfix: into a maildir, to a server that takes seven bits only, and to dovecot, which keeps CRLF. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSmtp, type TestServer } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
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
  run,
  sendEmail,
  type Submission,
  until,
  withIds,
} from "./support.ts";

const POSTFIX = "/usr/sbin/postfix";
const ready = LONG && requireTool(POSTFIX) && requireTool("/usr/lib/dovecot/lmtp");

describe.runIf(ready)("postfix", () => {
  let port: number;
  let dovecot: ChildProcess | undefined;
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
    const lmtp = await freePort();
    const conf = join(folder, "dovecot.conf");
    writeFileSync(
      conf,
      `base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
protocols = lmtp
ssl = no
first_valid_uid = 1
postmaster_address = owner@example.org
mail_save_crlf = yes
mail_location = maildir:${mail}/lmtp
passdb {
  driver = static
  args = nopassword=yes
}
userdb {
  driver = static
  args = uid=${uid} gid=${uid} home=${mail} allow_all_users=yes
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${lmtp}
  }
}
service anvil {
  chroot =
}
`,
    );
    dovecot = spawn("dovecot", ["-F", "-c", conf], { stdio: "ignore" });
    await listening(lmtp);
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
transport_maps = inline:{ { lmtp.example.org = lmtp:inet:127.0.0.1:${lmtp} } }
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
    if (dovecot !== undefined) await end(dovecot);
    await next?.stop();
  }, PATIENCE);

  const BOXES = { maildir: "box/new", lmtp: "lmtp/new" };
  const post = async (box: keyof typeof BOXES, encoding: string): Promise<Buffer[]> => {
    const ids = await sendEmail(submission, port, encoding, `box@${box}.example.org`);
    const fresh = (): Buffer[] => withIds(mailsIn(join(folder, "mail", BOXES[box])), ids);
    await until(
      () => fresh().length === ids.length,
      () => `${fresh().length} of ${ids.length}`,
    );
    return fresh();
  };

  test.each(ENCODINGS)(
    "into a maildir, --transfer-encoding=%s",
    { timeout: PATIENCE },
    async (encoding) => expectGood(submission, await post("maildir", encoding), damage(encoding)),
  );

  // by LMTP no seven bits are made of eight, and a raw line of more than 998 bytes is broken
  test.each(ENCODINGS.filter((encoding) => encoding !== "8bit"))(
    "to dovecot, --transfer-encoding=%s",
    { timeout: PATIENCE },
    async (encoding) => {
      const mails = await post("lmtp", encoding);
      expect(mails[0]!.includes("\r\n\r\n"), "it keeps CRLF").toBe(true);
      expectGood(submission, mails);
    },
  );

  test.each(ENCODINGS)(
    "to a 7-bit server, --transfer-encoding=%s",
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
