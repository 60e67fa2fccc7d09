import { dropCr } from "../../src/mail/line-ends.ts";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type MboxMessage, MboxSplitter, looseFromLines, messages } from "../../src/mail/mbox.ts";
import { Generator } from "./generate.ts";

const FROM = "From a@x.example Mon Sep 17 00:00:00 2001\n";
const texts = (mbox: string) => messages(Buffer.from(mbox)).map(({ bytes }) => bytes!.toString());

describe("messages", () => {
  it.each<[string, string, string[]]>([
    ["nothing", "", []],
    ["white space", " \n\r\n", []],
    ["one bare mail", "Subject: a\n\nb\n", ["Subject: a\n\nb\n"]],
    ["one bare mail without line end", "Subject: a", ["Subject: a"]],
    ["two", `${FROM}A: 1\n\nx\n\n${FROM}A: 2\n\ny\n`, ["A: 1\n\nx\n", "A: 2\n\ny\n"]],
    ["a From line above and nothing else", FROM, []],
    ["empty lines on top", `\n\n${FROM}A: 1\n\nx\n`, ["A: 1\n\nx\n"]],
    [
      "CRLF",
      `${FROM}A: 1\n\nx\n\n${FROM}A: 2\n`.replaceAll("\n", "\r\n"),
      ["A: 1\n\nx\n", "A: 2\n"],
    ],
    ["no empty line before From", `${FROM}A: 1\n\nx\n${FROM}y\n`, [`A: 1\n\nx\n${FROM}y\n`]],
    [
      "From in prose",
      `${FROM}A: 1\n\nx\n\nFrom here on, it is 2001\n`,
      ["A: 1\n\nx\n\nFrom here on, it is 2001\n"],
    ],
    [
      "From with a name and a date",
      `${FROM}A: 1\n\nx\n\nFrom nobody Mon Sep 17 00:00:00 2001\ny\n`,
      ["A: 1\n\nx\n\nFrom nobody Mon Sep 17 00:00:00 2001\ny\n"],
    ],
    ["escaped From", `${FROM}A: 1\n\nx\n\n>${FROM}y\n`, [`A: 1\n\nx\n\n>${FROM}y\n`]],
    [
      "a long line",
      `${FROM}A: 1\n\n\nFrom ${"x".repeat(5000)}\n`,
      [`A: 1\n\n\nFrom ${"x".repeat(5000)}\n`],
    ],
    ["a From line in a bare mail", `A: 1\n\nx\n\n${FROM}y\n`, [`A: 1\n\nx\n\n${FROM}y\n`]],
    [
      "a first From line that is none to git",
      `From nobody\nA: 1\n\nx\n\n${FROM}y\n`,
      [`A: 1\n\nx\n\n${FROM}y\n`],
    ],
  ])("%s", (_, mbox, expected) => {
    expect(texts(mbox)).toEqual(expected);
  });

  it.each([
    "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001",
    `From ${"0123456789abcdef".repeat(4)} Mon Sep 17 00:00:00 2001`,
    "From MAILER-DAEMON Fri Jul  8 12:08:34 2011",
    "From - Tue Jan 02 10:00:00 2024",
    "From a@x  Tue Jan  2 10:00 2024",
    "From a@x Tue Jan  2 10:00:00 +0100 2024",
    "From a@x Tue Jan 2 10:00:00 2024 +0100",
  ])("begin at %s", (line) => {
    expect(texts(`${FROM}A: 1\n\nx\n\n${line}\nA: 2\n`)).toEqual(["A: 1\n\nx\n", "A: 2\n"]);
  });

  it.each([
    "From a@x Tue Jan  2 10:00:00 CEST 2024",
    "From a@x Tue Jan  2 10:00:00 0024",
    "From a@x Tue Jan  2 10:00:00 1 Jan 2024",
  ])("do not begin at %s, as for git", (line) => {
    const mail = `A: 1\n\nx\n\n${line}\nA: 2\n`;
    expect(texts(`${FROM}${mail}`)).toEqual([mail]);
  });

  it("say where they stand", () => {
    const mbox = Buffer.from(`\n${FROM}A: 1\r\n\r\nx\r\n\r\n${FROM}A: 2\n\n`);
    const found = messages(mbox);
    const raw = found.map(({ offset, size }) => mbox.toString("latin1", offset, offset + size));
    expect(raw).toEqual(["A: 1\r\n\r\nx\r\n", "A: 2\n\n"]);
    expect(messages(mbox, { keepCr: true }).map(({ bytes }) => bytes!.toString())).toEqual(raw);
  });

  it("are skipped if they are too large", () => {
    const mbox = `${FROM}A: 1\n\n${"x\n".repeat(9000)}\n${FROM}A: 2\n`;
    const found = messages(Buffer.from(mbox), { maxMessageBytes: 1000 });
    expect(found.map(({ size, bytes }) => [size, bytes?.toString()])).toEqual([
      [18_006, undefined],
      [5, "A: 2\n"],
    ]);
  });
});

function plain(found: readonly MboxMessage[]) {
  return found.map(({ offset, size, bytes }) => [offset, size, bytes?.toString("latin1") ?? null]);
}

describe("chunks", () => {
  const PIECES = [
    FROM,
    "\n",
    "\n\n",
    "\r\n",
    "\n\r\n",
    "A: b\n",
    "text",
    "From ",
    "From a@x",
    "x".repeat(900),
    " ",
  ];

  it("of any size give the same messages", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Generator(seed);
      const mbox = Buffer.from(random.many(40, () => random.pick(PIECES)).join(""));
      const options = { maxMessageBytes: random.pick([700, 2000, 1 << 20]) };
      const splitter = new MboxSplitter(options);
      const found: MboxMessage[] = [];
      for (let pos = 0; pos < mbox.length;) {
        const next = pos + 1 + random.below(random.pick([3, 50, 2000]));
        found.push(...splitter.push(Buffer.from(mbox.subarray(pos, next))));
        pos = next;
      }
      found.push(...splitter.end());
      expect(plain(found), `seed ${seed}`).toEqual(plain(messages(mbox, options)));
    }
  });

  // were it quadratic, this would take longer than a test may
  it("are linear in time for one large message", () => {
    const splitter = new MboxSplitter();
    const chunk = Buffer.from(`${"x".repeat(70)}\n`.repeat(900));
    for (let i = 0; i < 800; i++) splitter.push(chunk);
    const [message] = splitter.end();
    expect(message!.size).toBe(800 * chunk.length);
  });
});

it("dropCr drops one CR before each LF", () => {
  expect(dropCr(Buffer.from("a\r\nb\r\r\n\rc\n\r\n")).toString()).toBe("a\nb\r\n\rc\n\n");
  const without = Buffer.from("a\nb\r");
  expect(dropCr(without)).toBe(without);
});

describe("git mailsplit as the judge", () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "patchsig-mailsplit-"));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** The messages that git makes of an mbox or a bare mail. */
  function gitSplit(mbox: Buffer): Buffer[] {
    const out = mkdtempSync(join(directory, "out-"));
    const file = join(out, "in.mbox");
    writeFileSync(file, mbox);
    const run = spawnSync("git", ["mailsplit", "-b", `-o${out}`, file]);
    expect(run.status).toBe(0);
    return readdirSync(out)
      .filter((name) => /^\d+$/.test(name))
      .sort()
      .map((name) => readFileSync(join(out, name)));
  }

  it("an ordinary mbox has the same messages", () => {
    const mbox = `${FROM}A: 1\n\nx\n\n${FROM}A: 2\r\n\r\ny\r\r\n\r\n${FROM}A: 3\n\nz\n`;
    const git = gitSplit(Buffer.from(mbox)).map((mail) =>
      mail
        .toString()
        .replace(FROM, "")
        .replace(/(?<!z)\n\n$/, "\n"),
    );
    expect(texts(mbox)).toEqual(git);
  });

  const DATES = [
    "Mon Sep 17 ",
    "12:34:56",
    "1:2:3",
    " 2001",
    " 91",
    " 90",
    "00:00",
    " ",
    ":",
    "\t99",
    " +95",
    " x",
    "+0100",
    "9",
  ];
  const randomLine = (random: Generator) =>
    random.pick(["From ", "From x ", "From a@b.example ", ">From ", " From "]) +
    random.many(6, () => random.pick(DATES)).join("") +
    random.pick(["\n", "\n", "\r\n"]);

  it("looseFromLines counts the lines at which git cuts a mail", () => {
    const random = new Generator(3);
    let cut = 0;
    for (let i = 0; i < 80; i++) {
      const lines = random.many(6, () => randomLine(random));
      const mail = Buffer.from(`${FROM}Subject: a\n\n${lines.join("")}end`);
      const count = gitSplit(mail).length - 1;
      // git looks while the CR is there: of these it takes one form alone, and both are counted
      const unsure = lines.filter((line) => line.endsWith(":\r\n") || /^.{18}\r?\n$/.test(line));
      const found = looseFromLines(dropCr(mail));
      const shown = JSON.stringify(mail.toString());
      expect(found, shown).toBeGreaterThanOrEqual(count);
      expect(found, shown).toBeLessThanOrEqual(count + unsure.length);
      cut += count;
    }
    expect(cut).toBeGreaterThan(5);
  });

  it("counts a line that its CR makes just long enough for git", () => {
    const mail = Buffer.from(`${FROM}Subject: a\n\nFrom abc1:11:11 99\r\nend\n`);
    expect(gitSplit(mail)).toHaveLength(2);
    expect(looseFromLines(dropCr(mail))).toBe(1);
  });

  it("never is an mbox cut where git does not cut it", () => {
    const random = new Generator(4);
    const line = () =>
      random.pick([
        () => FROM,
        () => FROM.replace("2001", random.pick(["0050", "UTC 2001", "+0200 2001", "9", "1999"])),
        () => randomLine(random).replace("\r", ""),
      ])();
    let cut = 0;
    for (let i = 0; i < 80; i++) {
      const lines = random.many(6, () => `\n${line()}A: ${random.below(9)}\n\nx\n`);
      const mbox = `${random.chance(0.8) ? line() : ""}Subject: a\n\n${lines.join("")}`;
      const starts = new Set<number>([0]);
      let at = mbox.length - mbox.trimStart().length;
      for (const mail of gitSplit(Buffer.from(mbox))) {
        const first = mail.toString().startsWith("From ") ? mail.indexOf("\n") + 1 : 0;
        starts.add(at + first);
        at += mail.length;
      }
      const found = messages(Buffer.from(mbox));
      for (const { offset } of found) expect(starts, JSON.stringify(mbox)).toContain(offset);
      cut += found.length - 1;
    }
    expect(cut).toBeGreaterThan(10);
  });
});
