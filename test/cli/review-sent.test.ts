/**
 * A review's whole way, each mail by stock git send-email through a real SMTP server: Alice's series arrives, Bob
 * reviews what arrived, and the maintainer applies what both sent. And again for Alice's second version.
 */

import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { commit, git } from "../support/repo.ts";
import { sendEmail } from "../support/send-email.ts";
import { requireTool } from "../support/tools.ts";
import {
  expectStatus,
  filesOf,
  newFolder,
  newHome,
  newSubmission,
  publicKey,
  signedPatches,
  text,
} from "./support.ts";

const LINE = "Reviewed-by: Bob Berg <bob@example.org>";
const AS_BOB = { GIT_AUTHOR_NAME: "Bob Berg", GIT_AUTHOR_EMAIL: "bob@example.org" };

let submission: ReturnType<typeof newSubmission>;
const alice = newHome(7);
const bob = newHome(8);
let maintainer: string;
/** What each version's mails and their reviews became. */
let first: string[];
let reviews: string[];
let second: string[];

/** The files of the mails as they arrived, in that order. */
async function mailed(
  from: string,
  files: readonly string[],
  options: readonly string[] = [],
): Promise<string[]> {
  const cwd = newFolder();
  const sent = await sendEmail([`--from=${from}`, ...options, ...files], { cwd, env: {} });
  expect(sent.status, sent.said).toBe(0);
  expect(sent.mails).toHaveLength(files.length);
  return sent.mails.map((bytes, i) => {
    const file = join(cwd, `${i}.eml`);
    writeFileSync(file, bytes);
    return file;
  });
}

function review(mails: readonly string[], ...options: string[]): string[] {
  const replies = newFolder();
  const words = ["review", "--reviewed-by", ...options, "-o", replies, ...mails];
  expectStatus(patchsig(words, { home: bob, env: AS_BOB }), 0);
  return filesOf(replies);
}

const tools = requireTool("git-send-email");

describe.runIf(tools)("a review that was sent", () => {
  beforeAll(async () => {
    submission = newSubmission();
    const options = ["--thread", "--cover-letter"];
    const files = signedPatches(submission.work, alice, options);
    first = await mailed("Alice <alice@example.org>", files, ["--transfer-encoding=base64"]);
    reviews = await mailed("Bob Berg <bob@example.org>", review(first, "-P", "1-2"), [
      "--transfer-encoding=quoted-printable",
    ]);
    // version 2: the first patch as before, the second with another message, the third with another diff
    const { work } = submission;
    git(work, ["reset", "-q", "--hard", "HEAD~2"]);
    const songs = git(work, ["show", "HEAD@{1}~1:song.txt"]).toString("utf8");
    commit(work, "song: shout line 10\n\nAnd this, too.", { "song.txt": songs });
    commit(work, "song: credits\n\nWho sang.", { "docs/credits.txt": "Ilse and Werner\n" });
    const reply = /^Message-I[Dd]: (<.*>)$/m.exec(text(files[0]!))![1]!;
    const again = signedPatches(work, alice, [...options, "-v2", `--in-reply-to=${reply}`]);
    second = await mailed("Alice <alice@example.org>", again);
    maintainer = newFolder();
    for (const [who, seed] of [
      ["alice@example.org", 7],
      ["bob@example.org", 8],
    ] as const)
      expectStatus(patchsig(["trust", "accept", who, publicKey(seed)], { home: maintainer }), 0);
  });

  function applied(mails: readonly string[], ...options: string[]): { tree: string; run: Run } {
    const tree = join(newFolder(), "tree");
    cpSync(submission.base, tree, { recursive: true });
    const words = ["am", "--trailers", ...options, ...mails];
    return { tree, run: expectStatus(patchsig(words, { home: maintainer, cwd: tree }), 0) };
  }

  function bodies(tree: string): string[] {
    const all = git(tree, ["log", "--reverse", "--format=%B%x00", `${submission.baseCommit}..`]);
    return all.toString().split("\0\n").slice(0, -1);
  }

  test("is proven for the patches that it names, and checked again from the commits", () => {
    const { tree, run } = applied([...first, ...reviews]);
    for (const n of [1, 2]) expect(run.stdout).toContain(`reply ${n}/3 ${LINE}  signed\n`);
    expect(bodies(tree).map((body) => body.includes(LINE))).toEqual([true, true, false]);
    const range = `${submission.baseCommit}..`;
    const check = patchsig(["check-commit", "--json", range], { home: maintainer, cwd: tree });
    const all = records(expectStatus(check, 0)).filter(({ type }) => type === "commit");
    expect(all.map(({ status, reviewed }) => [status, reviewed.length])).toEqual([
      ["same", 0],
      ["trailers", 1],
      ["trailers", 1],
    ]);
    expect(all[1]!["reviewed"][0]).toMatchObject({
      line: LINE,
      proof: "proven",
      by: "bob@example.org",
      trust: "pinned",
    });
  });

  test("counts for version 2 as far as the patches are the same", () => {
    const { tree, run } = applied([...first, ...reviews, ...second]);
    expect(run.stderr).toContain("v2, 3 patches; v1 is also there");
    expect(run.stdout).toMatch(/reply 1\/3 Reviewed-by: Bob Berg .* signed, given to v1\n/);
    expect(run.stdout).toMatch(
      /reply 2\/3 Reviewed-by: Bob Berg .* signed for this diff, given to v1\n/,
    );
    expect(bodies(tree).map((body) => body.includes(LINE))).toEqual([true, true, false]);
  });

  test("of version 2 is given to what arrived of it, and to none of version 1", async () => {
    const more = await mailed("Bob Berg <bob@example.org>", review(second, "--version", "2"));
    expect(more).toHaveLength(1);
    const all = [...first, ...second, ...more];
    expect(bodies(applied(all).tree).map((body) => body.includes(LINE))).toEqual([
      true,
      true,
      true,
    ]);
    const older = applied(all, "--version", "1");
    expect(bodies(older.tree).map((body) => body.includes(LINE))).toEqual([true, true, false]);
  });
});
