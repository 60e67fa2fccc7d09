/**
 * Prints the first part of docs/sending.md, up to "What it does": everything in it is run, by a user with an empty
 * home folder, to a mail server of its own. After a change: make first-series, and put it there;
 * test/first-series.test.ts compares.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";
import { loginOf, pageOf } from "./page.ts";
import { onTerminal } from "./terminal.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const PASSWORD = "correct horse battery staple";

const play = mkdtempSync(join(tmpdir(), "patchsig-first-series."));
const home = join(play, "alice");
const work = join(home, "net");
const inbox = join(play, "mia", "Maildir");

const env = {
  ...loginOf(home, join(play, "bin")),
  EDITOR: join(play, "bin", "editor"),
};

let port = 0;
const { say, show } = pageOf((text) =>
  text.replaceAll(play, "/home").replaceAll(String(port), "2525"),
);

/** Runs a command of the shell that asks nothing; what it prints, though it may fail. */
function run(command: string, cwd = work): string {
  const shell = ["-c", `exec 2>&1; ${command}; true`];
  return execFileSync("sh", shell, { cwd, env, encoding: "utf8", input: "" });
}

/** The same, on the page. */
function alice(command: string): void {
  show(command, run(command));
}

/** Runs it on a terminal, where somebody answers: a question, and what is typed at it. */
async function talk(
  command: string,
  ...answers: readonly (readonly [question: string, typed: string])[]
): Promise<void> {
  const terminal = onTerminal(command, { cwd: work, env, clean: true });
  for (const [question, typed] of answers) {
    await terminal.shows(question);
    terminal.type(`${typed}\r`);
  }
  show(command, await terminal.finished());
}

function newProject(): void {
  for (const folder of ["bin", "alice", "net"]) mkdirSync(join(play, folder), { recursive: true });
  for (const folder of ["cur", "new", "tmp"]) mkdirSync(join(inbox, folder), { recursive: true });
  const program = (name: string, text: string): void => {
    writeFileSync(join(play, "bin", name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(play, "bin", name), 0o755);
  };
  for (const name of ["patchsig", "git-patchsig"])
    program(name, `exec '${process.execPath}' '${join(ROOT, "bin", "patchsig.js")}' "$@"`);
  program("editor", `printf 'net: fewer timers\\n\\nOne timer is enough for all.\\n' >"$1"`);
  const author = "-c user.name=Maintainer -c user.email=maint@example.org";
  run(
    `git init -q -b main && printf 'retry\\ntimer\\ntimer\\n' >net.txt && git add . && git ${author} commit -qm 'net: start'`,
    join(play, "net"),
  );
  run(`git clone -q ${play}/net ${work}`, play);
}

/** A mail server that puts what it gets into a maildir. */
async function listening(): Promise<SMTPServer> {
  let count = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    onData: (stream, _, done) => {
      void buffer(stream).then((mail) => {
        const text = mail.toString("latin1").replaceAll("\r\n", "\n");
        writeFileSync(join(inbox, "new", `${++count}.mia`), text, "latin1");
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.server.address();
  if (address !== null && typeof address === "object") port = address.port;
  return server;
}

async function page(): Promise<void> {
  newProject();
  writeFileSync(join(home, ".muttrc"), "set sort=threads\n");
  say(`
# Sending a branch

\`git patchsig send\` makes a signed series of a branch and sends it. git-patchsig-send(1) has its options. Alice has never
used it; she has a clone of the project. \`make first-series\` runs all that this page shows, and prints it.`);
  const first = await listening();
  await talk(
    "git patchsig setup",
    ["or both (b)? ", "s"],
    ["your name, as in your commits: ", "Alice"],
    ["your mail address: ", "alice@example.org"],
    ["or the name of a minisign key file: ", "1"],
    ["do it? [y/n] ", "y"],
    ["new password: ", PASSWORD],
    ["the same again: ", PASSWORD],
  );
  say("Her mail provider's server, as for git send-email:");
  alice("git config --global sendemail.smtpServer 127.0.0.1");
  alice(`git config --global sendemail.smtpServerPort ${port}`);
  say("Two commits on a branch:");
  alice("git switch -q -c timer --track origin/main");
  run("sed -i '3d' net.txt && git commit -qam 'net: one timer' -m 'Two were too many.'");
  run("sed -i 's/retry/retry twice/' net.txt && git commit -qam 'net: retry twice'");
  alice("git log --oneline --format=%s origin/main..");
  say("## Before anything is sent");
  alice("git patchsig send");
  say("The letter is written in her editor, and remembered.");
  alice("git patchsig series cover --edit");
  alice("git patchsig send");
  say("So it needs to know to whom; that is remembered too.");
  await talk("git patchsig send --to net@example.org --dry-run", ["password for ", PASSWORD]);
  say("## Sending it");
  say("The network is down:");
  await new Promise<void>((resolve) => first.close(resolve));
  await talk(
    "git patchsig send --to net@example.org",
    ["password for ", PASSWORD],
    ["send it? [y/n] ", "y"],
  );
  alice("git patchsig send --status");
  say("And up again. Nothing is signed anew, and no mail leaves twice.");
  const second = await listening();
  await talk("git patchsig send --continue");
  await new Promise<void>((resolve) => second.close(resolve));
  say("## What arrives");
  say("Mia reads the list. She has never seen Alice's key.");
  show(
    "git patchsig verify ~/Maildir",
    run(`HOME=${join(play, "mia")} git patchsig verify ${inbox}`).replaceAll(inbox, "~/Maildir"),
  );
}

try {
  await page();
} finally {
  rmSync(play, { recursive: true, force: true });
}
