/** `patchsig setup`, the whole program: without a terminal, and on one. */

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { formatPublicKeyFile, formatPublicKeyText } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { CHEAP, PASSWORD, plainKey } from "../minisign/support.ts";
import { newSshKey, startSshAgent } from "../support/agent.ts";
import { patchsig, patchsigEach, PROGRAM, type Run } from "../support/cli.ts";
import { git, newRepository } from "../support/repo.ts";
import { onTerminal, type Terminal } from "../../scripts/terminal.ts";
import { requireTool } from "../support/tools.ts";
import { expectError, expectStatus, expectTidy, newFolder } from "./support.ts";

/** The user's home, with the git config, and a repository in it. */
let home: string;
let work: string;
let env: Record<string, string>;

beforeEach(() => {
  home = newFolder();
  work = newRepository(join(home, "work"));
  mkdirSync(join(home, "bin"));
  symlinkSync(join(PROGRAM, "..", "git-patchsig.js"), join(home, "bin", "git-patchsig"));
  writeFileSync(join(home, ".gitconfig"), "# mine\n[core]\n\tabbrev = 12\n");
  env = {
    HOME: home,
    PATH: `${join(home, "bin")}:${process.env["PATH"]}`,
    GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
    XDG_DATA_HOME: join(home, "data"),
    SSH_AUTH_SOCK: "",
  };
});

const setup = (...args: string[]): Run => setupIn(work, ...args);
const setupIn = (cwd: string, ...args: string[]): Run =>
  patchsig(["setup", ...args], { home: join(home, "data"), cwd, env });

/** Every file below the home folder, with what is in it. */
function files(folder = home): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(names.toSorted().map((name) => [name, readFileSync(name, "latin1")]));
}

/** A key of stock minisign with a password; its public key lies beside it. */
function lockedKey(): string {
  mkdirSync(join(home, ".minisign"));
  const path = join(home, ".minisign", "minisign.key");
  const lock = { password: PASSWORD, salt: Buffer.alloc(32, 1), cost: CHEAP };
  writeFileSync(path, formatSecretKeyFile(plainKey(), "stock", lock), { mode: 0o600 });
  writeFileSync(path.replace(/key$/, "pub"), formatPublicKeyFile(plainKey().publicKey));
  return path;
}

const HOOK = (): string => join(work, ".git", "hooks", "sendemail-validate");
/** The user's settings: asked for, or changed. */
const config = (...args: string[]): string =>
  execFileSync("git", ["config", "--file", join(home, ".gitconfig"), ...args], {
    encoding: "utf8",
  }).trim();
const globalKey = (): string => config("patchsig.key");
const RECORD = (): string => join(home, "data", "patchsig", "setup.json");

describe("without a terminal", () => {
  test("it says what has to be given, and does nothing", () => {
    const before = files();
    const each: readonly (readonly [readonly string[], string])[] = [
      [
        [],
        "no terminal to ask on: give --role, --key, --yes\nhint: or by hand: git patchsig key generate",
      ],
      [["--role=maintainer"], "no terminal to ask on: give --yes\n"],
      [["--role=root", "--yes"], "--role cannot be root\n"],
      [["--local", "--role=both", "--yes"], "--local needs a repository"],
      [["--role=maintainer", "--dkim=on", "--yes"], "--dkim cannot be on\n"],
    ];
    const runs = patchsigEach(
      each.map(([args]) => ["setup", ...args]),
      home,
    );
    expect(runs.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      each.map(([, text]) => ({ status: 2, stderr: expect.stringContaining(text) })),
    );
    const nobody = { GIT_AUTHOR_NAME: "", GIT_AUTHOR_EMAIL: "" };
    const unknown = patchsig(["setup", "--role=both", "--key=new", "--yes"], {
      home: join(home, "data"),
      cwd: work,
      env: { ...env, ...nobody },
    });
    expectError(unknown, 2, "git does not know who you are");
    expect(unknown.stderr).toMatch(/^patchsig: .* \(--local asks this repository alone\)$/m);
    expect(files()).toEqual(before);
  });

  test("a new key and the hook; again, and back", () => {
    const before = files();
    const all = ["--role=both", "--key=new", "--no-password"];
    const plan = expectStatus(setup(...all, "--dry-run"), 0);
    expect(plan.stdout).toContain("\n  git patchsig key generate --no-password\n");
    expect(plan.stdout).toContain("\n  git patchsig hook install\n");
    expect(files()).toEqual(before);

    const done = expectStatus(setup(...all, "--yes"), 0);
    expectTidy(done.stdout.replaceAll(home, "~"));
    expect(done.stderr).toBe("");
    expect(done.stdout).toContain("\nchecked: a mail was signed and verified");
    expect(existsSync(HOOK())).toBe(true);
    // the usual place needs no setting, and nothing of the check is remembered
    expect(readFileSync(join(home, ".gitconfig"), "latin1")).toBe(
      `${before.get(join(home, ".gitconfig"))}[notes]\n\trewriteRef = refs/notes/patchsig\n`,
    );
    expect(readdirSync(join(home, "data", "patchsig"))).toEqual([
      "minisign.key",
      "minisign.pub",
      "setup.json",
    ]);

    const between = files();
    for (const same of [["--yes"], [...all, "--yes"]]) {
      const again = expectStatus(setup(...same), 0);
      expect(again.stdout).toContain("\nnothing to change\n");
      expect(again.stdout).toContain("\nchecked: ");
      expect(files()).toEqual(between);
    }
    config("patchsig.key", "ssh:other");
    expect(setup("--key=new", "--yes").stderr).toContain("there is a key already: ");
    config("--unset", "patchsig.key");
    expect(files()).toEqual(between);

    const undone = expectStatus(setup("--undo", "--yes"), 0);
    const key = join(home, "data", "patchsig", "minisign.key");
    expect(undone.stdout).toContain(`undone: the hook in ~/work/.git/hooks\n`);
    expect(undone.stdout).toContain(
      "kept, since it cannot be made again: ~/data/patchsig/minisign.key\n",
    );
    const left = files();
    for (const name of [key, key.replace(/key$/, "pub")]) expect(left.delete(name)).toBe(true);
    expect(left).toEqual(before);
    expect(setup("--undo", "--yes").stderr).toBe(
      "setup has changed nothing that could be taken back\n",
    );
  });

  test("what was changed since is left, and what was there comes back", () => {
    const path = lockedKey();
    writeFileSync(join(home, "p"), `${PASSWORD.toString()}\n`, { mode: 0o600 });
    config("patchsig.key", "/old");
    const before = files();
    const all = [
      "--role=submitter",
      `--key=${path}`,
      "--yes",
      `--password-file=${join(home, "p")}`,
    ];
    const done = expectStatus(setup(...all), 0);
    expect(done.stdout).toContain("instead of /old\n");
    expect(done.stdout).toContain(`\n  ${formatPublicKeyText(plainKey().publicKey)}\n`);
    expect(done.stdout).toContain("git patchsig key unlock");
    expect(globalKey()).toBe(path);

    // locked now, and nobody there to unlock it
    expect(expectStatus(setup("--yes"), 0).stdout).toContain(
      "\nnot checked, since the key is locked",
    );

    const done2 = readFileSync(RECORD());
    expectStatus(setup("--undo", "--yes"), 0);
    expect(files()).toEqual(before);

    expectStatus(setup(...all), 0);
    expect(readFileSync(RECORD())).toEqual(done2);
    config("patchsig.key", "/mine");
    writeFileSync(HOOK(), "#!/bin/sh\n");
    const undone = expectStatus(setup("--undo", "--yes"), 0);
    expect(undone.stdout).toContain("left, since it was changed: patchsig.key\n");
    expect(undone.stdout).toContain("not there any more: the hook in ");
    expect(globalKey()).toBe("/mine");
    expect(readFileSync(HOOK(), "utf8")).toBe("#!/bin/sh\n");
    expect(existsSync(RECORD())).toBe(false);
  });

  test("what fails half-way is taken back", () => {
    writeFileSync(join(work, ".git", "hooks"), "no folder");
    const path = lockedKey();
    writeFileSync(join(home, "p"), `${PASSWORD.toString()}\n`, { mode: 0o600 });
    const before = files();
    const all = ["--role=submitter", `--key=${path}`, "--yes"];
    const failed = setup(...all, `--password-file=${join(home, "p")}`);
    expect(failed).toMatchObject({ status: 3, stderr: expect.stringContaining("cannot change ") });
    expect(files()).toEqual(before);

    // another setting hides ours
    const hidden = patchsig(["setup", ...all, "--no-hook", `--password-file=${join(home, "p")}`], {
      home: join(home, "data"),
      cwd: work,
      env: {
        ...env,
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "patchsig.key",
        GIT_CONFIG_VALUE_0: "/x",
      },
    });
    expect(hidden.stderr).toContain("git does not use this patchsig.key: another one hides it");
    expect(hidden.status).toBe(3);
    expect(files()).toEqual(before);

    // nobody there to type the password
    expect(setup(...all)).toMatchObject({ status: 3 });
    expect(files()).toEqual(before);
  });

  test("this repository alone", () => {
    const path = join(home, "k.key");
    writeFileSync(path, formatSecretKeyFile(plainKey(), "k", null), { mode: 0o600 });
    const before = files();
    expectStatus(setup("--local", "--role=submitter", `--key=${path}`, "--yes", "--no-hook"), 0);
    expect(git(work, ["config", "--local", "patchsig.key"]).toString().trim()).toBe(path);
    expect(readFileSync(join(home, ".gitconfig"), "latin1")).toBe(
      before.get(join(home, ".gitconfig")),
    );
    // from anywhere
    expectStatus(setupIn(home, "--undo", "--yes"), 0);
    expect(files()).toEqual(before);
  });

  test("a repository's settings do not steer it", () => {
    const outside = join(home, "outside");
    for (const [name, value] of [
      ["patchsig.key", join(home, "evil.key")],
      ["patchsig.address", "evil@example.org"],
      ["user.email", "evil@example.org"],
      ["core.hooksPath", outside],
      ["sendemail.smtpServer", "evil.example.org"],
      ["core.fsmonitor", `touch ${join(home, "started")}`],
    ] as const)
      git(work, ["config", name, value]);
    const done = expectStatus(setup("--role=submitter", "--key=new", "--no-password", "--yes"), 0);
    expect(done.stdout).toContain("you          Alice <alice@example.org>\n");
    expect(done.stdout).toContain(
      `but ${join(home, "evil.key")} here: the repository's patchsig.key\n`,
    );
    expect(done.stdout).not.toContain("evil.example.org");
    expect(done.stderr).toContain(`no hook here: its hooks lie outside of it, in ${outside}\n`);
    expect(existsSync(join(home, "data", "patchsig", "minisign.key"))).toBe(true);
    for (const name of ["outside", "evil.key", "started"])
      expect(existsSync(join(home, name))).toBe(false);
  });

  test("a record that is none of ours is left alone", () => {
    mkdirSync(join(home, "data", "patchsig"), { recursive: true });
    writeFileSync(RECORD(), '{"version":1,"role":null,"steps":[{"kind":"hook"}]}');
    const before = files();
    for (const args of [
      ["--undo", "--yes"],
      ["--role=maintainer", "--yes"],
    ])
      expectError(setup(...args), 3, /setup\.json: not what patchsig setup writes$/);
    expect(files()).toEqual(before);
  });

  test("a hook that was there is kept, and comes back; a setting that stops hooks is named", () => {
    mkdirSync(join(work, ".git", "hooks"), { recursive: true });
    writeFileSync(HOOK(), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    config("sendemail.validate", "false");
    const before = files();
    const done = setup("--role=submitter", "--key=new", "--no-password", "--yes");
    expect(expectStatus(done, 0).stdout).toContain(
      "the hook that is there is kept, and runs too\n",
    );
    expect(done.stderr).toBe("git send-email starts no hook: sendemail.validate is false\n");
    expect(readFileSync(HOOK(), "utf8")).not.toBe(before.get(HOOK()));
    expectStatus(setup("--undo", "--yes"), 0);
    expect(files().get(HOOK())).toBe(before.get(HOOK()));
  });

  test.runIf(requireTool("ssh-agent"))("a key in ssh-agent", async () => {
    const agent = await startSshAgent();
    try {
      agent.sshAdd("-q", newSshKey(newFolder(), "id", "work laptop"));
      env["SSH_AUTH_SOCK"] = agent.socket;
      const done = expectStatus(setup("--role=submitter", "--key=ssh:work laptop", "--yes"), 0);
      expect(done.stdout).toContain("\n  git config --global patchsig.key 'ssh:work laptop'\n");
      expect(done.stdout).toContain("\nchecked: ");
      expect(globalKey()).toBe("ssh:work laptop");
    } finally {
      agent.stop();
    }
  });
});

describe.runIf(requireTool("script"))("on a terminal", () => {
  const start = (...args: string[]): Terminal =>
    onTerminal(
      `trap : INT; '${process.execPath}' '${PROGRAM}' setup ${args.join(" ")}; echo "status $?"`,
      {
        cwd: work,
        env: { ...env, GIT_AUTHOR_NAME: "", GIT_AUTHOR_EMAIL: "" },
      },
    );
  const ROLE = "or both (b)? ";
  const KEY = "or the name of a minisign key file: ";

  async function answer(session: Terminal, ...talk: readonly [string, string][]): Promise<string> {
    for (const [question, answer] of talk) {
      await session.shows(question);
      session.type(answer);
    }
    return session.finished();
  }

  test("asks what it cannot find out, shows what it will do, and does it", async () => {
    const before = files();
    const path = lockedKey();
    const rsa = join(home, "id.pub");
    writeFileSync(rsa, "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ\n");
    writeFileSync(join(home, ".muttrc"), "set sort=threads\n");
    const session = start();
    await session.shows(ROLE);
    session.type("what?\n");
    await session.shows(ROLE, 2);
    session.type("b\n");
    await session.shows("your name, as in your commits: ");
    session.type("Alice\n");
    await session.shows("your mail address: ");
    session.type("alice\n");
    await session.shows("patchsig: alice is not a mail address");
    await session.shows("your mail address: ", 2);
    session.type("alice@example.org\n");
    await session.shows(KEY);
    session.type(`${rsa}\n`);
    await session.shows(KEY, 2);
    session.type("2\n");
    await session.shows("ask DNS? [y/n] ");
    session.type("n\n");
    await session.shows("do it? [y/n] ");
    expect(files().get(join(home, ".gitconfig"))).toBe(before.get(join(home, ".gitconfig")));
    session.type("y\n");
    await session.shows(`password for ${path}: `);
    session.type(`${PASSWORD.toString()}\r`);
    await session.shows("one moment …\r\x1b[K");
    const screen = await session.finished();
    expect(screen).not.toContain("one moment");
    expect(screen).toContain("ssh-ed25519");
    expect(screen).toContain("checked: ");
    expect(screen).not.toContain(PASSWORD.toString());
    expect(screen).toContain("in mutt (~/.muttrc):\n");
    expect(screen).toContain("status 0");
    expect(globalKey()).toBe(path);
    expect(config("user.email")).toBe("alice@example.org");
    expect(config("patchsig.dkim")).toBe("cached");
    expect(existsSync(HOOK())).toBe(true);

    expect(await answer(start("--undo"), ["do it? [y/n] ", "y\n"])).toContain("status 0");
    for (const [name, text] of before) expect(files().get(name), name).toBe(text);
    expect(existsSync(HOOK())).toBe(false);
  });

  const NAME = ["your name, as in your commits: ", "Alice\n"] as const;
  const ADDRESS = ["your mail address: ", "alice@example.org\n"] as const;
  const YES = ["do it? [y/n] ", "y\n"] as const;
  test.each<[string, readonly (readonly [string, string])[], string, string]>([
    ["Ctrl-C at the role", [], ROLE, "\u0003"],
    ["Ctrl-C at the key", [[ROLE, "s\n"], NAME, ADDRESS], KEY, "\u0003"],
    ["Ctrl-C at the last question", [[ROLE, "s\n"], NAME, ADDRESS, [KEY, "2\n"]], YES[0], "\u0003"],
    [
      "Ctrl-C at the password",
      [[ROLE, "s\n"], NAME, ADDRESS, [KEY, "2\n"], YES],
      "password for ",
      "\u0003",
    ],
    [
      "a wrong password",
      [[ROLE, "s\n"], NAME, ADDRESS, [KEY, "2\n"], YES],
      "password for ",
      "wrong\r",
    ],
    ["the end of input", [[ROLE, "s\n"]], NAME[0], "\u0004"],
    ["no", [[ROLE, "s\n"], NAME, ADDRESS, [KEY, "2\n"]], YES[0], "n\n"],
  ])("%s leaves all as it was", async (name, talk, question, last) => {
    lockedKey();
    const before = files();
    const status = last === "\u0003" ? 130 : name === "no" ? 1 : last === "\u0004" ? 2 : 3;
    const screen = await answer(start(), ...talk.map((one) => [...one] as [string, string]), [
      question,
      last,
    ]);
    expect(screen).toContain(`status ${status}`);
    expect(files()).toEqual(before);
  });
});
