/** `patchsig sign`: files are signed whole or left as they were. */

import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { messages } from "../../src/mail/mbox.ts";
import { patchsig, type Run } from "../support/cli.ts";
import { LONG } from "../support/long.ts";
import { git } from "../support/repo.ts";
import { check, isGood } from "../support/signing.ts";
import {
  edit,
  expectError,
  expectStatus,
  filesOf,
  formatPatch,
  keyFile,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  text,
} from "./support.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "patchsig.js");
const KILL_AT = pathToFileURL(join(import.meta.dirname, "..", "support", "kill-at.js")).href;

let work: string;
let home: string;
let unsigned: string[];

beforeAll(() => {
  ({ work } = newSubmission());
  home = newHome(7);
  unsigned = formatPatch(work);
});

/** Fresh copies of the three unsigned patches. */
function copies(): string[] {
  const folder = newFolder();
  for (const [i, file] of unsigned.entries()) copyFileSync(file, join(folder, `${i + 1}.patch`));
  return filesOf(folder);
}

function sign(args: readonly string[], input: Buffer | string = ""): Run {
  return patchsig(["sign", ...args], { home, input });
}

function contents(files: readonly string[]): string[] {
  return files.map(text);
}

/** Every mail of the bytes is well signed; all under one series id. */
function expectSealed(bytes: Buffer, count: number): void {
  const checked = messages(bytes, { keepCr: true }).map((m) => check(m.bytes!));
  expect(checked.map(isGood)).toEqual(Array(count).fill(true));
  const ids = new Set(checked.map((c) => c.signed!.comment.series));
  expect(ids.size).toBe(1);
  expect([...ids][0]).toMatch(/^[0-9a-f]{32}$/);
}

function expectSigned(files: readonly string[]): void {
  expectSealed(Buffer.concat(files.map((file) => readFileSync(file))), files.length);
}

describe("it signs", () => {
  test("files in place; the patch-id stays the same", () => {
    const files = copies();
    const run = expectStatus(sign(files), 0);
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(/^signed 3 mails as alice@example\.org, base [0-9a-f]{12}\n$/);
    expectSigned(files);
    const id = (file: string): string =>
      git(work, ["patch-id", "--stable"], readFileSync(file)).toString();
    expect(files.map(id)).toEqual(unsigned.map(id));
    expect(filesOf(join(files[0]!, ".."))).toEqual(files);
  });

  test("again, to the same bytes", () => {
    const files = copies();
    expectStatus(sign(files), 0);
    const once = contents(files);
    const inode = statSync(files[0]!).ino;
    expectStatus(sign([...files].reverse()), 0);
    expect(contents(files)).toEqual(once);
    // not even written
    expect(statSync(files[0]!).ino).toBe(inode);
  });

  test("again after an edit", () => {
    const files = copies();
    expectStatus(sign(files), 0);
    edit(files[1]!, (t) => t.replace("And this.", "And that."));
    expect(patchsig(["verify", "--dry-run", ...files], { home: newFolder() }).status).toBe(1);
    expectStatus(sign(["-q", ...files]), 0);
    expectSigned(files);
    expect(text(files[1]!).match(/^untrusted comment: /gm)).toHaveLength(1);
  });

  test("nothing in a file that git mailsplit would cut within a mail", () => {
    const [file] = copies();
    const line = "From a@x Mon Sep 17 00:00:00 2001";
    edit(file!, (mail) => mail.replace("\n---\n", `\n${line}\n---\n`));
    const before = readFileSync(file!);
    expectError(sign([file!]), 3, /, mail 2: cannot be signed: .*git am cuts a mail in two there$/);
    expect(readFileSync(file!)).toEqual(before);
    // the same without a From line on top is one mail
    edit(file!, (mail) => mail.replace(/^From .*\n/, ""));
    expectStatus(sign([file!]), 0);
    expect(isGood(check(readFileSync(file!)))).toBe(true);
  });

  test("a mail with a raw 8-bit header, and warns that lists may damage it", () => {
    const [file] = copies();
    writeFileSync(
      file!,
      text(file!).replace(/^Subject: (\[.*?\]) /m, "Subject: $1 t\xc3\xb6st "),
      "latin1",
    );
    const { stderr } = expectStatus(sign([file!]), 0);
    expect(stderr).toContain("its header has characters that are not encoded");
    expect(isGood(check(readFileSync(file!)))).toBe(true);
  });

  test("an mbox in place", () => {
    const box = mbox(...unsigned);
    expectStatus(sign([box]), 0);
    expectSealed(readFileSync(box), 3);
    const fromLines = (file: string): string[] => text(file).match(/^From .*$/gm)!;
    expect(fromLines(box)).toEqual(fromLines(mbox(...unsigned)));
  });

  test("an mbox whose mails end with their last hunk", () => {
    const args = ["format-patch", "--stdout", "--no-signature", "origin/main.."];
    const run = expectStatus(sign([], execFileSync("git", args, { cwd: work })), 0);
    expectSealed(Buffer.from(run.stdout), 3);
  });

  test("standard input to standard output", () => {
    const run = expectStatus(sign([], readFileSync(mbox(...unsigned))), 0);
    expectSealed(Buffer.from(run.stdout), 3);
    expect(sign(["-q", "-"], readFileSync(mbox(...unsigned))).stderr).toBe("");
  });

  test("CRLF files, which keep their CRLF", () => {
    const files = copies();
    for (const file of files) edit(file, (t) => t.replaceAll("\n", "\r\n"));
    expectStatus(sign(files), 0);
    expectSigned(files);
    for (const file of files) expect(text(file)).not.toMatch(/(?<!\r)\n/);
  });

  test("a file behind a symlink, and keeps symlink and mode", () => {
    const [first, second, third] = copies() as [string, string, string];
    chmodSync(first, 0o640);
    const link = join(newFolder(), "link.patch");
    symlinkSync(first, link);
    expectStatus(sign([link, second, third]), 0);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync(first).mode & 0o777).toBe(0o640);
    expectSigned([first, second, third]);
  });

  test("the patches only, not other mails among them", () => {
    const letter =
      "From bob Mon Sep 17 00:00:00 2001\nFrom: Bob <bob@example.org>\nSubject: hi\n\nhi\n\n";
    const box = mbox(...unsigned);
    writeFileSync(box, letter + text(box), "latin1");
    expectStatus(sign([box]), 0);
    expect(text(box).startsWith(letter)).toBe(true);
    expect(text(box).match(/^trusted comment: /gm)).toHaveLength(3);
  });

  test("a cover letter once it is filled in", () => {
    const files = formatPatch(work, ["--cover-letter"]);
    const template = text(files[0]!);
    const run = expectStatus(sign(files), 0);
    expect(run.stderr).toContain("signed 3 mails as ");
    expect(run.stderr).toMatch(
      /^note: .*0000-cover-letter\.patch is not signed yet: write it, then /m,
    );
    expect(text(files[0]!)).toBe(template);
    edit(files[0]!, (t) => t.replace(/\*\*\* \w+ HERE \*\*\*/g, "song: be loud"));
    expect(expectStatus(sign(files), 0).stderr).not.toContain("note:");
    expectSigned(files);
  });

  test("part of a series, with a note", () => {
    const [first] = copies();
    expect(expectStatus(sign([first!]), 0).stderr).toContain(
      "note: 1 of 3 signed, not bound together: sign all files in one go\n",
    );
    expect(text(first!)).toContain(" series=- ");
  });
});

describe("it refuses", () => {
  /** Nothing was written, and nothing left beside it. */
  function expectLeft(files: readonly string[], attempt: () => void): void {
    const before = contents(files);
    attempt();
    expect(contents(files)).toEqual(before);
    expect(filesOf(join(files[0]!, ".."))).toEqual(files);
  }

  test("all files if one is read-only, missing or broken", () => {
    const files = copies();
    expectLeft(files, () => {
      chmodSync(files[1]!, 0o444);
      expectError(sign(files), 3, /2\.patch is read-only$/);
      chmodSync(files[1]!, 0o644);
      expectError(sign([...files, "nowhere"]), 3, "no such file: nowhere");
    });
    edit(files[2]!, (t) => t.replace("@@ -0,0 +1 @@", "@@ -0,0 +1,7 @@"));
    expectLeft(files, () => {
      expectError(sign(files), 3, /3\.patch: cannot be signed: line \d+ of the patch: /);
    });
  });

  test("two patches with one number", () => {
    const files = copies();
    expectLeft(files, () => expectError(sign([...files, files[0]!]), 3, /are both 1\/3$/));
  });

  test("files without a patch", () => {
    const folder = newFolder();
    const put = (name: string, content: string | Buffer): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    expectError(sign([put("a", "Subject: hi\n\nhi\n")]), 1, "no patch found");
    expectError(sign([put("b", "")]), 1, "no patch found");
    expectError(sign([]), 1, "no patch found");
    expectError(
      sign([put("c", Buffer.from("ffd8ffe0", "hex"))]),
      3,
      /c is neither a mail nor an mbox$/,
    );
    expectError(sign([folder]), 3, /is a directory$/);
    expectError(sign(["/dev/zero"]), 3, "/dev/zero is not a file that can be signed in place");
  });

  test("standard input together with files, or an abbreviated base", () => {
    expectError(sign(["-", copies()[0]!]), 2, "stdin cannot be signed together with files");
    expectError(sign(["--base", "1234567", copies()[0]!]), 2, "--base wants a full object name");
    const [file] = copies();
    expectError(sign(["--password-fd", "x", file!]), 2, /^--password-fd wants the number/);
    expectError(
      sign(["--password-fd", "3", "--password-file", "x", file!]),
      2,
      "--password-fd and --password-file cannot be combined",
    );
    const other = sign(["--base", "1".repeat(40), ...copies()]);
    expectError(other, 3, /^the mails name another base: [0-9a-f]{40}$/);
  });

  test("to sign without a key, with one that others can read, or without an address", () => {
    const files = copies();
    expectLeft(files, () => {
      const stranger = newFolder();
      const run = patchsig(["sign", ...files], { home: stranger });
      expectError(run, 3, /^no key yet: .*minisign\.key is not there$/);
      expect(run.stderr).toContain("hint: make one: git patchsig key generate\n");

      const lax = newHome(7);
      chmodSync(keyFile(lax), 0o644);
      const laxRun = patchsig(["sign", ...files], { home: lax });
      expectError(laxRun, 3, /others can access this file \(mode 0644\)$/);
      expect(laxRun.stderr).toContain("hint: chmod 600 ");

      const env = { GIT_AUTHOR_EMAIL: "nobody" };
      expectError(patchsig(["sign", ...files], { home, env }), 2, /^cannot sign for the address/);

      // git's own words
      const nobody = patchsig(["sign", ...files], { home, env: { GIT_AUTHOR_NAME: "" } });
      const why = /^no address to sign for: git var: empty ident name \(for <alice@example.org>\)/;
      expectError(nobody, 2, why);
      expect(nobody.stderr).toContain("hint: git config --global user.name NAME; ");
    });
  });

  test("a wrong password, or none; the right one is asked for once", () => {
    const locked = newFolder();
    mkdirSync(join(locked, "patchsig"), { mode: 0o700 });
    const key = generateSecretKey(Buffer.alloc(32, 7), Buffer.alloc(8, 7));
    // libsodium's least, which minisign takes from the file as we do
    const lock = {
      password: Buffer.from("correct horse"),
      salt: Buffer.alloc(32, 1),
      cost: { opslimit: 32768n, memlimit: 2n ** 20n },
    };
    writeFileSync(keyFile(locked), formatSecretKeyFile(key, "test", lock), { mode: 0o600 });
    const files = copies();
    expectLeft(files, () => {
      const wrong = ["sign", "--password-fd", "0", ...files];
      expectError(patchsig(wrong, { home: locked, input: "battery\n" }), 3, /: wrong password$/);
      expectError(patchsig(wrong, { home: locked, input: "" }), 3, "no password was given");
      // setsid: without a terminal there is nobody to ask
      const run = spawnSync("setsid", [process.execPath, PROGRAM, "sign", ...files], {
        encoding: "utf8",
        env: { ...process.env, XDG_DATA_HOME: locked },
      });
      expectError(
        { ...run, status: run.status! },
        3,
        /^a password is needed, and there is no terminal/,
      );
    });
    // the password first, then the mails
    const input = Buffer.concat([Buffer.from("correct horse\n"), readFileSync(mbox(...files))]);
    const run = patchsig(["sign", "--password-fd", "0"], { home: locked, input });
    expectSealed(Buffer.from(expectStatus(run, 0).stdout), 3);
  });

  test("a full disk: nothing is changed", (context) => {
    const disk = newFolder();
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]);
    if (mount.status !== 0) {
      process.stderr.write("skipped: the test of a full disk, which needs root and mount\n");
      return context.skip();
    }
    onTestFinished(() => void spawnSync("umount", [disk]));
    const files = copies().map((file, i) => {
      copyFileSync(file, join(disk, `${i + 1}.patch`));
      return join(disk, `${i + 1}.patch`);
    });
    // all but nothing is left
    const filler = openSync(join(disk, "zz"), "w");
    expect(() => {
      for (;;) writeFileSync(filler, Buffer.alloc(1024));
    }).toThrow("ENOSPC");
    closeSync(filler);
    const before = contents(files);
    expectError(sign(files), 3, /^the disk is full: /);
    expect(contents(files)).toEqual(before);
    expect(readdirSync(disk)).toEqual(["1.patch", "2.patch", "3.patch", "zz"]);
  });
});

test("kill -9 before any of its steps leaves every file complete", () => {
  const total = 12;
  const template = text(unsigned[0]!);
  const series = (): string[] => {
    const folder = newFolder();
    for (let n = 1; n <= total; n++)
      writeFileSync(
        join(folder, `${String(n).padStart(2, "0")}.patch`),
        template.replace("[PATCH 1/3]", `[PATCH ${n}/${total}]`),
      );
    return filesOf(folder);
  };
  const steps = join(newFolder(), "steps");
  const signUntil = (step: number, files: readonly string[]): string | null =>
    spawnSync(process.execPath, ["--import", KILL_AT, PROGRAM, "sign", ...files], {
      env: { ...process.env, XDG_DATA_HOME: home, KILL_AT: String(step), STEPS: steps },
    }).signal;
  const signed = (files: readonly string[]): number =>
    files.filter((file) => /^trusted comment: /m.test(text(file))).length;

  expect(signUntil(0, series())).toBe(null);
  const whole = Number(readFileSync(steps, "utf8"));
  // each file is written, and put in its place
  expect(whole).toBeGreaterThanOrEqual(2 * total);
  const tries = LONG ? whole : 6;
  const left: number[] = [];
  for (let i = 1; i <= tries; i++) {
    const files = series();
    expect(signUntil(Math.floor((i * whole) / tries), files)).toBe("SIGKILL");
    left.push(total - signed(files));
    for (const file of files) {
      const { kind, signature } = check(messages(readFileSync(file), { keepCr: true })[0]!.bytes!);
      expect({ kind, whole: signature === "good" || signature === "none" }).toEqual({
        kind: "patch",
        whole: true,
      });
    }
    // and the next run finishes the work
    if (i === Math.ceil(tries / 2)) {
      expectStatus(sign(files), 0);
      expect(signed(files)).toBe(total);
    }
  }
  expect(left).toEqual(left.toSorted((a, b) => b - a));
  expect(left.at(0)).toBeGreaterThan(left.at(-1)!);
});
