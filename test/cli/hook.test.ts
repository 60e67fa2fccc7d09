/** `patchsig hook`, as stock git send-email and stock git run it. */

import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { formatPublicKeyFile } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { checkMail } from "../../src/verify/check.ts";
import type { Checked } from "../../src/verify/result.ts";
import { CHEAP, PASSWORD, plainKey } from "../minisign/support.ts";
import { newSshKey, startSshAgent } from "../support/agent.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { gitIsAtLeast } from "../support/gits.ts";
import { LONG } from "../support/long.ts";
import { git, newRepository } from "../support/repo.ts";
import { receive } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
import {
  edit,
  expectError,
  expectStatus,
  expectTidy,
  filesOf,
  formatPatch,
  keyFile,
  newFolder,
  newHome,
  newSubmission,
  text,
} from "./support.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const tools = requireTool("git-send-email");

let home: string;
/** On the PATH: git-patchsig alone. */
let bin: string;
/** The user's git config. */
let config: string;
let pristine: string;
let work: string;

beforeAll(() => {
  home = newHome();
  bin = newFolder();
  symlinkSync(join(ROOT, "bin", "git-patchsig.js"), join(bin, "git-patchsig"));
  pristine = newSubmission().work;
});
beforeEach(() => {
  const folder = newFolder();
  work = join(folder, "work");
  cpSync(pristine, work, { recursive: true });
  config = join(folder, "gitconfig");
  writeFileSync(config, "");
});

/** The PATH without patchsig, which whoever runs the tests may have installed. */
function elsewhere(): string {
  const folders = process.env["PATH"]!.split(":");
  return folders.filter((folder) => !existsSync(join(folder, "git-patchsig"))).join(":");
}

type Variables = Readonly<Record<string, string>>;

function environment(extra: Variables = {}): Record<string, string> {
  return {
    PATH: `${bin}:${process.env["PATH"]}`,
    GIT_CONFIG_GLOBAL: config,
    XDG_DATA_HOME: home,
    SSH_AUTH_SOCK: "",
    // who writes a cover letter
    GIT_COMMITTER_NAME: "Alice",
    GIT_COMMITTER_EMAIL: "alice@example.org",
    ...extra,
  };
}

const hook = (...args: string[]): Run =>
  patchsig(["hook", ...args], { home, cwd: work, env: environment() });

/** Any program in the repository, in a session without a terminal. */
function run(program: string, args: readonly string[], extra?: Variables): Run {
  const done = spawnSync("setsid", ["-w", program, ...args], {
    cwd: work,
    env: { ...process.env, ...environment(extra) },
    input: "",
    encoding: "utf8",
  });
  return { status: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
}

/** What the hook does with one file, as git starts it. */
const runHook = (file: string, extra: Variables = {}): Run =>
  run(join(bin, "git-patchsig"), ["hook", "run", file], {
    GIT_DIR: join(work, ".git"),
    ...extra,
  });

const SEND = ["send-email", "--quiet", "--confirm=never", "--suppress-cc=all"];
const TO = ["--to=list@example.org", "--from=Alice <alice@example.org>"];

/** git send-email as far as it goes without a server. */
const dryRun = (...args: string[]): Run => run("git", [...SEND, "--dry-run", ...TO, ...args]);

const checkedAll = (files: readonly string[]): Checked[] =>
  files.map((file) => checkMail(readFileSync(file), createVerifier()));
const signatures = (files: readonly string[]): string[] =>
  checkedAll(files).map(({ signature }) => signature);

/** All of them are signed, good and bound together. */
function expectSealed(files: readonly string[]): void {
  expect(signatures(files)).toEqual(files.map(() => "good"));
  const seals = new Set(checkedAll(files).map(({ signed }) => signed?.comment.series));
  expect([...seals]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
}

/** The same, as the program says it. */
function expectVerified(source: readonly string[], mails: number): void {
  const run = patchsig(["verify", "--json", ...source], { home: newFolder() });
  const found = records(expectStatus(run, 0));
  const patches = found.filter(({ type }) => type === "patch");
  expect(patches.map((one) => one["signature"])).toEqual(
    Array.from({ length: mails }, () => "good"),
  );
  expect(found.find(({ type }) => type === "series")).toMatchObject({ sealed: true });
}

/** A hook that leaves a word in a file whenever it runs. */
function plantHook(path: string, status = 0, mode = 0o755): string {
  const script = `#!/bin/sh\n# caf\xe9, as its owner wrote it\necho "$0 $#" >>'${work}/ran'\nexit ${status}\n`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, script, "latin1");
  chmodSync(path, mode);
  return script;
}
const ran = (): string[] =>
  existsSync(join(work, "ran")) ? text(join(work, "ran")).trimEnd().split("\n") : [];
const hookPath = (): string => join(work, ".git", "hooks", "sendemail-validate");

/** git runs the hook, wherever it looks for it, and the series is signed. */
function expectHookSigns(): void {
  const files = formatPatch(work);
  const [command, ...words] = gitIsAtLeast(2, 36)
    ? ["git", "hook", "run", "sendemail-validate", "--"]
    : [run("git", ["rev-parse", "--git-path", "hooks/sendemail-validate"]).stdout.trimEnd()];
  expectStatus(run(command, [...words, files[0]!]), 0);
  expectSealed(files);
}

test.runIf(tools)("git send-email signs, refuses a patch edited since, and says what to do", () => {
  expectStatus(hook("install"), 0);
  const files = formatPatch(work);
  const sent = expectStatus(dryRun(...files), 0);
  expect(sent.stdout + sent.stderr).toMatch(/^signed 3 mails as alice@example.org, base /m);
  // once, at the first file
  expect(sent.stderr.split("signed ")).toHaveLength(2);
  expectVerified(files, 3);

  edit(files[1]!, (t) => t.replace("And this.", "And that."));
  const before = files.map(text);
  const refused = dryRun(...files);
  expect(refused.status).not.toBe(0);
  const name = basename(files[1]!);
  expect(refused.stderr).toContain(
    `patchsig: ${name}: message changed after signing; the diff is intact\nhint: git patchsig sign `,
  );
  expect(refused.stdout).not.toContain("Dry-Sent");
  // the first one was good, and is as it was
  expect(files.map(text)).toEqual(before);

  // the hint is a command
  const [, command] = /^hint: git patchsig (.*)$/m.exec(refused.stderr)!;
  expectStatus(run("sh", ["-c", `git-patchsig ${command}`]), 0);
  for (const file of files) expect(runHook(file)).toEqual({ status: 0, stdout: "", stderr: "" });
  expectSealed(files);
});

describe("hook run", () => {
  test("an edited patch is not signed together with a new one", () => {
    const files = formatPatch(work);
    expectStatus(runHook(files[0]!), 0);
    edit(files[2]!, (t) => t.replace("+Ilse", "+Else"));
    // made anew
    writeFileSync(files[0]!, readFileSync(formatPatch(work)[0]!));
    expectError(runHook(files[0]!), 1, `${basename(files[2]!)}: diff changed after signing`);
    expect(text(files[0]!)).not.toContain("untrusted comment");
  });

  test("part of a series is signed, but not bound", () => {
    const files = formatPatch(work);
    const alone = join(newFolder(), "0002.patch");
    cpSync(files[1]!, alone);
    const { stderr } = expectStatus(runHook(alone), 0);
    expect(stderr).toContain("note: 1 of 3 signed, not bound together");
    expect(text(alone)).toContain(" series=- v=1 n=2/3 ");
    expectTidy(stderr);
  });

  test("two patches with one number: refuses to guess", () => {
    const files = formatPatch(work);
    cpSync(files[1]!, join(files[1]!, "..", "0002-older-name.patch"));
    expect(expectStatus(runHook(files[0]!), 0).stderr).toContain("1 of 3 signed");
    // another series and a backup do not count
    const others = formatPatch(work);
    cpSync(others[1]!, `${others[1]}~`);
    writeFileSync(
      join(others[1]!, "..", "v2-0001-x.patch"),
      text(others[1]!).replace("[PATCH 2/3]", "[PATCH v2 2/3]"),
    );
    expect(expectStatus(runHook(others[0]!), 0).stderr).toContain("signed 3 mails");
    expectSealed(others);
  });

  test("signs only the patches that git sends", () => {
    const files = formatPatch(work);
    const one = { GIT_SENDEMAIL_FILE_COUNTER: "1", GIT_SENDEMAIL_FILE_TOTAL: "1" };
    expect(expectStatus(runHook(files[0]!, one), 0).stderr).toContain("1 of 3 signed");
    expect(text(files[1]!)).not.toContain("untrusted comment");
    const all = { GIT_SENDEMAIL_FILE_COUNTER: "2", GIT_SENDEMAIL_FILE_TOTAL: "4" };
    expect(expectStatus(runHook(files[1]!, all), 0).stderr).toContain("signed 3 mails");
  });

  // only root can give a file away
  test.runIf(process.getuid?.() === 0)("another user's file in the folder is not signed", () => {
    const files = formatPatch(work);
    chownSync(files[1]!, 12_345, 12_345);
    const before = text(files[1]!);
    expect(expectStatus(runHook(files[0]!), 0).stderr).toContain("1 of 3 signed");
    expect(text(files[1]!)).toBe(before);
  });

  test("nor anything but a regular file, and file names are escaped", () => {
    const files = formatPatch(work);
    const folder = join(files[1]!, "..");
    const elsewhere = join(newFolder(), "0002.patch");
    cpSync(files[1]!, elsewhere);
    rmSync(files[1]!);
    symlinkSync(elsewhere, files[1]!);
    mkdirSync(join(folder, "0004-folder.patch"));
    execFileSync("mkfifo", [join(folder, "0005-pipe.patch")]);
    const before = text(elsewhere);
    expect(expectStatus(runHook(files[0]!), 0).stderr).toContain("1 of 3 signed");
    expect(text(elsewhere)).toBe(before);

    const letter = join(folder, "\x1b[2J\u202egnp.patch");
    writeFileSync(letter, "Subject: hello\n\nno patch\n");
    expect(expectStatus(runHook(letter), 0).stderr).toBe(
      "note: \\x1b[2J\\u202egnp.patch is not a patch: left unchanged\n",
    );
    const cover = join(folder, "0000-\x1b[2J.patch");
    cpSync(formatPatch(work, ["--cover-letter"])[0]!, cover);
    expectTidy(expectStatus(runHook(cover), 0).stderr, 120);
  });

  test("cover letters: signed once they are filled in", () => {
    const files = formatPatch(work, ["--cover-letter"]);
    // git would not send it itself
    const first = expectStatus(runHook(files[1]!), 0);
    expect(first.stderr).toContain("0000-cover-letter.patch is not signed yet: write it");
    expect(text(files[0]!)).not.toContain("untrusted comment");
    expectStatus(runHook(files[0]!), 0);

    edit(files[0]!, (t) => t.replace(/\*\*\* \w+ HERE \*\*\*/g, "song: be loud"));
    expectStatus(runHook(files[0]!), 0);
    expectSealed(files);
  });

  test("somebody else's signature, and mails without a patch, are left alone", () => {
    const files = formatPatch(work);
    const mode = statSync(files[1]!).mode & 0o777;
    chmodSync(files[1]!, 0o606);
    expectStatus(patchsig(["sign", ...files], { home: newHome(8) }), 0);
    expect(statSync(files[1]!).mode & 0o777, `not ${mode}`).toBe(0o606);
    const before = files.map(text);
    // nothing is written, so it need not be writable
    for (const file of files) chmodSync(file, 0o444);
    expect(expectStatus(runHook(files[0]!), 0).stderr).toBe(
      `note: ${basename(files[0]!)} has the signature of another key, of alice@example.org\n`,
    );
    expect(files.map(text)).toEqual(before);

    // a key of ours in another place
    const other = newHome(8);
    git(work, ["config", "patchsig.key", keyFile(other)]);
    expect(runHook(files[0]!)).toEqual({ status: 0, stdout: "", stderr: "" });

    const letter = join(newFolder(), "letter");
    const mail = "From: Alice <alice@example.org>\nSubject: hello\n\nNo patch.\n";
    writeFileSync(letter, mail, { mode: 0o444 });
    expect(expectStatus(runHook(letter), 0).stderr).toContain("is not a patch: left unchanged");
    expect(text(letter)).toBe(mail);
    // a reply is no cover letter, and no patch
    for (const number of ["0/3", "1/3"]) {
      const reply = mail.replace("hello", `Re: [PATCH ${number}] hello`);
      chmodSync(letter, 0o644);
      writeFileSync(letter, reply);
      expect(expectStatus(runHook(letter), 0).stderr).toContain("is not a patch: left unchanged");
      expectStatus(patchsig(["sign", letter], { home: other }), 1);
      expect(text(letter)).toBe(reply);
    }
  });

  test("a signed patch needs neither the database nor the secret key nor git", () => {
    const [file] = formatPatch(work, ["-1"]);
    expectStatus(hook("run", file!), 0);
    const signed = text(file!);
    const data = newFolder();
    mkdirSync(join(data, "patchsig"));
    cpSync(join(home, "patchsig", "minisign.pub"), join(data, "patchsig", "minisign.pub"));
    // whoever opens one of these says so
    for (const name of ["trust.db", "minisign.key"])
      writeFileSync(join(data, "patchsig", name), "garbage");
    const env = { ...environment({ XDG_DATA_HOME: data }), PATH: newFolder() };
    const run = patchsig(["hook", "run", file!], { home: data, cwd: work, env });
    expect(run).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(text(file!)).toBe(signed);
  });

  test("a coloured diff, and a patch that git am would cut in two, are not sent unsigned", () => {
    const colored = formatPatch(work, ["--color=always"])[0]!;
    const told = expectError(runHook(colored), 3, /a diff with colors$/);
    expect(told.stderr).toContain("hint: make it again without colors: --no-color\n");
    const bare = formatPatch(work, ["--no-prefix"])[0]!;
    const { stderr } = expectError(runHook(bare), 3, /a name without a leading directory/);
    expect(stderr).toContain("hint: if git left out a/ and b/, make it again: ");
    const [first, second] = formatPatch(work);
    const both = join(newFolder(), "both.patch");
    writeFileSync(both, Buffer.concat([readFileSync(first!), readFileSync(second!)]));
    expect(expectStatus(runHook(both), 1).stderr).toContain("git am would cut it in two");
  });

  test("a read-only patch, or no key: nothing is sent unsigned", () => {
    const [file] = formatPatch(work);
    chmodSync(file!, 0o444);
    expectError(runHook(file!), 3, /read-only$/);
    chmodSync(file!, 0o644);
    const refused = expectError(runHook(file!, { XDG_DATA_HOME: newFolder() }), 3, /^no key yet: /);
    expect(refused.stderr).toMatch(/\nhint: make one: git patchsig key/);
    expect(text(file!)).not.toContain("untrusted comment");
  });

  test("the next run completes one that was killed", () => {
    const files = formatPatch(work);
    const unsigned = files.map(text);
    expectStatus(runHook(files[0]!), 0);
    // it had come to the second
    for (const at of [1, 2]) writeFileSync(files[at]!, unsigned[at]!, "latin1");
    const left = join(files[0]!, "..", ".patchsig-killed");
    mkdirSync(left);
    writeFileSync(join(left, "new"), unsigned[1]!.slice(0, 100));
    expect(runHook(files[0]!)).toEqual({ status: 0, stdout: "", stderr: "" });
    expectStatus(runHook(files[1]!), 0);
    expectSealed(files);
  });

  test("two runs at once leave nothing half-written", async () => {
    const files = formatPatch(work);
    const env = { ...process.env, ...environment() };
    const ends = [1, 2, 3].map(
      () =>
        new Promise((resolve) =>
          spawn(join(bin, "git-patchsig"), ["hook", "run", files[0]!], {
            env,
            cwd: work,
            stdio: "ignore",
          }).on("close", resolve),
        ),
    );
    expect(await Promise.all(ends)).toEqual([0, 0, 0]);
    expect(signatures(files)).toEqual(["good", "good", "good"]);
    expect(readdirSync(join(files[0]!, ".."))).toHaveLength(3);
  });
});

const password = tools && requireTool("ssh-agent") && requireTool("script");
describe.runIf(password)("an encrypted key", () => {
  let locked: string;
  beforeAll(() => {
    locked = newHome();
    const lock = { password: PASSWORD, salt: Buffer.alloc(32, 1), cost: CHEAP };
    writeFileSync(keyFile(locked), formatSecretKeyFile(plainKey(), "x", lock), { mode: 0o600 });
    writeFileSync(join(locked, "patchsig/minisign.pub"), formatPublicKeyFile(plainKey().publicKey));
  });

  test("is refused without a terminal to ask on", () => {
    const files = formatPatch(work);
    const refused = expectError(
      runHook(files[0]!, { XDG_DATA_HOME: locked }),
      1,
      /ssh-agent does not hold it$/,
    );
    expect(refused.stderr).toMatch(/\nhint: git patchsig key unlock\n/);
    expect(files.map(text).join("")).not.toContain("untrusted comment");
  });

  /** A command on a terminal, where somebody gives the password whenever it is asked for. */
  async function onTerminal(
    command: string,
    extra: Variables = {},
  ): Promise<{ status: number; screen: string; asked: number }> {
    const child = spawn("script", ["-qec", command, "/dev/null"], {
      cwd: work,
      env: {
        ...process.env,
        ...environment({ XDG_DATA_HOME: locked, ...extra }),
        SHELL: "/bin/sh",
      },
      stdio: ["pipe", "pipe", "ignore"],
    });
    let screen = "";
    let asked = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      screen += chunk.toString();
      for (; asked < screen.split("password for ").length - 1; asked++)
        child.stdin.write(`${PASSWORD.toString()}\r`);
    });
    const status = await new Promise<number>((resolve) => child.on("close", resolve));
    return { status, screen, asked };
  }

  /** git send-email on a terminal, through a real server; what arrives is good. */
  async function sendOnTerminal(
    what: string,
    extra?: Variables,
  ): Promise<{ screen: string; asked: number; mails: number }> {
    let result = { screen: "", asked: 0 };
    const mails = await receive(async (port) => {
      const server = `--smtp-server=127.0.0.1 --smtp-server-port=${port} --smtp-domain=localhost`;
      const words = [...SEND, ...TO].map((word) => `'${word}'`).join(" ");
      const done = await onTerminal(`cd '${work}' && git ${words} ${server} ${what}`, extra);
      expect(done.status, done.screen).toBe(0);
      result = done;
    });
    const inbox = newFolder();
    for (const [i, mail] of mails.entries()) writeFileSync(join(inbox, `${i}.eml`), mail);
    expectVerified([inbox], mails.length);
    return { ...result, mails: mails.length };
  }

  // git starts the hook for each of them
  const MANY = LONG ? 50 : 5;
  test(`${MANY} patches through git send-email: asked for once`, async () => {
    work = newRepository(join(newFolder(), "many"));
    git(work, ["fast-import", "--quiet"], history(MANY + 1));
    const made = newFolder();
    git(work, ["format-patch", "-q", "-o", made, `-${MANY}`, "main"]);
    expectStatus(hook("install"), 0);
    const { screen, asked, mails } = await sendOnTerminal(`'${made}'`);
    expect({ asked, mails }).toEqual({ asked: 1, mails: MANY });
    expect(screen).toContain(`signed ${MANY} mails as alice@example.org`);
    expect(screen).not.toContain(PASSWORD.toString());
  });

  test("no password once it is unlocked; revisions instead of files", async () => {
    const agent = await startSshAgent();
    const extra = { SSH_AUTH_SOCK: agent.socket };
    try {
      expectStatus(hook("install"), 0);
      const unlock = await onTerminal("git patchsig key unlock --for=10m", extra);
      expect(unlock).toMatchObject({ asked: 1, status: 0 });
      work = join(work, "docs");
      expect(await sendOnTerminal("origin/main", extra)).toMatchObject({ asked: 0, mails: 3 });
    } finally {
      agent.stop();
    }
  });

  test("a key that is in ssh-agent", async () => {
    const agent = await startSshAgent();
    const extra = { SSH_AUTH_SOCK: agent.socket };
    try {
      agent.sshAdd("-q", newSshKey(newFolder(), "id", "work laptop"));
      git(work, ["config", "patchsig.key", "ssh:work laptop"]);
      const files = formatPatch(work);
      const done = await onTerminal(`git patchsig hook run '${files[0]}'`, extra);
      expect(done).toMatchObject({ asked: 0, status: 0 });
      expectSealed(files);
    } finally {
      agent.stop();
    }
  });

  test("no password for part of a series", async () => {
    const [part, other] = formatPatch(work);
    const alone = newFolder();
    for (const file of [part!, other!]) cpSync(file, join(alone, `${file.slice(-9)}.patch`));
    const refused = await onTerminal(`git patchsig hook run '${filesOf(alone)[0]}'`);
    expect(refused).toMatchObject({ asked: 0, status: 1 });
    expect(refused.screen).toContain("git patchsig key unlock");
  });

  test("one password if others have signed some of the patches", async () => {
    const files = formatPatch(work);
    expectStatus(patchsig(["sign", files[1]!], { home: newHome(8) }), 0);
    const command = files.map((file) => `git patchsig hook run '${file}'`).join(" && ");
    expect(await onTerminal(command)).toMatchObject({ asked: 1, status: 0 });
    expect(signatures(files)).toEqual(["good", "good", "good"]);
  });
});

/** A stream for git fast-import: so many commits on main. */
function history(count: number): string {
  let stream = "";
  for (let i = 1; i <= count; i++) {
    const [message, content] = [`song: line ${i}\n`, `line ${i}\n`.repeat(i)];
    stream +=
      "commit refs/heads/main\n" +
      `author Alice <alice@example.org> ${1_700_000_000 + i} +0000\n` +
      `committer Alice <alice@example.org> ${1_700_000_000 + i} +0000\n` +
      `data ${message.length}\n${message}` +
      `M 100644 inline song.txt\ndata ${content.length}\n${content}\n`;
  }
  return stream;
}

describe("hook install", () => {
  test("an existing hook runs first, and is restored by uninstall", () => {
    expect(expectStatus(hook("status"), 1).stdout).toBe(
      "git send-email does not sign here: git patchsig hook install\n",
    );
    const before = plantHook(hookPath(), 0, 0o750);
    expectStatus(hook("install"), 0);
    const kept = `${hookPath()}.before-patchsig`;
    expect(JSON.parse(hook("status", "--json").stdout)).toEqual({
      type: "hook",
      installed: true,
      signs: true,
      scope: "repository",
      path: hookPath(),
      other: kept,
      unvalidated: [],
      edits: null,
    });
    expectHookSigns();
    expect(ran()).toHaveLength(1);

    // it still has its say
    const [file] = formatPatch(work);
    plantHook(kept, 7, 0o750);
    expect(run(hookPath(), [file!]).status).toBe(7);
    expect(text(file!)).not.toContain("untrusted comment");
    plantHook(kept, 0, 0o750);

    expectStatus(hook("uninstall"), 0);
    expect(text(hookPath())).toBe(before);
    expect(statSync(hookPath()).mode & 0o777).toBe(0o750);
    expect(existsSync(kept)).toBe(false);
  });

  test("if patchsig is missing nothing is sent, and the error says how to remove the hook", () => {
    const before = plantHook(hookPath());
    expectStatus(hook("install"), 0);
    const [file] = formatPatch(work);
    const { status, stderr } = run(hookPath(), [file!], { PATH: elsewhere() });
    expect(status).toBe(1);
    expect(ran()).toHaveLength(1);
    const [, way] = /^patchsig is gone, .*\nhint: install it again, or: (.*)\n$/.exec(stderr)!;
    expectStatus(run("sh", ["-c", way!]), 0);
    expect(text(hookPath())).toBe(before);
  });

  test("core.hooksPath of the repository, a linked worktree, a bare repository", () => {
    git(work, ["config", "core.hooksPath", "my hooks"]);
    const below = { home, cwd: join(work, "docs"), env: environment() };
    expectStatus(patchsig(["hook", "install"], below), 0);
    expect(existsSync(join(work, "my hooks", "sendemail-validate"))).toBe(true);
    expectHookSigns();

    git(work, ["config", "--unset", "core.hooksPath"]);
    const tree = join(newFolder(), "tree");
    git(work, ["worktree", "add", "-q", tree]);
    const main = hookPath();
    work = tree;
    expectStatus(hook("install"), 0);
    expect(existsSync(main)).toBe(true);
    expectHookSigns();

    const bare = newFolder();
    git(bare, ["init", "-q", "--bare"]);
    expectStatus(run("git", ["-C", bare, "patchsig", "hook", "install"]), 0);
    expect(existsSync(join(bare, "hooks", "sendemail-validate"))).toBe(true);
  });

  test("wrong usage, no repository, not on the PATH", () => {
    expectError(hook("instal"), 2, "no such command: hook instal");
    expectError(hook("run"), 2, /^hook run is for git send-email/);
    expectError(hook("run", "/nowhere"), 3, "no such file: /nowhere");
    const outside = { home, cwd: newFolder(), env: environment() };
    expectError(patchsig(["hook", "install"], outside), 3, /not a git repository/);
    const lost = { home, cwd: work, env: environment({ PATH: elsewhere() }) };
    expectError(patchsig(["hook", "install"], lost), 3, /^git-patchsig is not on the PATH/);
    expect(existsSync(hookPath())).toBe(false);
  });
});

describe("hook install --global", () => {
  const template = (): string => join(home, "patchsig", "template");
  const oldForm = (): string => join(home, "patchsig", "hooks");
  const setting = (key: string): string =>
    run("git", ["config", "--file", config, "--get", key]).stdout.trimEnd();
  const found = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

  /** As git itself finds its template: nothing in the environment says where it is. */
  function globally(...args: string[]): Run {
    const env: Record<string, string | undefined> = { ...process.env, ...environment() };
    delete env["GIT_TEMPLATE_DIR"];
    const words = ["hook", ...args, "--global"];
    const done = spawnSync(join(bin, "git-patchsig"), words, { cwd: work, env, encoding: "utf8" });
    return { status: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
  }
  /** A clone; in it, the folder `.git` and how many hooks git started to fetch these branches. */
  function cloned(...branches: string[]): { repository: string; hooks: number } {
    const repository = join(newFolder(), "clone");
    const env: Record<string, string | undefined> = { ...process.env, ...environment() };
    delete env["GIT_TEMPLATE_DIR"];
    const trace = join(newFolder(), "trace");
    env["GIT_TRACE2_EVENT"] = trace;
    execFileSync("git", ["clone", "-q", work, repository], { env });
    for (const branch of branches) git(work, ["branch", "-f", branch]);
    execFileSync("git", ["fetch", "-q"], { env, cwd: repository });
    const started = text(trace)
      .split("\n")
      .filter((line) => line.includes('"child_class":"hook"'));
    // as before its own commits
    git(repository, ["update-ref", "refs/remotes/origin/main", "HEAD~3"]);
    return { repository, hooks: started.length };
  }

  test("new clones sign, and so does this repository; all else is as git does it", () => {
    const plain = found(join(cloned().repository, ".git"));
    plantHook(join(work, ".git", "hooks", "pre-commit"));
    expectStatus(globally("install"), 0);
    // twice is as once
    const { stderr } = expectStatus(globally("install"), 0);
    expect(stderr).toBe(
      [
        `git send-email signs from now on in new repositories and clones: ${template()}/hooks/sendemail-validate`,
        `and here: ${hookPath()}`,
        "in each other repository that is there: git patchsig hook install",
        "",
      ].join("\n"),
    );
    expect(setting("init.templatedir")).toBe(template());
    expect(setting("core.hookspath")).toBe("");
    expectHookSigns();

    const branches = Array.from({ length: 20 }, (_, i) => `b${i}`);
    const { repository, hooks } = cloned(...branches);
    expect(hooks).toBe(0);
    const made = found(join(repository, ".git"));
    expect(made.filter((name) => !/^(?:logs|refs|objects)/.test(name))).toEqual(
      [...plain, "hooks/sendemail-validate"]
        .filter((name) => !/^(?:logs|refs|objects)/.test(name))
        .sort(),
    );
    work = repository;
    expectHookSigns();
    expectStatus(run("git", ["commit", "-q", "--allow-empty", "-m", "empty"]), 0);
    expect(ran()).toEqual([]);

    // as if the first half of uninstalling had been killed
    git(work, ["config", "--file", config, "--unset", "init.templateDir"]);
    expectStatus(globally("uninstall"), 0);
    expect(existsSync(template())).toBe(false);
    expect(expectStatus(globally("uninstall"), 0).stderr).toBe("it is not installed\n");
  });

  test("a template of the user's own is used, and kept", () => {
    const own = join(newFolder(), "own");
    const before = plantHook(join(own, "hooks", "sendemail-validate"));
    const planted = join(work, "ran");
    git(work, ["config", "--file", config, "init.templateDir", own]);
    const { stderr } = expectStatus(globally("install"), 0);
    expect(stderr).toContain("the hook that was there runs first: ");
    work = cloned().repository;
    expectHookSigns();
    expect(text(planted)).toMatch(/ 1\n$/);
    expectStatus(globally("uninstall"), 0);
    expect(text(join(own, "hooks", "sendemail-validate"))).toBe(before);
    expect(readdirSync(join(own, "hooks"))).toEqual(["sendemail-validate"]);
    expect(setting("init.templatedir")).toBe(own);
  });

  test("what others put into our template stays there", () => {
    expectStatus(globally("install"), 0);
    plantHook(join(template(), "hooks", "pre-commit"));
    expect(expectStatus(globally("uninstall"), 0).stderr).toContain("holds other files too");
    expect(setting("init.templatedir")).toBe("");
    expect(found(template())).toEqual(["hooks", "hooks/pre-commit"]);
    rmSync(template(), { recursive: true });
  });

  test("a template that git does not use, or that is relative", () => {
    expectError(hook("install", "--global"), 3, /^git does not use .*template for new/);
    expectStatus(globally("uninstall"), 0);
    git(work, ["config", "--file", config, "init.templateDir", "own"]);
    expectError(globally("install"), 3, "init.templateDir is own, which is relative");
    expect(existsSync(template())).toBe(false);
  });

  test("an existing core.hooksPath is used, and kept", () => {
    const own = join(newFolder(), "own");
    mkdirSync(own);
    const before = plantHook(join(own, "sendemail-validate"));
    git(work, ["config", "--file", config, "core.hooksPath", own]);
    expectError(hook("install"), 3, /^core.hooksPath makes all repositories use/);
    expectStatus(hook("install", "--global"), 0);
    expect(expectStatus(hook("install"), 0).stderr).toContain("signs in every repository already");
    expect(readdirSync(own).sort()).toEqual([
      "sendemail-validate",
      "sendemail-validate.before-patchsig",
    ]);
    expectStatus(hook("uninstall", "--global"), 0);
    expect(text(join(own, "sendemail-validate"))).toBe(before);
    expect(text(config)).toContain(own);
  });

  describe("the form of an older version", () => {
    /** A folder for core.hooksPath with a script for each hook; one is another program's. */
    function plantOldForm(): void {
      for (const name of ["pre-commit", "reference-transaction", "sendemail-validate"]) {
        const path = join(oldForm(), name);
        plantHook(path);
        edit(path, (t) => t.replace("\n", "\n# patchsig: runs the repository's own hook\n"));
      }
      plantHook(join(oldForm(), "pre-commit.before-patchsig"));
      git(work, ["config", "--file", config, "core.hooksPath", oldForm()]);
    }

    test("status names it, and install --global replaces it", () => {
      plantOldForm();
      expect(expectStatus(hook("status"), 0).stdout).toContain("an older version made it");
      expectError(hook("install"), 3, /^core.hooksPath makes all repositories use/);
      const { stderr } = expectStatus(globally("install"), 0);
      expect(stderr).toContain("uninstalled: core.hooksPath is unset\n");
      expect(stderr).toContain(`${oldForm()} holds other files too: they are left\n`);
      expect(readdirSync(oldForm())).toEqual(["pre-commit"]);
      expect(setting("core.hookspath")).toBe("");
      expectHookSigns();
      rmSync(oldForm(), { recursive: true });
      expectStatus(globally("uninstall"), 0);
    });

    test.each([true, false])("uninstall --global removes it, its setting too (%s)", (isSet) => {
      plantOldForm();
      rmSync(join(oldForm(), "pre-commit.before-patchsig"));
      if (!isSet) git(work, ["config", "--file", config, "--unset", "core.hooksPath"]);
      expectStatus(globally("uninstall"), 0);
      expect(existsSync(oldForm())).toBe(false);
      expect(setting("core.hookspath")).toBe("");
      expectStatus(hook("install"), 0);
    });
  });
});

test("breaks an earlier signature of patatt, and says so", () => {
  const [file = ""] = formatPatch(work, [], "-1");
  edit(file, (t) => t.replace(/^From: /m, "X-Developer-Signature: v=1; a=ed25519-sha256\nFrom: "));
  const args = ["hook", "run", file];
  const first = expectStatus(patchsig(args, { home, cwd: work, env: environment() }), 0);
  expect(first.stderr).toContain(
    "has an X-Developer-Signature, which this breaks: let patatt sign last",
  );
  // signed, and then by patatt again: as it should be
  const second = expectStatus(patchsig(args, { home, cwd: work, env: environment() }), 0);
  expect(second.stderr).not.toContain("X-Developer-Signature");
});
