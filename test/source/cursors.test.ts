/** Mboxes and maildirs that are read on: only what has come since, and never nothing for good. */

import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { dropGone } from "../../src/cli/sources.ts";
import { readSource } from "../../src/source/file.ts";
import { isUnread } from "../../src/source/piece.ts";
import { patchsig, records } from "../support/cli.ts";
import { temporaryFolder } from "../support/repo.ts";

const FROM = "From a@example.org Tue Feb  3 10:00:00 2026\n";
const mail = (n: number | string, text = `${n}\n`): string =>
  `From: A <a@example.org>\nSubject: number ${n}\nMessage-ID: <${n}@example.org>\n\n${text}`;
const boxed = (n: number | string, text?: string): string => `${FROM}${mail(n, text)}\n`;

let folder: string;
let cursors: Map<string, string>;
beforeEach(() => {
  folder = temporaryFolder();
  cursors = new Map();
});

interface Read {
  readonly subjects: string[];
  readonly places: string[];
  readonly errors: string[];
}

/** Reads on, and remembers how far; `upTo` mails only, as if it were killed then. */
async function read(path: string, upTo = Infinity): Promise<Read> {
  const said: Read = { subjects: [], places: [], errors: [] };
  const cursorOf = (name: string): string | null => cursors.get(name) ?? null;
  for await (const pieces of readSource(path, () => undefined, cursorOf)) {
    for (const piece of pieces) {
      if (isUnread(piece)) {
        said.errors.push(piece.error.message);
        continue;
      }
      if (said.subjects.length >= upTo) return said;
      said.subjects.push(/^Subject: number (.*)$/m.exec(piece.bytes!.toString())?.[1] ?? "?");
      said.places.push(piece.source);
      cursors.set(piece.cursor!.name, piece.cursor!.value);
    }
  }
  return said;
}

const subjects = async (path: string, upTo?: number): Promise<string[]> =>
  (await read(path, upTo)).subjects;

describe("an mbox", () => {
  let file: string;
  beforeEach(() => {
    file = join(folder, "box");
    writeFileSync(file, boxed(1) + boxed(2));
  });

  test("only what was added, at its place in the whole file", async () => {
    expect(await subjects(file)).toEqual(["1", "2"]);
    expect(await subjects(file)).toEqual([]);
    const offset = readFileSync(file).length + FROM.length;
    appendFileSync(file, boxed(3) + boxed(4));
    const { subjects: found, places } = await read(file);
    expect(found).toEqual(["3", "4"]);
    expect(places[0]).toBe(`${file}:${offset}`);
    expect(await subjects(file)).toEqual([]);
  });

  test("what was not dealt with comes again", async () => {
    appendFileSync(file, boxed(3) + boxed(4));
    expect(await subjects(file, 2)).toEqual(["1", "2"]);
    expect(await subjects(file, 1)).toEqual(["3"]);
    expect(await subjects(file)).toEqual(["4"]);
  });

  test("a mail that was still being written is read again, whole", async () => {
    const third = boxed(3, "one\ntwo\nthree\n");
    appendFileSync(file, third.slice(0, -9));
    expect(await subjects(file)).toEqual(["1", "2", "3"]);
    appendFileSync(file, third.slice(-9) + boxed(4));
    expect(await subjects(file)).toEqual(["3", "4"]);
    expect(await subjects(file)).toEqual([]);
  });

  test("the first mail, without a From line above it, too", async () => {
    writeFileSync(file, mail(1));
    expect(await subjects(file)).toEqual(["1"]);
    expect(await subjects(file)).toEqual([]);
    appendFileSync(file, "more\n");
    expect(await subjects(file)).toEqual(["1"]);
  });

  test("a file that is another by now is read as a whole", async () => {
    await read(file);
    writeFileSync(file, boxed("a") + boxed("b"));
    expect(await subjects(file)).toEqual(["a", "b"]);
    writeFileSync(file, boxed("a, longer") + boxed("b") + boxed("c"));
    expect(await subjects(file)).toEqual(["a, longer", "b", "c"]);
    writeFileSync(file, boxed("a"));
    expect(await subjects(file)).toEqual(["a"]);
    writeFileSync(file, "");
    expect(await subjects(file)).toEqual([]);
    writeFileSync(file, boxed("d"));
    expect(await subjects(file)).toEqual(["d"]);
  });

  test("CRLF is no change", async () => {
    const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
    writeFileSync(file, crlf(boxed(1) + boxed(2)));
    expect(await subjects(file)).toEqual(["1", "2"]);
    appendFileSync(file, crlf(boxed(3)));
    expect(await subjects(file)).toEqual(["3"]);
  });

  test("a cursor that is damaged is none", async () => {
    await read(file);
    for (const value of ["", "x", "1 2 3", `999999 5 ${"0".repeat(16)}`, "-1 2 0123456789abcdef"]) {
      cursors.set([...cursors.keys()][0]!, value);
      expect(await subjects(file)).toEqual(["1", "2"]);
    }
  });

  test("what cannot tell is refused", async () => {
    const packed = join(folder, "box.gz");
    writeFileSync(packed, gzipSync(readFileSync(file)));
    expect((await read(packed)).errors).toEqual([
      `${packed} cannot be read on from where the last run ended`,
    ]);
    const run = patchsig(["verify", "--new", folder], { home: temporaryFolder() });
    expect(run.status).toBe(2);
    expect(run.stderr).toContain("hint: mboxes, maildirs, public-inboxes and IMAP can");
  });
});

describe("a maildir", () => {
  const put = (name: string, n: number): void => writeFileSync(join(folder, name), mail(n));
  beforeEach(() => {
    for (const name of ["new", "cur", "tmp"]) mkdirSync(join(folder, name));
    put("new/1000.M1.host", 1);
    put("cur/1001.M1.host:2,S", 2);
  });

  test("what is seen, moved or marked is not new; what was delivered late is", async () => {
    expect(await subjects(folder)).toEqual(["1", "2"]);
    renameSync(join(folder, "new/1000.M1.host"), join(folder, "cur/1000.M1.host:2,RS"));
    expect(await subjects(folder)).toEqual([]);
    put("new/1002.M1.host", 3);
    put("new/0999.M1.host", 4);
    expect(await subjects(folder)).toEqual(["4", "3"]);
  });

  test("cursors of mails that are gone go", async () => {
    await read(folder);
    rmSync(join(folder, "new/1000.M1.host"));
    expect(cursors.size).toBe(2);
    dropGone([folder, join(folder, "new")], {
      cursorNames: (prefix) => [...cursors.keys()].filter((name) => name.startsWith(prefix)),
      dropCursors: (names) => names.forEach((name) => cursors.delete(name)),
    });
    expect([...cursors.keys()].map((name) => name.replace(/.*\//, ""))).toEqual(["1001.M1.host"]);
  });
});

test("verify --new remembers both, and forgets what is gone", () => {
  const home = temporaryFolder();
  const file = join(folder, "box");
  writeFileSync(file, boxed(1));
  for (const name of ["new", "cur"]) mkdirSync(join(folder, name));
  const delivered = join(folder, "new", "1000.M1.host");
  writeFileSync(delivered, mail(2));
  const verify = (): number =>
    records(patchsig(["verify", "--json", "--new", file, folder], { home })).at(-1)!["messages"];
  expect(verify()).toBe(2);
  expect(verify()).toBe(0);
  rmSync(delivered);
  expect(verify()).toBe(0);
  writeFileSync(delivered, mail(3));
  appendFileSync(file, boxed(4));
  expect(verify()).toBe(2);
});
