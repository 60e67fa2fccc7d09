/** A Message-ID as the source: its thread, from the places that `patchsig.source` names. */

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { namedMessageId } from "../../src/app/sources/message-id.ts";
import { mail, signed, two } from "../app/series/thread.ts";
import { patchsig, type Run } from "../support/cli.ts";
import { HAS_INBOX, newInbox } from "../support/inbox.ts";
import { git, newRepository } from "../support/repo.ts";
import { expectError, expectStatus, newFolder } from "./support.ts";

const reply = (id: string, re: string): Buffer =>
  mail(id, "Re: [PATCH 2/2] other", { re, from: "Bob <bob@example.org>", text: "Fine." });
const V1 = signed(two("a", "PATCH"));
const V2 = signed(two("b", "PATCH v2", { re: "a0", to: "2" }));
const THREAD = [...V1, reply("r", "a0 a2"), ...V2];
const OTHERS = [mail("o", "[PATCH] another"), reply("p", "o"), mail("q", "[PATCH] more")];
const MAILS = [OTHERS[0]!, ...THREAD.slice(0, 4), OTHERS[1]!, ...THREAD.slice(4), OTHERS[2]!];

/** Runs with these places in the user's settings. */
function run(places: readonly string[], args: readonly string[], cwd = newFolder()): Run {
  const home = newFolder();
  const config = join(home, "gitconfig");
  writeFileSync(config, places.map((place) => `[patchsig]\n\tsource = ${place}\n`).join(""));
  return patchsig(args, { home, cwd, env: { GIT_CONFIG_GLOBAL: config } });
}

/** The numbers of the series, their versions, and how many patches are there. */
function listed(places: readonly string[], id: string): string[] {
  const { stdout } = expectStatus(run(places, ["series", "list", id]), 0);
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.split(/ {2,}/).slice(0, 3).join(" "));
}

const BOTH = ["1 v1 2/2", "2 v2 2/2"];

function mbox(mails: readonly Buffer[]): string {
  const file = join(newFolder(), "list.mbox");
  const from = "From x Fri Nov  6 22:00:00 2026\n";
  writeFileSync(file, mails.map((one) => `${from}${one.toString("latin1")}\n`).join(""), "latin1");
  return file;
}

function maildir(mails: readonly Buffer[]): string {
  const folder = join(newFolder(), "Maildir");
  for (const name of ["new", "cur", "tmp"]) mkdirSync(join(folder, name), { recursive: true });
  for (const [i, one] of mails.entries()) writeFileSync(join(folder, "cur", `${i + 1}.x:2,S`), one);
  return folder;
}

const URL = "https://lore.example.org/all/a1@x";
test.each([
  ...["", "/", "/t.mbox.gz", "/T/#t", "/t/", "/T/#u", "/raw", "?x=m", "#r1", "/#related"].map(
    (end) => `${URL}${end}`,
  ),
  "https://patch.msgid.example.org/a1%40x",
  "mid:a1@x",
  "mid:a1%40x",
  "id:a1@x",
  " <a1@x> ",
])("it is read from %j", (name) => expect(namedMessageId(name)).toBe("<a1@x>"));

test.each(["https://example.org/a1", "imap://alice@example.org/INBOX", "a1", "mid:", `${URL}/1`])(
  "but not from %j",
  (name) => expect(namedMessageId(name)).toBeNull(),
);

describe("the thread", () => {
  test("from an mbox and a maildir, whichever of its mails is named", () => {
    const file = mbox(MAILS);
    for (const id of ["a0@x", "<b2@x>", "r@x", "https://lore.example.org/all/a1@x/"])
      expect([id, listed([file], id)]).toEqual([id, BOTH]);
    expect(listed([maildir(MAILS)], "a0@x")).toEqual(BOTH);
    expect(listed([file], "p@x")).toEqual(["1 v1 1/1"]);
  });

  test("of which each place has a part", () => {
    expect(listed([mbox(V1), maildir([...OTHERS, ...V2])], "b1@x")).toEqual(BOTH);
  });

  test.runIf(HAS_INBOX).each([1, 2] as const)(
    "from a public-inbox of version %i, with its index and without",
    (version) => {
      const inbox = newInbox(newFolder(), version);
      inbox.deliverAll(MAILS);
      const { folder } = inbox;
      expect(listed([folder], "a0@x")).toEqual(BOTH);
      // the index alone leads to the mails
      const repository = version === 2 ? join(folder, "git", "0.git") : folder;
      const [head = ""] = git(repository, ["rev-parse", "HEAD"]).toString().split("\n");
      const ref = git(repository, ["symbolic-ref", "HEAD"]).toString().trim();
      git(repository, ["update-ref", "-d", ref]);
      expect(listed([folder], "r@x")).toEqual(BOTH);
      git(repository, ["update-ref", ref, head]);
      const index = join(folder, version === 2 ? "xap15" : "public-inbox");
      renameSync(index, `${index}-`);
      expect(listed([folder], "a0@x")).toEqual(BOTH);
      expect(listed([folder], "b2@x")).toEqual(BOTH);
      renameSync(`${index}-`, index);
      inbox.remove(V2[1]!);
      expect(listed([folder], "a0@x")).toEqual(["1 v1 2/2", "2 v2 1/2"]);
      renameSync(index, `${index}-`);
      expect(listed([folder], "a0@x")).toEqual(["1 v1 2/2", "2 v2 1/2"]);
    },
  );

  test("is nowhere, or nobody said where", () => {
    const nowhere = "<x@y> is in no place that patchsig.source names";
    expectError(run([mbox(MAILS)], ["verify", "x@y"]), 3, nowhere);
    expectError(
      run([], ["verify", "x@y"]),
      2,
      /^<x@y>: no such file, and patchsig.source names no/,
    );
    expectError(
      run(["imaps://imap.example.org/net"], ["verify", "<x@y>"]),
      2,
      "patchsig.source: imaps://imap.example.org/net cannot be searched",
    );
    expectError(run([join(newFolder(), "gone")], ["verify", "x@y"]), 3, /^no such file: .*gone$/);
    expectError(run([mbox(MAILS)], ["verify", "--new", "a0@x"]), 2, /do not go with a Message-ID$/);
  });
});

test("am takes the work that the mail is of, whatever else is in the thread", () => {
  const tree = newRepository(join(newFolder(), "tree"));
  for (const name of ["one", "other"]) writeFileSync(join(tree, name), "1\n");
  git(tree, ["add", "."]);
  git(tree, ["commit", "-qm", "start"]);
  const beside = mail("e", "[PATCH] else", { re: "a0", from: "Bob <bob@example.org>" });
  const file = mbox([...MAILS, beside]);
  // a reply names what it is a reply to
  const applied = expectStatus(run([file], ["am", "r@x"], tree), 0);
  expect(applied.stderr).toBe(
    "another series is beside it\nv2, 2 patches; v1 is also there\napplied 2 patches\n",
  );
  git(tree, ["reset", "-q", "--hard", "HEAD~2"]);
  const single = expectStatus(run([file], ["am", "-P", "_", "b2@x"], tree), 0);
  expect(single.stderr).toContain("applied 1 patch\n");
  expect(git(tree, ["log", "-1", "--format=%s"]).toString()).toBe("other\n");
});
