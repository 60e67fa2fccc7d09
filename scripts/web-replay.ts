/**
 * Plays a busy day of a list back into a maildir while `patchsig web` shows it and somebody clicks about:
 *
 *     npm run web-replay -- ~/lists/linux-i2c.mbox [MAILS [MINUTES]]
 *
 * The last MAILS (1,000) come in MINUTES (8), in their order. Fails if a page answers with an error, says something on
 * the console, asks for something elsewhere, or if the numbers at the end are not those of `series list`. Prints the
 * server's memory minute by minute.
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { messages } from "../src/mail/mbox.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "patchsig.js");
const [file = "", mails = "1000", minutes = "8"] = process.argv.slice(2);
/** The server looks for new mails each minute; once more after the last one. */
const SETTLE_MS = 75_000;

const all = messages(readFileSync(file)).flatMap(({ bytes }) => bytes ?? []);
const day = all.slice(-Number(mails));
const home = mkdtempSync(join(tmpdir(), "replay-"));
const maildir = join(home, "list");
for (const folder of ["new", "cur", "tmp"]) mkdirSync(join(maildir, folder), { recursive: true });
const env = {
  ...process.env,
  HOME: home,
  XDG_DATA_HOME: home,
  XDG_CACHE_HOME: join(home, "cache"),
};

const problems: string[] = [];
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const web = spawn(process.execPath, [PROGRAM, "web", "--port", "0", maildir], {
  cwd: home,
  env,
  stdio: ["ignore", "pipe", "pipe"],
});
web.stderr.on("data", (text) => problems.push(`web says: ${String(text)}`));
const root = await new Promise<string>((resolve) =>
  web.stdout.once("data", (text) => resolve(String(text).trim())),
);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});

/** As mail delivery does it: a mail is whole when it can be seen. */
function deliver(bytes: Buffer, i: number): void {
  const name = `${i}.replay`;
  writeFileSync(join(maildir, "tmp", name), bytes);
  renameSync(join(maildir, "tmp", name), join(maildir, "new", name));
}

function watched(page: Page): Page {
  page.on("console", (message) => problems.push(`${page.url()}: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(root)) problems.push(`${page.url()}: asked for ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
  });
  return page;
}

/** Bytes that the server holds in memory. */
function memory(): number {
  const [, kilobytes = "0"] =
    /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${web.pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

/** The links of a page to others. */
async function ways(page: Page): Promise<string[]> {
  const hrefs = await page
    .locator("main a[href], nav a[href]")
    .evaluateAll((links) => links.map((one) => one.getAttribute("href") ?? ""));
  return hrefs.filter(
    (href) => href.startsWith("/") && !/\/(?:raw|t\.mbox\.gz)(?:\?|$)|\.atom$/.test(href),
  );
}

interface ServedSeries {
  readonly name: string;
  readonly version: number;
  readonly received_total: number;
  readonly total: number;
}

interface Listed {
  readonly subject: string;
  readonly version: number;
  readonly total: number;
  readonly missing: readonly number[];
}

/** All series, as the API of the pages has them. */
async function seriesServed(): Promise<string[]> {
  const found: string[] = [];
  for (let page = 1; ; page++) {
    const answer = await fetch(new URL(`/api/1.3/series/?per_page=250&page=${page}`, root));
    const some = (await answer.json()) as ServedSeries[];
    found.push(
      ...some.map((one) => `v${one.version} ${one.received_total}/${one.total} ${one.name}`),
    );
    if (some.length < 250) return found;
  }
}

/** What is in `a` more often than in `b`. */
function without(a: readonly string[], b: readonly string[]): string[] {
  const left = [...b];
  return a.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

let clicks = 0;
const start = Date.now();
const end = start + Number(minutes) * 60_000;
const sizes: number[] = [];
let minute = 0;
try {
  const page = watched(await browser.newPage());
  let delivered = 0;
  while (Date.now() < end + SETTLE_MS) {
    const share = Math.min(1, (Date.now() - start) / (end - start));
    for (; delivered < share * day.length; delivered++) deliver(day[delivered]!, delivered);
    if (clicks % 7 === 0) await page.goto(root);
    const links = await ways(page);
    const to = links[(clicks * 31) % Math.max(1, links.length)] ?? "/";
    await page.goto(new URL(to, root).href);
    clicks++;
    if ((Date.now() - start) / 60_000 > minute) {
      sizes.push(memory());
      say(
        `minute ${minute++}: ${delivered} mails, ${clicks} clicks, ${(sizes.at(-1)! / 1e6).toFixed(0)} MB`,
      );
    }
  }
  await page.goto(root);
  const text = (await page.textContent("main")) ?? "";
  const [, shownMails, shownSeries] = /([\d,]+) mails, ([\d,]+) series/.exec(text) ?? [];
  const list = spawnSync(process.execPath, [PROGRAM, "series", "list", "--json", maildir], {
    cwd: home,
    env: { ...env, XDG_DATA_HOME: join(home, "other") },
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  const listed = list.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Listed)
    .map(
      ({ subject, version, total, missing }) =>
        `v${version} ${total - missing.length}/${total} ${subject}`,
    );
  const number = (shown = ""): number => Number(shown.replaceAll(",", ""));
  if (number(shownMails) !== day.length)
    problems.push(`${shownMails} mails are shown, of ${day.length}`);
  if (number(shownSeries) !== listed.length)
    problems.push(`${shownSeries} series are shown, ${listed.length} listed`);
  const served = await seriesServed();
  for (const one of without(served, listed)) problems.push(`only on the pages: ${one}`);
  for (const one of without(listed, served)) problems.push(`only in series list: ${one}`);
  say(
    `${clicks} clicks, ${shownMails} mails, ${shownSeries} series, ${listed.length} in series list`,
  );
} finally {
  await browser.close();
  web.kill();
  rmSync(home, { recursive: true, force: true });
}
for (const problem of problems.slice(0, 20)) say(problem);
say(problems.length === 0 ? "no problem" : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
