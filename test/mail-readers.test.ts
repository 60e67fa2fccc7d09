/** The recipes of docs/mail-readers.md, as they stand there, run by the real programs. */

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { newHome, newSubmission, signedPatches, text } from "./cli/support.ts";
import { PROGRAM } from "./support/cli.ts";
import { newFolder } from "./support/folders.ts";
import { LONG } from "./support/long.ts";
import { requireTool } from "./support/tools.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGE = readFileSync(join(ROOT, "docs", "mail-readers.md"), "utf8");
const NAME = "X-Patchsig-Status";

/** The indented lines below a heading. */
function recipe(heading: string): string {
  const section = PAGE.split(`\n### ${heading}\n`)[1]!.split(/\n##/)[0]!;
  const lines = section.split("\n").filter((line) => line === "" || line.startsWith("    "));
  return lines.map((line) => line.slice(4)).join("\n");
}

let good: string;
let bad: string;

/** A signed mail and a changed one, each with a status that its sender wrote. */
function makeMails(): void {
  const { work } = newSubmission();
  const [file = ""] = signedPatches(work, newHome(7));
  const received = "From alice Sat Nov 28 00:00:00 2026\nReceived: from mx.example.org\n";
  good = text(file)
    .replace(/^From .*\n/, received)
    .replace("Subject:", `${NAME}: good; forged\nMessage-ID: <1@example.org>\nSubject:`);
  bad = good.replace("+LINE 2", "+LINE 3").replace("<1@", "<2@");
}

/** A folder with `git-patchsig`, or with one that fails. */
function programs(fails = false): string {
  const folder = newFolder();
  const file = join(folder, "git-patchsig");
  const run = fails ? "exit 3" : `exec ${process.execPath} ${PROGRAM} "$@"`;
  writeFileSync(file, `#!/bin/sh\n${run}\n`);
  chmodSync(file, 0o755);
  return folder;
}

/** Hands mails to a filter, and returns what lies in its mailboxes. */
function delivered(
  program: string,
  rules: (folder: string) => string,
  mails: readonly string[],
): { inbox: string; suspect: string } {
  const folder = newFolder();
  chmodSync(folder, 0o700);
  mkdirSync(join(folder, "Mail"));
  const file = join(folder, "rules");
  writeFileSync(file, rules(folder));
  chmodSync(file, 0o600);
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder };
  for (const input of mails) {
    const args = program === "procmail" ? ["-m", file] : [file];
    const run = spawnSync(program, args, { cwd: folder, env, input, encoding: "latin1" });
    expect(run.status, run.stderr).toBe(0);
  }
  const read = (name: string): string => {
    const path = join(folder, "Mail", name);
    return existsSync(path) ? readFileSync(path, "latin1") : "";
  };
  return { inbox: read("inbox"), suspect: read("suspect") };
}

const statuses = (box: string): string[] =>
  box.split("\n").filter((line) => line.toLowerCase().startsWith(NAME.toLowerCase()));

const FILTERS = [
  [
    "procmail",
    (folder: string, bin: string) =>
      `MAILDIR=${folder}/Mail\nDEFAULT=${folder}/Mail/inbox\nXDG_DATA_HOME=${folder}\n` +
      recipe("procmail").replace("PATH=", `PATH=${bin}:`),
  ],
  [
    "maildrop",
    (folder: string, bin: string) =>
      // maildrop takes HOME from the system's users
      `DEFAULT="${folder}/Mail/inbox"\nSHELL="/bin/sh"\nXDG_DATA_HOME="${folder}"\n` +
      recipe("maildrop").replace('PATH="', `PATH="${bin}:`).replace("$HOME", folder),
  ],
] as const;

for (const [name, rules] of FILTERS)
  describe.runIf(LONG && requireTool(name))(name, () => {
    beforeAll(makeMails);

    test("files by the status that it wrote", () => {
      const bin = programs();
      const { inbox, suspect } = delivered(name, (folder) => rules(folder, bin), [good, bad]);
      expect(statuses(inbox)).toEqual([`${NAME}: good; alice@example.org; first use`]);
      expect(statuses(suspect)).toEqual([
        expect.stringMatching(/^X-Patchsig-Status: bad; alice@example\.org; diff changed/),
      ]);
    });

    test("keeps the mail if patchsig fails, without a status", () => {
      const bin = programs(true);
      const { inbox, suspect } = delivered(name, (folder) => rules(folder, bin), [bad]);
      expect([statuses(inbox), suspect]).toEqual([[], ""]);
      expect(inbox).toContain(bad.slice(bad.indexOf("Message-ID:")).trimEnd());
    });
  });

describe.runIf(LONG && requireTool("notmuch") && requireTool("jq"))("notmuch", () => {
  beforeAll(makeMails);

  test("the hook tags what came; of several with one Message-ID, a bad one decides", () => {
    const folder = newFolder();
    const mail = join(folder, "mail");
    const cur = join(mail, "cur");
    for (const name of ["cur", "new", "tmp", ".notmuch/hooks"])
      mkdirSync(join(mail, name), { recursive: true });
    const config = join(folder, "config");
    writeFileSync(config, `[database]\npath=${mail}\n[new]\ntags=new;unread\n`);
    const hook = join(mail, ".notmuch", "hooks", "post-new");
    writeFileSync(hook, readFileSync(join(ROOT, "contrib", "notmuch-post-new")), { mode: 0o755 });
    const put = (name: string, mail: string): void =>
      writeFileSync(join(cur, `${name}:2,`), mail.replace(/^From .*\n/, ""), "latin1");
    put("1", good);
    put("2", bad);
    // the same Message-ID, read before and after the good one
    put("3", good.replace("<1@", "<3@"));
    put("4", bad.replace("<2@", "<3@"));
    put("5", bad.replace("<2@", '<"4 or id:1@'));
    const PATH = `${programs()}:${process.env["PATH"]}`;
    const env = { ...process.env, PATH, XDG_DATA_HOME: folder, NOTMUCH_CONFIG: config };
    const notmuch = (...args: string[]): string => {
      const run = spawnSync("notmuch", args, { env, encoding: "utf8" });
      expect([run.status, run.stderr]).toEqual([0, ""]);
      return run.stdout;
    };
    notmuch("new");
    const tagged = (tag: string): string[] =>
      notmuch("search", "--output=messages", `tag:patchsig-${tag}`).trim().split("\n").sort();
    expect(tagged("good")).toEqual(["id:1@example.org"]);
    expect(tagged("bad")).toEqual(["id:2@example.org", "id:3@example.org"]);
    expect(tagged("unsigned")).toEqual([""]);
  });
});
