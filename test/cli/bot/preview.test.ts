/** What the bot would have written over an archive: it adds up, and nobody is bothered. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { patchsig, patchsigEach, records } from "../../support/cli.ts";
import { problems, schemaOf } from "../../support/json-schema.ts";
import { plainMail, type Series, seriesMails } from "../../support/list.ts";
import { temporaryFolder } from "../../support/repo.ts";

const SCHEMA = schemaOf("bot");
const DAY = 86_400;
const START = 1_750_000_000;

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

// oxlint-disable-next-line typescript/no-explicit-any -- records of several types
type Found = Record<string, any>;

function preview(...args: readonly string[]): { series: Found[]; summary: Found } {
  const run = patchsig(["bot", "preview", "--json", ...args], { home: folder });
  expect(run.stderr).toBe("");
  expect(run.status).toBe(0);
  const found = records(run);
  for (const record of found) expect(problems(record, SCHEMA)).toEqual([]);
  return { series: found.slice(0, -1), summary: found.at(-1)! };
}

/** Whatever the mails are: all is accounted for, and the limits of the defaults hold. */
function expectSound({ series, summary }: ReturnType<typeof preview>): void {
  const held: Record<string, number> = {};
  for (const { outcome } of series)
    if (outcome !== "suggest") held[outcome] = (held[outcome] ?? 0) + 1;
  const letters = series.filter(({ outcome }) => outcome === "suggest");
  expect(summary).toMatchObject({ series: series.length, letters: letters.length, held });
  const times = new Map<string, number[]>();
  for (const { author, sendAt } of letters)
    times.set(author, [...(times.get(author) ?? []), sendAt]);
  expect(summary["authors"]).toBe(times.size);
  for (const own of times.values()) {
    expect(own.length).toBeLessThanOrEqual(3);
    for (const [i, at] of own.slice(1).entries())
      expect(at - own[i]!).toBeGreaterThanOrEqual(90 * DAY);
  }
  const all = letters.map(({ sendAt }) => sendAt as number);
  for (const at of all)
    expect(all.filter((other) => other > at - DAY && other <= at).length).toBeLessThanOrEqual(5);
}

function write(mails: readonly Buffer[]): string {
  const file = join(folder, "archive");
  const from = "From list@example.org Tue Feb  3 10:00:00 2026\n";
  writeFileSync(file, mails.map((mail) => `${from}${mail.toString()}\n`).join(""));
  return file;
}

/** A year of a list: each author sends once a month, always in the same way. */
function year(authors: Readonly<Record<string, Partial<Series>>>): Buffer[] {
  const mails: Buffer[] = [];
  for (let month = 0; month < 12; month++)
    for (const [name, habit] of Object.entries(authors))
      mails.push(
        ...seriesMails({
          by: `${name}@example.org`,
          title: `month ${month} of ${name}`,
          at: START + month * 30 * DAY,
          ...habit,
        }),
      );
  return mails;
}

describe("bot preview", () => {
  test("over a year: every reason occurs, and letters are few", () => {
    const mails = year({
      alice: {},
      bob: { patches: 3, cover: true, signed: true },
      carol: { signed: true, based: true },
      daemon: {},
      erin: { header: ["Auto-Submitted: auto-generated"] },
      frank: { prefix: "RFC PATCH" },
      grace: { prefix: "GIT PULL" },
      heidi: { header: ["In-Reply-To: <other@example.org>"] },
      ivan: { header: ["X-Original-From: Ivan <ivan@example.net>"] },
    });
    const once = seriesMails({ by: "newcomer@example.org", title: "first", at: START + 300 * DAY });
    const reply = plainMail(
      ["From: Alice <alice@example.org>", "Subject: Re: [PATCH] month 1", "Message-ID: <r@e>"],
      "Thanks.\n",
    );
    const found = preview(write([...mails, ...once, reply]));
    expectSound(found);
    expect(found.summary).toMatchObject({
      mails: 12 * 12 + 2,
      series: 9 * 12 + 1,
      letters: 6,
      authors: 2,
      held: {
        automatic: 12,
        bot: 12,
        rfc: 12,
        pull: 12,
        reply: 12,
        "list-generated": 12,
        complete: 10,
      },
    });
    const about = found.series.filter(({ outcome }) => outcome === "suggest");
    expect(new Set(about.map(({ author }) => author))).toEqual(
      new Set(["alice@example.org", "bob@example.org"]),
    );
  });

  test("in any order of the mails", () => {
    const mails = year({ alice: {}, bob: { signed: true }, carol: {} });
    const inOrder = preview(write(mails)).summary;
    const shuffled = preview(write(mails.toReversed())).summary;
    expect(shuffled).toEqual(inOrder);
  });

  test("a few wrong dates change nothing", () => {
    const mails = year({ alice: {}, carol: {} });
    const odd = [4000, -20_000].map(
      (days, i) =>
        seriesMails({ by: "odd@example.org", title: `odd ${i}`, at: START + days * DAY })[0]!,
    );
    const found = preview(write([...mails, ...odd]));
    expectSound(found);
    expect(found.summary).toMatchObject({ letters: 6, authors: 2 });
  });

  test("as text, with the letters", () => {
    const file = write(year({ alice: {} }));
    const run = patchsig(["bot", "preview", file], { home: folder });
    expect(run.stdout).toContain("12 mails, 12 series, 2025-06-15 to 2026-05-11\n");
    expect(run.stdout).toMatch(/^ {2}3 {2}get a letter, to 1 author, at most 3 each$/m);
    expect(run.stdout).toMatch(/^2025-08-14 {2}alice@example\.org {2}base {7}\[PATCH\] month 2/m);
    for (const line of run.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    const letters = patchsig(["bot", "preview", "--letters", file], { home: folder });
    expect(letters.stdout.match(/^To: alice@example\.org$/gm)).toHaveLength(3);
    expect(letters.stdout).toContain("git format-patch -v2 -1 --base=HEAD~1");
  });

  const WRONG: [string[], number, RegExp][] = [
    [["bot", "preview"], 2, /no source given/],
    [["bot", "preview", "/nowhere"], 3, /no such file/],
    [["bot", "preview", "--config", "/nowhere"], 3, /no such file/],
    [["bot", "run"], 2, /the bot has no settings file/],
    [["bot", "status", "--config", "/dev/null"], 3, /the bot has not run yet/],
    [["bot", "run", "--config", "/dev/null"], 2, /the bot's file sets no source/],
    [["bot", "forget"], 2, /bot forget needs more words/],
    [["bot", "forget", "nobody", "--config", "/dev/null"], 2, /nobody is not a mail address/],
    [["bot"], 2, /bot: run, preview, status or forget\?/],
  ];
  test("wrong usage, and missing files", () => {
    const runs = patchsigEach(
      WRONG.map(([args]) => args),
      folder,
    );
    for (const [i, [, status, message]] of WRONG.entries())
      expect({ status: runs[i]!.status, error: runs[i]!.stderr }).toEqual({
        status,
        error: expect.stringMatching(message),
      });
  });

  test.each([
    ["[bot]\n\tcolour = red\n", /sets bot\.colour, which is not a setting/],
    ["[bot\n", /git cannot read/],
    ["[bot]\n\tsource = x\n\tmode = private\n", /sets no address/],
    ["[bot]\n\tsource = x\n\tmode = digest\n\taddress = b@example.org\n", /sets no maintainer/],
  ])("the file %j is refused", (text, message) => {
    const file = join(folder, "bot");
    writeFileSync(file, text);
    const run = patchsig(["bot", "run", "--once", "--config", file], { home: folder });
    expect({ status: run.status, error: run.stderr }).toEqual({
      status: 2,
      error: expect.stringMatching(message),
    });
  });

  test("a custom template is used, and tried before anything is done", () => {
    const texts = join(folder, "texts");
    mkdirSync(texts);
    const file = join(folder, "bot");
    const archive = write(year({ alice: {} }));
    writeFileSync(file, `[bot]\n\tsource = ${archive}\n\ttemplates = ${texts}\n`);
    writeFileSync(join(texts, "suggest.txt"), "Subject: Vorschlag\n\nHallo {{name}}!\n");
    const run = patchsig(["bot", "preview", "--letters", "--config", file], { home: folder });
    expect(run.stdout).toContain("Subject: Vorschlag\n\nHallo Alice!\n");
    writeFileSync(join(texts, "paused.txt"), "Subject: Pause\n\nbis {{datum}}\n");
    const failed = patchsig(["bot", "run", "--once", "--config", file], { home: folder });
    expect(failed.status).toBe(2);
    expect(failed.stderr).toContain("paused.txt is not a template: there is no {{datum}}");
  });

  // BOT_ARCHIVE=DIR: any public-inbox, mbox or maildir
  test.runIf(process.env["BOT_ARCHIVE"])("over a real archive", { timeout: 3_600_000 }, () => {
    const found = preview(process.env["BOT_ARCHIVE"]!);
    expectSound(found);
    expect(found.summary["series"]).toBeGreaterThan(0);
  });
});
