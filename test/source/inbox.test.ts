/** public-inbox, as its own programs write it: what is in it is what is read. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  expectError,
  expectStatus,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
} from "../cli/support.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { HAS_INBOX, type Inbox, newInbox } from "../support/inbox.ts";
import { commit, git, newRepository } from "../support/repo.ts";

/** As they are mailed: with a Message-ID and a recipient. */
function mailed(file: string, i: number): Buffer {
  const [top, ...rest] = readFileSync(file, "latin1").split("\n");
  const header = `To: list1@example.org, list2@example.org\nMessage-ID: <${i}@example.org>`;
  return Buffer.from([top, header, ...rest].join("\n"), "latin1");
}

const EMPTY = Buffer.from("\n");
const LETTER = Buffer.from(
  "From: Bob <bob@example.org>\nTo: list1@example.org, list2@example.org\nSubject: hello\n" +
    "Date: Tue, 3 Feb 2026 10:00:00 +0000\nMessage-ID: <letter@example.org>\n\nHow are you?\n",
);

let mails: Buffer[];
let inboxes: Record<1 | 2, Inbox>;
let home: string;

function verify(args: readonly string[]): Run {
  return patchsig(["verify", ...args], { home });
}

/** The records without their places, and without the time of the run. */
function said(args: readonly string[], status = 0): object[] {
  const found = records(expectStatus(verify(["--json", ...args]), status));
  for (const record of found) {
    for (const one of [record, ...(record["members"] ?? [])]) delete one["source"];
    if (record["key"] !== undefined && record["key"] !== null) delete record["key"].firstSeen;
  }
  return found;
}

const withoutPlace = (source: string): object[] => said(["--dry-run", source]);

describe.runIf(HAS_INBOX)("public-inbox", () => {
  beforeAll(() => {
    mails = signedPatches(newSubmission().work, newHome(7)).map(mailed);
    const folder = newFolder();
    inboxes = { 1: newInbox(folder, 1), 2: newInbox(folder, 2) };
    for (const inbox of Object.values(inboxes))
      for (const mail of [mails[0]!, LETTER, mails[1]!, mails[2]!]) inbox.deliver(mail);
    home = newFolder();
  });

  test("gives the same results as an mbox of the same mails, and names each commit", () => {
    const file = mbox();
    const from = Buffer.from("From bob@example.org Tue Feb  3 10:00:00 2026\n");
    writeFileSync(file, Buffer.concat([mails[0]!, from, LETTER, EMPTY, mails[1]!, mails[2]!]));
    const expected = said(["--dry-run", file]);
    expect(expected.at(-1)).toMatchObject({ type: "summary", messages: 4, patches: 3, pass: 3 });
    for (const { folder } of Object.values(inboxes)) expect(withoutPlace(folder)).toEqual(expected);
    const [{ source }] = records(verify(["--json", "--dry-run", inboxes[2].folder])) as [
      { source: string },
    ];
    const [repository, name] = source.split(":") as [string, string];
    expect(repository).toBe(join(inboxes[2].folder, "git", "0.git"));
    expect(git(repository, ["show", `${name}:m`]).toString()).toContain(
      "Message-ID: <0@example.org>",
    );
  });

  test("a single epoch, and mails since", () => {
    const epoch = join(inboxes[2].folder, "git", "0.git");
    expect(said(["--dry-run", epoch])).toHaveLength(5);
    const none = verify(["--dry-run", "--since=2100-01-01", inboxes[2].folder]);
    expectError(none, 1, /^no mail in /);
  });

  test.each([1, 2] as const)("v%i: --new continues, and skips deleted mails", (v) => {
    home = newFolder();
    const inbox = inboxes[v];
    const { folder } = inbox;
    // a dry run moves no cursor
    expect(said(["--new", "--dry-run", folder]).at(-1)).toMatchObject({ patches: 3 });
    expect(said(["--new", folder]).at(-1)).toMatchObject({ messages: 4, patches: 3 });
    expect(said(["--new", folder])).toMatchObject([{ type: "summary", messages: 0 }]);
    const again = Buffer.from(mails[2]!.toString("latin1").replace("<2@", "<again@"), "latin1");
    inbox.deliver(again);
    expect(said(["--new", folder])).toMatchObject([{ messageId: "<again@example.org>" }, {}, {}]);
    inbox.deliver(Buffer.from(mails[1]!.toString("latin1").replace("<1@", "<gone@"), "latin1"));
    inbox.remove(Buffer.from(mails[1]!.toString("latin1").replace("<1@", "<gone@"), "latin1"));
    expect(said(["--new", folder])).toMatchObject([{ type: "summary", messages: 0 }]);
    inbox.remove(again);
    expect(said([folder]).at(-1)).toMatchObject({ messages: 4, patches: 3 });
  });

  test("a code repository is not an inbox; an empty inbox has no mail", () => {
    const work = newRepository(newFolder());
    commit(work, "code", { a: "1\n" });
    expectError(verify([join(work, ".git")]), 3, /is a repository without mails$/);
    const empty = newInbox(newFolder(), 2);
    expectError(verify([empty.folder]), 1, /^no mail in /);
  });

  test("--since works only for sources with dates", () => {
    expectError(
      verify(["--since=2026-01-01", mbox()]),
      2,
      /goes with a public-inbox or IMAP, not /,
    );
  });
});
