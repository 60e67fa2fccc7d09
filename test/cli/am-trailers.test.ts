/** `patchsig am` of a thread: the signed patches with the trailers of the replies, and nothing else. */

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { onTerminal } from "../../scripts/terminal.ts";
import { PATCHSIG, patchsig, records, type Run } from "../support/cli.ts";
import { problems, schemaOf } from "../support/json-schema.ts";
import { git } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";
import {
  edited,
  expectError,
  expectStatus,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
  text,
} from "./support.ts";

const SIGNED_OFF = "Signed-off-by: Alice <alice@example.org>";
const BOB = "Reviewed-by: Bob Berg <bob@example.org>";
const CARL = "Acked-by: Carl <carl@example.org>";
const FORGED = "Tested-by: Bob Berg <bob@example.org>";

let submission: ReturnType<typeof newSubmission>;
/** The cover letter and three patches, signed. */
let files: string[];
let thread: string;

beforeAll(() => {
  submission = newSubmission();
  files = signedPatches(submission.work, newHome(7), ["--thread", "--cover-letter"]);
  const [cover, first, second] = files.map(idOf);
  const replies = [
    reply("Bob Berg <bob@example.org>", first!, `> ${SIGNED_OFF}\n\n${BOB}\n-- \n${CARL}\n`),
    reply("Carl <carl@example.org>", cover!, `${CARL}\nFixes: 1234567890ab ("song")\n`),
    reply("Mallory <mallory@example.net>", second!, `${FORGED}\n`),
  ];
  thread = join(newFolder(), "thread.mbox");
  writeFileSync(thread, Buffer.concat([...files.map((file) => readFileSync(file)), ...replies]));
});

let replies = 0;
function reply(from: string, to: string, body: string): Buffer {
  const header = [
    "From 0 Mon Sep 17 00:00:00 2001",
    `From: ${from}`,
    `Date: Mon, 23 Nov 2026 10:0${(replies += 1)}:00 +0000`,
    `Message-ID: <reply${replies}@example.org>`,
    `In-Reply-To: ${to}`,
    "Subject: Re: [PATCH] song",
  ];
  return Buffer.from(`${header.join("\n")}\n\n${body}\n`);
}

function idOf(file: string): string {
  return /^Message-I[Dd]: (<.*>)$/m.exec(text(file))![1]!;
}

let tree: string;
let home: string;
beforeEach(() => {
  home = newFolder();
  tree = join(newFolder(), "tree");
  cpSync(submission.base, tree, { recursive: true });
});

function am(...args: readonly string[]): Run {
  return patchsig(["am", ...args], { home, cwd: tree });
}

/** The bodies of the new commits. */
function bodies(): string[] {
  const range = `${submission.baseCommit}..`;
  const log = git(tree, ["log", "--reverse", "--format=%b%x00", range]).toString();
  return log
    .split("\0")
    .slice(0, -1)
    .map((body) => body.trim());
}

const OWN = [`Make it loud.\n\n${SIGNED_OFF}`, "And this.", "Who sang."];
const FIXES = 'Fixes: 1234567890ab ("song")';

describe("the trailers of a thread", () => {
  test("are shown, and not added unless that is asked for", () => {
    const run = expectStatus(am(thread), 0);
    expect(bodies()).toEqual(OWN);
    expect(run.stdout).toContain(
      [
        `reply 1/3 ${BOB}  not signed`,
        `reply all ${CARL.padEnd(BOB.length)}  not signed`,
        `reply all ${FIXES.padEnd(BOB.length)}  not signed`,
        `left out: "${FORGED}", sent by mallory@example.net\n`,
      ].join("\n"),
    );
    expect(run.stderr).toBe(
      "7 trailers in replies, not added: --trailers adds them\napplied 3 patches\n",
    );
  });

  test("stand below the author's own, then a Link, and the maintainer's sign-off", () => {
    git(tree, ["config", "patchsig.linkMask", "https://example.org/%s"]);
    const run = expectStatus(am("--trailers", "--link", "-s", thread), 0);
    expect(run.stderr).toBe("applied 3 patches, added 7 trailers\n");
    const maintainer = git(tree, ["log", "-1", "--format=%cn <%ce>"]).toString().trim();
    const rest = (i: number): string =>
      `${CARL}\n${FIXES}\nLink: https://example.org/${idOf(files[i]!).slice(1, -1)}\nSigned-off-by: ${maintainer}`;
    expect(bodies()).toEqual([
      `${OWN[0]}\n${BOB}\n${rest(1)}`,
      `${OWN[1]}\n\n${rest(2)}`,
      `${OWN[2]}\n\n${rest(3)}`,
    ]);
    const date = git(tree, ["log", "--format=%ad", `${submission.baseCommit}..`]).toString();
    expect(date).toBe(
      git(submission.work, ["log", "--format=%ad", `${submission.baseCommit}..`]).toString(),
    );
  });

  test("of an archive's t.mbox.gz, by setting, for some of the patches", () => {
    const gz = join(newFolder(), "t.mbox.gz");
    writeFileSync(gz, gzipSync(readFileSync(thread)));
    git(tree, ["config", "patchsig.amTrailers", "yes"]);
    git(tree, ["config", "patchsig.trailers", "Closes"]);
    expectStatus(am("-q", "-P", "2", gz), 0);
    expect(bodies()).toEqual([`And this.\n\n${CARL}\n${FIXES}`]);
  });

  test("of somebody else are taken if the user says so", () => {
    expectStatus(am("--trailers", "--sloppy-trailers", "-P", "2", thread), 0);
    expect(bodies()).toEqual([`And this.\n\n${FORGED}\n${CARL}\n${FIXES}`]);
  });

  test("are in the records of verify", () => {
    const run = patchsig(["verify", "--json", thread], { home });
    const all = records(run);
    for (const record of all) expect(problems(record, schemaOf("verify"))).toEqual([]);
    expect(all.find(({ type }) => type === "series")!["replies"]).toMatchObject({
      trailers: [
        { trailer: BOB, patches: [1], from: { email: "bob@example.org" }, proof: "none" },
        { trailer: CARL, patches: [1, 2, 3] },
        { trailer: FIXES, patches: [1, 2, 3] },
      ],
      leftOut: [{ trailer: FORGED, why: "sender" }],
    });
  });

  test.each([
    ["patchsig.amTrailers", "perhaps", "patchsig.amTrailers cannot be perhaps"],
    ["patchsig.trailers", "Reviewed by:", `patchsig.trailers: "by:" cannot be a trailer's name`],
  ])("a setting that means nothing is an error: %s", (key, value, message) => {
    git(tree, ["config", key, value]);
    expectError(am(thread), 2, message);
    expect(bodies()).toEqual([]);
  });

  test("a mask without a place for the Message-ID is one, too", () => {
    git(tree, ["config", "patchsig.linkMask", "https://example.org/"]);
    expectError(am("--link", thread), 2, /has no place for a Message-ID/);
  });
});

describe("trailers in the patches' own mails", () => {
  /** As b4 am writes them. */
  const written = (): string => {
    const [, first, second] = files;
    return mbox(
      edited(first!, (mail) => mail.replace(SIGNED_OFF, `${SIGNED_OFF}\n${BOB}`)),
      edited(second!, (mail) =>
        mail.replace("And this.\n", `And this.\n\n${BOB}\nSigned-off-by: Mai <mai@example.org>\n`),
      ),
    );
  };

  test("are added to what was signed", () => {
    const run = expectStatus(am("--trailers", "--partial", written()), 0);
    expect(bodies()).toEqual([`${OWN[0]}\n${BOB}`, `${OWN[1]}\n\n${BOB}`]);
    expect(run.stdout).toContain(`mail  1 and 2/3 ${BOB}  not signed\n`);
    expect(run.stdout).toContain('left out: "Signed-off-by: Mai <mai@example.org>", added to');
  });

  test("fail without that, and am says how", () => {
    git(tree, ["config", "patchsig.amTrailers", "yes"]);
    const run = expectStatus(am("--partial", written()), 1);
    expect(run.stderr).toContain("hint: --trailers applies what was signed, with the trailers");
    expect(bodies()).toEqual([]);
  });

  test("are none of what was signed", () => {
    expectStatus(am("--trailers", "--signed-only", "--partial", written()), 0);
    expect(bodies()).toEqual([OWN[0], OWN[1]]);
  });
});

describe.runIf(requireTool("script"))("on a terminal", () => {
  test.each([
    ["y", `${OWN[2]}\n\n${CARL}\n${FIXES}`],
    ["n", OWN[2]],
  ])("it asks: %s", async (answer, body) => {
    const env = { XDG_DATA_HOME: home, HOME: home };
    const terminal = onTerminal(`${PATCHSIG}; patchsig am -P 3 '${thread}'`, { cwd: tree, env });
    await terminal.shows("add 2 trailers? [y/n] ");
    terminal.type(`${answer}\r`);
    await terminal.finished();
    expect(bodies()).toEqual([body]);
  });
});
