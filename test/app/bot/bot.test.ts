/** The bot, round by round, with a clock of the test's own, over a real server. */

import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { Bot } from "../../../src/app/bot/bot.ts";
import { parseSettings } from "../../../src/bot/settings.ts";
import { parseConfig } from "../../../src/git/config.ts";
import { BotStore } from "../../../src/store/bot-store.ts";
import {
  deliverTo,
  openPostOffice,
  plainMail,
  type PostOffice,
  type Posted,
  type Series,
  seriesMails,
} from "../../support/list.ts";
import { commit, git, newRepository, temporaryFolder } from "../../support/repo.ts";

const BOT = "net-bot@example.org";
const ALICE = "alice@example.org";
const DAY = 86_400;
const HOUR = 3600;

let folder: string;
let maildir: string;
let office: PostOffice;
let now: number;

beforeEach(async () => {
  folder = temporaryFolder();
  maildir = join(folder, "mail");
  now = 1_790_000_000;
  office = await openPostOffice();
  onTestFinished(() => office.down());
});

/** Rounds of a bot that is started for each, as by cron. */
async function round(...lines: readonly string[]): Promise<{ failed: boolean; next: number }> {
  const words = parseConfig(
    [
      "bot.mode=private",
      `bot.address=${BOT}`,
      "bot.list=net@example.org",
      ...(lines.some((line) => line.startsWith("bot.source=")) ? [] : [`bot.source=${maildir}`]),
      "bot.settle=10 minutes",
      "bot.owner=Olga <olga@example.org>",
      "sendemail.smtpserver=127.0.0.1",
      `sendemail.smtpserverport=${office.port}`,
      ...lines,
    ]
      .map((line) => `file:x\0${line.replace("=", "\n")}`)
      .join("\0"),
  );
  const bot = new Bot(parseSettings(words), {
    words,
    database: words.string("bot.database") ?? join(folder, "bot.db"),
    now: () => now,
    stop: new AbortController().signal,
    reporter: { say: () => undefined, sayError: () => undefined, progress: null },
    onLetter: () => undefined,
  });
  try {
    return await bot.round();
  } finally {
    bot.close();
  }
}

/** Mails come, and a round takes them in; another one, when the series are whole. */
async function after(seconds: number, ...lines: readonly string[]): Promise<void> {
  await round(...lines);
  now += seconds;
  await round(...lines);
}

function send(series: Partial<Series> = {}): Buffer[] {
  const mails = seriesMails({ by: ALICE, title: `change ${now}`, at: now, ...series });
  for (const mail of mails) deliverTo(maildir, mail);
  return mails;
}

/** Enough series that nobody is a newcomer any more, all too old to be answered. */
function history(by = ALICE): void {
  for (const days of [60, 40, 20])
    send({ by, title: `old ${days} of ${by}`, at: now - days * DAY, based: true, signed: true });
}

/** Others sign, so that signing can be suggested. */
function signers(): void {
  for (const name of ["bob", "carol", "dave"]) history(`${name}@example.org`);
}

function answer(letter: Posted, text: string, header: readonly string[] = []): void {
  const to = [`To: ${BOT}`, `Message-ID: <${Math.random()}@example.org>`];
  const ids = [`In-Reply-To: ${letter.messageId}`, "Subject: Re: something"];
  const from = header.some((line) => line.startsWith("From:")) ? [] : [`From: Alice <${ALICE}>`];
  deliverTo(maildir, plainMail([...from, ...to, ...ids, ...header], text));
}

function outcomes(): Record<string, number> {
  const store = new BotStore(join(folder, "bot.db"), false);
  const found = Object.fromEntries(store.outcomes());
  store.close();
  return found;
}

const byFirst = ([a = ""]: string[], [b = ""]: string[]): number => (a < b ? -1 : 1);
const letters = (): Posted[] => office.posted;
/** Unfolded. */
const field = (mail: Posted, name: string): string =>
  new RegExp(`^${name}:((?:.*\\r\\n[ \\t])*.*)\\r$`, "im")
    .exec(mail.text)?.[1]
    ?.replace(/\r\n/g, "")
    .trim() ?? "";

describe("a letter", () => {
  test("goes to the author, in private, once, and says who sent it and why", async () => {
    signers();
    history();
    const [first] = send({ patches: 2, cover: true, title: "net: timers" });
    await after(HOUR);
    await after(HOUR);
    expect(letters()).toHaveLength(1);
    const [letter] = letters();
    expect(letter).toMatchObject({ from: BOT, to: [ALICE] });
    const answers = /^Message-ID: (.*)$/m.exec(first!.toString())![1]!;
    expect(field(letter!, "To")).toBe(`Alice <${ALICE}>`);
    expect(field(letter!, "Cc")).toBe("");
    expect(field(letter!, "Subject")).toBe("Re: [PATCH 0/2] net: timers");
    expect(field(letter!, "In-Reply-To")).toBe(answers);
    expect(field(letter!, "References")).toBe(answers);
    expect(field(letter!, "Auto-Submitted")).toBe("auto-generated");
    expect(field(letter!, "Precedence")).toBe("bulk");
    expect(field(letter!, "List-Unsubscribe")).toMatch(
      /^<mailto:net-bot@example\.org\?subject=stop%20[0-9a-f]{32}>$/,
    );
    expect(letter!.text).toContain("git patchsig format-patch -v2 -2 --cover-letter -o out");
    expect(letter!.text).toContain("git send-email --to=net@example.org out/v2-*.patch");
    expect(letter!.text).toMatch(/^Content-Transfer-Encoding: 7bit\r$/m);
    expect(letter!.text).toContain("3 others here sign");
  });

  test("is not written while mails of the series still arrive", async () => {
    history();
    const mails = seriesMails({
      by: ALICE,
      title: "slow",
      at: now,
      patches: 2,
      based: true,
      signed: true,
    });
    deliverTo(maildir, mails[0]!);
    await round();
    now += 9 * 60;
    deliverTo(maildir, mails[1]!);
    await round();
    now += 9 * 60;
    await round();
    expect(outcomes()).toEqual({ old: 3 });
    now += 2 * 60;
    await round();
    expect(outcomes()).toEqual({ old: 3, complete: 1 });
    expect(letters()).toEqual([]);
  });

  test("goes to author and list in mode list, and to nobody in mode preview", async () => {
    history();
    send();
    await after(HOUR, "bot.mode=preview");
    expect(outcomes()).toEqual({ old: 3, suggest: 1 });
    expect(letters()).toEqual([]);
    // what was rehearsed does not count
    send();
    await after(HOUR, "bot.mode=list");
    expect(letters().map(({ to }) => to)).toEqual([[ALICE, "net@example.org"]]);
  });

  test("is held back if the mode changes before it leaves", async () => {
    history();
    send();
    await office.down();
    await after(HOUR);
    await office.up();
    now += HOUR;
    await round("bot.mode=preview");
    expect(letters()).toEqual([]);
    await round();
    expect(letters()).toHaveLength(1);
  });

  test("is cancelled if its author opts out before it leaves", async () => {
    history();
    send();
    await office.down();
    await after(HOUR);
    await office.up();
    now += HOUR;
    await round(`bot.never=${ALICE}`);
    await round();
    expect(letters()).toEqual([]);
  });

  test("waits for the end of quiet hours", async () => {
    history();
    send();
    const quiet = ["bot.quiet=13:00-20:00"];
    await after(HOUR, ...quiet);
    expect(letters()).toEqual([]);
    now += 7 * HOUR;
    await round(...quiet);
    expect(letters()).toHaveLength(1);
  });

  test("nobody gets two within the period, or more than the maximum", async () => {
    history();
    for (let days = 0; days < 400; days += 20) {
      send();
      await after(HOUR);
      now += 20 * DAY - HOUR;
    }
    expect(letters()).toHaveLength(3);
    expect(outcomes()).toMatchObject({ suggest: 3, enough: 9, recent: 8 });
  });

  test("there is a maximum a day", async () => {
    const authors = Array.from({ length: 8 }, (_, i) => `author${i}@example.org`);
    authors.forEach(history);
    for (const by of authors) send({ by });
    await after(HOUR);
    expect(letters()).toHaveLength(5);
    expect(outcomes()).toMatchObject({ suggest: 5, ceiling: 3 });
  });
});

describe("a reply", () => {
  beforeEach(async () => {
    history();
    send();
    await after(HOUR);
    expect(letters()).toHaveLength(1);
  });

  /** Whether they would get another letter, long after. */
  async function isWrittenTo(): Promise<boolean> {
    const before = letters().length;
    now += 100 * DAY;
    send();
    await after(HOUR);
    return letters().length > before;
  }

  test("none: there may be another letter", async () => {
    expect(await isWrittenTo()).toBe(true);
  });

  test("stop: a confirmation from the null sender, and never a letter again", async () => {
    answer(letters()[0]!, "stop\n\n> You need not do anything.");
    await round();
    expect(letters()).toHaveLength(2);
    expect(letters()[1]).toMatchObject({ from: "", to: [ALICE] });
    expect(field(letters()[1]!, "Auto-Submitted")).toBe("auto-replied");
    expect(letters()[1]!.text).toContain("You will not hear from me again.");
    answer(letters()[0]!, "stop");
    await round();
    expect(letters()).toHaveLength(2);
    expect(await isWrittenTo()).toBe(false);
    expect(outcomes()).toMatchObject({ "opted-out": 1 });
  });

  test("not now: no letter for a while", async () => {
    answer(letters()[0]!, "not now");
    await round();
    expect(letters()[1]!.text).toContain("I will not write to you until 2027-03-20");
    expect(await isWrittenTo()).toBe(false);
    now += 90 * DAY;
    expect(await isWrittenTo()).toBe(true);
  });

  test("base is: it counts from the author only", async () => {
    const base = "2".repeat(40);
    answer(letters()[0]!, `base is ${"3".repeat(40)}`, ["From: Mallory <mallory@example.net>"]);
    answer(letters()[0]!, `base is ${base}`);
    await round();
    expect(letters().map(({ to }) => to)).toEqual([[ALICE], [ALICE]]);
    expect(letters()[1]!.text).toContain(base);
    const store = new BotStore(join(folder, "bot.db"), false);
    expect(store.bases()).toMatchObject([{ commit: base }]);
    store.close();
  });

  test("base is: later versions are not asked for their base; another series is", async () => {
    const [, title = ""] = /\] (.*)$/.exec(field(letters()[0]!, "Subject")) ?? [];
    answer(letters()[0]!, `base is ${"2".repeat(40)}`);
    await round();
    const asked = letters().length;
    now += 100 * DAY;
    send({ title, version: 2 });
    await after(HOUR);
    expect(letters()).toHaveLength(asked);
    expect(outcomes()).toMatchObject({ "few-sign": 1 });
    send({ title: "something else" });
    await after(HOUR);
    expect(letters()).toHaveLength(asked + 1);
  });

  test("stop from another address of the author counts, and is not confirmed", async () => {
    answer(letters()[0]!, "stop", ["From: Alice at home <alice@example.net>"]);
    await round();
    expect(letters()).toHaveLength(1);
    expect(await isWrittenTo()).toBe(false);
  });

  test("stop in a Subject, as List-Unsubscribe sends it, from somebody who never got a letter", async () => {
    const header = [`From: bob@example.org`, `To: ${BOT}`, "Subject: stop", "Message-ID: <s@b>"];
    deliverTo(maildir, plainMail(header, ""));
    history("bob@example.org");
    await round();
    send({ by: "bob@example.org" });
    await after(HOUR);
    expect(letters()).toHaveLength(1);
    expect(outcomes()).toMatchObject({ "opted-out": 1 });
  });

  test("garbage and automatic mails get no answer", async () => {
    const [letter] = letters();
    answer(letter!, "What is this? Please never stop.");
    answer(letter!, "not now", ["Auto-Submitted: auto-replied"]);
    answer(letter!, "I am on holiday.\n\nstop me if you can", ["Auto-Submitted: auto-replied"]);
    answer(letter!, "\0\xff".repeat(1000));
    answer(letter!, "stop", ["From: Mail Delivery System <MAILER-DAEMON@example.org>"]);
    await round();
    expect(letters()).toHaveLength(1);
    expect(await isWrittenTo()).toBe(true);
  });

  test("a mail to the list that happens to say stop is not a reply", async () => {
    const header = [`From: ${ALICE}`, "To: net@example.org", `Delivered-To: ${BOT}`];
    const ids = [`In-Reply-To: ${letters()[0]!.messageId}`, "Message-ID: <v2@a>"];
    deliverTo(maildir, plainMail([...header, "Message-ID: <talk@a>"], "This stops the timer."));
    deliverTo(maildir, plainMail([...header, ...ids, "Subject: [PATCH v2] x"], "Stop the timer."));
    await round();
    expect(letters()).toHaveLength(1);
    expect(await isWrittenTo()).toBe(true);
  });

  test("one click on List-Unsubscribe counts from any address", async () => {
    const [, token] = /subject=stop%20(\w+)/.exec(field(letters()[0]!, "List-Unsubscribe"))!;
    const header = ["From: alice@example.net", `To: ${BOT}`, `Subject: stop ${token}`];
    deliverTo(maildir, plainMail([...header, "Message-ID: <click@example.net>"], ""));
    await round();
    expect(letters()).toHaveLength(1);
    expect(await isWrittenTo()).toBe(false);
  });

  test("stop in an automatic mail: no confirmation, and never a letter again", async () => {
    answer(letters()[0]!, "stop", ["Auto-Submitted: auto-replied"]);
    await round();
    expect(letters()).toHaveLength(1);
    expect(await isWrittenTo()).toBe(false);
  });

  test("a bounce: never a letter again", async () => {
    const report = (action: string, status: string, whom = ALICE): Buffer =>
      plainMail(
        [
          "From: MAILER-DAEMON@example.org",
          `To: ${BOT}`,
          "Return-Path: <>",
          `Message-ID: <${action}.${whom}>`,
          "Auto-Submitted: auto-replied",
          'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        ],
        [
          "--b",
          "Content-Type: message/delivery-status",
          "",
          `Final-Recipient: rfc822; ${whom}`,
          `Action: ${action}`,
          `Status: ${status}`,
          "--b",
          "Content-Type: text/rfc822-headers",
          "",
          `Message-ID: ${letters()[0]!.messageId}`,
          "--b--",
        ].join("\n"),
      );
    deliverTo(maildir, report("delayed", "4.4.1"));
    // a copy, or somebody on a list, is not the author
    deliverTo(maildir, report("failed", "5.2.2", "net-bot+sent@example.org"));
    await round();
    expect(await isWrittenTo()).toBe(true);
    deliverTo(maildir, report("failed", "5.1.1"));
    await round();
    expect(await isWrittenTo()).toBe(false);
    expect(outcomes()).toMatchObject({ undeliverable: 1 });
  });
});

describe("a server", () => {
  beforeEach(() => {
    history();
    send();
  });

  test("that is down for an hour: no letter is lost", async () => {
    await office.down();
    await round();
    for (let minutes = 0; minutes < 60; minutes += 15) {
      now += 15 * 60;
      await round();
    }
    expect(letters()).toEqual([]);
    await office.up();
    for (let minutes = 0; minutes < 60; minutes += 15) {
      now += 15 * 60;
      await round();
    }
    expect(letters()).toHaveLength(1);
  });

  test("that is busy is tried again, with growing delays", async () => {
    office.mode = "busy";
    await after(HOUR);
    expect((await round()).next).toBe(now + 60);
    now += 60;
    await round();
    expect((await round()).next).toBe(now + 120);
    office.mode = "take";
    await round();
    expect(letters()).toEqual([]);
    now += 120;
    await round();
    expect(letters()).toHaveLength(1);
  });

  test("that refuses a recipient is not asked again", async () => {
    office.mode = "refuse";
    await after(HOUR);
    office.mode = "take";
    now += 100 * DAY;
    send();
    await after(HOUR);
    expect(letters()).toEqual([]);
    expect(outcomes()).toMatchObject({ suggest: 1, undeliverable: 1 });
  });

  test("that hangs up after the data: the letter counts as sent, or a copy proves it", async () => {
    office.mode = "hang up";
    await after(HOUR);
    expect(letters()).toHaveLength(1);
    office.mode = "take";
    now += HOUR;
    await round();
    expect(letters()).toHaveLength(1);
  });

  test.each([true, false])("that hangs up after the data; a copy arrives: %s", async (comes) => {
    const copy = ["bot.copyto=net-bot+sent@example.org"];
    office.mode = "hang up";
    await after(HOUR, ...copy);
    expect(letters()[0]).toMatchObject({ to: [ALICE, "net-bot+sent@example.org"] });
    if (comes) deliverTo(maildir, letters()[0]!.text);
    office.mode = "take";
    await round(...copy);
    expect(letters()).toHaveLength(1);
    now += 3 * HOUR;
    await round(...copy);
    await round(...copy);
    expect(letters()).toHaveLength(comes ? 1 : 2);
  });

  test("that hangs up, and the author says stop: not sent again, though no copy arrives", async () => {
    const copy = ["bot.copyto=net-bot+sent@example.org"];
    office.mode = "hang up";
    await after(HOUR, ...copy);
    office.mode = "take";
    const [{ messageId }] = letters() as [Posted];
    answer(letters()[0]!, "stop");
    for (let i = 0; i < 3; i++) await after(3 * HOUR, ...copy);
    expect(letters().filter((one) => one.messageId === messageId)).toHaveLength(1);
  });

  test("that hangs up on a confirmation: it counts as sent, since no copy can arrive", async () => {
    const copy = ["bot.copyto=net-bot+sent@example.org"];
    await after(HOUR, ...copy);
    office.mode = "hang up";
    answer(letters()[0]!, "stop");
    await round(...copy);
    office.mode = "take";
    for (let i = 0; i < 5; i++) await after(HOUR, ...copy);
    expect(letters()).toHaveLength(2);
  });

  test("that hangs up while copies cannot be read: nothing is sent again", async () => {
    const copy = ["bot.copyto=net-bot+sent@example.org"];
    office.mode = "hang up";
    await after(HOUR, ...copy);
    office.mode = "take";
    renameSync(maildir, `${maildir}.away`);
    now += DAY;
    await round(...copy);
    await round(...copy);
    expect(letters()).toHaveLength(1);
    renameSync(`${maildir}.away`, maildir);
    deliverTo(maildir, letters()[0]!.text);
    await round(...copy);
    expect(letters()).toHaveLength(1);
  });

  test("nothing is sent while replies cannot be read", async () => {
    await office.down();
    await after(HOUR);
    await office.up();
    now += HOUR;
    renameSync(maildir, `${maildir}.away`);
    await round();
    expect(letters()).toEqual([]);
    renameSync(`${maildir}.away`, maildir);
    await round();
    expect(letters()).toHaveLength(1);
  });

  test("a waiting letter does not make the bot poll all the time", async () => {
    await after(HOUR, "bot.perday=0");
    send({ by: "bob@example.org" });
    await office.down();
    await after(HOUR);
    await office.up();
    now += HOUR;
    expect((await round("bot.perday=0")).next).toBe(now + 300);
  });

  test("a letter that has waited for days is dropped", async () => {
    await office.down();
    await after(HOUR);
    now += 4 * DAY;
    await office.up();
    await round();
    expect(letters()).toEqual([]);
  });

  test("stop while a letter waits: it is not sent", async () => {
    await office.down();
    await after(HOUR);
    await office.up();
    deliverTo(
      maildir,
      plainMail([`From: ${ALICE}`, `To: ${BOT}`, "Subject: stop", "Message-ID: <s@a>"], ""),
    );
    now += HOUR;
    await round();
    expect(letters()).toEqual([]);
  });
});

test("a letter is written though the repository is gone", async () => {
  history();
  send();
  await after(HOUR, `bot.repository=${join(folder, "nowhere")}`);
  expect(letters()).toHaveLength(1);
});

test("a reply without a Subject, to a letter about a patch without a title", async () => {
  history();
  for (const mail of seriesMails({ by: ALICE, title: "x", at: now }))
    deliverTo(maildir, mail.toString().replace(/^Subject: .*$/m, "Subject: [PATCH]"));
  await after(HOUR);
  const [letter] = letters();
  expect(letter!.text).toContain("(no title)");
  const header = [`From: ${ALICE}`, `To: ${BOT}`, `In-Reply-To: ${letter!.messageId}`];
  deliverTo(maildir, plainMail([...header, "Message-ID: <bare@example.org>"], "stop"));
  await round();
  expect(letters()).toHaveLength(2);
});

describe("mail loops end", () => {
  test("two bots that write to each other", async () => {
    // neither looks like a bot, and each is an author to the other one
    const here = "helper@example.org";
    const there = "helper@example.net";
    const other = join(folder, "other mail");
    office = await openPostOffice((mail) => {
      for (const to of mail.to) deliverTo(to === here ? maildir : other, mail.text);
    });
    onTestFinished(() => office.down());
    for (const by of [here, there]) history(by);
    send({ by: here });
    send({ by: there });
    for (const name of readdirSync(join(maildir, "new")))
      deliverTo(other, readFileSync(join(maildir, "new", name)));
    const theirs = [`bot.address=${there}`, `bot.source=${other}`];
    for (let i = 0; i < 10; i++) {
      await round(`bot.address=${here}`);
      await round(...theirs, `bot.database=${join(folder, "other.db")}`);
      now += HOUR;
    }
    expect(
      letters()
        .map(({ from, to }) => [from, ...to])
        .toSorted(byFirst),
    ).toEqual([
      [there, here],
      [here, there],
    ]);
  });

  test("a bounce to each letter, in every broken form", async () => {
    let said = 0;
    office = await openPostOffice((mail) => {
      const header = [
        "From: Mail Delivery System <MAILER-DAEMON@example.org>",
        `To: ${BOT}`,
        "Subject: stop",
        `In-Reply-To: ${mail.messageId}`,
        `Message-ID: <d${said++}@example.org>`,
      ];
      deliverTo(maildir, plainMail(header, `stop\n\nbase is ${"2".repeat(40)}\n`));
    });
    onTestFinished(() => office.down());
    history();
    send();
    for (let i = 0; i < 5; i++) await after(DAY);
    expect(letters()).toHaveLength(1);
  });

  test("a vacation notice to each letter, without a header that marks it", async () => {
    office = await openPostOffice((mail) => {
      for (const to of mail.to)
        deliverTo(
          maildir,
          plainMail(
            [
              `From: ${to}`,
              `To: ${mail.from === "" ? BOT : mail.from}`,
              `Subject: Re: ${/^Subject: (.*?)\r?$/m.exec(mail.text)![1]}`,
              `In-Reply-To: ${mail.messageId}`,
              `Message-ID: <v${Math.random()}@example.org>`,
            ],
            `I am away.\n\nstop\n\n${mail.text}`,
          ),
        );
    });
    onTestFinished(() => office.down());
    history();
    send();
    await after(HOUR);
    for (let i = 0; i < 10; i++) await after(DAY);
    expect(letters()).toHaveLength(2);
  });

  test("a list that sets Reply-To to itself, and sends everything back", async () => {
    office = await openPostOffice((mail) => {
      const header = "Reply-To: net@example.org\r\nList-Id: <net.example.org>\r\n";
      deliverTo(maildir, header + mail.text);
    });
    onTestFinished(() => office.down());
    history();
    send({ header: ["Reply-To: net@example.org"] });
    await after(HOUR, "bot.mode=list");
    for (let i = 0; i < 5; i++) await after(DAY, "bot.mode=list");
    expect(letters()).toHaveLength(1);
  });
});

describe("hostile mail", () => {
  const HEADERS: readonly string[][] = [
    [`From: Alice <${ALICE}>\rBcc: victim@example.org`],
    [`From: =?utf-8?q?Alice=0D=0ABcc:_victim=40example.org?= <${ALICE}>`],
    [`From: ${"victim@example.org, ".repeat(10_000)}${ALICE}`],
    [`From: "${ALICE}" <victim@example.org>`],
    [`From: Alice <${ALICE}>`, "Reply-To: victim@example.org"],
    [`From: Alice <${ALICE}>`, `Sender: victim@example.org`],
    [`From: Alice <alice@example.org`],
    [`From: Alice <"a b"@example.org>`],
    [`From: Alice <alice\u0000@example.org>`],
  ];

  test.each(HEADERS.map((header, i) => [i, header] as const))(
    "%i writes to nobody but the author",
    async (_, header) => {
      history();
      for (const mail of seriesMails({ by: ALICE, title: "hostile", at: now }))
        deliverTo(maildir, mail.toString().replace(/^From: .*$/m, header.join("\n")));
      await after(HOUR);
      expect(
        letters()
          .flatMap(({ to }) => to)
          .filter((to) => to !== ALICE),
      ).toEqual([]);
      for (const { text } of letters()) {
        const head = text.slice(0, text.indexOf("\r\n\r\n"));
        expect(head).not.toMatch(/^(?:bcc|cc):/im);
        expect(head).not.toContain("victim");
      }
    },
  );

  test("a title with special characters stays one title", async () => {
    history();
    send({ title: `{{owner}} \u202e =?utf-8?q?=0D=0ABcc:_v=40e.org?= ${"x".repeat(700)}` });
    await after(HOUR);
    const [letter] = letters();
    expect(letter!.text).not.toMatch(/^bcc:/im);
    expect(letter!.to).toEqual([ALICE]);
  });

  test("a mail of 100 MB, and a file that is not a mail", async () => {
    history();
    const [mail] = seriesMails({ by: ALICE, title: "large", at: now });
    deliverTo(maildir, Buffer.concat([mail!, Buffer.alloc(101 << 20, "a\n")]));
    writeFileSync(join(maildir, "new", "9.x.host"), Buffer.alloc(1000, 0));
    await after(HOUR);
    expect(letters()).toEqual([]);
    expect(outcomes()).toMatchObject({ old: 3 });
  });

  test("survives every refused mail among the fixtures", async () => {
    for (const kind of ["mail", "canonical", "signed"])
      for (const name of readdirSync(join("fixtures", kind)).filter((file) =>
        file.endsWith(".eml"),
      ))
        deliverTo(maildir, readFileSync(join("fixtures", kind, name)));
    await after(HOUR);
    expect(letters()).toEqual([]);
  });
});

test("a digest comes once a week, to the maintainers", async () => {
  const mode = ["bot.mode=digest", "bot.maintainer=olga@example.org"];
  history();
  await after(HOUR, ...mode);
  send();
  for (let days = 0; days < 20; days++) await after(DAY, ...mode);
  expect(letters().map(({ to }) => to)).toEqual([["olga@example.org"]]);
  expect(letters()[0]!.text).toContain(`${ALICE}  about base`);
});

test("forget removes an author's name, but keeps their limits", async () => {
  history();
  send();
  await after(HOUR);
  answer(letters()[0]!, `base is ${"2".repeat(40)}`);
  await round();
  const { authorDigest } = await import("../../../src/bot/identity.ts");
  const store = new BotStore(join(folder, "bot.db"), false);
  expect(store.forget(authorDigest(ALICE), now)).toBe(4);
  store.close();
  const file = readFileSync(join(folder, "bot.db"));
  for (const trace of ["change 1790000000", ALICE, "Alice"])
    expect(file.includes(trace)).toBe(false);
  now += 20 * DAY;
  send();
  await after(HOUR);
  // the one letter and the thanks of before
  expect(letters()).toHaveLength(2);
});

test("a signed patch that arrives in two mails is handled once", async () => {
  history();
  const mails = seriesMails({ by: ALICE, title: "twice", at: now, signed: true, patches: 2 });
  const id = /^Message-ID: .*$/m;
  for (const mail of [
    ...mails,
    mails[0]!.toString().replace(id, "Message-ID: <again@example.org>"),
  ])
    deliverTo(maildir, mail);
  await after(HOUR);
  await after(HOUR);
  const series = Object.values(outcomes()).reduce((sum, n) => sum + n, 0);
  expect(series).toBe(4);
});

describe("with a repository", () => {
  let work: string;
  let upstream: string[];

  /** A patch of alice's own on `f`, as it is mailed. */
  function mailed(): string {
    const text = git(work, ["format-patch", "--stdout", "--no-base", "-1"]).toString();
    return text
      .replace(/^From .*\n/, "")
      .replace(/^Date: .*$/m, `Date: ${new Date(now * 1000).toUTCString().replace("GMT", "+0000")}`)
      .replace(
        /^Subject: /m,
        "Message-ID: <guess@example.org>\nList-Id: <net.example.org>\nSubject: ",
      );
  }

  beforeEach(() => {
    work = newRepository(join(folder, "work"));
    upstream = [commit(work, "one", { f: "1\n" }), commit(work, "two", { f: "2\n" })];
    history();
  });

  const settings = (): string[] => [`bot.repository=${work}`, "bot.ref=refs/tags/*"];

  test("the letter names the base that was guessed, and why", async () => {
    // another commit has that file as well: it is not certain
    upstream.push(commit(work, "three", { g: "3\n" }));
    git(work, ["tag", "v1"]);
    commit(work, "mine", { f: "my\n" });
    deliverTo(maildir, mailed());
    await after(HOUR, ...settings());
    expect(letters()).toHaveLength(1);
    const { text } = letters()[0]!;
    expect(text).toContain(`    ${upstream[2]}  (v1, 2023-11-1`);
    expect(text.replaceAll("\r\n", " ")).toContain(
      "since it has 1 of 1 file as they were, in at least 2 commits alike",
    );
    expect(text).toMatch(/^Content-Transfer-Encoding: 7bit\r$/m);
    expect(text).toContain(`--base=${upstream[2]!.slice(0, 12)}`);
  });

  test("there is no letter about a base that the guess is certain of", async () => {
    git(work, ["tag", "v1"]);
    commit(work, "mine", { f: "my\n" });
    deliverTo(maildir, mailed());
    await after(HOUR, ...settings());
    expect(outcomes()).toMatchObject({ "base-certain": 1 });
    expect(letters()).toEqual([]);
  });
});
