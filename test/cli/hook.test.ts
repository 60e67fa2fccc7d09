/** `patchsig hook`, as stock git send-email and stock git run it. */

import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { formatPublicKeyFile } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { CHEAP, PASSWORD, plainKey } from "../minisign/support.ts";
import { startSshAgent } from "../support/agent.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { git, newRepository } from "../support/repo.ts";
import { receive } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
import {
  edit,
  expectError,
  expectStatus,
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

function environment(extra: Record<string, string> = {}): Record<string, string> {
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
function run(program: string, args: readonly string[], extra?: Record<string, string>): Run {
  const done = spawnSync("setsid", ["-w", program, ...args], {
    cwd: work,
    env: { ...process.env, ...environment(extra) },
    input: "",
    encoding: "utf8",
  });
  return { status: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
}

const SEND = ["send-email", "--quiet", "--confirm=never", "--suppress-cc=all"];
const TO = ["--to=list@example.org", "--from=Alice <alice@example.org>"];

/** git send-email as far as it goes without a server. */
const dryRun = (...args: string[]): Run => run("git", [...SEND, "--dry-run", ...TO, ...args]);

/** Patches and the series, as `verify --json` has them. */
function verified(source: readonly string[], status = 0): Record<string, unknown>[] {
  const run = patchsig(["verify", "--json", ...source], { home: newFolder() });
  return records(expectStatus(run, status));
}
const signatures = (files: readonly string[], status = 0): unknown[] =>
  verified(files, status)
    .filter(({ type }) => type === "patch")
    .map(({ signature }) => signature);
const sealed = (files: readonly string[]): unknown =>
  verified(files).find(({ type }) => type === "series")?.["sealed"];

/** A hook that leaves a word in a file whenever it runs. */
function plantHook(path: string, status = 0, mode = 0o755): string {
  const script = `#!/bin/sh\n# caf\xe9, as its owner wrote it\necho "$0 $#" >>'${work}/ran'\nexit ${status}\n`;
  writeFileSync(path, script, "latin1");
  chmodSync(path, mode);
  return script;
}
const ran = (): string[] =>
  existsSync(join(work, "ran")) ? text(join(work, "ran")).trimEnd().split("\n") : [];
const hookPath = (): string => join(work, ".git", "hooks", "sendemail-validate");

describe.runIf(tools)("git send-email with the hook", () => {
  beforeEach(() => {
    expectStatus(hook("install"), 0);
  });

  test("signs the whole series at the first file, and says so once", () => {
    const files = formatPatch(work);
    const sent = expectStatus(dryRun(...files), 0);
    expect(sent.stdout + sent.stderr).toMatch(/^signed 3 mails as alice@example.org, base /m);
    expect(sent.stderr.split("signed ")).toHaveLength(2);
    expect(signatures(files)).toEqual(["good", "good", "good"]);
    expect(sealed(files)).toBe(true);

    // what is signed is left as it is
    const before = files.map(text);
    expect(expectStatus(dryRun(...files), 0).stderr).toBe("");
    expect(files.map(text)).toEqual(before);
  });

  test("revisions instead of files; from a subdirectory", async () => {
    const below = join(work, "docs");
    const mails = await receive(async (port) => {
      const server = ["--smtp-server=127.0.0.1", `--smtp-server-port=${port}`];
      const args = [...SEND, "--smtp-domain=localhost", ...server, ...TO, "origin/main"];
      const child = spawn("git", args, {
        cwd: below,
        env: { ...process.env, ...environment() },
        stdio: "ignore",
      });
      expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
    });
    expect(mails).toHaveLength(3);
    const inbox = newFolder();
    for (const [i, mail] of mails.entries()) writeFileSync(join(inbox, `${i}.eml`), mail);
    expect(signatures([inbox])).toEqual(["good", "good", "good"]);
    expect(sealed([inbox])).toBe(true);
  });

  test("a file that was edited after signing stops it, and says how to go on", () => {
    const files = formatPatch(work);
    expectStatus(dryRun(...files), 0);
    edit(files[1]!, (t) => t.replace("And this.", "And that."));
    const before = files.map(text);
    const refused = dryRun(...files);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain(
      `patchsig: ${files[1]}: edited after it was signed: message changed after signing; the diff is intact\n`,
    );
    expect(files.map(text)).toEqual(before);
    expect(refused.stdout).not.toContain("Dry-Sent");

    // the hint is a command
    const [, command] = /^hint: git patchsig (.*)$/m.exec(refused.stderr)!;
    expectStatus(run("sh", ["-c", `git-patchsig ${command}`]), 0);
    expectStatus(dryRun(...files), 0);
    expect(sealed(files)).toBe(true);
  });

  test("an edited patch is not signed along with one that is new", () => {
    const files = formatPatch(work);
    expectStatus(dryRun(...files), 0);
    edit(files[2]!, (t) => t.replace("+Ilse", "+Else"));
    // made anew
    writeFileSync(files[0]!, readFileSync(formatPatch(work)[0]!));
    const refused = dryRun(files[0]!);
    expect(refused.stderr).toContain(`${files[2]}: edited after it was signed`);
    expect(refused.status).not.toBe(0);
    expect(text(files[0]!)).not.toContain("untrusted comment");
  });

  test("part of a series is signed, but not bound", () => {
    const files = formatPatch(work);
    const alone = newFolder();
    cpSync(files[1]!, join(alone, "0002.patch"));
    const sent = expectStatus(dryRun(join(alone, "0002.patch")), 0);
    expect(sent.stderr).toContain("note: 1 of 3 signed: they are not bound together");
    expect(text(join(alone, "0002.patch"))).toContain(" series=- v=1 n=2/3 ");
  });

  test("two patches with one number: it does not guess", () => {
    const files = formatPatch(work);
    cpSync(files[1]!, join(files[1]!, "..", "0002-older-name.patch"));
    expect(expectStatus(dryRun(files[0]!), 0).stderr).toContain("1 of 3 signed");
    // another series and a backup do not count
    const others = formatPatch(work);
    cpSync(others[1]!, `${others[1]}~`);
    writeFileSync(
      join(others[1]!, "..", "v2-0001-x.patch"),
      text(others[1]!).replace("[PATCH 2/3]", "[PATCH v2 2/3]"),
    );
    expect(expectStatus(dryRun(others[0]!), 0).stderr).toContain("signed 3 mails");
    expect(sealed(others)).toBe(true);
  });

  test("cover letters: signed once they are written", () => {
    const files = formatPatch(work, ["--cover-letter"]);
    // git would not send it itself
    const first = expectStatus(dryRun(...files.slice(1)), 0);
    expect(first.stderr).toContain("0000-cover-letter.patch is not signed yet: write it");
    expect(text(files[0]!)).not.toContain("untrusted comment");
    expectStatus(hook("run", files[0]!), 0);

    edit(files[0]!, (t) => t.replace(/\*\*\* \w+ HERE \*\*\*/g, "song: be loud"));
    expectStatus(dryRun(...files), 0);
    expect(signatures(files)).toEqual(["good", "good", "good", "good"]);
    expect(sealed(files)).toBe(true);
  });

  test("somebody else's signature, and what is no patch, are left alone", () => {
    const files = formatPatch(work);
    expectStatus(patchsig(["sign", ...files], { home: newHome(8) }), 0);
    const before = files.map(text);
    const sent = expectStatus(dryRun(...files), 0);
    expect(sent.stderr).toContain("is signed by another key, for alice@example.org: left as it is");
    expect(files.map(text)).toEqual(before);

    const letter = join(newFolder(), "letter");
    const mail = "From: Alice <alice@example.org>\nSubject: hello\n\nNo patch.\n";
    writeFileSync(letter, mail);
    expect(expectStatus(dryRun(letter), 0).stderr).toContain("is no patch: left as it is");
    expect(text(letter)).toBe(mail);
  });

  test("without a key, nothing goes out unsigned", () => {
    const [file] = formatPatch(work);
    const refused = run("git", [...SEND, "--dry-run", ...TO, file!], {
      XDG_DATA_HOME: newFolder(),
    });
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toMatch(/^patchsig: no key yet: .*\nhint: make one: git patchsig key/m);
  });

  test("without patchsig, it says so", () => {
    const [file] = formatPatch(work);
    const refused = run("git", [...SEND, "--dry-run", ...TO, file!], {
      PATH: process.env["PATH"]!,
    });
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain(`patchsig is gone, so nothing can be signed\nhint: `);
  });
});

describe.runIf(tools && requireTool("ssh-agent"))("a key with a password", () => {
  let locked: string;
  let passwords: string;
  beforeAll(() => {
    locked = newHome();
    const lock = { password: PASSWORD, salt: Buffer.alloc(32, 1), cost: CHEAP };
    writeFileSync(keyFile(locked), formatSecretKeyFile(plainKey(), "x", lock), { mode: 0o600 });
    writeFileSync(join(locked, "patchsig/minisign.pub"), formatPublicKeyFile(plainKey().publicKey));
    passwords = join(locked, "passwords");
    writeFileSync(passwords, `${PASSWORD.toString()}\n`, { mode: 0o600 });
  });

  test("is refused where nobody can be asked", () => {
    expectStatus(hook("install"), 0);
    const files = formatPatch(work);
    const args = [...SEND, "--dry-run", ...TO, ...files];
    const refused = run("git", args, { XDG_DATA_HOME: locked });
    expect(refused.stderr).toMatch(/ssh-agent does not hold it\nhint: git patchsig key unlock\n/);
    expect(refused.status).not.toBe(0);
    expect(files.map(text).join("")).not.toContain("untrusted comment");
  });

  /** `hook run` on a terminal on which the password is typed whenever something is asked. */
  function onTerminal(file: string): { status: number | null; screen: string } {
    const env = { ...process.env, ...environment({ XDG_DATA_HOME: locked }), SHELL: "/bin/sh" };
    const command = `'${process.execPath}' '${join(ROOT, "bin/patchsig.js")}' hook run '${file}' </dev/null`;
    const input = `${PASSWORD.toString()}\r`;
    const done = spawnSync("script", ["-qec", command, "/dev/null"], { env, input, cwd: work });
    return { status: done.status, screen: done.stdout.toString() };
  }

  test.runIf(requireTool("script"))("is asked for once for a series, never for its parts", () => {
    const files = formatPatch(work);
    const { status, screen } = onTerminal(files[0]!);
    expect(screen).toContain("password for ");
    expect(status).toBe(0);
    // the terminal echoes what is typed unasked; the program says nothing
    for (const file of files.slice(1))
      expect(onTerminal(file)).toEqual({ status: 0, screen: `${PASSWORD.toString()}\r\n` });
    expect(sealed(files)).toBe(true);

    const [, part, other] = formatPatch(work);
    const alone = newFolder();
    for (const file of [part!, other!]) cpSync(file, join(alone, `${file.slice(-9)}.patch`));
    const refused = onTerminal(filesOf(alone)[0]!);
    expect(refused.status).toBe(1);
    expect(refused.screen).not.toContain("password for ");
    expect(refused.screen).toContain("git patchsig key unlock");
  });

  test("fifty patches, one unlock, through a real server", { timeout: 180_000 }, async () => {
    const agent = await startSshAgent();
    const extra = { XDG_DATA_HOME: locked, SSH_AUTH_SOCK: agent.socket };
    try {
      work = newRepository(join(newFolder(), "fifty"));
      git(work, ["fast-import", "--quiet"], history(51));
      const made = newFolder();
      git(work, ["format-patch", "-q", "-o", made, "-50", "main"]);
      const env = environment(extra);
      expectStatus(patchsig(["hook", "install"], { home: locked, cwd: work, env }), 0);
      const unlock = ["key", "unlock", "--for=10m", "--password-file", passwords];
      expectStatus(patchsig(unlock, { home: locked, env }), 0);

      const mails = await receive(async (port) => {
        const server = ["--smtp-server=127.0.0.1", `--smtp-server-port=${port}`];
        const args = [...SEND, "--smtp-domain=localhost", ...server, ...TO, made];
        const child = spawn("setsid", ["-w", "git", ...args], {
          cwd: work,
          env: { ...process.env, ...env },
          stdio: ["ignore", "pipe", "pipe"],
        });
        let said = "";
        for (const stream of [child.stdout, child.stderr])
          stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
        expect(await new Promise((resolve) => child.on("close", resolve)), said).toBe(0);
        expect(said).toContain("signed 50 mails as alice@example.org");
      });
      expect(mails).toHaveLength(50);
      const inbox = newFolder();
      for (const [i, mail] of mails.entries()) writeFileSync(join(inbox, `${i}.eml`), mail);
      expect(signatures([inbox])).toEqual(mails.map(() => "good"));
      expect(sealed([inbox])).toBe(true);
    } finally {
      agent.stop();
    }
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
  test("twice is as once; uninstall takes it away", () => {
    expect(expectStatus(hook("status"), 1).stdout).toContain("does not sign here");
    expectStatus(hook("install"), 0);
    const script = text(hookPath());
    expect(statSync(hookPath()).mode & 0o777).toBe(0o755);
    expectStatus(hook("install"), 0);
    expect(text(hookPath())).toBe(script);
    expect(expectStatus(hook("status"), 0).stdout).toBe(
      `git send-email signs here: ${hookPath()}\n`,
    );
    expectStatus(hook("uninstall"), 0);
    expect(existsSync(hookPath())).toBe(false);
    expect(expectStatus(hook("uninstall"), 0).stderr).toBe("it is not installed\n");
  });

  test.runIf(tools)("a hook that is there runs first, and is back afterwards", () => {
    const before = plantHook(hookPath(), 0, 0o750);
    expectStatus(hook("install"), 0);
    expectStatus(hook("install"), 0);
    const status = JSON.parse(hook("status", "--json").stdout);
    const kept = `${hookPath()}.before-patchsig`;
    expect(status).toEqual({
      type: "hook",
      installed: true,
      scope: "repository",
      path: hookPath(),
      other: kept,
    });
    const files = formatPatch(work);
    expectStatus(dryRun(...files), 0);
    expect(ran()).toHaveLength(3);
    expect(signatures(files)).toEqual(["good", "good", "good"]);

    // it still has its say
    writeFileSync(kept, "#!/bin/sh\nexit 7\n");
    expect(dryRun(...files).status).not.toBe(0);
    plantHook(kept, 0, 0o750);

    expectStatus(hook("uninstall"), 0);
    expect(text(hookPath())).toBe(before);
    expect(statSync(hookPath()).mode & 0o777).toBe(0o750);
    expect(existsSync(kept)).toBe(false);
  });

  test("a hook that was put there since is not lost", () => {
    plantHook(hookPath());
    expectStatus(hook("install"), 0);
    const newer = plantHook(hookPath(), 1);
    expectError(hook("install"), 3, /^there are two hooks to keep/);
    expect(hook("uninstall").stderr).toBe("it is not installed\n");
    expect(text(hookPath())).toBe(newer);
  });

  test.runIf(tools)("core.hooksPath of the repository, and a linked worktree", () => {
    git(work, ["config", "core.hooksPath", "my hooks"]);
    expectStatus(hook("install"), 0);
    expect(existsSync(join(work, "my hooks", "sendemail-validate"))).toBe(true);
    const files = formatPatch(work);
    expectStatus(dryRun(...files), 0);
    expect(signatures(files)).toEqual(["good", "good", "good"]);

    git(work, ["config", "--unset", "core.hooksPath"]);
    const tree = join(newFolder(), "tree");
    git(work, ["worktree", "add", "-q", tree]);
    const main = hookPath();
    work = tree;
    expectStatus(hook("install"), 0);
    expect(existsSync(main)).toBe(true);
    const more = formatPatch(work);
    expectStatus(dryRun(...more), 0);
    expect(signatures(more)).toEqual(["good", "good", "good"]);
  });

  test("wrong words, no repository, not on the PATH", () => {
    expectError(hook("instal"), 2, "no such command: hook instal");
    expectError(hook("run"), 2, /^hook run is for git send-email/);
    expectError(hook("run", "/nowhere"), 3, "no such file: /nowhere");
    const outside = { home, cwd: newFolder(), env: environment() };
    expectError(patchsig(["hook", "install"], outside), 3, /not a git repository/);
    const lost = { home, cwd: work, env: environment({ PATH: process.env["PATH"]! }) };
    expectError(patchsig(["hook", "install"], lost), 3, /^git-patchsig is not on the PATH/);
    expect(existsSync(hookPath())).toBe(false);
  });
});

describe("hook install --global", () => {
  const hooks = (): string => join(home, "patchsig", "hooks");

  test.runIf(tools)("every repository signs, and none loses a hook", () => {
    for (const name of ["pre-commit", "commit-msg", "post-commit", "sendemail-validate"])
      plantHook(join(work, ".git", "hooks", name));
    const files = formatPatch(work);
    expectStatus(hook("install", "--global"), 0);
    expectStatus(hook("install", "--global"), 0);
    expect(run("git", ["config", "--global", "core.hooksPath"]).stdout).toBe(`${hooks()}\n`);
    expect(expectStatus(hook("status"), 0).stdout).toContain("signs everywhere");

    expectStatus(run("git", ["commit", "-q", "--allow-empty", "-m", "empty"]), 0);
    expect(ran().map((line) => line.replace(/.*hooks\//, ""))).toEqual([
      "pre-commit 0",
      "commit-msg 1",
      "post-commit 0",
    ]);
    expectStatus(dryRun(...files), 0);
    expect(ran()).toHaveLength(6);
    expect(signatures(files)).toEqual(["good", "good", "good"]);

    // a hook that refuses still refuses
    plantHook(join(work, ".git", "hooks", "pre-commit"), 1);
    expectStatus(run("git", ["commit", "-q", "--allow-empty", "-m", "empty"]), 1);

    // for one repository it has nothing to do
    expect(expectStatus(hook("install"), 0).stderr).toContain("signs in every repository already");
    expectError(hook("uninstall"), 3, /^core.hooksPath makes all repositories use/);

    expectStatus(hook("uninstall", "--global"), 0);
    expect(text(config)).not.toContain("hooksPath");
    expect(existsSync(hooks())).toBe(false);
    expect(expectStatus(hook("uninstall", "--global"), 0).stderr).toBe("it is not installed\n");
  });

  test("a push into a checked-out branch works as before", () => {
    const target = join(newFolder(), "target");
    git(work, ["clone", "-q", work, target]);
    git(target, ["config", "receive.denyCurrentBranch", "updateInstead"]);
    git(work, ["commit", "-q", "--amend", "-m", "amended"]);
    expectStatus(hook("install", "--global"), 0);
    expectStatus(run("git", ["push", "-q", target, "+HEAD:main"]), 0);
    expect(git(target, ["status", "--porcelain"]).toString()).toBe("");
    expect(git(target, ["log", "-1", "--format=%s"]).toString()).toBe("amended\n");
    writeFileSync(join(target, "song.txt"), "mine\n");
    git(work, ["commit", "-q", "--amend", "-m", "amended again"]);
    expect(run("git", ["push", "-q", target, "+HEAD:main"]).stderr).toContain("has changes");
    expect(text(join(target, "song.txt"))).toBe("mine\n");
    expectStatus(hook("uninstall", "--global"), 0);
  });

  test("a core.hooksPath that is set already is used, and left", () => {
    const own = join(newFolder(), "own");
    mkdirSync(own);
    const before = plantHook(join(own, "sendemail-validate"));
    git(work, ["config", "--file", config, "core.hooksPath", own]);
    expectError(hook("install"), 3, /^core.hooksPath makes all repositories use/);
    expectStatus(hook("install", "--global"), 0);
    expect(readdirSync(own).sort()).toEqual([
      "sendemail-validate",
      "sendemail-validate.before-patchsig",
    ]);
    expectStatus(hook("uninstall", "--global"), 0);
    expect(text(join(own, "sendemail-validate"))).toBe(before);
    expect(text(config)).toContain(own);
  });

  test("files of others in our folder are left", () => {
    expectStatus(hook("install", "--global"), 0);
    plantHook(join(hooks(), "pre-commit"));
    expect(expectStatus(hook("uninstall", "--global"), 0).stderr).toContain(
      "holds other files too",
    );
    expect(readdirSync(hooks())).toEqual(["pre-commit"]);
  });
});
