/**
 * Prints the first part of docs/feeds.md, up to "Decisions": everything in it is run, by four users with empty home
 * folders, over a web server. After a change: make first-feed, and put it there; test/first-feed.test.ts compares.
 */

import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SMTPServer } from "smtp-server";
import { loginOf, pageOf } from "./page.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const play = mkdtempSync(join(tmpdir(), "patchsig-first-feed."));
const www = join(play, "srv", "www");
let web = "";

const { say, show } = pageOf((text) =>
  text
    .replaceAll(web, "https://example.org")
    .replaceAll(join(play, "srv"), "/srv")
    .replaceAll(play, "/home"),
);

/** Runs a command in somebody's clone; what it prints, though it may fail. */
async function run(person: string, command: string): Promise<string> {
  const home = join(play, person);
  const env = {
    ...loginOf(home, join(play, "bin")),
  };
  const shell = ["-c", `exec 2>&1; ${command}; true`];
  const started = promisify(execFile)("sh", shell, { cwd: join(home, "net"), env });
  started.child.stdin!.end();
  return (await started).stdout;
}

/** The same, on the page. */
const as =
  (person: string) =>
  async (command: string): Promise<void> =>
    show(
      command,
      await run(
        person,
        command.replaceAll("https://example.org", web).replaceAll("/srv/", `${play}/srv/`),
      ),
    );
const [alice, ci, other, mia] = [as("alice"), as("ci"), as("other"), as("mia")] as const;

async function newProject(): Promise<void> {
  for (const folder of ["bin", "net", "srv/www", "srv/forge"])
    mkdirSync(join(play, folder), { recursive: true });
  for (const name of ["patchsig", "git-patchsig"]) {
    const file = join(play, "bin", name);
    writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/bin/patchsig.js' "$@"\n`);
    chmodSync(file, 0o755);
  }
  const script =
    "git init -q -b main && printf 'retry\\ntimer\\ntimer\\n' >net.txt && git add . && " +
    "git -c user.name=Maintainer -c user.email=maint@example.org commit -qm 'net: start'";
  execFileSync("sh", ["-c", script], { cwd: join(play, "net") });
  const people = { alice: "Alice", ci: "Example CI", other: "Other CI", mia: "Mia" };
  for (const [person, name] of Object.entries(people)) {
    mkdirSync(join(play, person));
    execFileSync("git", ["clone", "-q", join(play, "net"), join(play, person, "net")]);
    await run(
      person,
      `git config --global user.name '${name}'; git config --global user.email ${person}@example.org; ` +
        "git patchsig key generate -W",
    );
  }
}

/** A list's mail server, which is all that is there of the list. */
async function listServer(): Promise<SMTPServer> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    onData: (stream, _, done) => void stream.on("end", () => done()).resume(),
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** Files, as any web server gives them. */
async function webServer(): Promise<ChildProcess> {
  const code =
    "import http.server,functools,sys;s=http.server.ThreadingHTTPServer(('127.0.0.1',0)," +
    "functools.partial(http.server.SimpleHTTPRequestHandler,directory=sys.argv[1]));" +
    "print(s.server_port,flush=True);s.serve_forever()";
  const child = spawn("python3", ["-c", code, www], { stdio: ["ignore", "pipe", "ignore"] });
  const port = await new Promise<Buffer>((resolve) => child.stdout.once("data", resolve));
  web = `http://127.0.0.1:${port.toString().trim()}`;
  return child;
}

async function developer(port: number): Promise<void> {
  say(`
# Feeds

A feed publishes patches, reviews and test results without a mailing list. It is a public-inbox (version 2), and it contains
mails. This page shows how to write and follow feeds, and why they are as they are. \`make first-feed\` runs everything that is
shown up to "Decisions", and prints it.

## A developer: patches for everybody

Alice names once the lists that everybody can read; a mail that went to no such list is not added. After that, all that \`send\`
sends to them also goes into her feed.`);
  await run(
    "alice",
    `git config --global sendemail.smtpServer 127.0.0.1; git config --global sendemail.smtpServerPort ${port}`,
  );
  await run(
    "alice",
    "git switch -q -c timer --track origin/main; sed -i '3d' net.txt; git commit -qam 'net: one timer' -m 'Two were too many.'",
  );
  await alice("git config --global --add patchsig.publicLists net@example.org");
  await alice(
    "git patchsig feed init ~/feed --name alice --url https://example.org/alice --kinds patches,reviews",
  );
  await alice("git config --global patchsig.sendFeed ~/feed");
  show(
    "git patchsig send --to net@example.org --yes",
    (await run("alice", "git patchsig send --to net@example.org --yes")).replaceAll(
      String(port),
      "2525",
    ),
  );
  say("Others can read it once it is on a web server. Any web server will do:");
  await alice("git patchsig feed publish ~/feed --describe");
  await alice("cp -a ~/feed /srv/www/alice");
  say("On a forge, each epoch needs an empty repository, to which it is pushed:");
  await alice("git init -q --bare /srv/forge/alice.0");
  await alice("git patchsig feed publish ~/feed --describe --push /srv/forge/alice");
}

async function testers(): Promise<void> {
  say(
    "## A CI: what it tested, for everybody\n\nThe CI follows Alice, applies what she sent, tests it, and signs the result:",
  );
  await ci("git patchsig feed follow https://example.org/alice");
  await ci("git patchsig am --quiet feed:alice");
  await run("ci", "printf 'TAP version 13\\n1..2\\nok 1 - retry\\nok 2 - timer\\n' >../t.tap");
  await ci("git patchsig feed init /srv/www/ci --url https://example.org/ci --kinds results");
  await ci(
    "git patchsig result sign --test net --env arch=x86_64 --tap ~/t.tap --to-feed /srv/www/ci",
  );
  await ci("git patchsig feed publish /srv/www/ci --describe");
  say(`
A run always makes the same mail, so a job that is started again adds nothing. Two jobs may add mails at the same time: one waits.

Another CI follows the first one, and accepts its key for results:`);
  const key = (await run("ci", "git patchsig key show")).match(/RW[A-Za-z0-9+/]{54}/)![0];
  await other("git patchsig feed follow https://example.org/ci");
  await other(`git patchsig trust accept --result-only ci@example.org ${key}`);
  say("It tests Alice's patches too, but asks first whether somebody has tested them:");
  await other("git patchsig feed follow https://example.org/alice");
  await other("git patchsig am --quiet feed:alice");
  await other("git patchsig tested --update --test net --env arch=x86_64 || make test");
  await other("git patchsig tested --test net --env arch=arm64 || echo make test");
  say(`
It runs its own tests if tree, test or environment differ, and if the key is not accepted, or was revoked. If a feed's history was
rewritten, or an epoch is missing, \`feed update\` exits with 1, and withdrawn results no longer count.`);
}

async function maintainer(): Promise<void> {
  say("## A maintainer: follow, and look");
  await mia("git patchsig feed follow https://example.org/alice --since 3.months");
  await mia("git patchsig feed follow https://example.org/ci");
  await mia("git patchsig verify feed:alice");
  say("Her review goes into a feed of her own:");
  await mia("git config --global --add patchsig.publicLists net@example.org");
  await mia("git patchsig feed init ~/feed --name mia --kinds reviews");
  await mia("git patchsig review --quiet --reviewed-by --to-feed ~/feed feed:alice");
  await mia("git patchsig feed verify ci ~/feed");
  say(`
A timer runs the next two commands: one fetches what is new, and exits with 1 if a feed took something back, else with 3 if one could not
be read; the other drops what is too old.`);
  await mia("git patchsig feed update");
  await mia("git patchsig feed gc --keep 12.months");
  say(
    "From a list with millions of mails, you can ask for your part only:\n\n    git patchsig feed follow https://lore.example.org/all --as mine --query 'dfn:drivers/i2c' --since 1.month",
  );
  say("Now the CI takes back a result that it had published:");
  const epoch = join(www, "ci", "git", "0.git");
  execFileSync(
    "sh",
    [
      "-c",
      "git update-ref refs/heads/master $(git -c user.name=x -c user.email=x@x commit-tree -m x master^{tree}) && git update-server-info",
    ],
    { cwd: epoch },
  );
  rmSync(join(www, "ci", "manifest.js.gz"));
  await mia("git patchsig feed update ci");
}

async function mirrorOwner(): Promise<void> {
  say("## A mirror's owner");
  await mia("git patchsig feed follow https://example.org/alice --as whole");
  await mia("git patchsig feed mirror whole /srv/www/mirror");
  say(`
Running \`feed update\` and \`feed mirror\` again brings the copy up to date. If the feed has withdrawn mails, \`feed mirror\` stops and says so:
the copy keeps them. Followers of the copy get the same as followers of the feed:`);
  await other("git patchsig feed follow https://example.org/mirror");
}

let server: ChildProcess | undefined;
let list: SMTPServer | undefined;
try {
  await newProject();
  server = await webServer();
  list = await listServer();
  const address = list.server.address();
  await developer(address !== null && typeof address === "object" ? address.port : 0);
  await testers();
  await maintainer();
  await mirrorOwner();
} finally {
  server?.kill();
  list?.close();
  rmSync(play, { recursive: true, force: true });
}
