/**
 * Series through stock git send-email with the hook, to a real SMTP server, in all the ways in which
 * it changes mails or lets the user change them: good as received with their base, or refused with
 * the way out.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { patchsig, records } from "../support/cli.ts";
import { gits, type OtherGit } from "../support/gits.ts";
import { LONG, some } from "../support/long.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import { sendEmail, type Sent } from "../support/send-email.ts";
import { requireTool } from "../support/tools.ts";
import { edit, expectStatus, filesOf, newFolder, newHome } from "./support.ts";

const tools = requireTool("git-send-email");

let home: string;
let bin: string;
let editor: string;
let work: string;
let base: string;

/** Writes cover letters, and adds a line to the message of what already has a text. */
const EDITOR = `#!/usr/bin/perl -pi
s/\\*\\*\\* SUBJECT HERE \\*\\*\\*/song: be loud/;
s/\\*\\*\\* BLURB HERE \\*\\*\\*/All of it./;
s/^Subject: $/Subject: about the song/;
s/^(?=---$|GIT: From a )/A line of the editor, um die Ohren zu schonen.\\n\\n/;
`;

beforeAll(() => {
  home = newHome();
  bin = newFolder();
  symlinkSync(
    join(import.meta.dirname, "..", "..", "bin", "git-patchsig.js"),
    join(bin, "git-patchsig"),
  );
  editor = join(bin, "editor");
  writeFileSync(editor, EDITOR);
  chmodSync(editor, 0o755);
});
beforeEach(() => {
  work = join(newFolder(), "work");
});

/** A message, and the content of a file. */
type Change = readonly [string, string];
const PLAIN: readonly Change[] = [
  [
    "song: shout\n\n.\nFrom here on it is loud.\n\nSigned-off-by: Alice <alice@example.org>",
    "la \n",
  ],
  ["[song] softer\n\nNot so loud.", "\tla\n-- \n"],
];
/** Another's name, a long title, a subject and a text that are not ASCII. */
const EIGHT_BIT: readonly Change[] = [
  [
    "song: Grüße, and a title so long that git has to fold it, ümlaut or not\n\nJürgen sang.",
    "ü\n",
  ],
];
/** What no server takes as it is. */
const HARD: readonly Change[] = [
  ["song: a long line", "la ".repeat(500)],
  ["song: written elsewhere", "one\r\ntwo\n"],
];

/** `work` has these changes on a branch; their authors, in order. */
function submission(kinds: readonly Change[]): string[] {
  const upstream = newRepository(join(newFolder(), "upstream"));
  base = commit(upstream, "start", { "song.txt": "one\n" });
  git(bin, ["clone", "-q", upstream, work]);
  const count = LONG ? 30 : kinds.length;
  return Array.from({ length: count }, (_, i) => {
    const [message, text] = kinds[i % kinds.length]!;
    commit(work, `${message}\n`, { "song.txt": `${i}\n${text}`, [`f${i}`]: text });
    if (!EIGHT_BIT.includes(kinds[i % kinds.length]!)) return "Alice <alice@example.org>";
    const author = "Jürgen Groß <juergen@example.net>";
    git(work, ["commit", "-q", "--amend", "--no-edit", "--author", author]);
    return author;
  });
}

function environment(by: OtherGit): Record<string, string> {
  return {
    PATH: `${bin}:${by.path}`,
    XDG_DATA_HOME: home,
    SSH_AUTH_SOCK: "",
    GIT_COMMITTER_NAME: "Alice",
    GIT_COMMITTER_EMAIL: "alice@example.org",
    GIT_EDITOR: editor,
  };
}

function send(by: OtherGit, words: readonly string[]): Promise<Sent> {
  const env = environment(by);
  expectStatus(patchsig(["hook", "install"], { home, cwd: work, env }), 0);
  const own = words[0] === "-c" ? words.slice(0, 2) : [];
  const rest = words.slice(own.length);
  return sendEmail(["--from=Alice <alice@example.org>", ...rest], { cwd: work, env, own });
}

/** What the receiver's program says of the mails. */
// oxlint-disable-next-line typescript/no-explicit-any -- records of several types
function verified(mails: readonly Buffer[]): Record<string, any>[] {
  const inbox = newFolder();
  for (const [i, mail] of mails.entries())
    writeFileSync(join(inbox, `${String(i).padStart(3, "0")}.eml`), mail);
  return records(patchsig(["verify", "--json", inbox], { home: newFolder() }));
}

/** All of them are good, by these authors, bound together, and on the right base. */
function expectGood({ status, said, mails }: Sent, authors: readonly string[]): void {
  expect(status, said).toBe(0);
  const found = verified(mails);
  const mine = found.filter(({ type }) => type === "patch");
  const patches = mine.filter((one) => one["series"].index > 0);
  expect(mine.map((one) => one["signature"])).toEqual(mine.map(() => "good"));
  expect(
    patches.map(({ signature, author }) => `${signature} ${author.name} <${author.email}>`),
  ).toEqual(authors.map((author) => `good ${author}`));
  const series = found.filter(({ type }) => type === "series");
  expect(series).toMatchObject([{ sealed: true, complete: true, base: { commit: base } }]);
}

const ALL = [...PLAIN, ...EIGHT_BIT, ...HARD];

/** Words for git send-email, and what the series holds. */
const WAYS: readonly (readonly [string, readonly Change[]])[] = [
  ["", ALL],
  ["--transfer-encoding=7bit", PLAIN],
  ["--transfer-encoding=8bit", [...PLAIN, ...EIGHT_BIT]],
  ["--transfer-encoding=auto", ALL],
  ["--compose", ALL],
  ["--transfer-encoding=quoted-printable", ALL],
  ["--transfer-encoding=base64", ALL],
  ["-v2 --subject-prefix=PATCH_net", ALL],
  ["--no-thread --no-chain-reply-to", PLAIN],
  ["--no-attach", ALL],
  ["--no-signature --no-stat", ALL],
];

/** What git itself says no to. */
const REFUSED_BY_GIT: typeof WAYS = [
  ["--transfer-encoding=7bit", EIGHT_BIT],
  ["--transfer-encoding=8bit", HARD],
];

describe.runIf(tools)("git send-email", () => {
  for (const by of gits())
    describe(by.name, () => {
      const seesEdits = by.version[0] > 2 || by.version[1] >= 43;
      const range = (words: string): string[] => [
        ...words.split(" ").filter(Boolean),
        "origin/HEAD",
      ];

      test.each(some(WAYS, 4))("%s", async (words, changes) => {
        const authors = submission(changes);
        expectGood(await send(by, range(words)), authors);
      });

      test.each(some(REFUSED_BY_GIT, 2))("%s of what that cannot hold", async (words, changes) => {
        submission(changes);
        const { status, mails } = await send(by, range(words));
        expect({ failed: status !== 0, mails }).toEqual({ failed: true, mails: [] });
      });

      test("files with a cover letter that was edited, and then again", async () => {
        const authors = submission(PLAIN);
        const out = newFolder();
        git(work, ["format-patch", "-q", "--cover-letter", "-o", out, "origin/HEAD"]);
        execFileSync(editor, filesOf(out));
        expectGood(await send(by, [out]), authors);
        edit(filesOf(out)[0]!, (text) => text.replace("All of it.", "None of it."));
        const { status, said, mails } = await send(by, [out]);
        expect({ failed: status !== 0, mails }).toEqual({ failed: true, mails: [] });
        const [, hint] = /^hint: git (patchsig .*)$/m.exec(said)!;
        const env = { ...process.env, ...environment(by) };
        execFileSync("sh", ["-c", `git ${hint}`], { cwd: work, env, stdio: "pipe" });
        expectGood(await send(by, [out]), authors);
      });

      test.each(
        some(
          [
            ["--annotate --cover-letter", []],
            ["--compose --annotate", []],
            ["--ann", []],
            ["--identity=x", ["sendemail.x.annotate", "true"]],
            ["--cover-letter", ["sendemail.annotate", "true"]],
          ] as const,
          4,
        ),
      )("%s, %j", async (words, setting) => {
        const authors = submission(PLAIN);
        if (setting.length > 0) git(work, ["config", ...setting]);
        const sent = await send(by, range(words));
        if (seesEdits) return expectGood(sent, authors);
        expect({ failed: sent.status !== 0, mails: sent.mails }).toEqual({
          failed: true,
          mails: [],
        });
        expect(sent.said).toMatch(/ opens the editor of \S*annotate after signing/);
        // the way out
        const out = newFolder();
        git(work, ["format-patch", "-q", "-o", out, "origin/HEAD"]);
        execFileSync(editor, filesOf(out));
        const [key] = setting;
        const way = key === undefined ? [] : ["-c", `${key}=no`];
        if (key !== undefined) expect(sent.said).toContain(`git -c ${key}=no send-email`);
        expectGood(await send(by, [...way, out]), authors);
      });

      test("attached patches: refused, signed ones too, and the way out", async () => {
        const authors = submission(ALL);
        git(work, ["config", "format.attach", "true"]);
        const { said, mails } = await send(by, range(""));
        expect(mails).toEqual([]);
        expect(said).toMatch(
          /git send-email can spoil an attached patch.*\nhint: git send-email --no-attach\n/,
        );
        expectGood(await send(by, range("--no-attach")), authors);
      });

      const OTHER = "Pat <pat@example.net>";
      test.each([
        ["--from=Pat <pat@example.net>", [], /neither sent nor written by\nhint: .*--from=alice@/],
        ["", ["sendemail.from", OTHER], /neither sent nor written by/],
        [
          "",
          ["patchsig.address", "pat@example.net"],
          /signed by pat.* neither sent nor written by/,
        ],
        [
          "--from=Al <alice@example.org>",
          ["format.from", "true"],
          /another author above its own\nhint: git send-email '--from=Alice <alice@example.org>'\n/,
        ],
        [
          "",
          ["format.from", "Al <alice@example.org>"],
          /another author above its own\nhint: git send-email '--from=Al <alice@example.org>'\n/,
        ],
      ] as const)("%s %j: what would not be good is not sent", async (word, setting, why) => {
        submission(EIGHT_BIT);
        const [key, value] = setting;
        if (key !== undefined) git(work, ["config", key, value]);
        const env = environment(by);
        expectStatus(patchsig(["hook", "install"], { home, cwd: work, env }), 0);
        const words = word === "" ? ["origin/HEAD"] : [word, "origin/HEAD"];
        const { said, mails } = await sendEmail(words, { cwd: work, env });
        expect(mails).toEqual([]);
        expect(said).toMatch(why);
      });

      test("--no-validate: nothing is signed", async () => {
        submission(PLAIN);
        const { mails } = await send(by, range("--no-validate"));
        expect(mails.map((mail) => mail.includes("untrusted comment"))).not.toContain(true);
      });
    });
});
