/** `patchsig trailers -u`: the messages of the branch's commits get what reviewers gave them, and nothing else changes. */

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { withTrailers } from "../../src/trailers/append.ts";
import { patchsig, type Run } from "../support/cli.ts";
import { commit, git, tryGit } from "../support/repo.ts";
import {
  expectError,
  expectStatus,
  formatPatch,
  newFolder,
  newSubmission,
  text,
} from "./support.ts";

const BOB = "Reviewed-by: Bob Berg <bob@example.org>";
const CARL = "Acked-by: Carl <carl@example.org>";
const SIGNED_OFF = "Signed-off-by: Alice <alice@example.org>";

let work: string;
let base: string;
let home: string;
let thread: string;

/** What was sent, Bob's review of the first patch, Carl's of all. */
beforeEach(() => {
  const submission = newSubmission();
  ({ work, baseCommit: base } = submission);
  home = newFolder();
  git(work, ["config", "user.email", "alice@example.org"]);
  const files = formatPatch(work, ["--thread", "--cover-letter"]);
  const [cover, first] = files.map((file) => /^Message-I[Dd]: (<.*>)$/m.exec(text(file))![1]!);
  const replies = [
    ["Bob Berg <bob@example.org>", first!, BOB],
    ["Carl <carl@example.org>", cover!, CARL],
  ].map(
    ([from, to, line], i) =>
      `From 0 Mon Sep 17 00:00:00 2001\nFrom: ${from}\nDate: Mon, 23 Nov 2026 10:0${i}:00 +0000\nMessage-ID: <r${i}@x>\nIn-Reply-To: ${to}\nSubject: Re: x\n\n${line}\n\n`,
  );
  thread = join(newFolder(), "thread.mbox");
  writeFileSync(thread, [...files.map(text), ...replies].join(""), "latin1");
});

function trailers(...args: readonly string[]): Run {
  return patchsig(["trailers", ...args, thread], { home, cwd: work });
}

function messages(): string[] {
  const log = git(work, ["log", "--reverse", "--format=%B%x00", `${base}..`]).toString();
  return log
    .split("\0")
    .slice(0, -1)
    .map((message) => message.trim());
}

/** Of each commit all that must not change. */
function others(): string {
  return git(work, ["log", "--format=%T %an <%ae> %ad", "--date=raw", `${base}..`]).toString();
}

const [FIRST, SECOND, THIRD] = [
  `song: shout line 2\n\nMake it loud.\n\n${BOB}\n${CARL}\n${SIGNED_OFF}`,
  `song: shout line 10\n\nAnd this.\n\n${CARL}`,
  `song: credits\n\nWho sang.\n\n${CARL}`,
];

describe("the branch", () => {
  test("is listed without -u, and with --dry-run", () => {
    const before = messages();
    for (const options of [[], ["-u", "--dry-run"]]) {
      const run = expectStatus(trailers(...options), 0);
      expect(run.stdout).toContain(
        `reply all ${CARL.padEnd(BOB.length)}  not signed, given to v1\n`,
      );
      expect(run.stderr).toContain("4 trailers to add: -u adds them\n");
    }
    expect(messages()).toEqual(before);
  });

  test("is not said to have no new ones where its patches are not in the mails", () => {
    const replies = join(newFolder(), "replies.mbox");
    writeFileSync(replies, text(thread).slice(text(thread).indexOf("From 0 Mon")), "latin1");
    const run = expectStatus(patchsig(["trailers", replies], { home, cwd: work }), 0);
    expect(run.stderr).toBe("no trailers: none of the branch's patches is in these mails\n");
  });

  test("gets them with -u, once; the user's sign-off stays last, files and index as they are", () => {
    writeFileSync(join(work, "song.txt"), "not committed\n");
    git(work, ["notes", "--ref=patchsig", "add", "-m", "a record", "HEAD"]);
    const [before, head] = [others(), git(work, ["rev-parse", "HEAD"]).toString().slice(0, 12)];
    const run = expectStatus(trailers("-u"), 0);
    expect(run.stderr).toContain(`added 4 trailers to 3 commits; before: ${head}\n`);
    expect(messages()).toEqual([FIRST, SECOND, THIRD]);
    expect(others()).toBe(before);
    expect(git(work, ["status", "--porcelain"]).toString()).toBe(" M song.txt\n");
    expect(git(work, ["notes", "--ref=patchsig", "show", "HEAD"]).toString()).toBe("a record\n");
    expect(expectStatus(trailers("-u"), 0).stderr).toContain("no new trailers\n");
    expect(messages()).toEqual([FIRST, SECOND, THIRD]);
  });

  test("is matched by its diffs after a rebase; what changed since only if that is asked for", () => {
    git(work, ["reset", "-q", "--hard", "HEAD~1"]);
    commit(work, "song: credits\n\nWho sang.", { "docs/credits.txt": "Ilse and Max\n" });
    git(work, ["checkout", "-q", "-B", "newer", base]);
    commit(work, "first", { "other.txt": "x\n" });
    git(work, ["rebase", "-q", "--onto", "newer", base, "main"]);
    const moved = git(work, ["rev-parse", "newer"]).toString().trim();
    const run = expectStatus(trailers("-u", "--base", moved), 0);
    expect(run.stderr).toContain("changed since it was sent: song: credits; --changed takes");
    expect(messages().slice(1)).toEqual([FIRST, SECOND, "song: credits\n\nWho sang."]);
    expectStatus(trailers("-u", "--changed", "--base", moved), 0);
    expect(messages().slice(1)).toEqual([FIRST, SECOND, THIRD]);
  });
});

describe("nothing changes", () => {
  let before: string;
  let head: string;
  const state = (): string => git(work, ["for-each-ref"]).toString();
  beforeEach(() => {
    before = state();
    head = git(work, ["rev-parse", "main"]).toString();
  });

  test("while a rebase is in progress", () => {
    commit(work, "next", { "song.txt": "other\n" });
    expect(tryGit(work, ["rebase", "-q", "--exec", "false", "HEAD~1"]).status).not.toBe(0);
    before = state();
    expectError(trailers("-u"), 3, /a rebase is in progress here/);
    expect(state()).toBe(before);
  });

  test("if the run is killed, whenever that is; the next one goes on", () => {
    const real = process.env["PATH"]!;
    for (const word of ["commit-tree", "notes copy", "update-ref"]) {
      const bin = newFolder();
      const script = `#!/bin/sh\nPATH='${real}'\ncase " $* " in *" ${word} "*) kill -9 $PPID; exit 1;; esac\nexec git "$@"\n`;
      writeFileSync(join(bin, "git"), script, { mode: 0o755 });
      const env = { PATH: `${bin}:${real}` };
      const run = patchsig(["trailers", "-u", thread], { home, cwd: work, env });
      expect(run.status).toBe(-1);
      expect(git(work, ["rev-parse", "main"]).toString()).toBe(head);
    }
    expectStatus(trailers("-u"), 0);
    expect(messages()).toEqual([FIRST, SECOND, THIRD]);
  });

  test("if there is a merge among the commits", () => {
    git(work, ["checkout", "-q", "-b", "side", base]);
    commit(work, "side", { "side.txt": "x\n" });
    git(work, ["checkout", "-q", "main"]);
    git(work, ["merge", "-q", "--no-edit", "side"]);
    before = state();
    expectError(trailers("-u"), 3, /there is a merge among the commits/);
    expect(state()).toBe(before);
  });

  test("if git does not update the branch", () => {
    const hook = join(work, ".git", "hooks", "reference-transaction");
    mkdirSync(join(hook, ".."), { recursive: true });
    writeFileSync(
      hook,
      '#!/bin/sh\ngrep -q refs/heads/main && [ "$1" = prepared ] && exit 1\nexit 0\n',
    );
    chmodSync(hook, 0o755);
    const run = expectStatus(trailers("-u"), 3);
    expect(run.stderr).toContain("the branch moved meanwhile, or git cannot update it");
    expect(state()).toBe(before);
  });

  test("if nothing is known to have been sent", () =>
    expectError(
      patchsig(["trailers", "-u"], { home, cwd: work }),
      2,
      /nothing is known to have been sent from this branch/,
    ));
});

/** A commit on top, written as other programs may write it. */
function rawCommit(header: string, message: string): void {
  writeFileSync(join(work, "new.txt"), "x\n");
  git(work, ["add", "new.txt"]);
  const [tree, parent] = [["write-tree"], ["rev-parse", "HEAD"]].map((args) =>
    git(work, args).toString().trim(),
  );
  const committer = "committer Alice <alice@example.org> 1795514400 +0530";
  const [author = "", ...more] = header.split("\n");
  const lines = [`tree ${tree}`, `parent ${parent}`, `author ${author}`, committer, ...more, ""];
  const file = join(newFolder(), "commit");
  writeFileSync(file, [...lines, message].join("\n"), "latin1");
  const made = git(work, ["hash-object", "-t", "commit", "-w", "--literally", file])
    .toString()
    .trim();
  git(work, ["update-ref", "HEAD", made]);
}

const LATIN = "encoding iso-8859-1";

test("a commit in another encoding is in UTF-8 then, as after a rebase", () => {
  rawCommit(`Zo\xeb <alice@example.org> 1795514400 +0530\n${LATIN}`, "Gr\xfc\xdfe\n\nSch\xf6n.\n");
  const id = "Message-ID: <p9@x>\n";
  const file = join(newFolder(), "1.patch");
  const patch = git(work, ["format-patch", "--stdout", "-1"]).toString("latin1");
  const reply = `From x Mon Sep 17 00:00:00 2001\nFrom: bob@example.org\n${id.replace("p9", "r9")}In-Reply-To: <p9@x>\nSubject: Re: x\nContent-Type: text/plain; charset=utf-8\n\nAcked-by: B\xc3\xb6b <bob@example.org>\n`;
  writeFileSync(file, patch.replace("From: ", `${id}From: `) + reply, "latin1");
  expectStatus(patchsig(["trailers", "-u", file], { home, cwd: work }), 0);
  const raw = git(work, ["cat-file", "commit", "HEAD"]).toString();
  expect(raw).not.toContain("encoding");
  expect(raw).toContain("author Zoë <alice@example.org> 1795514400 +0530\n");
  expect(raw).toMatch(/\n\nGrüße\n\nSchön\.\n\nAcked-by: Böb <bob@example\.org>\n$/);
});

test.each([
  ["is not in UTF-8", "Zo\xeb <alice@example.org> 1795514400 +0530"],
  ["has what git leaves out", "Alice, <alice@example.org> 1795514400 +0530"],
  ["has an odd date", "Alice <alice@example.org> 1795514400 +5"],
  ["is in an encoding that git cannot read", `Zo\xeb <a@x> 1795514400 +0000\nencoding x-none`],
])("nothing changes if an author %s", (_, header) => {
  rawCommit(header, "last\n");
  const before = git(work, ["for-each-ref"]).toString();
  const run = expectStatus(trailers("-u"), 3);
  expect(run.stderr).toMatch(
    /the author of \w+ is not one that git writes|cannot read the encoding/,
  );
  expect(git(work, ["for-each-ref"]).toString()).toBe(before);
});

describe("the user's own sign-off", () => {
  const isOwn = (address: string): boolean => address === "alice@example.org";
  const zed = "Signed-off-by: Zed <zed@example.org>";
  const cc = "Cc: Dan <dan@example.org>";
  test.each([
    ["goes below", `t\n\nb\n\n${SIGNED_OFF}\n`, `t\n\nb\n\n${BOB}\n${SIGNED_OFF}\n`],
    ["passes others", `t\n\n${SIGNED_OFF}\n${cc}\n`, `t\n\n${cc}\n${BOB}\n${SIGNED_OFF}\n`],
    ["not another's", `t\n\n${zed}\n`, `t\n\n${zed}\n${BOB}\n`],
    [
      "not from above another's",
      `t\n\n${SIGNED_OFF}\n${zed}\n`,
      `t\n\n${SIGNED_OFF}\n${zed}\n${BOB}\n`,
    ],
    ["is not made up", "t\n", `t\n\n${BOB}\n`],
    [
      "in a message with CRLF",
      `t\r\n\r\nb\r\n\r\n${SIGNED_OFF}\r\n`,
      `t\r\n\r\nb\r\n\n${BOB}\n${SIGNED_OFF}\n`,
    ],
    ["another's with CRLF", `t\r\n\r\n${zed}\r\n`, `t\r\n\r\n${zed}\r\n${BOB}\n`],
    ["below two empty lines", `t\n\n\nb\n\n\n${zed}\n`, `t\n\n\nb\n\n\n${zed}\n${BOB}\n`],
    ["in a title of two lines", "t\nu\n\nb\n", `t\nu\n\nb\n\n${BOB}\n`],
  ])("%s", (_, message, wanted) =>
    expect(withTrailers(Buffer.from(message), [BOB], isOwn).toString()).toBe(wanted),
  );
});
