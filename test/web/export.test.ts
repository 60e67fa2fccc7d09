/** The pages as files: links that work anywhere, names for any file system, and nothing of anybody else's lost. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { Hono } from "hono";
import { beforeAll, describe, expect, test } from "vitest";
import { exportPages, type Fetch } from "../../src/web/export.ts";
import { writeMbox } from "../app/search/index.ts";
import { mail, signed, two } from "../app/series/thread.ts";
import { patchsig, type Run } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { requireTool } from "../support/tools.ts";
import { pagesOf } from "./desk.ts";

const LONG_NAME = "x".repeat(300);
/** As Message-IDs: slashes, percent signs, letters that differ by case alone, names that a system reserves. */
const ODD = ["a/../../b", "a%2f..", "Case", "case", "con", "-n", ".hidden", "a b'\"<&", LONG_NAME];
const V1 = signed(two("v", "PATCH"));
const V2 = signed(two("w", "PATCH v2", { re: "v0", to: "2" }));
const MAILS = [...V1, ...V2, ...ODD.map((id, i) => mail(id, `[PATCH] odd ${i} href="/evil"`))];

const HOSTS = new Set(["localhost"]);
const fetcher =
  (app: Hono): Fetch =>
  async (path) =>
    app.request(`http://localhost${path}`, { headers: { host: "localhost" } });

let get: Fetch;
let fewer: Fetch;
beforeAll(async () => {
  get = fetcher((await pagesOf(MAILS, HOSTS)).app);
  fewer = fetcher((await pagesOf(V1, HOSTS)).app);
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}

describe("a folder", () => {
  test("has all pages, and links that lead to files beside them", async () => {
    const folder = join(newFolder(), "new", "pages");
    const { files, written, removed } = await exportPages(get, folder, 100);
    const all = filesIn(folder);
    expect([files, written, removed]).toEqual([all.length - 1, all.length - 1, 0]);
    for (const kind of ["series", "patch", "people", "diff", "raw", "thread"])
      expect(all.some((file) => file.startsWith(`${kind}/`))).toBe(true);
    for (const file of all.filter((name) => /\.(?:html|atom)$/.test(name))) {
      const text = readFileSync(join(folder, file), "utf8");
      expect(text).not.toMatch(/<form|\/search|action=/);
      for (const [, to] of text.matchAll(/ href="([^"#]+)"/g)) {
        expect([file, to, to!.startsWith("/")]).toEqual([file, to, false]);
        expect([file, to, existsSync(join(folder, dirname(file), to!))]).toEqual([file, to, true]);
      }
    }
  });

  test("has names that every file system keeps apart, and no URL escapes", async () => {
    const folder = newFolder();
    await exportPages(get, folder, 100);
    const names = filesIn(folder).filter((name) => name !== ".patchsig-export");
    for (const name of names) expect(name).toMatch(/^(?:[a-z]+\/)?[a-z0-9][a-z0-9.-]{0,99}$/);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
    for (const i of ODD.keys())
      expect(
        names.filter(
          (name) =>
            name.startsWith("patch/") &&
            readFileSync(join(folder, name), "utf8").includes(`odd ${i} `),
        ).length,
      ).toBeGreaterThan(0);
  });

  test("is written again where it changed, and what is gone is removed", async () => {
    const folder = newFolder();
    const first = await exportPages(fewer, folder, 100);
    const times = new Map(
      filesIn(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]),
    );
    expect(await exportPages(fewer, folder, 100)).toMatchObject({ written: 0, removed: 0 });
    for (const [name, time] of times)
      if (name !== ".patchsig-export") expect(statSync(join(folder, name)).mtimeMs).toBe(time);
    const more = await exportPages(get, folder, 100);
    expect(more.written).toBeGreaterThan(more.files - first.files);
    expect(more.written).toBeLessThan(more.files);
    const back = await exportPages(fewer, folder, 100);
    expect(back.removed).toBeGreaterThan(0);
    expect(filesIn(folder)).toEqual([...times.keys()].toSorted());
  });

  test("keeps what somebody else wrote", async () => {
    const folder = newFolder();
    await exportPages(get, folder, 100);
    writeFileSync(join(folder, "robots.txt"), "mine\n");
    const [odd] = filesIn(folder).filter((name) => name.startsWith("raw/case"));
    writeFileSync(join(folder, odd!), "mine too\n");
    writeFileSync(join(folder, "list.html"), "overwritten\n");
    const { left } = await exportPages(fewer, folder, 100);
    expect(left).toEqual([join(folder, odd!)]);
    expect(readFileSync(join(folder, "robots.txt"), "utf8")).toBe("mine\n");
    expect(readFileSync(join(folder, "list.html"), "utf8")).toContain("<h1>list");
  });

  test("that is not of an export is refused", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "thesis.txt"), "");
    await expect(exportPages(get, folder, 100)).rejects.toThrow("is not empty, and has no export");
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
  });

  test("whose list was changed loses no file outside of it", async () => {
    const parent = newFolder();
    writeFileSync(join(parent, "precious"), "x");
    const folder = join(parent, "pages");
    await exportPages(fewer, folder, 100);
    const list = join(folder, ".patchsig-export");
    const digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    writeFileSync(list, `${digest}  ../precious\n${readFileSync(list, "utf8")}`);
    await exportPages(fewer, folder, 100);
    expect(existsSync(join(parent, "precious"))).toBe(true);
  });

  test("is whole after a run that was cut off", async () => {
    const folder = newFolder();
    let left = 20;
    const breaking: Fetch = (path) => {
      if (left-- === 0) throw new Error("killed");
      return get(path);
    };
    await expect(exportPages(breaking, folder, 100)).rejects.toThrow("killed");
    expect(filesIn(folder).length).toBeGreaterThan(5);
    await exportPages(fewer, folder, 100);
    const whole = newFolder();
    await exportPages(fewer, whole, 100);
    expect(filesIn(folder)).toEqual(filesIn(whole));
  });

  test("has so many series, the latest", async () => {
    const folder = newFolder();
    await exportPages(get, folder, 3);
    expect(readdirSync(join(folder, "series"))).toHaveLength(3);
  });
});

test("is a command", () => {
  const home = newFolder();
  const env = { XDG_CACHE_HOME: join(home, "cache") };
  const mbox = writeMbox(join(home, "mbox"), MAILS);
  const folder = join(home, "pages");
  const web = (...args: readonly string[]): Run => patchsig(["web", ...args, mbox], { home, env });
  expect(web("--export", folder).stdout).toMatch(/pages: (\d+) files, \1 written, 0 removed\n$/);
  // the first page says when it was made
  expect(web("--export", folder).stdout).toMatch(/ files, [01] written, 0 removed\n$/);
  expect(readFileSync(join(folder, "index.html"), "utf8")).toMatch(/; made 20\d\d-\d\d-/);
  for (const [args, why] of [
    [["--export", folder, "--write"], "files cannot mark series"],
    [["--export", folder, "--series", "0"], "--series wants a number"],
    [["--export", home], "is not empty, and has no export"],
  ] as const) {
    const { status, stderr } = web(...args);
    expect([why, status !== 0, stderr.includes(why)]).toEqual([why, true, true]);
  }
});

const runs = requireTool("chromium");

describe.runIf(runs)("in Chromium", () => {
  test(
    "pages have their style and lead to each other, from files and from any web server",
    { timeout: 120_000 },
    async () => {
      const folder = newFolder();
      await exportPages(get, folder, 100);
      const server = spawn("python3", ["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"], {
        cwd: folder,
      });
      const [line] = await once(server.stdout, "data");
      const [, port] = /port (\d+)/.exec(String(line))!;
      const { chromium } = await import("playwright-core");
      const args = ["--no-sandbox", "--disable-dev-shm-usage"];
      const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
      try {
        for (const root of [
          `${pathToFileURL(folder).href}/index.html`,
          `http://127.0.0.1:${port}/`,
        ]) {
          const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
          const problems: string[] = [];
          page.on("console", (message) =>
            problems.push(`${message.text()} ${message.location().url}`),
          );
          page.on("requestfailed", (request) => problems.push(request.url()));
          await page.goto(root);
          expect(
            await page.evaluate("getComputedStyle(document.querySelector('nav')).display"),
          ).toBe("flex");
          await page.getByRole("link", { name: "both" }).first().click();
          await page.getByRole("link", { name: "[PATCH v2 1/2] one" }).first().click();
          expect(await page.textContent("main ins")).toBe("+2");
          await page.getByRole("link", { name: "raw" }).click();
          expect(await page.textContent("body")).toContain("Message-ID: <w1@x>");
          expect(problems.filter((text) => !text.includes("favicon"))).toEqual([]);
          await page.close();
        }
      } finally {
        await browser.close();
        server.kill();
      }
    },
  );
});
