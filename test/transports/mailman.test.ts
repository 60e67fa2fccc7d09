/** Mailman 3: a footer, a prefix, and From in the ways in which lists rewrite it. */

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
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
  folderOf,
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
  let next: TestServer | undefined;
  let place: string;
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
    place = below(folder, "mailman");
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
  }, PATIENCE);

  afterAll(async () => {
    const file = join(place, "master.pid");
    if (existsSync(file)) {
      const master = Number(readFileSync(file, "utf8"));
      await mailman(["stop"]);
      // it does not wait for its runners
      await until(
        () => !existsSync(`/proc/${master}`),
        () => "mailman does not stop",
      );
    }
    await next?.stop();
  }, PATIENCE);

  const postTo = async (name: string, encoding: string): Promise<string[]> => {
    const to = `${name}@lists.example.org`;
    // git send-email speaks SMTP, mailman LMTP: the mails are handed over
    const relay = await startSmtp();
    const ids = await sendEmail(submission, relay.port, encoding, to);
    await relay.stop();
    for (const { bytes } of relay.mails) await deliver(port, bytes, to);
    return ids;
  };
  const CASES = LISTS.flatMap(([name]) =>
    ENCODINGS.filter((encoding) => encoding !== "8bit").map(
      (encoding) => [name, encoding] as const,
    ),
  );
  const FLAT = CASES.filter(([name]) => name !== "wrapped");

  /**
   * To write its footer it decodes the mail and lets smtplib send it as text, which makes CRLF of
   * every CR: of `=0D` and an end of line, two.
   */
  test.each(FLAT)(
    "list %s, --transfer-encoding=%s",
    { timeout: PATIENCE },
    async (name, encoding) => {
      const mails = await arrived(next!, await postTo(name, encoding));
      expectGood(submission, mails, encoding === "base64" ? LINE_ENDS : DOUBLED);
    },
  );

  test("a post with a long 8bit line is refused", { timeout: PATIENCE }, async () => {
    await expect(postTo("plain", "8bit")).rejects.toThrow("Line too long");
  });

  // the list sends a mail of its own with the patch inside
  const WRAPPED = CASES.filter(([name]) => name === "wrapped");
  test.each(WRAPPED)(
    "list %s, --transfer-encoding=%s",
    { timeout: PATIENCE },
    async (name, encoding) => {
      const ids = await postTo(name, encoding);
      // each has a Message-ID of the list's: the patch's own stands in the mail inside
      const came = (): Buffer[] =>
        next!.mails.map(({ bytes }) => bytes).filter((mail) => ids.some((id) => mail.includes(id)));
      await until(
        () => came().length === ids.length,
        () => `${came().length} of ${ids.length} came`,
      );
      const mails = came();
      const verify = patchsig(["verify", "--json", folderOf(mails)], { home: newFolder() });
      const patches = records(verify).filter(({ type }) => type === "patch");
      expect(patches.filter(({ signature }) => signature === "good")).toEqual([]);
      const told = records(verify).filter(({ type }) => type === "patch" || type === "note");
      expect(told).toHaveLength(mails.length);
      for (const { findings } of told)
        expect(findings).toEqual(
          expect.arrayContaining([expect.objectContaining({ code: "wrapped" })]),
        );
      expect(verify.status).toBe(1);
    },
  );
});

const DOUBLED = {
  code: "corrupt-hunk",
  message: "diff refused: line 18 of the patch: the hunk has more lines than its header counts",
};

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
