/** A mailbox on a real server: read, and nothing there changes. */

import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseMailbox } from "../../src/source/imap.ts";
import {
  edit,
  expectError,
  expectStatus,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
} from "../cli/support.ts";
import { patchsig, patchsigEach, records, type Run } from "../support/cli.ts";
import { HAS_DOVECOT, type ImapServer, startImap } from "../support/imap.ts";

let server: ImapServer;
let files: string[];
let whole: string;
let home: string;
let delivered = 0;

function deliver(mail: Buffer): void {
  const file = join(server.maildir, "new", `${1_794_000_000 + delivered++}.M1P1.host`);
  writeFileSync(file, mail);
  // when it came, to the server
  utimesSync(file, 1_770_000_000, 1_770_000_000);
}

/** With the credential helper that says this password. */
function verify(args: readonly string[], password = "secret"): Run {
  const helper = `!f() { cat >>"${home}/asked"; test "$1" = get && echo password=${password}; }; f`;
  return patchsig(["verify", ...args], {
    home,
    env: {
      GIT_TERMINAL_PROMPT: "0",
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "credential.helper",
      GIT_CONFIG_VALUE_0: "",
      GIT_CONFIG_KEY_1: "credential.helper",
      GIT_CONFIG_VALUE_1: helper,
    },
  });
}

const url = (mailbox = "INBOX"): string => `imap://alice@127.0.0.1:${server.port}/${mailbox}`;

function said(run: Run): object[] {
  const found = records(expectStatus(run, 0));
  for (const record of found) {
    for (const one of [record, ...(record["members"] ?? [])]) delete one["source"];
    // the second of the run
    delete record["key"]?.firstSeen;
  }
  return found;
}

describe.runIf(HAS_DOVECOT)("IMAP", () => {
  beforeAll(async () => {
    files = signedPatches(newSubmission().work, newHome(7));
    whole = mbox(...files);
    // what is delivered has no From line
    for (const file of files) edit(file, (text) => text.replace(/^From .*\n/, ""));
    home = newFolder();
    server = await startImap();
    for (const file of files) deliver(readFileSync(file));
  });
  afterAll(() => server?.stop());

  test("gives the same results as an mbox and a maildir of the same mails", () => {
    const maildir = newFolder();
    for (const name of ["new", "cur", "tmp"]) mkdirSync(join(maildir, name));
    for (const [i, file] of files.entries())
      writeFileSync(join(maildir, "new", `${i}.M1.host`), readFileSync(file));
    const expected = said(verify(["--json", "--dry-run", whole]));
    expect(said(verify(["--json", "--dry-run", maildir]))).toEqual(expected);
    const run = verify(["--json", "--dry-run", url()]);
    const [first] = records(run);
    expect(said(run)).toEqual(expected);
    expect(first!["source"]).toMatch(
      new RegExp(`^imap://alice@127\\.0\\.0\\.1:${server.port}/INBOX;UIDVALIDITY=\\d+/;UID=1$`),
    );
  });

  test("leaves mails unread and recent", () => {
    expectStatus(verify(["--dry-run", url()]), 0);
    // whoever selects a mailbox to change it has its new mails moved to cur
    expect(readdirSync(join(server.maildir, "cur"))).toEqual([]);
    const names = readdirSync(join(server.maildir, "new"));
    expect(names).toHaveLength(3);
    for (const name of names) expect(name).not.toMatch(/:2,./);
  });

  test("--new continues, --since skips", () => {
    expect(said(verify(["--json", "--new", url()])).at(-1)).toMatchObject({ messages: 3 });
    expect(said(verify(["--json", "--new", url()]))).toMatchObject([{ messages: 0 }]);
    deliver(readFileSync(files[0]!));
    expect(said(verify(["--json", "--new", url()])).at(-1)).toMatchObject({ messages: 1 });
    expectError(verify(["--since=2026-11-01", url()]), 1, /^no mail in /);
    expectStatus(verify(["--since=2026-01-01", "--dry-run", url()]), 0);
    expectError(verify(["--since=soon", url()]), 2, '--since: "soon" is not a time');
  });

  test("a wrong password, no mailbox, no server, no password", () => {
    const wrong = expectStatus(verify([url()], "wrong"), 3);
    expect(wrong.stderr).toBe(
      "patchsig: 127.0.0.1 rejects this password for alice: Authentication failed.\n",
    );
    expect(readFileSync(join(home, "asked"), "utf8")).toContain("password=wrong\n");
    expectError(verify([url("nowhere")]), 3, /^nowhere at 127\.0\.0\.1: /);
    expectError(verify(["imap://alice@127.0.0.1:1/INBOX"]), 3, /^INBOX at 127\.0\.0\.1: .*ECONN/);
    const env = { GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "", SSH_ASKPASS: "" };
    expectError(patchsig(["verify", url()], { home, env }), 3, /^no password for alice at 127/);
  });

  test("without encryption only to this machine", () => {
    // a name that is this machine's, but not one that says so
    const run = verify([`imap://alice@0.0.0.0:${server.port}/INBOX`]);
    expectError(run, 3, /^INBOX at 0\.0\.0\.0: .*STARTTLS/);
  });
});

test.each([
  ["imaps://imap.example.org/INBOX", "it names no user"],
  ["imaps://alice@imap.example.org/", "it names no mailbox"],
  ["imaps://alice@imap.example.org", "it names no mailbox"],
  ["imaps://alice:secret@imap.example.org/INBOX", "a password does not belong into a URL"],
  ["imaps://alice@imap.example.org/%ff", "it is not URL-quoted"],
])("%s: %s", (text, why) => {
  expect(() => parseMailbox(text)).toThrow(why);
});

const WITH_PASSWORD = [
  "imaps://alice:hunter2@imap.example.org/INBOX",
  "IMAPS://alice:hunter2@imap.example.org/INBOX",
  "imaps://alice:hunter2@imap.example.org:99999/INBOX",
  "imaps://alice:hunter2@imap.example.org",
  "imaps://alice:hunter2@imap.example.org/%ff",
  "imaps://alice:a/hunter2@imap.example.org/INBOX",
  "imaps://alice:a@hunter2@imap.example.org/INBOX",
  "imaps://alice:a?hunter2#@imap.example.org/INBOX",
  "imaps://:hunter2@imap.example.org/INBOX",
  "imaps://alice:hunter2",
  "imap:/alice:hunter2@imap.example.org/INBOX",
  "imaps:alice:hunter2@imap.example.org/INBOX",
  "https://alice:hunter2@lists.example.org/net/0",
  "pop3s://alice:hunter2@pop.example.org",
];
test("a password in a URL is never printed, however wrong the URL is", () => {
  const folder = newFolder();
  const files = WITH_PASSWORD.map((wrong, i) => {
    const file = join(folder, `bot${i}`);
    writeFileSync(file, `[bot]\n source = "${wrong}"\n database = ${file}.db\n`);
    return file;
  });
  const words = [
    ...WITH_PASSWORD.map((wrong) => ["verify", "--json", wrong]),
    ...files.map((file) => ["bot", "run", "--once", "--config", file]),
  ];
  for (const [i, { status, stdout, stderr }] of patchsigEach(words, folder).entries()) {
    expect({ status, stdout }, words[i]!.join(" ")).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(i < files.length ? /^patchsig: \w+:[^\n]*…/ : /…/);
    expect(stderr).not.toContain("hunter2");
  }
  const kept = readdirSync(folder).filter((name) => name.endsWith(".db"));
  expect(kept).not.toEqual([]);
  for (const name of kept)
    expect(readFileSync(join(folder, name)).includes("hunter2"), name).toBe(false);
});

test("reading mailbox URLs", () => {
  expect(parseMailbox("imaps://alice%40example.org@imap.example.org/lists/net%20dev")).toEqual({
    protocol: "imaps",
    host: "imap.example.org",
    port: 993,
    username: "alice@example.org",
    path: "lists/net dev",
  });
});
