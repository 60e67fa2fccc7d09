/** Files that are read on: what came since, all of it, and nothing twice. */

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { goneCursors } from "../../../src/app/sources/cursors.ts";
import { readSource } from "../../../src/source/file.ts";
import { isReadFailure } from "../../../src/source/item.ts";
import { temporaryFolder } from "../../support/repo.ts";

const FROM = "From a@example.org Tue Feb  3 10:00:00 2026\n";
const mail = (n: number | string, text = "text\n"): string =>
  `From: A <a@example.org>\nSubject: number ${n}\n\n${text}`;
const mbox = (...numbers: readonly number[]): string =>
  numbers.map((n) => `${FROM}${mail(n)}\n`).join("");

let folder: string;
let kept: Map<string, string>;
beforeEach(() => {
  folder = temporaryFolder();
  kept = new Map();
});
function put(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

interface Read {
  readonly subjects: string[];
  /** Mails by their places, without the empty lines at their ends. */
  readonly mails: Map<string, string>;
  readonly unread: string[];
}

/** As `verify --new` reads: cursors are kept as mails are dealt with, of which there may be a limit. */
async function read(path: string, limit = Infinity, between = (): void => {}): Promise<Read> {
  const said: Read = { subjects: [], mails: new Map(), unread: [] };
  const cursors = new Map(kept);
  for await (const pieces of readSource(path, (name) => kept.get(name) ?? null)) {
    for (const piece of pieces) {
      if (said.subjects.length === limit) break;
      if (isReadFailure(piece)) {
        said.unread.push(piece.error.message);
        continue;
      }
      const text = piece.bytes!.toString();
      said.subjects.push(/^Subject: number (.*)$/m.exec(text)?.[1] ?? "?");
      said.mails.set(piece.source, text.trimEnd());
      if (piece.cursor !== undefined) cursors.set(piece.cursor.name, piece.cursor.value);
      between();
    }
  }
  kept = cursors;
  return said;
}

const subjects = async (path: string): Promise<string[]> => (await read(path)).subjects;

/** All of it, as if for the first time. */
async function anew(path: string): Promise<Read> {
  const before = kept;
  kept = new Map();
  const said = await read(path);
  kept = before;
  return said;
}

describe("an mbox", () => {
  test("continues after its last mail; each mail has the same offset as in a full read", async () => {
    const file = put("x.mbox", mbox(1, 2));
    expect(await subjects(file)).toEqual(["1", "2"]);
    expect(await read(file)).toEqual({ subjects: [], mails: new Map(), unread: [] });
    appendFileSync(file, mbox(3, 4));
    const { mails } = await read(file);
    const all = [...(await anew(file)).mails];
    expect([...mails]).toEqual(all.slice(2));
    expect(all[0]![0]).toBe(file);
    appendFileSync(file, mbox(5));
    symlinkSync(file, join(folder, "link"));
    expect(await subjects(join(folder, "link"))).toEqual(["5"]);
    expect([...kept.keys()]).toEqual([`mbox ${file}`]);
  });

  const FORMS: [string, string][] = [
    ["as programs write it", mbox(1, 2, 3)],
    ["with CRLF", mbox(1, 2, 3).replace(/\n/g, "\r\n")],
    ["with empty lines on top, and empty mails", `\n\n${FROM}\n${FROM}\n${mbox(1, 2, 3)}`],
    ["without a final newline", mbox(1, 2, 3).trimEnd()],
    ["a mail without a From line", mail(1)],
  ];
  test.each(FORMS)("%s, read while it grows byte by byte", async (_, whole) => {
    const file = put("whole", whole);
    const expected = (await anew(file)).mails;
    for (let at = 0; at <= whole.length; at++) {
      kept = new Map();
      put("whole", whole.slice(0, at));
      const first = await read(file);
      appendFileSync(file, whole.slice(at));
      const second = await read(file);
      expect(new Map([...first.mails, ...second.mails]), `${at}`).toEqual(expected);
      // only the last mail can have been cut
      const [last] = [...first.mails.keys()].slice(-1);
      for (const place of second.mails.keys())
        if (first.mails.has(place)) expect(place, `${at}`).toBe(last);
      expect(await subjects(file), `${at}`).toEqual([]);
    }
  });

  test("a complete mail is not read twice, whoever writes the empty line after it", async () => {
    const file = put("x.mbox", mbox(1));
    await read(file);
    appendFileSync(file, mbox(2).trimEnd());
    expect(await subjects(file)).toEqual(["2"]);
    appendFileSync(file, `\n\n${mbox(3).trimEnd()}\n`);
    // its last line had no end
    expect(await subjects(file)).toEqual(["2", "3"]);
    appendFileSync(file, `\n${mbox(4)}`);
    expect(await subjects(file)).toEqual(["4"]);
  });

  test.each([
    ["of the same size", mbox(5, 6, 7)],
    ["larger", mbox(5, 6, 7, 8)],
    ["smaller", mbox(5)],
    ["empty, then larger", ""],
  ])("replaced by another file, %s: all of that is read", async (_, other) => {
    const file = put("x.mbox", mbox(1, 2, 3));
    await read(file);
    renameSync(file, `${file}.1`);
    put("x.mbox", other);
    const found = await read(file);
    expect(found.mails).toEqual((await anew(file)).mails);
    put("x.mbox", mbox(5, 6, 7, 8));
    await read(file);
    expect((await anew(file)).subjects).toEqual(["5", "6", "7", "8"]);
    expect(await subjects(file)).toEqual([]);
  });

  test("truncated, then appended to", async () => {
    const file = put("x.mbox", mbox(1, 2, 3));
    await read(file);
    truncateSync(file, mbox(1, 2).length);
    expect(await subjects(file)).toEqual(["1", "2"]);
    appendFileSync(file, mbox(4));
    expect(await subjects(file)).toEqual(["4"]);
    truncateSync(file, mbox(1).length);
    appendFileSync(file, mbox(6, 7, 8));
    expect(await subjects(file)).toEqual(["1", "6", "7", "8"]);
    // within a mail, of which so much is left that it looks the same
    appendFileSync(file, `${FROM}${mail(9, "text\n".repeat(1000))}`);
    expect(await subjects(file)).toEqual(["9"]);
    truncateSync(file, mbox(1, 6, 7, 8).length + 2000);
    expect(await subjects(file)).toEqual(["1", "6", "7", "8", "9"]);
  });

  test("continues after the last mail that was handled", async () => {
    const file = put("x.mbox", mbox(1, 2, 3));
    expect((await read(file, 2)).subjects).toEqual(["1", "2"]);
    expect(await subjects(file)).toEqual(["3"]);
  });

  test("a cursor of another version of the program is not an error", async () => {
    const file = put("x.mbox", mbox(1));
    for (const value of ["", "0", "x y z", "-5 10 0000000000000000", "5 2 e3b0c44298fc1c14"]) {
      kept = new Map([[`mbox ${file}`, value]]);
      expect(await subjects(file), value).toEqual(["1"]);
    }
  });
});

describe("new mails cannot be told apart", () => {
  const usage = (what: string): object =>
    expect.objectContaining({
      code: "usage",
      message: `${what}: nobody can tell what is new in it`,
    });

  test("in standard input, a folder of patches, compressed files and pipes", async () => {
    await expect(read("-")).rejects.toEqual(usage("standard input"));
    put("a.patch", mail(1));
    await expect(read(folder)).rejects.toEqual(usage(folder));
    const packed = put("x.gz", execFileSync("gzip", ["-c"], { input: mbox(1) }));
    await expect(read(packed)).rejects.toEqual(usage(packed));
    await expect(read("/dev/null")).rejects.toEqual(usage("/dev/null"));
    expect((await read(join(folder, "nowhere"))).unread).toEqual([
      `no such file: ${join(folder, "nowhere")}`,
    ]);
  });
});

describe("a maildir", () => {
  beforeEach(() => newMaildir(folder));
  function newMaildir(path: string): string {
    for (const name of ["new", "cur", "tmp"]) mkdirSync(join(path, name), { recursive: true });
    return path;
  }
  const move = (from: string, to: string): void => renameSync(join(folder, from), join(folder, to));

  test("a mail is recognized wherever it is moved", async () => {
    put("new/1.M1.host", mail(1));
    put("cur/2.M1.host,S=1:2,", mail(2));
    expect(await subjects(folder)).toEqual(["1", "2"]);
    move("new/1.M1.host", "cur/1.M1.host:2,");
    move("cur/2.M1.host,S=1:2,", "cur/2.M1.host,S=1:2,RS");
    put("new/0.M1.host", mail("late"));
    put("new/3.M1.host", mail(3));
    expect(await subjects(folder)).toEqual(["late", "3"]);
    expect(await subjects(folder)).toEqual([]);
    expect([...kept]).toContainEqual([`maildir ${folder}/2.M1.host,S=1`, ""]);
  });

  test("is read while a mail program moves and deletes", async () => {
    for (let n = 1; n <= 4; n++) put(`new/${n}.M1.host`, mail(n));
    let moved = false;
    const { subjects: found, unread } = await read(folder, Infinity, () => {
      if (moved) return;
      moved = true;
      for (const n of [1, 2, 4]) move(`new/${n}.M1.host`, `cur/${n}.M1.host:2,S`);
      rmSync(join(folder, "new/3.M1.host"));
    });
    expect({ found, unread }).toEqual({ found: ["1", "2", "4"], unread: [] });
    expect(await subjects(folder)).toEqual([]);
  });

  test("a mail that could not be read is tried again, also a file of several mails", async () => {
    put("new/1.M1.host", "diff --git a/x b/x\n");
    // behind them one that has nothing: both come from one read
    put("new/2.M1.host", `${mbox(2, 3)}${FROM}`);
    const { unread } = await read(folder, 1);
    expect(unread).toEqual([`${join(folder, "new/1.M1.host")} is neither a mail nor an mbox`]);
    expect(await read(folder)).toMatchObject({ subjects: ["2", "3"], unread });
    put("new/1.M1.host", mail(1));
    expect(await subjects(folder)).toEqual(["1"]);
  });

  test("removed mails are forgotten, and a maildir inside it is another source", async () => {
    const inner = newMaildir(join(folder, ".lists"));
    put(".lists/new/5.M1.host", mail(5));
    for (const n of [1, 2, 3]) put(`new/${n}.M1.host`, mail(n));
    await read(folder);
    await read(inner);
    const below = (prefix: string): string[] =>
      [...kept.keys()].filter((name) => name.startsWith(prefix));
    expect(goneCursors([folder, inner], below)).toEqual([]);
    move("new/1.M1.host", "cur/1.M1.host:2,S");
    for (const n of [2, 3]) rmSync(join(folder, `new/${n}.M1.host`));
    expect(goneCursors(["-", inner, folder], below)).toEqual(
      [2, 3].map((n) => `maildir ${folder}/${n}.M1.host`),
    );
    rmSync(join(folder, "cur"), { recursive: true });
    expect(goneCursors([folder], below)).toEqual([]);
  });
});
