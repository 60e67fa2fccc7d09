/** Files as sources: compressed, damaged, and in the order of their delivery. */

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { readSource } from "../../src/source/file.ts";
import { isReadFailure } from "../../src/source/item.ts";
import { temporaryFolder } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";

const mail = (n: number, text = `${n}\n`): string =>
  `From: A <a@example.org>\nSubject: number ${n}\nMessage-ID: <${n}@example.org>\n\n${text}`;
const FROM = "From a@example.org Tue Feb  3 10:00:00 2026\n";
const mbox = (count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, i) => `${FROM}${mail(i)}\n`).join(""));

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
function put(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

interface Read {
  readonly subjects: string[];
  readonly places: string[];
  readonly unread: [string, string][];
}

async function read(path: string): Promise<Read> {
  const said: Read = { subjects: [], places: [], unread: [] };
  for await (const pieces of readSource(path)) {
    for (const piece of pieces) {
      if (isReadFailure(piece)) said.unread.push([piece.source, piece.error.message]);
      else {
        said.subjects.push(/^Subject: number (.*)$/m.exec(piece.bytes!.toString())?.[1] ?? "?");
        said.places.push(piece.source);
      }
    }
  }
  return said;
}

const TOOLS = ["gzip", "xz", "zstd"].map((tool) => [tool, requireTool(tool)] as const);

describe.each(TOOLS)("compressed with %s", (tool, there) => {
  const pack = (bytes: Buffer): Buffer => execFileSync(tool, ["-c"], { input: bytes });

  test.runIf(there)("reads like the original", async () => {
    const plain = put("plain.mbox", mbox(300));
    const packed = put("a name that says nothing", pack(mbox(300)));
    const expected = await read(plain);
    const { places, ...rest } = await read(packed);
    expect(rest).toEqual({ subjects: expected.subjects, unread: [] });
    expect(places).toEqual(expected.places.map((place) => place.replace(plain, packed)));
  });

  test.runIf(there)("two in one file, as gzip -c a b > c makes it", async () => {
    const both = put("both", Buffer.concat([pack(mbox(2)), pack(mbox(2))]));
    expect((await read(both)).subjects).toEqual(["0", "1", "0", "1"]);
  });

  test.runIf(there)("truncated: the mails before that are read, none in part", async () => {
    const noise = Buffer.from(spawnSync("openssl", ["rand", "-hex", "300000"]).stdout);
    const whole = Buffer.concat([mbox(50), Buffer.from(`${FROM}${mail(50, noise.toString())}`)]);
    const packed = pack(whole);
    const file = put("cut", packed.subarray(0, packed.length - 2000));
    const { subjects, unread } = await read(file);
    expect(subjects.length).toBeLessThanOrEqual(50);
    expect(unread).toEqual([[file, expect.stringMatching(/^cannot unpack .*cut: \S/)]]);
  });

  test.runIf(there)("a patch in it that is not a mail", async () => {
    const file = put("x", pack(Buffer.from("diff --git a/x b/x\n")));
    expect(await read(file)).toMatchObject({
      unread: [[file, `${file} is neither a mail nor an mbox`]],
    });
  });

  test("the error says that a shell or an editor damaged a mail", async () => {
    const mail = "From: a@x\nSubject: s\n\nm\n";
    const utf16 = put("utf16", Buffer.from(`\ufeff${mail}`, "utf16le"));
    const bare = put("bare", Buffer.from(mail, "utf16le"));
    const marked = put("marked", Buffer.from(`\ufeff${mail}`));
    const said = async (file: string) => (await read(file)).unread;
    for (const file of [utf16, bare])
      expect(await said(file)).toEqual([[file, `${file} is UTF-16, as PowerShell writes with >`]]);
    expect(await said(marked)).toEqual([[marked, `${marked} begins with a byte order mark`]]);
  });
});

test("a decompression bomb takes little memory", async () => {
  const file = join(folder, "bomb.gz");
  const head = `${FROM}${mail(1)}`;
  execFileSync("sh", [
    "-c",
    '{ printf %s "$1"; head -c 200000000 /dev/zero; } | gzip -1 > "$2"',
    "sh",
    head,
    file,
  ]);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for await (const pieces of readSource(file)) {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    for (const piece of pieces)
      expect(piece).toMatchObject({ bytes: null, size: 200_000_000 + mail(1).length });
  }
  expect(most).toBeLessThan(150 << 20);
});

test("every mail of a file but the first is named by its offset", async () => {
  const file = put("x.mbox", mbox(3));
  const { places } = await read(file);
  expect(places[0]).toBe(file);
  const whole = readFileSync(file, "latin1");
  for (const [i, place] of places.slice(1).entries()) {
    const offset = Number(place.slice(file.length + 1));
    expect(whole.slice(offset)).toMatch(new RegExp(`^From: A.*\nSubject: number ${i + 1}\n`));
  }
});

test("a maildir is read in order of delivery, even after mails were opened", async () => {
  for (const name of ["new", "cur", "tmp"]) mkdirSync(join(folder, name));
  put("cur/1000000001.M5P9_1.host:2,S", mail(2));
  put("new/1000000001.M5P10_1.host", mail(3));
  put("cur/999999999.M7P1_1.host:2,", mail(1));
  put("new/1000000002.M1P1_1.host", mail(4));
  put("tmp/1000000000.M1P1_1.host", mail(9));
  put("cur/.hidden", mail(9));
  expect((await read(folder)).subjects).toEqual(["1", "2", "3", "4"]);
});

test.each(["new", "cur"])(
  "a folder with only %s is a maildir; one with other things is not",
  async (name) => {
    mkdirSync(join(folder, name));
    put(`${name}/1000000001.M1P1_1.host`, mail(1));
    expect((await read(folder)).subjects).toEqual(["1"]);
    put("a.patch", mail(2));
    expect((await read(folder)).subjects).toEqual(["2"]);
  },
);

test("files in a folder that are not mails are reported, and the rest is read", async () => {
  put("a.patch", mail(1));
  const odd = put("b.patch", "diff --git a/x b/x\n");
  symlinkSync("/nowhere", join(folder, "c.eml"));
  mkdirSync(join(folder, "d.mbox"));
  put("e.eml", mail(2));
  put("f.txt", mail(9));
  const { subjects, unread } = await read(folder);
  expect(subjects).toEqual(["1", "2"]);
  expect(unread.map(([place]) => place)).toEqual([
    odd,
    join(folder, "c.eml"),
    join(folder, "d.mbox"),
  ]);
});

test("of a folder's text files, those that git format-patch --suffix=.txt has named", async () => {
  const names = [
    "0001-a.txt",
    "v2-0001-b.txt",
    "v2-rfc-0003-c.txt",
    "README.txt",
    "0002.txt",
    "x.patch",
  ];
  for (const [i, name] of names.entries()) put(name, mail(i));
  expect((await read(folder)).subjects).toEqual(["0", "1", "2", "5"]);
});

describe("anything but a regular file", () => {
  const WORDS = { fifo: "a pipe", link: "a pipe", socket: "a socket", device: "a device" };

  /** One of each in a folder, with a suffix; what ends the socket. */
  async function special(below: string, suffix: string): Promise<() => void> {
    const name = (kind: string): string => join(below, `2.${kind}${suffix}`);
    execFileSync("mkfifo", [name("fifo")]);
    symlinkSync(name("fifo"), name("link"));
    symlinkSync("/dev/zero", name("device"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(name("socket"), resolve));
    return () => server.close();
  }

  test.each([
    ["a directory", [], "", ".patch"],
    ["a maildir", ["new", "cur"], "new", ""],
  ])("in %s is skipped with a message, without waiting for it", async (_, dirs, in_, suffix) => {
    for (const name of dirs) mkdirSync(join(folder, name));
    const below = join(folder, in_);
    writeFileSync(join(below, `1.a${suffix}`), mail(1));
    writeFileSync(join(below, `3.z${suffix}`), mail(3));
    const end = await special(below, suffix);
    const { subjects, unread } = await read(folder);
    end();
    expect(subjects).toEqual(["1", "3"]);
    const said = Object.entries(WORDS).map(([kind, words]) => {
      const file = join(below, `2.${kind}${suffix}`);
      return [file, `${file} is ${words}: skipped`];
    });
    expect(Object.fromEntries(unread)).toEqual(Object.fromEntries(said));
  });

  test("a pipe named by the user is read, such as bash's <(…)", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const writer = spawn("sh", ["-c", 'printf "%s" "$1" > "$2"', "sh", mail(7), pipe]);
    const ended = new Promise((resolve) => writer.on("exit", resolve));
    // opened by both at once: in another process, so that neither waits here
    const program = join(import.meta.dirname, "..", "..", "bin", "patchsig.js");
    const run = spawnSync(process.execPath, [program, "verify", "--json", pipe], {
      env: { ...process.env, XDG_DATA_HOME: folder },
    });
    expect(await ended).toBe(0);
    expect(run.stderr.toString()).toContain("only 1 mail");
  });
});
