/**
 * The pages in a real browser: nothing runs, nothing is fetched from elsewhere, a series is found, and its
 * `am` line applies it.
 */

import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeMbox } from "../app/search/index.ts";
import { mail, signed, two } from "../app/series/thread.ts";
import { patchsig, PROGRAM } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { LONG } from "../support/long.ts";
import { git, newRepository } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";

/** What tries to become more than text, as subject, name, body, file name and Message-ID. */
const EVIL = [
  "<script>document.title='OWNED'</script>",
  "<img src=x onerror=\"document.title='OWNED'\">",
  "<svg onload=document.title='OWNED'>",
  "\"><a href='javascript:document.title=1'>x</a>",
  "' style='background:url(https://evil.example.com/x)' x='",
  "</title></head><body onload=document.title='OWNED'>",
  "{{constructor.constructor('return 1')()}}",
  "&lt;script&gt;&#60;script&#62;",
  "\u202e\u2066gnp.exe\u2069",
  "../../../etc/passwd",
];

const MAILS = [
  ...signed(two("a", "PATCH")),
  mail("r", "Re: [PATCH 1/2] one", {
    re: "a0 a1",
    from: "Bob <bob@example.org>",
    text: "Reviewed-by: Bob <bob@example.org>",
  }),
  ...signed(two("b", "PATCH v2", { re: "a0", to: "2" })),
  mail("w", "[PATCH] wide", { from: `Wim <${"w".repeat(400)}@example.net>`, to: "y".repeat(400) }),
  ...EVIL.map((evil, i) =>
    mail(i % 2 === 0 ? `e${i}` : `e${i}"onload="x`, `[PATCH] ${evil}`, {
      from: `${evil.replaceAll(/[<>"@]/g, "")} <eve${i}@example.net>`,
      text: evil,
      to: evil,
    }),
  ),
];

const runs = requireTool("chromium");
/** Pages that are opened; a long run sees them all. */
const MOST_PAGES = LONG ? 500 : 25;

let home: string;
let web: ChildProcessByStdio<null, Readable, Readable>;
let root: string;
let browser: Browser;
const problems: string[] = [];

beforeAll(async () => {
  if (!runs) return;
  home = newFolder();
  const mbox = writeMbox(join(home, "mbox"), MAILS);
  writeFileSync(join(home, "gitconfig"), `[patchsig]\n\tsource = ${mbox}\n`);
  const env = environment();
  web = spawn(process.execPath, [PROGRAM, "web", "--port", "0", "--write"], {
    cwd: home,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  root = await new Promise((resolve) =>
    web.stdout.once("data", (text) => resolve(String(text).trim())),
  );
  const { chromium } = await import("playwright-core");
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  web?.kill();
});

function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    HOME: home,
    XDG_DATA_HOME: home,
    XDG_CACHE_HOME: join(home, "cache"),
    GIT_CONFIG_GLOBAL: join(home, "gitconfig"),
  };
}

/** A page that notes what it should not do. */
async function newPage(width = 1200): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  const note = (what: string): void => void problems.push(`${page.url()}: ${what}`);
  page.on("console", (message) => note(`console: ${message.text()}`));
  page.on("pageerror", (error) => note(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(root)) note(`asked for ${request.url()}`);
  });
  page.on("dialog", (dialog) => {
    note(dialog.message());
    void dialog.dismiss();
  });
  page.on("popup", (other) => note(`opened ${other.url()}`));
  return page;
}

async function open(path: string): Promise<Page> {
  const page = await newPage();
  await page.goto(new URL(path, root).href);
  return page;
}

/** What is in a page, told by the browser in one go. */
const CONTENT = `({
  title: document.title,
  active: document.querySelectorAll("script, img, iframe, object, embed, base, link[rel=preload], meta[http-equiv=refresh]").length,
  handlers: [...document.querySelectorAll("*")].flatMap((one) => [...one.attributes]).filter(({ name }) => /^on|^style$/.test(name)).length,
  forms: [...document.forms].map((one) => one.getAttribute("action") ?? ""),
  links: [...document.querySelectorAll("[href]")].map((one) => one.getAttribute("href")),
})`;

interface Content {
  readonly title: string;
  readonly active: number;
  readonly handlers: number;
  readonly forms: readonly string[];
  readonly links: readonly string[];
}

/** `/patch/a1%40x` is of the kind `/patch`. */
function kindOf(path: string): string {
  return path
    .replace(/[?#].*/s, "")
    .split("/")
    .filter((_, i) => i !== 2)
    .join("/");
}

async function indexed(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const text = await (await fetch(root)).text();
    if (text.includes(`${MAILS.length} mails`) && !text.includes("reading:")) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("not indexed");
}

describe.runIf(runs)("in Chromium", () => {
  test(
    "every page that can be reached is quiet, ours alone, and readable",
    { timeout: 240_000 },
    async () => {
      await indexed();
      const seen = new Set<string>(["/"]);
      const violations: string[] = [];
      const page = await newPage();
      for (const path of seen) {
        if (/\/(?:raw|t\.mbox\.gz)(?:\?|$)|\.atom$|\.css$/.test(path)) continue;
        await page.goto(new URL(path, root).href);
        const content: Content = await page.evaluate(CONTENT);
        expect(content.title).not.toBe("OWNED");
        expect([path, content.active, content.handlers]).toEqual([path, 0, 0]);
        for (const to of [...content.links, ...content.forms])
          if (!/^(?:\/(?!\/)|[?#]|$)/.test(to)) problems.push(`${path}: leads to ${to}`);
        const kinds = new Set([...seen].map(kindOf));
        for (const to of content.links)
          if (to.startsWith("/") && (seen.size < MOST_PAGES || !kinds.has(kindOf(to))))
            seen.add(to);
      }
      await page.close();
      // axe needs scripts, which the pages forbid
      const { default: axe } = await import("axe-core");
      const context = await browser.newContext({ bypassCSP: true });
      const bare = await context.newPage();
      for (const path of [
        "/",
        "/series",
        "/series/b0%40x",
        "/patch/a1%40x",
        "/search?q=s%3Aone",
        "/people",
        "/tests",
        "/feeds",
        "/list",
      ]) {
        await bare.goto(new URL(path, root).href);
        await bare.evaluate(axe.source);
        const found = await bare.evaluate(
          "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`))",
        );
        violations.push(...(found as string[]).map((one) => `${path}: ${one}`));
      }
      await context.close();
      expect(seen.size).toBeGreaterThan(30);
      expect(problems).toEqual([]);
      expect(violations).toEqual([]);
    },
  );

  test(
    "a series is searched, opened, and its am line applies it",
    { timeout: 120_000 },
    async () => {
      await indexed();
      const page = await open("/");
      await page.getByRole("link", { name: "search" }).click();
      await page.getByRole("searchbox").fill("s:one kind:patch by:alice@example.org");
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "[PATCH v2 1/2] one" }).click();
      expect(await page.textContent("main")).toContain("signed by alice@example.org");
      await page.getByRole("link", { name: "series", exact: true }).last().click();
      const line = await page.locator("pre.wrap").first().textContent();
      expect(line).toBe("git patchsig am b0@x");
      const repository = newRepository(join(home, "repository"));
      writeFileSync(join(repository, "one"), "1\n");
      writeFileSync(join(repository, "other"), "1\n");
      git(repository, ["add", "-A"]);
      git(repository, ["commit", "-q", "-m", "base"]);
      const run = spawnSync(process.execPath, [PROGRAM, ...line!.split(" ").slice(2)], {
        cwd: repository,
        env: environment(),
        encoding: "utf8",
      });
      expect(run.stderr).not.toMatch(/FAIL/);
      expect(run.status).toBe(0);
      expect(git(repository, ["log", "--format=%s", "-2"]).toString()).toBe("other\none\n");
      await page.getByRole("button", { name: "applied" }).click();
      expect(await page.textContent("main")).toContain("v2");
      await page.goto(root);
      expect(await page.locator("details", { hasText: "done" }).count()).toBe(1);
      await page.close();
      expect(problems).toEqual([]);
    },
  );

  test("no page is wider than the screen", { timeout: 60_000 }, async () => {
    await indexed();
    const shots = [
      ["morning", "/", 1200, "light"],
      ["series", "/series/b0%40x", 1200, "light"],
      ["patch", "/patch/b1%40x", 1200, "light"],
      ["mobile", "/series", 360, "light"],
      ["long name", "/series/w%40x", 360, "light"],
      ["its mail", "/patch/w%40x", 360, "light"],
      ["dark", "/series/b0%40x", 1200, "dark"],
    ] as const;
    for (const [name, path, width, colorScheme] of shots) {
      const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
      await page.goto(new URL(path, root).href);
      const wide = await page.evaluate("document.documentElement.scrollWidth");
      expect(wide, `${name} needs no scrolling to the side`).toBeLessThanOrEqual(width);
      await page.close();
    }
  });
});

test.runIf(runs)("on paper nothing is folded or cut off, and it is dark on white", async () => {
  const dark = await browser.newPage({
    viewport: { width: 700, height: 900 },
    colorScheme: "dark",
  });
  await dark.emulateMedia({ media: "print" });
  await dark.goto(new URL("/series/b0%40x", root).href);
  expect(
    await dark.evaluate(
      "[...document.querySelectorAll('details > :not(summary)')].filter((one) => !one.checkVisibility({ contentVisibilityAuto: true })).length",
    ),
  ).toBe(0);
  expect(await dark.evaluate("getComputedStyle(document.body).color")).toBe("rgb(28, 28, 28)");
  await dark.goto(new URL("/patch/w%40x", root).href);
  expect(
    await dark.evaluate(
      "[...document.querySelectorAll('pre')].filter((one) => one.scrollWidth > one.clientWidth).length",
    ),
  ).toBe(0);
  await dark.close();
});

test.runIf(runs)("who opens connections without end finds them closed", async () => {
  const { hostname, port } = new URL(root);
  const sockets = Array.from({ length: 600 }, () => connect(Number(port), hostname));
  const closed = Promise.race(sockets.map((socket) => once(socket, "close")));
  for (const socket of sockets) socket.on("error", () => {});
  await closed;
  for (const socket of sockets) socket.destroy();
  const open = sockets.filter((socket) => !socket.closed);
  await Promise.all(open.map((socket) => once(socket, "close")));
  await expect.poll(async () => (await fetch(root)).status, { timeout: 10_000 }).toBe(200);
});

test.runIf(runs)("the program ends at a signal", async () => {
  const ended = new Promise((resolve) => web.once("close", resolve));
  web.kill("SIGTERM");
  await ended;
  expect(patchsig(["web", "--listen", "0.0.0.0"], { home }).stderr).toContain(
    "anybody who reaches it",
  );
});
