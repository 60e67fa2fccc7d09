/** Encodings of the user's settings and of commits, among them such as node and mails do not know. */

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { git } from "../support/repo.ts";
import { filesOf, newFolder, newHome, newSubmission } from "./support.ts";

const ALICE = { GIT_COMMITTER_NAME: "Alice", GIT_COMMITTER_EMAIL: "alice@example.org" };
const home = newHome();
let work: string;

/** Runs the program in the clone, with a setting of git. */
function run(args: readonly string[], key: string, value: string): Run {
  const setting = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: key, GIT_CONFIG_VALUE_0: value };
  return patchsig(args, { cwd: work, home, env: { ...ALICE, ...setting } });
}

/** A commit whose message is these bytes, a character each, and which says that they are in an encoding. */
function commitIn(encoding: string, message: string): void {
  const tree = git(work, ["rev-parse", "HEAD^{tree}"]).toString().trim();
  const author = "Alice <alice@example.org> 1700000000 +0000";
  const header = `tree ${tree}\nparent ${git(work, ["rev-parse", "HEAD^"]).toString().trim()}\nauthor ${author}\ncommitter ${author}\n`;
  const raw = Buffer.from(`${header}encoding ${encoding}\n\n${message}`, "latin1");
  const made = git(work, ["hash-object", "-t", "commit", "-w", "--stdin"], raw).toString().trim();
  git(work, ["reset", "-q", "--hard", made]);
}

function head(): string {
  return git(work, ["rev-parse", "HEAD"]).toString().trim();
}

beforeAll(() => {
  ({ work } = newSubmission());
  git(work, ["commit", "-q", "--amend", "-m", "song: f\u00fcr alle"]);
});

describe.each([
  ["UTF-16"],
  ["UTF-32"],
  ["UTF-7"],
  ["EBCDIC-US"],
  ["ISO-2022-JP"],
  ["SHIFT_JIS"],
  ["KOI8-R"],
  ["nosuch"],
  ["-C"],
  ["x\ny"],
  [""],
])("%j for logs", (encoding) => {
  test.each(["i18n.logOutputEncoding", "i18n.commitEncoding"])("%s", (key) => {
    const folder = newFolder();
    const made = run(["format-patch", "-o", folder, "origin/main.."], key, encoding);
    expect(made).toMatchObject({ status: 0 });
    expect(made.stderr).not.toContain("note:");
    const files = filesOf(folder);
    expect(readFileSync(files[2]!, "latin1")).toContain("Subject: [PATCH 3/3] =?UTF-8?q?");
    const checked = run(["check-commit", "--json", "HEAD"], key, encoding);
    const verified = run(
      ["verify", "--dry-run", "--json", "--repo", work, ...files],
      key,
      encoding,
    );
    expect(records(checked)[0]).toMatchObject({ commit: head(), subject: "song: f\u00fcr alle" });
    expect(records(verified).at(-1)).toMatchObject({ messages: 3, pass: 3 });
  });
});

test("a commit in an encoding of its own is shown as git shows it", () => {
  commitIn("ISO-8859-1", "song: f\u00fcr alle\n");
  const [shown] = records(run(["check-commit", "--json", "HEAD"], "user.name", "Alice"));
  expect(shown).toMatchObject({ subject: "song: f\u00fcr alle" });
});

test.each([
  [
    "UTF-16",
    "a: \xfcmlaut\n\nBody \xe9.\n",
    /: git names a patch .*, which is not UTF-8\nhint: commit it again/,
  ],
  [
    "nosuch",
    "song: a\n\nB\xe9.\n",
    /: cannot be signed: bytes that are not UTF-8\nhint: commit it again/,
  ],
  ["", "song: a \xfc\n", /: cannot be signed: the subject is not plain .*\nhint: a title is/],
])("a commit that names %j, with other bytes", (encoding, message, words) => {
  commitIn(encoding, message);
  const made = run(["format-patch", "-o", newFolder(), "-1"], "user.name", "Alice");
  expect(made).toMatchObject({ status: 3, stderr: expect.stringMatching(words) });
  const [shown] = records(run(["check-commit", "--json", "HEAD"], "user.name", "Alice"));
  expect(shown).toMatchObject({ commit: head(), status: "none" });
});

test("a mail in an encoding that no reader has to know", () => {
  commitIn("UTF-8", "song: f\xc3\xbcr\n");
  const args = ["format-patch", "-o", newFolder(), "--encoding=SHIFT_JIS", "-1"];
  const { status, stderr } = run(args, "user.name", "Alice");
  expect([status, stderr]).toEqual([
    3,
    expect.stringMatching(/: cannot be signed: charset SHIFT_JIS\nhint: make it again in UTF-8: /),
  ]);
});
