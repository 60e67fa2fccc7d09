/**
 * What an IMAP server refuses, through the program: `verify`, `verify --new` and the bot say that it was
 * not read, in the server's words, and come back to it. A selection; PATCHSIG_LONG=1 tries all.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import { patchsigAside, records, type Run } from "../support/cli.ts";
import { type FakeImap, startFakeImap, STEPS } from "../support/fake-imap.ts";
import { deliverTo, openPostOffice, seriesMails } from "../support/list.ts";
import { LONG, some } from "../support/long.ts";
import { temporaryFolder } from "../support/repo.ts";

const WORDS = "some words of the server";
const KINDS: readonly (readonly [kind: string, says: string, words: string])[] = [
  ["NO", `TAG NO ${WORDS}`, WORDS],
  ["NO with a code", `TAG NO [UNAVAILABLE] ${WORDS}`, WORDS],
  ["BAD", `TAG BAD ${WORDS}`, WORDS],
  ["BYE", `* BYE ${WORDS}\0`, WORDS],
  ["a cut", "\0", ""],
  ["garbage", "\x01\x02 {{{ ((( \xff\0", ""],
];
const SOME = ["LOGIN NO with a code", "BODY NO"];
// a server that does not say what it can do is read all the same
const MATRIX = STEPS.filter((step) => step !== "CAPABILITY")
  .flatMap((step) => KINDS.map(([kind, says, words]) => ({ step, kind, says, words })))
  .filter(({ step, says }) => step !== "greeting" || says.includes("\0"))
  .filter(({ step, kind }) => LONG || SOME.includes(`${step} ${kind}`));

const now = Math.floor(Date.now() / 1000);
const DAY = 86_400;
const MAILS = [1, 2, 3].flatMap((n) =>
  seriesMails({ by: "ann@example.net", title: `number ${n}`, at: now - 3600 }),
);

/** A program that knows the password, and a server in this process: nothing here may wait for it. */
async function start({ onTestFinished }: TestContext): Promise<{
  readonly server: FakeImap;
  readonly url: string;
  readonly folder: string;
  readonly run: (...args: readonly string[]) => Promise<Run>;
}> {
  const server = await startFakeImap(MAILS);
  onTestFinished(() => server.stop());
  const folder = temporaryFolder();
  const store = join(folder, "store");
  const config = join(folder, "config");
  writeFileSync(store, `imap://alice:hunter2@127.0.0.1%3a${server.port}\n`, { mode: 0o600 });
  writeFileSync(config, `[credential]\n\thelper = store --file ${store}\n`);
  const env = { GIT_CONFIG_GLOBAL: config };
  const run = (...args: readonly string[]): Promise<Run> =>
    patchsigAside(args, { home: folder, env });
  return { server, url: `imap://alice@127.0.0.1:${server.port}/INBOX`, folder, run };
}

const read = (run: Run): string[] =>
  records(run)
    .filter(({ type }) => type === "patch")
    .map(({ subject }) => subject.title ?? subject);

test.for(MATRIX)("verify, $step: $kind", async ({ step, says, words }, context) => {
  const { server, url, run } = await start(context);
  server.fault = { step, says };
  const verify = ["verify", "--json", "--require", "opt-in"];
  for (const options of some([["--dry-run"], ["--new"], ["--new"]], 2, 1)) {
    const one = await run(...verify, ...options, url);
    expect(one.status, one.stderr).toBe(3);
    expect(read(one)).toEqual([]);
    const unread = records(one).filter(({ type }) => type === "unread");
    expect(unread.length).toBeGreaterThan(0);
    expect(JSON.stringify(unread)).toContain(words);
    expect(one.stderr).toContain(words);
  }
  server.fault = null;
  const last = await run(...verify, "--new", url);
  expect([last.status, read(last).length]).toEqual([0, 3]);
  expect((await run(...verify, "--new", url)).stdout).not.toContain("number");
});

test.for(some(["TAG NO busy", "* 2 FETCH (UID 2 BODY[] NIL)\r\nTAG OK done", "\0"], 2))(
  "verify --new, one mail of three: %j",
  async (says, context) => {
    const { server, url, run } = await start(context);
    server.fault = { step: "BODY", says, uids: [2] };
    const verify = ["verify", "--json", "--require", "opt-in", "--new", url];
    const first = await run(...verify);
    expect([first.status, read(first).length]).toEqual([3, 2]);
    expect(first.stderr).toContain("mail 2: ");
    const second = await run(...verify);
    expect([second.status, read(second).length]).toEqual([3, 0]);
    server.fault = null;
    const third = await run(...verify);
    expect([third.status, read(third).length]).toEqual([0, 1]);
  },
);

test.for(MATRIX)("bot, $step: $kind", async ({ step, says, words }, context) => {
  const { server, url, folder, run } = await start(context);
  const office = await openPostOffice();
  context.onTestFinished(() => office.down());
  const maildir = join(folder, "list");
  for (const days of [60, 40, 20, 0])
    for (const mail of seriesMails({
      by: "bob@example.net",
      title: `after ${days}`,
      at: now - days * DAY - 60,
      based: days > 0,
      signed: days > 0,
    }))
      deliverTo(maildir, mail);
  const lines = [
    "mode = private",
    "address = net-bot@example.org",
    "settle = 0s",
    "suggest = base",
  ];
  const sources = [
    `source = ${maildir}`,
    `source = ${url}`,
    `database = ${join(folder, "bot.db")}`,
  ];
  const smtp = ["[sendemail]", "smtpServer = 127.0.0.1", `smtpServerPort = ${office.port}`];
  const file = join(folder, "bot");
  writeFileSync(file, ["[bot]", ...lines, ...sources, ...smtp, ""].join("\n"));
  server.fault = { step, says };
  const round = ["bot", "run", "--once", "--config", file];
  for (let i = 0; i < 2; i++) {
    const one = await run(...round);
    expect(one.status, one.stderr).toBe(3);
    expect(one.stdout + one.stderr).toContain(words);
    expect(office.posted).toEqual([]);
  }
  server.fault = null;
  const last = await run(...round);
  expect(last.status, last.stderr).toBe(0);
  expect(office.posted.map(({ to }) => to)).toEqual([["bob@example.net"]]);
});
