/**
 * Prints docs/first-hour.md: everything in it is run, by a user with an empty home folder. After a change:
 * make first-hour >docs/first-hour.md; test/first-hour.test.ts compares the page with what this prints.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COLUMNS, loginOf, pageOf } from "./page.ts";
import { onTerminal, type Terminal } from "./terminal.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** How the page calls the home folder. */
const HOME = "/home/alice";
const PASSWORD = "correct horse battery staple";

const play = mkdtempSync(join(tmpdir(), "patchsig-first-hour."));
const home = join(play, "alice");
const work = join(home, "net");

/** All that a login sets, and no more. */
const env = {
  ...loginOf(home, join(home, ".local", "bin")),
  MANWIDTH: String(COLUMNS),
};

const { say, show } = pageOf((text) => text.replaceAll(home, HOME));

/** Runs a command of the shell that asks nothing. */
function run(command: string, cwd: string): string {
  const shell = ["-c", `exec 2>&1; ${command}`];
  return execFileSync("sh", shell, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Runs it on a terminal, where somebody answers: a question, and what is typed at it. */
async function talk(
  command: string,
  ...answers: readonly (readonly [question: string, typed: string])[]
): Promise<string> {
  const terminal = onTerminal(command, { cwd: work, env, clean: true });
  for (const [question, typed] of answers) {
    await terminal.shows(question);
    terminal.type(`${typed}\r`);
  }
  return terminal.finished();
}

/** What an interactive bash shows after `typed` and two tabs. */
async function complete(typed: string, expected: string): Promise<string> {
  const start =
    "PS1='$ '; . /usr/share/bash-completion/bash_completion; clear() { :; }; echo ready";
  writeFileSync(join(home, ".bashrc-of-the-page"), `${start}\nbind 'set bell-style none'\n`);
  const bash: Terminal = onTerminal(`bash --noprofile --rcfile ${home}/.bashrc-of-the-page -i`, {
    cwd: work,
    env,
    clean: true,
  });
  await bash.shows("ready");
  await bash.shows("$ ");
  bash.type(`${typed}\t\t`);
  await bash.shows(expected);
  // the line again, below what is offered
  await bash.shows(`$ ${typed}`, 2);
  bash.type("\u0015exit\r");
  const screen = await bash.finished();
  const from = screen.indexOf(`$ ${typed}`) + `$ ${typed}`.length;
  return screen.slice(from, screen.lastIndexOf(`$ ${typed}`)).trim();
}

function newProject(): void {
  mkdirSync(join(play, "net"), { recursive: true });
  const author = "-c user.name=Maintainer -c user.email=maint@example.org";
  run("git init -q -b main && echo retry >net.txt && git add .", join(play, "net"));
  run(`git ${author} commit -qm 'net: start'`, join(play, "net"));
  run(`git clone -q ${play}/net ${work}`, play);
}

async function page(): Promise<void> {
  mkdirSync(home);
  writeFileSync(join(home, ".muttrc"), "set sort=threads\n");
  newProject();
  say(`
# The first hour

A new user on Debian 12 with Node 20; in her home folder there is a clone of the project that she sends
patches to, and \`~/.muttrc\`. \`make first-hour\` runs all that this page shows, and prints it. Only
\`make\` itself has been run before: it installs the packages and builds.`);

  say("## Install");
  const install = `make install PREFIX=$HOME/.local`;
  show(install, run(install, ROOT));
  say(`
That is for one user; \`sudo make install\` is for all. Debian puts \`~/.local/bin\` on the PATH at the
next login.`);
  show("git patchsig --version", run("git patchsig --version", home));

  say("## Set up");
  say("Alice stands in her clone.");
  const questions = [
    ["or both (b)? ", "b"],
    ["your name, as in your commits: ", "Alice"],
    ["your mail address: ", "alice@example.org"],
    ["or the name of a minisign key file: ", "1"],
    ["ask DNS? [y/n] ", "y"],
    ["do it? [y/n] ", "y"],
    ["new password: ", PASSWORD],
    ["the same again: ", PASSWORD],
  ] as const;
  show("git patchsig setup", await talk("git patchsig setup", ...questions));
  say("Once more, it has nothing left to do.");
  show("git patchsig setup", await talk("git patchsig setup"));

  say("## The first patch");
  run("echo count >>net.txt && git commit -qam 'net: count retries'", work);
  const make = "git patchsig format-patch -o out";
  show(make, await talk(make, ["password for ", PASSWORD]));
  show("git patchsig verify out/*.patch", run("git patchsig verify out/*.patch", work));
  say(`
Others see the same, on first use of her key. \`git send-email out/*.patch\` sends it, and the hook
finds that it is signed already.`);

  say("## Manual and completion");
  const manual = "git patchsig --help | head -n 9";
  show(manual, run(manual, work));
  const offered = await complete("git patchsig trust ", "revoke");
  show("git patchsig trust <Tab><Tab>", offered);

  say("## Back");
  show(
    "git patchsig setup --undo",
    await talk("git patchsig setup --undo", ["do it? [y/n] ", "y"]),
  );
  const remove = "make uninstall PREFIX=$HOME/.local";
  show(remove, run(remove, ROOT));
}

try {
  await page();
} finally {
  rmSync(play, { recursive: true, force: true });
}
