/**
 * A day in the life of the bot, as a program: a public-inbox with a small list, its mailbox on a
 * dovecot, a server that takes what it sends. And the same, killed again and again.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BotStore } from "../../../src/store/bot-store.ts";
import { patchsig, records } from "../../support/cli.ts";
import { HAS_DOVECOT, type ImapServer, startImap } from "../../support/imap.ts";
import { HAS_INBOX, newInbox } from "../../support/inbox.ts";
import {
  deliverTo,
  openPostOffice,
  plainMail,
  type PostOffice,
  type Posted,
  type Series,
  seriesMails,
} from "../../support/list.ts";
import { LONG } from "../../support/long.ts";
import { temporaryFolder } from "../../support/repo.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "..", "bin", "patchsig.js");
const KILL_AT = pathToFileURL(join(import.meta.dirname, "..", "..", "support", "kill-at.js")).href;
const BOT = "net-bot@example.org";
const DAY = 86_400;
const clock = (): number => Math.floor(Date.now() / 1000);

let folder: string;
let office: PostOffice;
const running: ChildProcess[] = [];

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  await office.down();
});

function start(...args: readonly string[]): ChildProcess {
  return startWith({}, ...args);
}

function startWith(env: NodeJS.ProcessEnv, ...args: readonly string[]): ChildProcess {
  const child = spawn(
    process.execPath,
    [PROGRAM, "bot", ...args, "--config", join(folder, "bot")],
    {
      env: { ...process.env, XDG_DATA_HOME: folder, ...env },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  running.push(child);
  return child;
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.on("close", (status) => resolve(status)));

/** Waits until it is so, for as long as the test may take. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 50));
}

function write(...settings: readonly string[]): void {
  const lines = [
    "[bot]",
    "mode = private",
    `address = ${BOT}`,
    "list = net@example.org",
    "listId = net.example.org",
    `database = ${folder}/bot.db`,
    "settle = 1 second",
    "interval = 1 second",
    "perDay = 1000",
    ...settings,
    "[sendemail]",
    "smtpServer = 127.0.0.1",
    `smtpServerPort = ${office.port}`,
  ];
  writeFileSync(join(folder, "bot"), `${lines.join("\n")}\n`);
}

/** When those in the archive were sent, in days before now: nobody is a newcomer. */
const PAST = [90, 75, 60, 40, 20];

function archive(file: string, authors: readonly string[]): void {
  const mails = PAST.flatMap((days) =>
    authors.flatMap((by) =>
      seriesMails({ by, title: `old ${days} of ${by}`, at: clock() - days * DAY, signed: true }),
    ),
  );
  const from = "From list@example.org Tue Feb  3 10:00:00 2026\n";
  writeFileSync(file, mails.map((mail) => `${from}${mail.toString()}\n`).join(""));
}

function store<T>(look: (opened: BotStore) => T): T {
  const opened = new BotStore(join(folder, "bot.db"), false);
  try {
    return look(opened);
  } finally {
    opened.close();
  }
}

const author = (n: number): string => `author${n}@example.org`;

/** By number. By default some of each habit, of those who get a letter those who come after one another. */
const PEOPLE = Array.from({ length: 40 }, (_, n) => n).filter(
  (n) => LONG || (n < 18 || n >= 36 ? n % 2 === 0 : n < 26),
);
/** Who has a past, and something to be told. */
const TOLD = PEOPLE.filter((n) => n >= 18 && n < 36);

/** How the authors of the list send: by their number. */
function habits(n: number): Partial<Series> {
  if (n < 8) return { signed: true, based: true };
  if (n < 11) return { header: ["Auto-Submitted: auto-generated"] };
  if (n < 14) return { prefix: "RFC PATCH" };
  if (n < 16) return { prefix: "GIT PULL" };
  if (n < 18) return { header: ["In-Reply-To: <some@example.org>"] };
  return n % 2 === 0 ? { signed: true } : { patches: 2, cover: true };
}

/** What they answer, of those who get a letter. */
const ANSWERS: readonly string[] = ["stop", "not now", `base is ${"2".repeat(40)}`, "huh?"];
const answerOf = (n: number): string => ANSWERS[n % ANSWERS.length]!;

describe.runIf(HAS_DOVECOT && HAS_INBOX)("a day", () => {
  let server: ImapServer;

  test("series of many authors, some of whom reply: every limit holds", async () => {
    server = await startImap();
    const deliver = (mail: string | Buffer): void => {
      deliverTo(server.maildir, mail);
    };
    office = await openPostOffice((mail) => {
      if (mail.to.includes(BOT)) deliver(mail.text);
    });
    try {
      const inbox = newInbox(folder, 2);
      // the newest of them have no past
      const old = PEOPLE.filter((n) => n < 36);
      archive(join(folder, "archive"), old.map(author));
      const helper = join(folder, "helper");
      writeFileSync(helper, '#!/bin/sh\ntest "$1" = get && echo password=secret\n');
      chmodSync(helper, 0o755);
      process.env["GIT_CONFIG_COUNT"] = "1";
      process.env["GIT_CONFIG_KEY_0"] = "credential.helper";
      process.env["GIT_CONFIG_VALUE_0"] = helper;
      write(
        `source = ${folder}/archive`,
        `source = ${inbox.folder}`,
        `source = imap://alice@127.0.0.1:${server.port}/INBOX`,
        `copyTo = ${BOT}`,
        "period = 2 seconds",
        "most = 2",
        // only mails and what comes by IDLE wake it in time
        "pause = 1 day",
      );

      // before it looks, so that no series is cut in two by a slow machine
      inbox.deliverAll(
        PEOPLE.flatMap((n) =>
          seriesMails({
            by: author(n),
            title: `day one of ${author(n)}`,
            at: clock(),
            ...habits(n),
          }),
        ),
      );
      const day = start("run");
      await until(() => office.posted.length >= TOLD.length);
      const first = [...office.posted];

      for (const letter of first) {
        const n = Number(/\d+/.exec(letter.to[0]!)![0]);
        const header = [
          `From: ${letter.to[0]}`,
          `To: ${BOT}`,
          "Subject: Re: your letter",
          `Message-ID: <answer.${n}@example.org>`,
          `In-Reply-To: ${letter.messageId}`,
        ];
        deliver(plainMail(header, answerOf(n)));
      }
      const thanked = first.filter(({ to }) => answerOf(Number(/\d+/.exec(to[0]!)![0])) !== "huh?");
      await until(() => office.posted.length >= TOLD.length + thanked.length);

      await new Promise((resolve) => setTimeout(resolve, 2000));
      for (const n of [18, 19, 20, 21, 22, 23])
        for (const mail of seriesMails({ by: author(n), title: `day two of ${n}`, at: clock() }))
          inbox.deliver(mail);
      // 20 and 24 said stop, 21 and 25 said not now
      const again = [18, 19, 22, 23];
      const all = TOLD.length + thanked.length + again.length;
      await until(() => office.posted.length >= all);
      // what comes too much would come with the others, which it decides in one go
      await until(() => store((opened) => opened.held().next().done === true));
      const exit = ended(day);
      day.kill("SIGTERM");
      expect(await exit).toBe(0);

      const toAuthors = (mails: readonly Posted[]): string[] =>
        mails.map(({ to }) => to[0]!).sort();
      expect(toAuthors(first)).toEqual(TOLD.map(author).sort());
      const letters = office.posted.filter(({ from }) => from === BOT);
      const thanks = office.posted.filter(({ from }) => from === "");
      expect(letters.slice(TOLD.length).map(({ to }) => to[0])).toEqual(again.map(author));
      expect(toAuthors(thanks)).toEqual(toAuthors(thanked));
      expect(office.posted).toHaveLength(all);
      const ids = office.posted.map(({ messageId }) => messageId);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { to } of letters) expect(to).toEqual([to[0], BOT]);

      const run = patchsig(["bot", "status", "--json", "--config", join(folder, "bot")], {
        home: folder,
      });
      expect(records(run)[0]).toMatchObject({
        type: "bot-status",
        outbox: { queued: 0, "in-doubt": 0, sent: all, failed: 0 },
        counters: Object.fromEntries(
          ["stop", "pause", "base"].map((what, i) => [
            `replies ${what}`,
            TOLD.filter((n) => n % ANSWERS.length === i).length,
          ]),
        ),
        open: 0,
      });
    } finally {
      await server.stop();
      for (const name of ["COUNT", "KEY_0", "VALUE_0"]) delete process.env[`GIT_CONFIG_${name}`];
    }
  });
});

/** The same every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

const KILLS = LONG ? 40 : 3;

describe("kill -9", () => {
  test(`${KILLS} times at any moment: nothing is sent twice, nothing is lost`, async () => {
    const maildir = join(folder, "mail");
    for (const name of ["new", "cur", "tmp"]) mkdirSync(join(maildir, name), { recursive: true });
    // slow to answer, so that many are in doubt
    office = await openPostOffice((mail) => {
      if (mail.to.includes(BOT)) deliverTo(maildir, mail.text);
    }, 40);
    const authors = Array.from({ length: 4 * (KILLS + 2) }, (_, n) => author(n));
    archive(join(folder, "archive"), authors);
    write(
      `source = ${folder}/archive`,
      `source = ${maildir}`,
      `copyTo = ${BOT}`,
      "copyGrace = 3 seconds",
      "settle = 0 seconds",
    );
    const next = random(7);
    const steps = join(folder, "steps");
    /** A run with something to take in, to decide, to send; true if it was killed. */
    async function run(i: number, at: number): Promise<boolean> {
      for (const by of authors.slice(4 * i, 4 * i + 4))
        for (const mail of seriesMails({ by, title: `new of ${by}`, at: clock() }))
          deliverTo(maildir, mail);
      const env = { NODE_OPTIONS: `--import=${KILL_AT}`, KILL_AT: String(at), STEPS: steps };
      return (await ended(startWith(env, "run", "--once"))) === null;
    }
    // the first one reads the archive, the second one shows how much there is to do
    expect(await run(0, 0)).toBe(false);
    expect(await run(1, 0)).toBe(false);
    const whole = Number(readFileSync(steps, "utf8"));
    expect(whole).toBeGreaterThan(100);
    const sent = office.posted.length;
    let killed = 0;
    for (let i = 2; i < KILLS + 2; i++)
      if (await run(i, Math.floor(whole * (0.4 + 1.2 * next())))) killed++;
    // steps, not seconds: it is so on any machine
    expect(killed).toBeGreaterThanOrEqual(KILLS / 2);
    // and some only after they had sent something
    expect(office.posted.length).toBeGreaterThan(sent);
    // until nothing is left to do, and no copy is waited for
    for (;;) {
      expect(await ended(start("run", "--once"))).toBe(0);
      const { queued, "in-doubt": doubts } = store(({ outbox }) => outbox.counts());
      if (queued + doubts === 0 && office.posted.length >= authors.length) break;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const to = office.posted.map((mail) => mail.to[0]!);
    expect([...to].sort()).toEqual([...authors].sort());
    const outcomes = store((opened) => Object.fromEntries(opened.outcomes()));
    expect(outcomes).toEqual({ old: PAST.length * authors.length, suggest: authors.length });
  });
});

test("two bots cannot work on one database", async () => {
  office = await openPostOffice();
  mkdirSync(join(folder, "mail", "new"), { recursive: true });
  mkdirSync(join(folder, "mail", "cur"), { recursive: true });
  write(`source = ${folder}/mail`);
  const first = start("run");
  await until(() => existsSync(join(folder, "bot.db")));
  const second = patchsig(["bot", "run", "--once", "--config", join(folder, "bot")], {
    home: folder,
  });
  expect(second.status).toBe(3);
  expect(second.stderr).toMatch(/another bot is using .*bot\.db/);
  // one that is killed leaves no lock
  const exit = ended(first);
  first.kill("SIGKILL");
  await exit;
  expect(await ended(start("run", "--once"))).toBe(0);
});
