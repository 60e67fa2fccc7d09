/** Postfix: into a maildir, to a server that takes seven bits only, and to dovecot, which keeps CRLF. */

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSmtp, type TestServer } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
import { POSTFIX, postfixUid, startDovecot, startPostfix } from "./postfix.ts";
import {
  arrived,
  ENCODINGS,
  expectGood,
  freePort,
  LINE_ENDS,
  listening,
  LONG,
  mailsIn,
  newFolder,
  newSubmission,
  PATIENCE,
  sendEmail,
  type Submission,
  until,
  withIds,
} from "./support.ts";

const ready = LONG && requireTool(POSTFIX) && requireTool("/usr/lib/dovecot/lmtp");

describe.runIf(ready)("postfix", () => {
  let port: number;
  let mail: string;
  let sevenBits: TestServer;
  let submission: Submission;
  const ended: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    submission = newSubmission();
    const folder = newFolder();
    port = await freePort();
    // it does not say 8BITMIME, so that postfix has to make seven bits of eight
    const next = await startSmtp({ hide8BITMIME: true, hideSMTPUTF8: true });
    ended.push(next.stop);
    sevenBits = next;
    const lmtp = await freePort();
    const postfix = await startPostfix(folder, {
      listen: [{ port }],
      main: `mynetworks = 127.0.0.0/8
virtual_mailbox_domains = maildir.example.org
virtual_mailbox_maps = static:box/
transport_maps = inline:{ { lmtp.example.org = lmtp:inet:127.0.0.1:${lmtp} } }
relayhost = [127.0.0.1]:${next.port}
smtp_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
`,
    });
    ended.push(postfix.stop);
    ({ mail } = postfix);
    const conf = `protocols = lmtp
postmaster_address = owner@example.org
mail_save_crlf = yes
mail_location = maildir:${mail}/lmtp
passdb {
  driver = static
  args = nopassword=yes
}
userdb {
  driver = static
  args = uid=${postfixUid()} gid=${postfixUid()} home=${mail} allow_all_users=yes
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${lmtp}
  }
}
`;
    ended.push(await startDovecot(folder, conf));
    await listening(lmtp);
  }, PATIENCE);

  afterAll(async () => {
    for (const stop of ended.reverse()) await stop();
  }, PATIENCE);

  const BOXES = { maildir: "box/new", lmtp: "lmtp/new" };
  const post = async (box: keyof typeof BOXES, encoding: string): Promise<Buffer[]> => {
    const ids = await sendEmail(submission, port, encoding, `box@${box}.example.org`);
    const fresh = (): Buffer[] => withIds(mailsIn(join(mail, BOXES[box])), ids);
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
      expectGood(submission, await arrived(sevenBits, ids), damage(encoding));
    },
  );
});

/** A raw CR before LF does not survive SMTP. */
const damage = (encoding: string) => (encoding === "8bit" ? LINE_ENDS : undefined);
