/** Mailman 3: a footer, a prefix, and From in the ways in which lists rewrite it. */

import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { patchsig, records } from "../support/cli.ts";
import { startSmtp, type TestServer } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
import {
  arrived,
  below,
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
} from "./support.ts";

const ready = LONG && requireTool("mailman") && requireTool("setpriv");

/** Each list, and what is set on it (mailman.interfaces.mailinglist). */
const LISTS: readonly (readonly [string, string])[] = [
  ["plain", ""],
  ["munged", "m.dmarc_mitigate_action = D.munge_from; m.dmarc_mitigate_unconditionally = True"],
  [
    "replies",
    "m.dmarc_mitigate_action = D.munge_from; m.dmarc_mitigate_unconditionally = True; m.reply_goes_to_list = R.point_to_list",
  ],
  ["wrapped", "m.dmarc_mitigate_action = D.wrap_message; m.dmarc_mitigate_unconditionally = True"],
];

describe.runIf(ready)("mailman", () => {
  let port: number;
  let config: string;
  let next: TestServer;
  let submission: Submission;

  /** As root it refuses to work; Debian's user for it is "list". */
  const mailman = (args: readonly string[], input = ""): Promise<string> =>
    run(
      "setpriv",
      ["--reuid=list", "--regid=list", "--clear-groups", "mailman", "-C", config, ...args],
      {
        input,
        env: { ...process.env, HOME: "/" },
      },
    );

  beforeAll(async () => {
    submission = newSubmission();
    next = await startSmtp();
    port = await freePort();
    const folder = newFolder();
    chmodSync(folder, 0o755);
    const place = below(folder, "mailman");
    config = join(place, "mailman.cfg");
    const web = await freePort();
    writeFileSync(
      config,
      `[mailman]
site_owner: owner@example.org
layout: here
[paths.here]
var_dir: ${place}/var
bin_dir: /usr/lib/mailman3/bin
log_dir: ${place}/log
lock_dir: ${place}/lock
etc_dir: ${place}
pid_file: ${place}/master.pid
[mta]
incoming: mailman.mta.null.NullMTA
outgoing: mailman.mta.deliver.deliver
lmtp_host: 127.0.0.1
lmtp_port: ${port}
smtp_host: 127.0.0.1
smtp_port: ${next.port}
[dmarc]
org_domain_data_url: file://${place}/suffixes
[webservice]
hostname: 127.0.0.1
port: ${web}
[database]
class: mailman.database.sqlite.SQLiteDatabase
url: sqlite:///${place}/mailman.db
`,
    );
    // it would ask a server on the Internet for them
    writeFileSync(join(place, "suffixes"), "org\nnet\n");
    spawnSync("chown", ["-R", "list:list", place]);
    for (const [name] of LISTS) await mailman(["create", "-d", `${name}@lists.example.org`]);
    const script = join(place, "configure.py");
    writeFileSync(
      script,
      `
from zope.component import getUtility
from mailman.interfaces.listmanager import IListManager
from mailman.interfaces.usermanager import IUserManager
from mailman.interfaces.template import ITemplateManager
from mailman.interfaces.mailinglist import DMARCMitigateAction as D, ReplyToMunging as R
from mailman.interfaces.subscriptions import ISubscriptionManager
from mailman.interfaces.action import Action
settings = ${JSON.stringify(Object.fromEntries(LISTS))}
users = getUtility(IUserManager)
def configure():
    for name, lines in settings.items():
        m = getUtility(IListManager).get(name + '@lists.example.org')
        m.subject_prefix = '[' + name + '] '
        m.default_nonmember_action = Action.accept
        m.default_member_action = Action.accept
        m.max_message_size = 0
        m.send_welcome_message = False
        m.require_explicit_destination = False
        exec(lines)
        address = users.get_address('reader@example.net') or users.create_address('reader@example.net')
        m.subscribe(address)
`,
    );
    await mailman(
      ["shell"],
      `exec(open(${JSON.stringify(script)}).read())\nconfigure()\ncommit()\n`,
    );
    await mailman(["start"]);
    await listening(port);
    // each of its commands takes seconds to start
  }, 600_000);

  afterAll(async () => {
    await mailman(["stop"]);
    await next.stop();
  }, 600_000);

  const LIST_COUNT = LISTS.flatMap(([name]) =>
    ENCODINGS.map((encoding) => [name, encoding] as const),
  );

  test.each(LIST_COUNT)("list %s, --transfer-encoding=%s", async (name, encoding) => {
    next.mails.length = 0;
    const to = `${name}@lists.example.org`;
    // git send-email speaks SMTP, mailman LMTP: the mails are handed over
    const relay = await startSmtp();
    await sendEmail(submission, relay.port, encoding, to);
    await relay.stop();
    for (const { bytes } of relay.mails) await deliver(port, bytes, to);
    const mails = await arrived(next, submission.files.length);
    if (name !== "wrapped") return void expectGood(submission, mails, encoding);
    // the list sends a mail of its own with the patch inside: that is said, and nothing is applied
    const inbox = newFolder();
    mails.forEach((mail, i) => writeFileSync(join(inbox, `${i}.eml`), mail));
    const said = records(patchsig(["verify", "--json", inbox], { home: newFolder() }));
    const codes = said.flatMap((one) =>
      (one["findings"] ?? []).map((f: { code: string }) => f.code),
    );
    expect(codes).toContain("wrapped");
  });
});

/** One mail by LMTP. */
async function deliver(port: number, bytes: Buffer, to: string): Promise<void> {
  const script = `
import smtplib, sys
data = sys.stdin.buffer.read()
with smtplib.LMTP('127.0.0.1', ${port}) as client:
    client.sendmail('alice@example.org', [${JSON.stringify(to)}], data, mail_options=['BODY=8BITMIME'])
`;
  await run("/usr/bin/python3", ["-c", script], { input: bytes });
}
