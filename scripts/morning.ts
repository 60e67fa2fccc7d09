/**
 * Prints docs/maintainer.md: everything in it is run, with a public-inbox, mutt in tmux and b4. After a change:
 * make morning >docs/maintainer.md; test/morning.test.ts compares the page with what this prints.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COLUMNS, loginOf, pageOf } from "./page.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const play = mkdtempSync(join(tmpdir(), "patchsig-morning."));
const inbox = join(play, "mia", "lists", "net");

type Who = "alice" | "bob" | "carol" | "mia";

/** Her or his home, and all that a login sets. */
function envOf(who: Who): Record<string, string> {
  const home = join(play, who);
  return {
    ...loginOf(home, join(play, "bin")),
    TERM: "screen",
    EDITOR: "true",
  };
}

const { say, show } = pageOf((text) =>
  text.replaceAll(join(play, "mia"), "/home/mia").replaceAll(play, "/home"),
);

/** Runs a command of the shell; what it prints. */
function run(who: Who, command: string, cwd = join(play, who, "net")): string {
  const shell = ["-c", `exec 2>&1; ${command}`];
  const options = { cwd, env: envOf(who), encoding: "utf8", input: "" } as const;
  return execFileSync("sh", shell, options);
}

/** The same of Mia, on the page. */
function mia(command: string): void {
  show(command, run("mia", command));
}

/** A mail program's end: what is sent arrives in the public-inbox and in Mia's maildir. */
function newList(): void {
  mkdirSync(join(play, "bin"), { recursive: true });
  const program = (name: string, text: string): void => {
    writeFileSync(join(play, "bin", name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(play, "bin", name), 0o755);
  };
  for (const name of ["patchsig", "git-patchsig"])
    program(name, `exec '${process.execPath}' '${join(ROOT, "bin", "patchsig.js")}' "$@"`);
  const mail = join(play, "mia", "Mail", "net");
  for (const folder of ["cur", "new", "tmp"]) mkdirSync(join(mail, folder), { recursive: true });
  program(
    "deliver",
    `export HOME='${join(play, "mia")}' ORIGINAL_RECIPIENT=net@example.org
cat >'${play}/mail'; public-inbox-mda <'${play}/mail' || exit
n=$(ls '${mail}/new' '${mail}/cur' | wc -l); cp '${play}/mail' "${mail}/new/$n.1.mail"`,
  );
  const init = `public-inbox-init -Lbasic -V2 net '${inbox}' https://example.org/net net@example.org`;
  mkdirSync(join(play, "mia", "lists"), { recursive: true });
  run("mia", `${init} && git config -f ~/.public-inbox/config publicinboxmda.spamcheck none`, play);
}

/** A project, and a clone for everybody. */
function newProject(): void {
  const people: readonly (readonly [Who, string])[] = [
    ["alice", "Alice"],
    ["bob", "Bob"],
    ["carol", "Carol"],
    ["mia", "Mia"],
  ];
  for (const [who] of people) mkdirSync(join(play, who), { recursive: true });
  newList();
  run(
    "mia",
    `git init -q --bare -b main ${play}/net.git && git clone -q ${play}/net.git net`,
    join(play, "mia"),
  );
  for (const [who, name] of people) {
    if (who !== "mia") run(who, `git clone -q ${play}/net.git net`, join(play, who));
    const settings = `user.name=${name} user.email=${who}@example.org sendemail.sendmailCmd=deliver sendemail.confirm=never`;
    for (const setting of settings.split(" "))
      run(who, `git config --global ${setting.replace("=", " ")}`, play);
    if (who === "mia") {
      run(
        "mia",
        "printf 'retry\\ntimer\\ncount\\n' >net.txt && git add . && git commit -qm 'net: start' && git push -q origin HEAD:main",
      );
    }
  }
  for (const who of ["alice", "bob", "carol"] as const) run(who, "git pull -q origin main");
  for (const who of ["alice", "bob", "mia"] as const) run(who, "git patchsig key generate -W");
}

/** Two versions of a series, and what others say of them. */
function yesterday(): void {
  run("alice", "git switch -q -c timer --track origin/main");
  run(
    "alice",
    "sed -i 's/timer/one timer/' net.txt && git commit -qam 'net: use one timer' -m 'Two were too many.'",
  );
  run(
    "alice",
    "printf 'count retries\\nin total\\nand by host\\nand by hour\\n' >>net.txt && git commit -qam 'net: count retries' -m 'They cost time.'",
  );
  writeFileSync(join(play, "alice", "cover"), "net: fewer timers\n\nOne timer is enough.\n");
  run("alice", "git patchsig send -y --to net@example.org --cover ~/cover");
  reply("carol", "2/2", "Why not count all of them?\n");
  run(
    "alice",
    "sed -i 's/count retries/count all retries/' net.txt && git commit -qa --amend --no-edit",
  );
  run("alice", "git patchsig send -y");
  reply("carol", "v2 2/2", "Works here.\n\nTested-by: Carol <carol@example.org>\n");
  // the mails of a version have dates a second apart, and mutt sorts by them
  run("bob", "sleep 4");
  const review = `git patchsig review --reviewed-by -o ~/review.eml ${idOf("v2 0/2")}`;
  run(
    "bob",
    `git config --global patchsig.source '${inbox}' && ${review} && git send-email -q --suppress-cc=self ~/review.eml`,
  );
}

/** The Message-ID of the mail whose subject has this number. */
function idOf(number: string): string {
  const log = run(
    "mia",
    `git -C '${inbox}/git/0.git' log --format=%H --grep='^\\[PATCH ${number}\\]'`,
  ).trim();
  const mail = run("mia", `git -C '${inbox}/git/0.git' show ${log.split("\n")[0]!}:m`);
  return /^Message-ID: <(.*)>$/im.exec(mail)![1]!;
}

function reply(who: Who, number: string, text: string): void {
  const id = idOf(number);
  const name = who[0]!.toUpperCase() + who.slice(1);
  const mail = `From: ${name} <${who}@example.org>
To: net@example.org
Subject: Re: [PATCH ${number}] net: count retries
Date: ${new Date().toUTCString().replace("GMT", "+0000")}
Message-ID: <${number.replace(/\W/g, "")}.${who}@example.org>
In-Reply-To: <${id}>
References: <${id}>

> They cost time.
${text}`;
  writeFileSync(join(play, who, "reply"), mail);
  run(who, "deliver <~/reply");
}

let sessions = 0;

/** What mutt shows in a terminal of 80 columns after these keys, each with the text that must then appear. */
function mutt(keys: readonly (readonly [key: string, shown: string])[]): string {
  // a server that is just ending would not take another session
  const socket = join(play, `tmux-${++sessions}`);
  const tmux = (...args: string[]): string =>
    execFileSync("tmux", ["-S", socket, ...args], { env: envOf("mia"), encoding: "utf8" });
  const screen = (): string => tmux("capture-pane", "-p").replace(/\n+$/, "");
  writeFileSync(
    join(play, "mia", ".muttrc"),
    [
      "set sort=threads date_format='%d %b' index_format='%3C %Z %[%d %b] %-12.12L %s' quit=yes help=no",
      "set wait_key=yes mbox_type=Maildir folder=~/Mail",
      'macro index V "<pipe-message>git patchsig verify -<enter>"',
      "",
    ].join("\n"),
  );
  tmux(
    "-f",
    "/dev/null",
    "new-session",
    "-d",
    "-x",
    String(COLUMNS),
    "-y",
    "20",
    "mutt -f ~/Mail/net",
  );
  try {
    for (const [key, shown] of keys) {
      if (key !== "") tmux("send-keys", key);
      const start = Date.now();
      while (!screen().includes(shown)) {
        if (Date.now() - start > 60_000)
          throw new Error(`mutt does not show ${shown}:\n${screen()}`);
        execFileSync("sleep", ["0.1"]);
      }
    }
    return screen();
  } finally {
    tmux("kill-server");
  }
}

function page(): void {
  newProject();
  yesterday();
  say(`
# A maintainer's morning

Mia maintains a project. Its list is a public-inbox on her machine, \`~/lists/net\`, and her mail program has the same
mails in \`~/Mail/net\`. Alice signs; Carol does not; Bob signs his reviews. \`make morning\` runs all that this page
shows, and prints it.`);

  say("## What has come");
  run("mia", `git config --global patchsig.source '${inbox}'`);
  show("git config --global patchsig.source ~/lists/net", "");
  mia("git patchsig series list ~/lists/net");
  say(
    "In mutt, with a key that pipes the current message to `git patchsig verify -` ([mail-readers.md](mail-readers.md)):",
  );
  show("mutt -f ~/Mail/net", mutt([["", "net: fewer timers"]]));
  show(
    "V",
    mutt([
      ["", "net: fewer timers"],
      ["V", "Press any key"],
    ]),
  );

  say("## A closer look");
  const id = idOf("v2 0/2");
  say("A Message-ID names its thread. The newest version is meant:");
  show("git patchsig verify ID", run("mia", `git patchsig verify ${id}`));
  const key = run("bob", "git patchsig key show | grep -o 'RW[A-Za-z0-9+/]*'")
    .trim()
    .split("\n")[0]!;
  say(
    "Bob's review is signed with a key that Mia does not know. She asks him on the telephone, and accepts it:",
  );
  mia(`git patchsig trust accept bob@example.org ${key}`);
  show("git patchsig verify ID | grep reply", run("mia", `git patchsig verify ${id} | grep reply`));
  say(
    "What Bob says is proven now, for just these patches. Nobody can say whether Carol wrote hers. What has changed since v1:",
  );
  mia("git patchsig diff ~/lists/net");

  say("## Applying it");
  show("git switch -q -c next", run("mia", "git switch -q -c next"));
  const am = "git patchsig am -q --trailers --link -s";
  show(`${am} ID`, run("mia", `${am} ${id}`));
  mia("git log --format=%B -2");

  say("## b4 beside it");
  say(`
b4 fetches threads and chooses versions in its own way. What it writes goes into \`am\` as well: the trailers that it has
added are not what Alice signed, and are told apart ([with-b4.md](with-b4.md)).`);
  run(
    "mia",
    "cat $(ls -v ~/Mail/net/cur/* ~/Mail/net/new/* 2>/dev/null) >/dev/null; for f in ~/Mail/net/*/*.mail*; do echo 'From x Thu Jan  1 00:00:00 2026'; cat $f; echo; done >~/thread.mbox",
  );
  const b4 = `b4 -q am -m ~/thread.mbox -o - ID 2>/dev/null | git patchsig am -q --trailers -s -`;
  run("mia", "git switch -q -c by-b4 main");
  show(b4, run("mia", b4.replace("ID", id)));
  show(
    "git diff --stat next && git log --oneline -2",
    run("mia", "git diff --stat next && git log --oneline -2"),
  );
  run("mia", "git switch -q next");

  say("## What stays");
  say(
    "`am` has left a note on each commit, with all that was signed. Anybody can check it again, without the mails:",
  );
  mia("git patchsig check-commit main..");
  mia("git patchsig log -1");
  mia("git push -q origin next:main refs/notes/patchsig");
  say("On Carol's machine, which has seen none of these mails, or years later:");
  const fetch = "git fetch -q origin main refs/notes/patchsig:refs/notes/patchsig";
  show(fetch, run("carol", fetch));
  show(
    "git patchsig check-commit FETCH_HEAD~2..FETCH_HEAD",
    run("carol", "git patchsig check-commit FETCH_HEAD~2..FETCH_HEAD"),
  );

  say("## A review of her own");
  const filter = "2>/dev/null | sed -n '/^Subject/p; /^Acked/,$p; /^patchsig/q'";
  show(`git patchsig ack ID ${filter}`, run("mia", `git patchsig ack ${id} ${filter}`));
  say(`
What follows is the signed text; \`git send-email\` sends the whole reply. A macro for mutt is in
git-patchsig-review(1).`);
}

try {
  page();
} finally {
  rmSync(play, { recursive: true, force: true });
}
