/** Commits of mails, beside those that public-inbox-mda makes of them. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { feedMail, gitDate } from "../../src/feed/commit.ts";
import { newFolder } from "../cli/support.ts";
import { HAS_INBOX, newInbox } from "../support/inbox.ts";

const DATE = "Date: Wed, 25 Nov 2026 09:00:00 +0100";
const NOW = 1_795_600_000;

/** Headers by a name; they get a Message-ID, and a date where none is tested. */
const MAILS: Readonly<Record<string, string>> = {
  plain: `From: Alice <alice@example.org>\n${DATE}\nSubject: hello`,
  encoded: `From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\n${DATE}\nSubject: =?utf-8?b?w7zDvA==?= x\n y\tz`,
  bare: `From: alice@example.org\n${DATE}\nSubject:`,
  comment: `From: alice@example.org (Alice A)\n${DATE}\nSubject: [PATCH]  two  blanks `,
  quoted: `From: "Doe, J. <x>" <alice@example.org>\n${DATE}\nSubject: a\tb`,
  "no-from": `${DATE}\nSubject: nofrom`,
  "no-subject": `From: Alice <alice@example.org>\n${DATE}`,
  two: `From: Alice <alice@example.org>, Bob <bob@example.org>\nSender: s@example.org\n${DATE}\nSubject: two`,
  old: "From: <alice@example.org>\nDate: Thu, 1 Jan 1970 00:00:00 +0000\nSubject: old",
  utf8: `From: Jörg <j@example.org>\n${DATE}\nSubject: räw`,
  received:
    "Received: from x by y; Wed, 25 Nov 2026 10:00:00 +0200\nFrom: a@example.org\nSubject: r",
  both: `Received: from x by y;\n Wed, 25 Nov 2026 10:00:00 +0200\nReceived: from z; Wed, 25 Nov 2026 07:00:00 +0200\nFrom: a@example.org\n${DATE}\nSubject: r`,
  west: "From: a@example.org\nDate: Wed, 25 Nov 2026 09:00:00 -0730\nSubject: tz",
  "far-east": "From: a@example.org\nDate: Wed, 25 Nov 2026 09:00:00 +1500\nSubject: tz",
  "no-zone": "From: a@example.org\nDate: Wed, 25 Nov 2026 09:00:00\nSubject: tz",
  dots: `From: "..." <alice@example.org>\n${DATE}\nSubject:  lead tab\t`,
  twice: `From: Alice <alice@example.org>\nSubject: one\nSubject: two\n${DATE}\nDate: Wed, 25 Nov 2026 10:00:00 +0100`,
  copy: `From: Alice <alice@example.org>\nStatus: RO\nLines: 3\nContent-Length: 4\n${DATE}\nSubject: status\nX-Mozilla-Status: 0`,
};

function mailOf(name: string): Buffer {
  const to = "To: list2@example.org";
  return Buffer.from(
    `${MAILS[name]!}\n${to}\nMessage-ID: <${name}@x>\nList-Id: <list2.example.org>\n\nbody of ${name}\n`,
  );
}

const names = Object.keys(MAILS);

describe.runIf(HAS_INBOX)("a mail as a commit", () => {
  const inbox = newInbox(newFolder(), 2);
  const cwd = join(inbox.folder, "git", "0.git");
  for (const name of names) inbox.deliver(mailOf(name));
  const log = execFileSync(
    "git",
    [
      "log",
      "--reverse",
      "--date=raw",
      "--format=%an%x00%ae%x00%ad%x00%cd%x00%B%x00%H",
      "-z",
      "master",
    ],
    { cwd, encoding: "utf8" },
  );
  const theirs = log.split("\0");

  test.each(names)("%s: as public-inbox-mda writes it", (name) => {
    const mail = feedMail(mailOf(name), NOW);
    if ("why" in mail) throw new Error(mail.why);
    const at = 6 * names.indexOf(name);
    const { author, written, received, subject } = mail;
    const ours = [author.name, author.email, gitDate(written), gitDate(received), `${subject}\n`];
    expect(ours).toEqual(theirs.slice(at, at + 5));
    const stored = execFileSync("git", ["show", `${theirs[at + 5]!}:m`], { cwd, encoding: "utf8" });
    // it names the list in a field of its own
    const bytes = mail.bytes.toString();
    expect(bytes).toBe(stored);
  });
});

test.each([
  ["Message-ID: <a@x>\n\nbody\n\n\n", "Message-ID: <a@x>\n\nbody\n"],
  ["Message-ID: <a@x>\n\n\n\n", "Message-ID: <a@x>\n\n"],
  ["Message-ID: <a@x>\r\n\r\nbody\r\n\r\n", "Message-ID: <a@x>\r\n\r\nbody\r\n"],
  ["From x Thu Jan  1 00:00:00 1970\nMessage-ID: <a@x>\n\nbody", "Message-ID: <a@x>\n\nbody"],
  ["Status: RO\n\tx\nMessage-ID: <a@x>\n\n Status: x\n", "Message-ID: <a@x>\n\n Status: x\n"],
])("%j: as it is stored", (mail, stored) => {
  const read = feedMail(Buffer.from(mail), NOW);
  expect("why" in read ? read.why : read.bytes.toString()).toBe(stored);
});

test.each([
  ["no end", "From: a@example.org\nMessage-ID: <a@x>\n"],
  ["no Message-ID", "From: a@example.org\n\nbody\n"],
  ["two Message-IDs", "Message-ID: <a@x> <b@x>\n\nbody\n"],
  ["two fields", "Message-ID: <a@x>\nMessage-ID: <b@x>\n\nbody\n"],
])("%s: no mail for a feed", (_, mail) => {
  expect(feedMail(Buffer.from(mail), NOW)).toHaveProperty("why");
});
