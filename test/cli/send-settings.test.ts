/** Settings of git send-email that start programs or open editors, and those that are not followed. */

import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { patchsig, PROGRAM, records } from "../support/cli.ts";
import { gitIsAtLeast } from "../support/gits.ts";
import { git } from "../support/repo.ts";
import { submitter } from "../support/submitter.ts";

function program(file: string, ...lines: string[]): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, ["#!/bin/sh", ...lines, ""].join("\n"));
  chmodSync(file, 0o755);
  return file;
}

const TO = ["--to", "list@example.org", "--no-cover", "--yes"];

/** Verifies what has arrived. */
function verdicts(home: string, mails: readonly { readonly bytes: Buffer }[]): unknown[] {
  const from = Buffer.from("From x Thu Jan  1 00:00:00 2026\n");
  const input = Buffer.concat(mails.flatMap(({ bytes }) => [from, bytes, Buffer.from("\n")]));
  const found = records(patchsig(["verify", "--json", "--dry-run", "-"], { home, input }));
  return found.filter(({ type }) => type === "patch").map(({ signature }) => signature);
}

/** git hook run. */
const runsHook = gitIsAtLeast(2, 36);

describe("programs of the user", () => {
  test.runIf(runsHook)("headerCmd, the hook, the editor, an alias in from", async () => {
    const { server, home, cwd, sendWith } = await submitter();
    const says = program(
      join(home, "header"),
      'echo "X-Of: $(basename "$2")"',
      'printf "X-Name: ü\\nCc: Bób <bob@example.org>,\\n\\tother@example.org\\n"',
    );
    program(
      join(cwd, ".git", "hooks", "sendemail-validate"),
      'echo "$PWD $# $GIT_SENDEMAIL_FILE_COUNTER/$GIT_SENDEMAIL_FILE_TOTAL" >&2',
      'grep -q "^To: list@" "$2" || exit 1',
      "sed -i '0,/^Subject:/s//X-Hook: 1\\nSubject:/' \"$1\"",
    );
    const editor = program(
      join(home, "editor"),
      `echo "$#" >> ${home}/edits`,
      'for file; do sed -i "s/^---$/---\\nSeen in the editor./; 1iFrom x Mon Sep 17 00:00:00 2001" "$file"; done',
    );
    writeFileSync(join(home, "aliases"), "alias me Alice Me <alice@example.org>\n");
    for (const [key, value] of [
      ["sendemail.headerCmd", `${says} x`],
      ["sendemail.annotate", "true"],
      ["sendemail.from", "me"],
      ["sendemail.aliasesFile", join(home, "aliases")],
      ["sendemail.aliasFileType", "mutt"],
    ] as const)
      git(cwd, ["config", key, value]);
    const run = await sendWith({ GIT_EDITOR: editor }, TO);
    expect(run.status, run.stderr).toBe(0);
    expect(run.stderr).toContain(`${cwd} 2 2/2\n`);
    expect(run.stdout).toContain("Bób <bob@example.org>  (sendemail.headerCmd)\n");
    expect(readFileSync(join(home, "edits"), "utf8")).toBe("2\n");
    for (const [i, { bytes, recipients }] of server.mails.entries()) {
      expect(recipients).toEqual([
        "list@example.org",
        "alice@example.org",
        "bob@example.org",
        "other@example.org",
      ]);
      const mail = bytes.toString().replaceAll("\r\n", "\n");
      const [header] = mail.split("\n\n");
      expect(header).toContain("From: Alice Me <alice@example.org>\n");
      expect(header).toMatch(/^X-Of: 0001.patch\nX-Name: =\?UTF-8\?q\?=C3=BC\?=$/m);
      expect(header).toContain("X-Hook: 1\n");
      expect(mail, String(i)).toContain("\n\nSeen in the editor.\n a | 2 +-\n");
    }
    expect(verdicts(home, server.mails)).toEqual(["good", "good"]);
    // one file after the other, or none
    git(cwd, ["config", "sendemail.multiEdit", "false"]);
    const dry = [...TO, "--dry-run", "--allow", "unchanged"];
    expect((await sendWith({ GIT_EDITOR: editor }, dry)).status).toBe(0);
    expect(readFileSync(join(home, "edits"), "utf8")).toBe("2\n1\n1\n");
    expect((await sendWith({ GIT_EDITOR: "false" }, [...dry, "--no-annotate"])).status).toBe(0);
    expect((await sendWith({ GIT_EDITOR: "false" }, dry)).stderr).toContain("the editor failed");
    expect((await sendWith({ GIT_EDITOR: "rm" }, dry)).stderr).toContain("left no 0001.patch");
  });

  test.runIf(runsHook)(
    "a hook that refuses, or changes what is signed; ours is not run on its own work",
    async () => {
      const { server, home, cwd, send, sendWith } = await submitter();
      const hook = join(cwd, ".git", "hooks", "sendemail-validate");
      program(hook, "echo not today; exit 3");
      const refused = await send(...TO);
      expect(refused.status).toBe(1);
      expect(refused.stderr).toMatch(
        /not today\npatchsig: \[PATCH 1\/2\] a: two: the hook sendemail-validate refuses it\nhint: --no-validate/,
      );
      program(hook, 'sed -i "s/^Two is/Three is/" "$1"');
      const spoiled = await send(...TO);
      expect([spoiled.status, spoiled.stderr]).toEqual([
        1,
        expect.stringContaining("changes what is signed: nothing was sent"),
      ]);
      expect(server.mails).toEqual([]);
      git(cwd, ["config", "sendemail.validate", "false"]);
      expect((await send(...TO, "--dry-run")).status).toBe(0);
      git(cwd, ["config", "--unset", "sendemail.validate"]);
      expect((await send(...TO, "--dry-run", "--no-validate")).status).toBe(0);
      // ours is installed beside it, and the other one still runs
      symlinkSync(join(dirname(PROGRAM), "git-patchsig.js"), join(home, "git-patchsig"));
      const env = { PATH: `${home}:${process.env["PATH"]}` };
      expect(patchsig(["hook", "install"], { cwd, home, env }).status).toBe(0);
      program(`${hook}.before-patchsig`, "exit 3");
      expect((await sendWith(env, [...TO, "--dry-run"])).status).toBe(1);
      program(`${hook}.before-patchsig`, "exit 0");
      expect((await sendWith(env, [...TO, "--dry-run"])).status).toBe(0);
      // alone, it is not even started
      rmSync(`${hook}.before-patchsig`);
      expect((await send(...TO, "--dry-run")).status).toBe(0);
    },
  );
});

test("outlookIdFix: mails reply to what the server has called those before", async () => {
  const { server, home, cwd, send } = await submitter(({ bytes }) => {
    const [, place] = /^Subject: \[PATCH(?: v2)? (\d)/m.exec(bytes.toString()) ?? [];
    return { said: `2.0.0 OK <N${place}@a.namprd11.prod.outlook.com> [Hostname=x]` };
  });
  expect((await send(...TO)).status).toBe(0);
  const second = server.mails[1]!.bytes.toString();
  expect(second).toContain("\r\nIn-Reply-To: <N1@a.namprd11.prod.outlook.com>\r\n");
  expect(second).toContain("\r\nReferences: <N1@a.namprd11.prod.outlook.com>\r\n");
  expect(verdicts(home, server.mails)).toEqual(["good", "good"]);
  git(cwd, ["commit", "-q", "--amend", "-m", "a: four"]);
  git(cwd, ["config", "sendemail.outlookIdFix", "false"]);
  expect((await send(...TO, "--thread", "first")).status).toBe(0);
  const [, , next, last] = server.mails.map(({ bytes }) => bytes.toString());
  expect(next).toContain("\r\nIn-Reply-To: <N1@a.namprd11.prod.outlook.com>\r\n");
  expect(last).not.toContain("In-Reply-To: <N");
});

/** A setting, its exit status in a dry run, and what is said. */
const SAID: readonly (readonly [string, number, RegExp])[] = [
  ["format.attach=true", 0, /note +format.attach does not count: patches are sent as text\n/],
  ["format.numbered=false", 0, /note +format.numbered does not count: /],
  ["sendemail.xmailer=true", 0, /note +sendemail.xmailer does not count: there is no X-Mailer/],
  ["sendemail.imapSentFolder=Sent", 2, /^patchsig: sendemail.imapSentFolder is not supported/],
  ["sendemail.useImapOnly=true", 2, /^patchsig: sendemail.useImapOnly is not supported/],
  ["sendemail.smtpSSL=true", 2, /^patchsig: sendemail.smtpSSL is not supported/],
  ["sendmail.to=x", 2, /^patchsig: sendmail.to is set, which nobody reads: sendemail has an e/],
  ["sendemail.from=nobody", 2, /^patchsig: sendemail.from is "nobody": not one person's/],
  ["sendemail.headerCmd=echo Subject: x #", 3, /says "Subject: x", which send writes itself/],
  ["sendemail.headerCmd=echo no field #", 3, /says "no field", which is no field of a header/],
  ["sendemail.headerCmd=false", 3, /^patchsig: "false" failed: nothing was sent/],
  ["sendemail.smtpServer=/nowhere/msmtp", 3, /^patchsig: cannot start \/nowhere\/msmtp/],
];

test("what is not followed is said at once", async () => {
  const { server, home, send, sendWith, cwd } = await submitter();
  const runs = await Promise.all(
    SAID.map(([setting]) => {
      const [key = "", ...value] = setting.split("=");
      const set = {
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: key,
        GIT_CONFIG_VALUE_0: value.join("="),
      };
      return sendWith(set, [...TO, "--dry-run"]);
    }),
  );
  for (const [i, [setting, status, words]] of SAID.entries()) {
    expect(runs[i]!.status, `${setting}: ${runs[i]!.stderr}`).toBe(status);
    expect(status === 0 ? runs[i]!.stdout : runs[i]!.stderr, setting).toMatch(words);
  }
  const allowed = {
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: "sendmail.to",
    GIT_CONFIG_VALUE_0: "x",
    GIT_CONFIG_KEY_1: "sendemail.forbidSendmailVariables",
    GIT_CONFIG_VALUE_1: "false",
  };
  expect((await sendWith(allowed, [...TO, "--dry-run"])).status).toBe(0);
  // nor what is not committed
  writeFileSync(join(cwd, "a"), "9\n");
  expect((await send(...TO, "--dry-run")).stdout).toMatch(/note +not committed, so not sent: a\n/);
  // a cover letter in another charset
  const latin = join(home, "latin");
  writeFileSync(latin, Buffer.from("f\xfcr alle\n\nText.\n", "latin1"));
  const options = ["--to", "list@example.org", "--cover", latin, "--dry-run"];
  expect((await send(...options)).stderr).toMatch(/is no text in UTF-8\nhint: .*composeEncoding/);
  git(cwd, ["config", "sendemail.composeEncoding", "ISO-8859-1"]);
  expect((await send(...options)).stdout).toContain("[PATCH 0/2] für alle\n");
  expect(server.mails).toEqual([]);
});
