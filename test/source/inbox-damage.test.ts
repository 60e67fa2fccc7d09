/** An inbox of which something is gone: it is named, and hides nothing else. */

import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { some } from "../support/long.ts";
import { temporaryFolder } from "../support/repo.ts";

let folder: string;
let inbox: string;
beforeEach(() => {
  folder = temporaryFolder();
  inbox = join(folder, "inbox");
});

function git(args: readonly string[], input = ""): string {
  const env = {
    ...process.env,
    GIT_AUTHOR_NAME: "i",
    GIT_AUTHOR_EMAIL: "i@example.org",
    GIT_COMMITTER_NAME: "i",
    GIT_COMMITTER_EMAIL: "i@example.org",
  };
  const run = spawnSync("git", args, { cwd: folder, env, input, encoding: "utf8" });
  expect(run.status, run.stderr).toBe(0);
  return run.stdout.trim();
}

interface Delivered {
  readonly commit: string;
  readonly blob: string;
}

/** As public-inbox v2 has it: a commit a mail, loose objects. */
function epoch(number: number, count: number): Delivered[] {
  const repository = join(inbox, "git", `${number}.git`);
  git(["init", "-q", "--bare", "-b", "main", repository]);
  const at = (...args: string[]): string[] => [`--git-dir=${repository}`, ...args];
  let stream = "";
  for (let i = 0; i < count; i++) {
    const name = `${number}.${i}`;
    const mail = `From: A <a@example.org>\nSubject: [PATCH] ${name}\nMessage-ID: <${name}@a>\n\nx\n---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+${name}\n`;
    stream += `blob\nmark :${2 * i + 1}\ndata ${mail.length}\n${mail}\n`;
    stream += `commit refs/heads/main\nmark :${2 * i + 2}\ncommitter i <i@example.org> ${i} +0000\n`;
    stream += `data ${name.length}\n${name}\nM 100644 :${2 * i + 1} m\n`;
  }
  const marks = join(folder, "marks");
  git(at("fast-import", "--quiet", `--export-marks=${marks}`), stream);
  // in the order of their numbers
  const names = readFileSync(marks, "utf8").match(/(?<= )\w+/g)!;
  return Array.from({ length: count }, (_, i) => ({
    blob: names[2 * i]!,
    commit: names[2 * i + 1]!,
  }));
}

const objectFile = (number: number, name: string): string =>
  join(inbox, "git", `${number}.git`, "objects", name.slice(0, 2), name.slice(2));
function overwrite(number: number, name: string, bytes: Buffer): void {
  chmodSync(objectFile(number, name), 0o644);
  writeFileSync(objectFile(number, name), bytes);
}

const verify = (...args: string[]): Run =>
  patchsig(["verify", "--json", "--require=opt-in", ...args, inbox], { home: folder });

function read(run: Run): { readonly mails: string[]; readonly unread: string[]; status: number } {
  const found = records(run);
  return {
    mails: found.filter(({ type }) => type === "patch").map(({ subject }) => subject as string),
    unread: found.filter(({ type }) => type === "unread").map(({ message }) => message as string),
    status: run.status,
  };
}

const DAMAGES: readonly (readonly [string, (number: number, name: string) => void])[] = [
  ["gone", (number, name) => rmSync(objectFile(number, name))],
  ["empty", (number, name) => overwrite(number, name, Buffer.alloc(0))],
  ["garbage", (number, name) => overwrite(number, name, Buffer.from("garbage"))],
];

describe.each(DAMAGES)("a mail is %s", (_, damage) => {
  test("it is named, all others are read, and it is tried again", () => {
    const mails = epoch(0, 5);
    epoch(1, 1);
    damage(0, mails[2]!.blob);
    const others = [0, 1, 3, 4].map((n) => `0.${n}`);
    const first = read(verify("--new"));
    expect(first.mails).toEqual([...others, "1.0"]);
    expect(first.unread).toEqual([
      expect.stringContaining(`${inbox}/git/0.git:${mails[2]!.commit}: `),
    ]);
    expect(first.status).toBe(3);
    // those behind it come again with it, and what was read in the other epoch does not
    const again = read(verify("--new"));
    expect(again).toEqual({ ...first, mails: others.slice(2) });
  });
});

describe.each(some(DAMAGES, 3))("a commit is %s", (_, damage) => {
  test("in the middle: the epoch is named, and the other one is read", () => {
    const mails = epoch(0, 3);
    epoch(1, 2);
    damage(0, mails[1]!.commit);
    for (const args of [["--dry-run"], ["--new"]]) {
      const found = read(verify(...args));
      expect(found.mails).toEqual(["1.0", "1.1"]);
      expect(found.unread).toEqual([expect.stringContaining(join(inbox, "git", "0.git"))]);
      expect(found.unread[0]).toContain("git log: ");
      expect(found.status).toBe(3);
    }
    expect(read(verify("--new"))).toMatchObject({ mails: [], status: 3 });
  });

  test("at the tip", () => {
    const mails = epoch(0, 2);
    damage(0, mails[1]!.commit);
    for (const args of [["--dry-run"], ["--new"]]) {
      const { stdout, stderr, status } = verify(...args);
      expect({ status, unread: read({ stdout, stderr, status }).unread.length }).toEqual({
        status: 3,
        unread: 1,
      });
      expect(stderr).toContain(join(inbox, "git", "0.git"));
    }
  });
});

test("missing objects of an alternate", () => {
  epoch(0, 2);
  const repository = join(inbox, "git", "0.git");
  const elsewhere = join(folder, "elsewhere");
  git(["clone", "-q", "--bare", repository, elsewhere]);
  for (const name of readdirSync(join(repository, "objects")))
    rmSync(join(repository, "objects", name), { recursive: true });
  const alternates = join(repository, "objects", "info");
  git(["init", "-q", "--bare", repository]);
  writeFileSync(join(alternates, "alternates"), `${join(elsewhere, "objects")}\n`);
  expect(read(verify("--dry-run"))).toMatchObject({ status: 0 });
  rmSync(elsewhere, { recursive: true });
  expect(read(verify("--new"))).toMatchObject({ mails: [], status: 3 });
});

describe("an epoch on which git would hang is skipped, and the other one is read", () => {
  const fifo = (path: string): void => void execFileSync("mkfifo", [path]);
  const alternates = (repository: string, store: string): void => {
    mkdirSync(join(repository, "objects", "info"), { recursive: true });
    writeFileSync(join(repository, "objects", "info", "alternates"), `${store}\n`);
  };
  test.each<[string, (repository: string) => void, RegExp]>([
    ["packed-refs", (to) => fifo(join(to, "packed-refs")), /packed-refs is no file/],
    ["a ref", (to) => fifo(join(to, "refs", "heads", "x")), /heads\/x is no file/],
    ["settings", (to) => fifo(join(to, "config.worktree")), /config\.worktree is no file/],
    [
      "included settings",
      (to) => {
        fifo(join(folder, "fifo"));
        writeFileSync(join(folder, "more"), "[Include]\n\tpath = fifo\n");
        appendFileSync(join(to, "config"), `[core][include]path=${join(folder, "more")}\n`);
      },
      /fifo is no file/,
    ],
    [
      "settings included with an escape",
      (to) => appendFileSync(join(to, "config"), '[include]\n\tpath = a"b"\\\n c\n'),
      /config includes another file in unusual words/,
    ],
    [
      "another repository's settings",
      (to) => writeFileSync(join(to, "commondir"), `${folder}\n`),
      /commondir leads git to another repository/,
    ],
    [
      "a link to a device",
      (to) => symlinkSync("/dev/zero", join(to, "objects", "pack", "a.idx")),
      /a\.idx is no file/,
    ],
    [
      "a link to a folder",
      (to) => symlinkSync("/", join(to, "refs", "heads", "x")),
      /heads\/x leads to another folder/,
    ],
    [
      "objects elsewhere, and elsewhere again",
      (to) => {
        mkdirSync(join(folder, "b", "pack"), { recursive: true });
        fifo(join(folder, "b", "pack", "a.idx"));
        mkdirSync(join(folder, "a", "info"), { recursive: true });
        writeFileSync(join(folder, "a", "info", "alternates"), "../b\n../a\n");
        alternates(to, join(folder, "a"));
      },
      /b\/pack\/a\.idx is no file/,
    ],
  ])("%s", (_, plant, said) => {
    epoch(0, 2);
    epoch(1, 2);
    plant(join(inbox, "git", "0.git"));
    const { mails, unread, status } = read(verify("--dry-run"));
    expect([mails.length, status]).toEqual([2, 3]);
    expect(unread.join()).toMatch(said);
  });
});

test("a partial clone is reported as such", () => {
  epoch(0, 3);
  const source = join(inbox, "git", "0.git");
  git(["--git-dir", source, "config", "uploadpack.allowFilter", "true"]);
  inbox = join(folder, "partial");
  git(["clone", "-q", "--mirror", "--filter=blob:none", `file://${source}`, inbox]);
  const run = verify("--new");
  expect(run.stderr).toBe(
    `patchsig: ${inbox} is a partial clone: some of its mails are not here\nhint: clone it without --filter\n`,
  );
  expect(run.status).toBe(3);
});
