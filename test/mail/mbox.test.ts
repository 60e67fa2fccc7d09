import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { dropCr } from "../../src/mail/line-ends.ts";
import { type MboxMessage, MboxSplitter, isCutByGit, messages } from "../../src/mail/mbox.ts";
import { Generator } from "./generate.ts";

const FROM = "From a@x.example Mon Sep 17 00:00:00 2001\n";
const texts = (mbox: string) => messages(Buffer.from(mbox)).map(({ bytes }) => bytes!.toString());

describe("messages", () => {
  it.each<[string, string, string[]]>([
    ["nothing", "", []],
    ["white space", " \n\r\n", []],
    ["one bare mail", "Subject: a\n\nb\n", ["Subject: a\n\nb\n"]],
    ["one bare mail without line end", "Subject: a", ["Subject: a"]],
    ["two", `${FROM}A: 1\n\nx\n\n${FROM}A: 2\n\ny\n`, ["A: 1\n\nx\n\n", "A: 2\n\ny\n"]],
    ["a From line above and nothing else", FROM, []],
    ["empty lines on top", `\n\n${FROM}A: 1\n\nx\n`, ["A: 1\n\nx\n"]],
    [
      "CRLF",
      `${FROM}A: 1\n\nx\n\n${FROM}A: 2\n`.replaceAll("\n", "\r\n"),
      ["A: 1\n\nx\n\n", "A: 2\n"],
    ],
    ["no empty line before From", `${FROM}A: 1\n\nx\n${FROM}A: 2\n`, ["A: 1\n\nx\n", "A: 2\n"]],
    ["From lines and nothing else", `${FROM}${FROM}\n${FROM}A: 1\n`, ["\n", "A: 1\n"]],
    [
      "From in prose",
      `${FROM}A: 1\n\nx\n\nFrom here on, it is 2001\n`,
      ["A: 1\n\nx\n\nFrom here on, it is 2001\n"],
    ],
    [
      "a From line without a header below, which is shown",
      `${FROM}A: 1\n\nx\n\n${FROM}y z\n`,
      ["A: 1\n\nx\n\n", `${FROM}y z\n`],
    ],
    ["escaped From", `${FROM}A: 1\n\nx\n\n>${FROM}y\n`, [`A: 1\n\nx\n\n>${FROM}y\n`]],
    // git does not look at it, nor do we: too short, too long, and as mboxcl2 has it, right
    ...["1", "9999", "16"].map((length): [string, string, string[]] => [
      `Content-Length: ${length}`,
      `${FROM}Content-Length: ${length}\n\nx\n${FROM.slice(0, 14)}\n${FROM}A: 2\n\ny\n`,
      [`Content-Length: ${length}\n\nx\n${FROM.slice(0, 14)}\n`, "A: 2\n\ny\n"],
    ]),
    [
      "a long line",
      `${FROM}A: 1\n\n\nFrom ${"x".repeat(5000)}\n`,
      [`${FROM}A: 1\n\n\nFrom ${"x".repeat(5000)}\n`],
    ],
    ["a From line in a bare mail", `A: 1\n\nx\n\n${FROM}y\n`, [`A: 1\n\nx\n\n${FROM}y\n`]],
    [
      "a first From line that git does not accept",
      `From nobody\nA: 1\n\nx\n\n${FROM}y\n`,
      [`A: 1\n\nx\n\n${FROM}y\n`],
    ],
  ])("%s", (_, mbox, expected) => {
    expect(texts(mbox)).toEqual(expected);
  });

  // as format-patch, mutt, procmail, Patchwork, public-inbox, SourceHut, pipermail and Thunderbird
  // write them, and some others
  it.each([
    "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001",
    `From ${"0123456789abcdef".repeat(4)} Mon Sep 17 00:00:00 2001`,
    "From MAILER-DAEMON Fri Jul  8 12:08:34 2011",
    "From MAILER_DAEMON Fri Jul  8 12:08:34 2011",
    "From patchwork Tue Nov 24 10:00:00 2026",
    "From mboxrd@z Thu Jan  1 00:00:00 1970",
    "From nobody Tue Nov 24 10:00:00 2026",
    "From alice at example.org  Tue Nov 24 10:00:00 2026",
    "From alice Tue Nov 24 10:00:00 2026",
    "From - Tue Jan 02 10:00:00 2024",
    '"alice smith"@example.org Tue Nov 24 10:00:00 2026'.replace(/^/, "From "),
    "From alice@example.org Die Nov 24 10:00:00 2026",
    "From a@x Tue Jan  2 10:00 2024",
  ])("begin at %s", (line) => {
    const mail = (n: number) => `A: ${n}\n\nx\n\n`;
    expect(texts(`${line}\n${mail(1)}${line}\n${mail(2)}`)).toEqual([mail(1), mail(2)]);
  });

  it.each([
    "From a@x Tue Jan  2 10:00:00 CEST 2024",
    "From a@x Tue Jan  2 10:00:00 0024",
    // Gmail's Takeout
    "From 1784012345678901234@xxx Tue Nov 24 10:00:00 +0000 2026",
    "From a@x Tue Jan  2 10:00:00 2024 remote from uucp:x",
    "From now on 10:30 is 2030",
  ])("do not begin at %s, as for git", (line) => {
    const mail = `A: 1\n\nx\n\n${line}\nA: 2\n`;
    expect(texts(`${FROM}${mail}`)).toEqual([mail]);
  });

  it("have their offsets", () => {
    const mbox = Buffer.from(`\n${FROM}A: 1\r\n\r\nx\r\n\r\n${FROM}A: 2\n\n`);
    const found = messages(mbox);
    const raw = found.map(({ offset, size }) => mbox.toString("latin1", offset, offset + size));
    expect(raw).toEqual(["A: 1\r\n\r\nx\r\n\r\n", "A: 2\n\n"]);
    expect(messages(mbox, { keepCr: true }).map(({ bytes }) => bytes!.toString())).toEqual(raw);
  });

  it("are skipped if they are too large", () => {
    const mbox = `${FROM}A: 1\n\n${"x\n".repeat(9000)}\n${FROM}A: 2\n`;
    const found = messages(Buffer.from(mbox), { maxMessageBytes: 1000 });
    expect(found.map(({ size, bytes }) => [size, bytes?.toString()])).toEqual([
      [18_007, undefined],
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

  /** The messages that git makes of mboxes and bare mails, by one run of it. */
  function gitSplit(mboxes: readonly Buffer[]): string[] {
    const out = mkdtempSync(join(directory, "out-"));
    const names = mboxes.map((_, i) => `in-${i}`);
    for (const [i, mbox] of mboxes.entries()) writeFileSync(join(out, names[i]!), mbox);
    const run = spawnSync("git", ["mailsplit", "-b", "-d8", "-o.", "--", ...names], { cwd: out });
    expect(run.status, run.stderr.toString()).toBe(0);
    return readdirSync(out)
      .filter((name) => /^\d+$/.test(name))
      .sort()
      .map((name) => readFileSync(join(out, name), "latin1"));
  }

  /** Pieces of which From lines are made, and what is nearly one. */
  const WORDS = [
    [
      "From ",
      "From x ",
      "From a@b.example ",
      "From - ",
      "From  ",
      ">From ",
      " From ",
      "From",
      "from ",
    ],
    ["Mon Sep 17 ", "Die Nov 4 ", "", "x", "\xe9", "\0", ": "],
    [
      "12:34:56",
      "00:00:00",
      "1:2:3",
      "12:34",
      "12:34:5",
      "1x:34:56",
      "12-34:56",
      "12:3456",
      "x2:34:56",
    ],
    [
      " 2001",
      " 1991",
      " 91",
      " 90",
      " 0091",
      "2001",
      " +95",
      " -95",
      "\t\v\f99",
      " x",
      " \r99",
      "",
      "+",
    ],
    [" ", "", " +0100", " remote from x", ":", " 11:22:33 99", "\r"],
  ];
  const LINE_ENDS = ["\n", "\n", "\n", "\r\n", "\r\r\n"];
  const fromish = (random: Generator) =>
    WORDS.map((words) => random.pick(random.chance(0.6) ? words.slice(0, 2) : words)).join("");
  /** One byte more or less. */
  const mutated = (random: Generator, line: string) => {
    const at = random.below(line.length);
    return (
      line.slice(0, at) + random.pick(["", "", "7", ":", " "]) + line.slice(at + random.below(2))
    );
  };
  const line = (random: Generator) => {
    const text = random.pick([
      () => fromish(random),
      () => mutated(random, fromish(random)),
      () => mutated(random, FROM.trimEnd()),
      () =>
        random.pick(["A: b", "", "", "text", "---", " ", `From ${"y".repeat(900)} 11:22:33 2001`]),
    ])();
    return text + random.pick(LINE_ENDS);
  };
  const file = (random: Generator) => {
    const text =
      random.pick(["", "", "", "\n \r\n"]) + random.many(12, () => line(random)).join("");
    const onTop = random.chance(0.7) ? FROM : "";
    const whole = `${onTop}${text}${random.pick(["end\n", line(random)])}A`;
    return Buffer.from(random.chance(0.2) ? whole.replace(/\r?\nA$/, "") : whole, "latin1");
  };
  const below = (mail: string) =>
    mail.startsWith("From ") ? mail.replace(/^[^\n]*\n?/, "") : mail;

  it("all files are cut at the same bytes", () => {
    const random = new Generator(7);
    const files = Array.from({ length: 4000 }, () => file(random)).filter(
      (mbox) => !/^\s*$/.test(mbox.toString("latin1")), // git does not take an empty one
    );
    // of a From line above nothing git makes an empty mail; nobody has anything to say of it
    const git = gitSplit(files).filter((mail) => below(mail) !== "");
    const ours = files.flatMap((mbox) =>
      messages(mbox).map(({ bytes }) => ({ mbox, mail: bytes!.toString("latin1") })),
    );
    for (const [i, { mbox, mail }] of ours.entries())
      if (mail !== git[i])
        expect(mail, JSON.stringify(mbox.toString("latin1"))).toBe(below(git[i] ?? ""));
    expect(ours).toHaveLength(git.length);
    expect(git.length).toBeGreaterThan(files.length + 1500);
  });

  it("isCutByGit is true of every mail that git cuts", () => {
    const random = new Generator(8);
    let cut = 0;
    for (let i = 0; i < 60; i++) {
      const mbox = Buffer.concat([Buffer.from(FROM), file(random)]);
      const isCut = gitSplit([mbox]).length > 1;
      // git looks while the CR is there: of some lines nobody can tell once it is gone
      const unsure = /^From .*(?::\r\n|^.{18}\r?\n)/m.test(mbox.toString("latin1"));
      const mail = dropCr(mbox);
      if (isCut || !unsure)
        expect(isCutByGit(mail), JSON.stringify(mail.toString("latin1"))).toBe(isCut);
      cut += isCut ? 1 : 0;
    }
    expect(cut).toBeGreaterThan(10);
  });
});
