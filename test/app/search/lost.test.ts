/** Mails of an inbox that git cannot give: the index goes on behind them, and has them as soon as they are there. */

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { blobName } from "../../../src/git/feed-write.ts";
import { newFolder } from "../../support/folders.ts";
import { startsOf } from "../../support/git-starts.ts";
import { writeHistory } from "../../support/history.ts";
import { HAS_INBOX, newInbox } from "../../support/inbox.ts";
import { git } from "../../support/repo.ts";
import { mail, signed, two } from "../series/thread.ts";
import { newShelf } from "./index.ts";

const [COVER, FIRST, SECOND] = signed(two("a", "PATCH")) as [Buffer, Buffer, Buffer];
const ALONE = mail("x", "[PATCH] alone");
const LATER = mail("y", "[PATCH] later");

/** One epoch, all of it in objects of their own, so that one can be away. */
class Epoch {
  readonly folder: string;
  readonly repository: string;

  constructor(folder: string, mails: readonly Buffer[]) {
    this.folder = folder;
    this.repository = existsSync(join(folder, "objects")) ? folder : join(folder, "git", "0.git");
    if (!existsSync(this.repository)) {
      mkdirSync(this.repository, { recursive: true });
      git(this.repository, ["init", "-q", "--bare", "."]);
    }
    if (mails.length > 0) this.write(mails, 1);
    else this.#unpack();
  }

  write(mails: readonly Buffer[], time: number): void {
    writeHistory(this.repository, mails, time);
    this.#unpack();
  }

  #unpack(): void {
    const folder = join(this.repository, "objects", "pack");
    const packs = readdirSync(folder).filter((name) => name.endsWith(".pack"));
    const bytes = packs.map((name) => readFileSync(join(folder, name)));
    rmSync(folder, { recursive: true });
    for (const input of bytes)
      execFileSync("git", ["unpack-objects", "-q"], { cwd: this.repository, input });
  }

  get head(): string {
    return git(this.repository, ["rev-parse", "HEAD"]).toString().trim();
  }

  blob(one: Buffer): string {
    const args = ["hash-object", "--stdin"];
    return execFileSync("git", args, { cwd: this.repository, input: one }).toString().trim();
  }

  #file(one: Buffer): string {
    const name = this.blob(one);
    return join(this.repository, "objects", name.slice(0, 2), name.slice(2));
  }

  take(one: Buffer): void {
    renameSync(this.#file(one), join(this.folder, this.blob(one)));
  }

  damage(one: Buffer): void {
    const file = this.#file(one);
    writeFileSync(join(this.folder, this.blob(one)), readFileSync(file));
    chmodSync(file, 0o600);
    writeFileSync(file, readFileSync(file).subarray(0, 30));
  }

  giveBack(one: Buffer): void {
    mkdirSync(dirname(this.#file(one)), { recursive: true });
    renameSync(join(this.folder, this.blob(one)), this.#file(one));
  }

  /** A commit that deletes a mail. */
  remove(one: Buffer): void {
    const commit = "commit refs/heads/master\ncommitter a <a@x> 99 +0000\ndata 1\nx\n";
    const input = `${commit}from refs/heads/master^0\ndeleteall\nM 100644 ${this.blob(one)} d\n`;
    execFileSync("git", ["fast-import", "--quiet", "--date-format=raw"], {
      cwd: this.repository,
      input,
    });
  }
}

function newShelfAt() {
  const said: string[] = [];
  const shelf = newShelf(newFolder(), {}, (line) => said.push(line));
  const update = async (source: string, portion?: number) => {
    const counts = await shelf.update([source], portion);
    return { ...counts, said: said.splice(0).length };
  };
  const kept = (): Record<string, string> =>
    Object.fromEntries(
      shelf.index.cursorsBelow("public-inbox").map((name) => [name, shelf.index.cursor(name)!]),
    );
  return { shelf, update, kept };
}

const NOTHING = { mails: 0, unread: 0, lost: 0, said: 0 };

describe.each(["take", "damage"] as const)("an inbox of which mails were hit by: %s", (how) => {
  test.each([1, 1_000])("it is read on, in portions of %d", async (portion) => {
    const { shelf, update, kept } = newShelfAt();
    const epoch = new Epoch(join(newFolder(), "inbox"), [ALONE, COVER, FIRST, SECOND, LATER]);
    const hit = [ALONE, FIRST, LATER];
    for (const one of hit) epoch[how](one);
    expect(await update(epoch.folder, portion)).toEqual({ mails: 2, unread: 3, lost: 0, said: 3 });
    expect(shelf.series()).toEqual(["A a0 v1/2: a0 a2 lacks [1] warn R0"]);
    // read to its end, and said once
    const name = `public-inbox ${epoch.repository}`;
    expect(kept()[name]).toBe(epoch.head);
    expect(await update(epoch.folder, portion)).toEqual({ ...NOTHING, lost: 3 });
    epoch.giveBack(FIRST);
    expect(await update(epoch.folder, portion)).toEqual({ ...NOTHING, mails: 1, lost: 2 });
    expect(shelf.series()).toEqual(["A a0 v1/2: a0 a1 a2 warn R0"]);
    epoch.giveBack(ALONE);
    epoch.giveBack(LATER);
    expect(await update(epoch.folder, portion)).toEqual({ ...NOTHING, mails: 2 });
    expect(await update(epoch.folder, portion)).toEqual(NOTHING);
    expect(kept()).toEqual({ [name]: epoch.head });
  });

  test("and deleted in the open, or from its history: nothing is missed any more", async () => {
    const { update, kept } = newShelfAt();
    const epoch = new Epoch(join(newFolder(), "inbox"), [ALONE, FIRST, LATER]);
    for (const one of [ALONE, FIRST]) epoch[how](one);
    expect(await update(epoch.folder)).toEqual({ mails: 1, unread: 2, lost: 0, said: 2 });
    epoch.giveBack(ALONE);
    epoch.remove(ALONE);
    epoch[how](ALONE);
    expect(await update(epoch.folder)).toEqual({ ...NOTHING, lost: 1 });
    epoch.write([LATER, SECOND], 50);
    expect(await update(epoch.folder)).toMatchObject({ unread: 0, lost: 0, said: 0 });
    expect(Object.keys(kept())).toEqual([`public-inbox ${epoch.repository}`]);
  });
});

const compare = (a: string, b: string): number => (a < b ? -1 : 1);

test("many mails that are missing start git no oftener than one", async () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  const starts = async (hit: readonly Buffer[]): Promise<string[][]> => {
    const { update } = newShelfAt();
    const epoch = new Epoch(join(newFolder(), "inbox"), [ALONE, COVER, FIRST, SECOND, LATER]);
    for (const one of hit) epoch.take(one);
    const first = await startsOf(() => update(epoch.folder));
    const second = await startsOf(() => update(epoch.folder));
    // several run at a time
    return [first.toSorted(compare), second.toSorted(compare)];
  };
  expect(await starts([ALONE, COVER, FIRST, SECOND])).toEqual(await starts([FIRST]));
});

test("of more than a thousand that are missing, those behind are tried anew, and said each time", async () => {
  const { update, kept } = newShelfAt();
  const missing = Array.from({ length: 1_002 }, (_, i) =>
    Buffer.from(`From: a@x\nSubject: ${i}\nMessage-ID: <${i}@x>\n\n.\n`),
  );
  const epoch = new Epoch(join(newFolder(), "inbox"), [...missing, LATER]);
  const objects = join(epoch.repository, "objects");
  for (const one of missing) {
    const name = blobName(one, false);
    rmSync(join(objects, name.slice(0, 2), name.slice(2)));
  }
  expect(await update(epoch.folder)).toEqual({ mails: 1, unread: 1_002, lost: 0, said: 1_002 });
  const [cursor, ...lost] = Object.entries(kept());
  expect([cursor![1], lost.length]).toEqual([
    git(epoch.repository, ["rev-parse", "HEAD~3"]).toString().trim(),
    1_000,
  ]);
  expect(await update(epoch.folder)).toEqual({ ...NOTHING, unread: 2, lost: 1_000, said: 2 });
});

test.skipIf(!HAS_INBOX)("of version 1, where mails have files of their own", async () => {
  const { shelf, update } = newShelfAt();
  const inbox = newInbox(newFolder(), 1);
  inbox.deliverAll([COVER, FIRST, SECOND]);
  const epoch = new Epoch(inbox.folder, []);
  epoch.take(FIRST);
  expect(await update(inbox.folder)).toEqual({ mails: 2, unread: 1, lost: 0, said: 1 });
  expect(await update(inbox.folder)).toEqual({ ...NOTHING, lost: 1 });
  epoch.giveBack(FIRST);
  expect(await update(inbox.folder)).toEqual({ ...NOTHING, mails: 1 });
  expect(shelf.series()).toEqual(["A a0 v1/2: a0 a1 a2 warn R0"]);
});

test("an epoch that goes takes with it what is known of its mails", async () => {
  const { update, kept } = newShelfAt();
  const epoch = new Epoch(join(newFolder(), "inbox"), [ALONE, FIRST]);
  epoch.take(FIRST);
  await update(epoch.folder);
  const next = join(epoch.folder, "git", "1.git");
  renameSync(epoch.repository, next);
  await update(epoch.folder);
  expect(Object.keys(kept()).filter((name) => !name.startsWith(`public-inbox ${next}`))).toEqual(
    [],
  );
});
