/** What a source no longer has leaves the index, in whatever order it is noticed. */

import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { followFeed } from "../../../src/app/feed/follow.ts";
import { followedFeed } from "../../../src/app/feed/followed.ts";
import { updateFeed } from "../../../src/app/feed/update.ts";
import { forgetFeed } from "../../../src/app/feed/with-followed.ts";
import { testedAnswer } from "../../../src/app/search/tested.ts";
import { newFolder } from "../../support/folders.ts";
import { writeHistory } from "../../support/history.ts";
import { HAS_INBOX, newInbox } from "../../support/inbox.ts";
import { some } from "../../support/long.ts";
import { mail, signed, two } from "../series/thread.ts";
import { PUBLIC, result, TIME, TREE } from "./results.ts";
import { newShelf, type Shelf, writeMbox } from "./index.ts";

/** A series of three mails, and one alone. */
const [COVER, FIRST, SECOND] = signed(two("a", "PATCH")) as [Buffer, Buffer, Buffer];
const ALONE = mail("x", "[PATCH] alone");

/** The rows of all that was indexed of a mail; nothing may be left of one that is gone. */
function leftovers({ index }: Shelf): number {
  const tables = [
    "words where rowid",
    "paths where mail",
    "lists where mail",
    "results where mail",
  ];
  const counts = [...tables, "series_mails where mail", "withdrawn where mail"].map((table) =>
    index.db.prepare<[], number>(`select count(*) from ${table} not in (select id from mails)`),
  );
  return counts.reduce((sum, statement) => sum + statement.pluck().get()!, 0);
}

async function ids(shelf: Shelf): Promise<string[]> {
  expect(leftovers(shelf)).toBe(0);
  return (await shelf.find("d:1970..")).sort();
}

describe("a maildir", () => {
  function newMaildir(mails: readonly Buffer[]): string {
    const maildir = join(newFolder(), "maildir");
    for (const name of ["new", "cur", "tmp"]) mkdirSync(join(maildir, name), { recursive: true });
    mails.forEach((one, i) => writeFileSync(join(maildir, "new", `${i}.host`), one));
    return maildir;
  }

  test("from which mails were removed: they leave; one that is put back is there again", async () => {
    const shelf = newShelf(newFolder());
    const maildir = newMaildir([COVER, FIRST, SECOND, ALONE]);
    await shelf.update([maildir]);
    const [one, other] = ["1.host", "3.host"].map((name) => join(maildir, "new", name));
    rmSync(other!);
    renameSync(one!, join(shelf.folder, "elsewhere"));
    renameSync(join(maildir, "new", "2.host"), join(maildir, "cur", "2.host:2,S"));
    await shelf.update([maildir]);
    expect(await ids(shelf)).toEqual(["a0", "a2"]);
    expect(shelf.series()).toEqual(["A a0 v1/2: a0 a2 lacks [1] warn R0"]);
    renameSync(join(shelf.folder, "elsewhere"), join(maildir, "cur", "1.host:2,RS"));
    expect(await shelf.update([maildir])).toEqual({ mails: 1, unread: 0, lost: 0 });
    expect(shelf.series()).toEqual(["A a0 v1/2: a0 a1 a2 warn R0"]);
  });

  test("that is away has lost nothing", async () => {
    const shelf = newShelf(newFolder());
    const maildir = newMaildir([ALONE]);
    await shelf.update([maildir]);
    renameSync(maildir, `${maildir}.away`);
    expect(await shelf.update([maildir])).toEqual({ mails: 0, unread: 1, lost: 0 });
    expect(await ids(shelf)).toEqual(["x"]);
  });
});

describe("an mbox", () => {
  test.each<[string, readonly Buffer[], string[]]>([
    ["the first mail", [FIRST, SECOND, ALONE], ["a1", "a2", "x"]],
    ["the last mail", [COVER, FIRST, SECOND], ["a0", "a1", "a2"]],
    ["one in the middle", [COVER, SECOND, ALONE], ["a0", "a2", "x"]],
    ["all but one", [SECOND], ["a2"]],
  ])("from which a mail program removed %s", async (_, left, expected) => {
    const shelf = newShelf(newFolder());
    const mbox = writeMbox(join(shelf.folder, "mbox"), [COVER, FIRST, SECOND, ALONE]);
    await shelf.update([mbox]);
    writeMbox(mbox, left);
    await shelf.update([mbox]);
    expect(await ids(shelf)).toEqual(expected);
    expect(await shelf.update([mbox])).toEqual({ mails: 0, unread: 0, lost: 0 });
  });

  /** Changes a title, at equal length, in another file or in the same one. */
  function edit(mbox: string, how: "other" | "same", time: number): void {
    const text = readFileSync(mbox, "latin1").replace("[PATCH] alone", "[PATCH] along");
    const file = how === "other" ? `${mbox}.new` : mbox;
    writeFileSync(file, text, "latin1");
    utimesSync(file, time, time);
    if (how === "other") renameSync(file, mbox);
  }

  test.each([
    ["put there by a program that edits: it is read anew", "other", 2, "along"],
    ["written to in place, as flags are: it is not", "same", 2, "alone"],
    ["copied there with its time, as from a backup: it is not", "other", 1, "alone"],
  ] as const)("of equal length, %s", async (_, how, time, title) => {
    const shelf = newShelf(newFolder());
    const mbox = writeMbox(join(shelf.folder, "mbox"), [COVER, ALONE, FIRST, SECOND]);
    utimesSync(mbox, 1, 1);
    await shelf.update([mbox], 1);
    edit(mbox, how, time);
    await shelf.update([mbox], 2);
    expect(await shelf.find(`s:${title}`)).toEqual(["x"]);
    expect(await ids(shelf)).toEqual(["a0", "a1", "a2", "x"]);
    expect(await shelf.update([mbox])).toEqual({ mails: 0, unread: 0, lost: 0 });
  });

  test("that is empty now; and one whose mails are as they were, but marked as read", async () => {
    const shelf = newShelf(newFolder());
    const mbox = writeMbox(join(shelf.folder, "mbox"), [COVER, FIRST, SECOND, ALONE]);
    const read = readFileSync(mbox, "latin1").replaceAll("\nSubject: ", "\nStatus: RO\nSubject: ");
    await shelf.update([mbox]);
    writeFileSync(mbox, read, "latin1");
    await shelf.update([mbox]);
    expect(await ids(shelf)).toEqual(["a0", "a1", "a2", "x"]);
    truncateSync(mbox, 0);
    await shelf.update([mbox]);
    expect(await ids(shelf)).toEqual([]);
  });
});

describe.runIf(HAS_INBOX)("a public-inbox", () => {
  test.each(some([2, 1] as const, 2))("of version %d that deletes mails", async (version) => {
    const shelf = newShelf(newFolder());
    const inbox = newInbox(shelf.folder, version);
    inbox.deliverAll([COVER, FIRST, SECOND, ALONE]);
    await shelf.update([inbox.folder]);
    inbox.remove(FIRST);
    expect(await shelf.update([inbox.folder])).toEqual({ mails: 0, unread: 0, lost: 0 });
    expect(await ids(shelf)).toEqual(["a0", "a2", "x"]);
    expect(shelf.series()[0]).toBe("A a0 v1/2: a0 a2 lacks [1] warn R0");
    inbox.deliver(FIRST);
    inbox.remove(ALONE);
    expect(await shelf.update([inbox.folder])).toEqual({ mails: 1, unread: 0, lost: 0 });
    expect(await ids(shelf)).toEqual(["a0", "a1", "a2"]);
  });

  test("that purges a mail, and is damaged for a while", async () => {
    const shelf = newShelf(newFolder());
    const inbox = newInbox(shelf.folder, 2);
    inbox.deliverAll([COVER, FIRST, SECOND, ALONE]);
    await shelf.update([inbox.folder]);
    inbox.purge(FIRST);
    const head = join(inbox.folder, "git", "0.git", "HEAD");
    const good = readFileSync(head);
    writeFileSync(head, "ref: refs/heads/other\n");
    await shelf.update([inbox.folder]);
    expect(await ids(shelf)).toEqual(["a0", "a1", "a2", "x"]);
    writeFileSync(head, good);
    await shelf.update([inbox.folder]);
    expect(await ids(shelf)).toEqual(["a0", "a2", "x"]);
  });
});

test("an inbox of which an epoch was removed", async () => {
  const shelf = newShelf(newFolder());
  const [zero, one] = [0, 1].map((n) => join(shelf.folder, "inbox", "git", `${n}.git`));
  for (const epoch of [zero!, one!]) execFileSync("git", ["init", "-q", "--bare", epoch]);
  writeHistory(zero!, [COVER, FIRST, SECOND], 1);
  writeHistory(one!, [ALONE], 9);
  const inbox = join(shelf.folder, "inbox");
  await shelf.update([inbox]);
  expect(await ids(shelf)).toEqual(["a0", "a1", "a2", "x"]);
  rmSync(zero!, { recursive: true });
  await shelf.update([inbox]);
  expect(await ids(shelf)).toEqual(["x"]);
});

describe("a feed that is followed, and takes a result back", () => {
  const [ARM, MIPS] = ["arm64", "mips"].map((arch) => `arch=${arch}`) as [string, string];
  const PASS = result();
  const FAIL = result({ result: "fail", env: [ARM] });
  const OTHER = result({ result: "fail", env: [MIPS] });
  const ALL = [PASS, FAIL, ALONE];
  const WITHOUT = [PASS, ALONE];

  const reporter = { say: () => {}, sayError: () => {}, progress: null };

  class Followed {
    readonly shelf = newShelf(newFolder());
    readonly folder = join(newFolder(), "ci");

    constructor() {
      vi.stubEnv("XDG_DATA_HOME", newFolder());
      onTestFinished(() => void vi.unstubAllEnvs());
      this.shelf.trust.results.accept("ci@example.org", PUBLIC, TIME);
      execFileSync("git", ["init", "-q", "--bare", join(this.folder, "git", "0.git")]);
    }

    async has(mails: readonly Buffer[], time: number): Promise<void> {
      writeHistory(join(this.folder, "git", "0.git"), mails, time);
      await updateFeed(followedFeed("ci"), reporter);
    }

    async follow(mails: readonly Buffer[], time: number): Promise<void> {
      writeHistory(join(this.folder, "git", "0.git"), mails, time);
      await followFeed({ url: this.folder, headersOnly: false, keys: [] }, reporter);
    }

    index(portion?: number, onPortion?: () => void): Promise<unknown> {
      return this.shelf.update(["feed:ci"], portion, onPortion);
    }

    tested(): string {
      const question = { tree: TREE, test: "net.all", env: [], rev: null, maxAge: null, by: [] };
      const { index, trust } = this.shelf;
      const { answer, results } = testedAnswer(index, trust, { ...question, now: TIME + 1 });
      return `${answer}: ${results
        .map((one) => `${one.result} ${one.worth}`)
        .sort()
        .join(", ")}`;
    }

    /** What `search` shows of results. */
    async shown(): Promise<string> {
      const [all, pass, fail] = await Promise.all(
        ["kind:result", "result:pass", "result:fail"].map((query) => this.shelf.find(query)),
      );
      return `${all!.length}: ${pass!.length} pass, ${fail!.length} fail`;
    }
  }

  const DISPUTED = "disputed: fail counts, pass counts";
  const WITHDRAWN = "pass: fail withdrawn, pass counts";

  async function indexed(): Promise<Followed> {
    const feed = new Followed();
    await feed.follow(ALL, 1000);
    await feed.index();
    expect([feed.tested(), await feed.shown()]).toEqual([DISPUTED, "2: 1 pass, 1 fail"]);
    return feed;
  }

  test("before and after the index hears of it, and when it is rewritten once more", async () => {
    const feed = await indexed();
    await feed.has(WITHOUT, 2000);
    expect(feed.tested()).toBe(WITHDRAWN);
    await feed.has([ALONE, PASS], 3000);
    expect(feed.tested()).toBe(WITHDRAWN);
    await feed.index();
    expect([feed.tested(), await feed.shown(), await ids(feed.shelf)]).toEqual([
      WITHDRAWN,
      "1: 1 pass, 0 fail",
      [expect.stringMatching(/^r\./), "x"],
    ]);
    await feed.has([OTHER, PASS], 4000);
    await feed.index();
    expect(feed.tested()).toBe("disputed: fail counts, fail withdrawn, pass counts");
    expect(await feed.shown()).toBe("2: 1 pass, 1 fail");
  });

  test("and has it again: with its old history, or behind the new one", async () => {
    const feed = await indexed();
    await feed.has(WITHOUT, 2000);
    await feed.index();
    await feed.has(ALL, 1000);
    await feed.index();
    expect([feed.tested(), await feed.shown()]).toEqual([DISPUTED, "2: 1 pass, 1 fail"]);
    await feed.has(WITHOUT, 2000);
    await feed.index();
    expect([feed.tested(), await feed.shown()]).toEqual([WITHDRAWN, "1: 1 pass, 0 fail"]);
    await feed.has([...WITHOUT, FAIL], 2000);
    await feed.index();
    expect([feed.tested(), await feed.shown()]).toEqual([DISPUTED, "2: 1 pass, 1 fail"]);
  });

  test("and the index is stopped while it takes that in", async () => {
    const feed = await indexed();
    await feed.has([ALONE, PASS], 2000);
    const stop = (): never => {
      throw new Error("stopped");
    };
    await expect(feed.index(1, stop)).rejects.toThrow("stopped");
    expect(feed.tested()).toBe("none: fail withdrawn, pass withdrawn");
    await feed.index();
    expect([feed.tested(), await feed.shown()]).toEqual([WITHDRAWN, "1: 1 pass, 0 fail"]);
  });

  test("and is then followed no more, or anew: nothing of it counts that is not there", async () => {
    const feed = await indexed();
    await feed.has(WITHOUT, 2000);
    await forgetFeed("ci", () => {});
    expect(feed.tested()).toBe("none: fail withdrawn, pass withdrawn");
    await feed.shelf.update([]);
    expect([feed.tested(), await ids(feed.shelf)]).toEqual(["none: ", []]);
    await feed.follow(ALL, 1000);
    await feed.index();
    expect([feed.tested(), await feed.shown()]).toEqual([DISPUTED, "2: 1 pass, 1 fail"]);
  });
});
