/** The pages as files: links that work anywhere, names for any file system, and nothing of anybody else's lost. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { Hono } from "hono";
import { beforeAll, describe, expect, test } from "vitest";
import { exportPages, type Fetch } from "../../src/web/export.ts";
import { type ExportCounts, ExportFolder } from "../../src/web/export-folder.ts";
import { exportDesk } from "../../src/web/run.ts";
import { newShelf, writeMbox } from "../app/search/index.ts";
import { mail, signed, two } from "../app/series/thread.ts";
import { patchsig, type Run } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { startsOf } from "../support/git-starts.ts";
import { git, newRepository } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";
import { deskOf, pagesOf, storesOf } from "./desk.ts";

const LONG_NAME = "x".repeat(300);
/** As Message-IDs: slashes, percent signs, letters that differ by case alone, names that a system reserves. */
const ODD = ["a/../../b", "a%2f..", "Case", "case", "con", "-n", ".hidden", "a b'\"<&", LONG_NAME];
const V1 = signed(two("v", "PATCH"));
const V2 = signed(two("w", "PATCH v2", { re: "v0", to: "2" }));
const MAILS = [...V1, ...V2, ...ODD.map((id, i) => mail(id, `[PATCH] odd ${i} href="/evil"`))];

const HOSTS = new Set(["localhost"]);
/** Each page is made once, however often it is exported. */
function fetcher(app: Hono): Fetch {
  const made = new Map<string, Response>();
  return async (path) => {
    const known = made.get(path);
    if (known !== undefined) return known.clone();
    const answer = await app.request(`http://localhost${path}`, { headers: { host: "localhost" } });
    made.set(path, answer.clone());
    return answer;
  };
}

let get: Fetch;
let fewer: Fetch;
beforeAll(async () => {
  get = fetcher((await pagesOf(MAILS, HOSTS)).app);
  fewer = fetcher((await pagesOf(V1, HOSTS)).app);
});

async function exported(get: Fetch, folder: string, series: number): Promise<ExportCounts> {
  const into = new ExportFolder(folder);
  try {
    return await exportPages(get, into, series);
  } finally {
    into.close();
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith(".patchsig-export"))
    .toSorted();
}

/** What a visitor gets, by names. */
function pagesIn(folder: string): Record<string, string> {
  return Object.fromEntries(
    filesIn(folder).map((name) => [name, readFileSync(join(folder, name), "latin1")]),
  );
}

/** Links of pages that lead nowhere. */
function deadLinks(folder: string): string[] {
  return filesIn(folder)
    .filter((name) => /\.(?:html|atom)$/.test(name))
    .flatMap((name) =>
      [...readFileSync(join(folder, name), "utf8").matchAll(/ href="([^"#]+)"/g)].flatMap(
        ([, to]) => (existsSync(join(folder, dirname(name), to!)) ? [] : [`${name} ${to}`]),
      ),
    );
}

describe("a folder", () => {
  test.each(["series", "raw", ".patchsig-export", ".patchsig-export.lock", ".patchsig-export.new"])(
    "in which %s is a link: it is refused, and nothing is written or removed there",
    async (name) => {
      const [folder, elsewhere] = [newFolder(), newFolder()];
      const top = join(folder, "pages");
      await exported(get, top, 1_000);
      const target = join(elsewhere, "target");
      if (existsSync(join(top, name))) renameSync(join(top, name), target);
      else mkdirSync(target);
      symlinkSync(target, join(top, name));
      const before = [pagesIn(top), pagesIn(elsewhere)];
      // most pages of the one before are no longer in it
      await expect(exported(fewer, top, 1)).rejects.toMatchObject({
        code: "exists",
        message: `${join(top, name)} is a symbolic link`,
      });
      expect([pagesIn(top), pagesIn(elsewhere)]).toEqual(before);
    },
  );

  test.runIf(existsSync("/proc/self/fd"))(
    "that becomes a link while pages are made: nothing is written or removed there",
    async () => {
      const [top, elsewhere] = [newFolder(), newFolder()];
      await exported(get, top, 1_000);
      renameSync(join(top, "raw"), join(elsewhere, "raw"));
      mkdirSync(join(top, "raw"));
      const before = pagesIn(elsewhere);
      const exchanging: Fetch = (path) => {
        if (path === "/style.css") {
          renameSync(join(top, "raw"), join(top, "moved"));
          symlinkSync(join(elsewhere, "raw"), join(top, "raw"));
        }
        return fewer(path);
      };
      const into = new ExportFolder(top);
      into.put("raw/x.txt", Buffer.from("ours"));
      try {
        await exportPages(exchanging, into, 1);
      } finally {
        into.close();
      }
      expect(pagesIn(elsewhere)).toEqual(before);
      expect(readdirSync(join(top, "moved"))).toContain("x.txt");
    },
  );

  test("that is named by a link, and a page in it that is one", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "there"));
    symlinkSync("there", join(folder, "link"));
    await exported(get, join(folder, "link/"), 1_000);
    const page = join(folder, "there", "index.html");
    renameSync(page, join(folder, "page"));
    symlinkSync("../page", page);
    const { written } = await exported(get, join(folder, "link/"), 1_000);
    expect([written, lstatSync(page).isSymbolicLink()]).toEqual([1, false]);
  });

  test("has all pages, and links that lead to files beside them", async () => {
    const folder = join(newFolder(), "new", "pages");
    const { files, written, removed } = await exported(get, folder, 100);
    const all = filesIn(folder);
    expect([files, written, removed]).toEqual([all.length, all.length, 0]);
    for (const kind of ["series", "patch", "people", "diff", "raw", "thread"])
      expect(all.some((file) => file.startsWith(`${kind}/`))).toBe(true);
    for (const file of all.filter((name) => /\.(?:html|atom)$/.test(name))) {
      const text = readFileSync(join(folder, file), "utf8");
      expect(text).not.toMatch(/<form|\/search|action=/);
      expect(text).not.toContain(' href="/');
    }
    expect(deadLinks(folder)).toEqual([]);
  });

  test("has names that every file system keeps apart, and no URL escapes", async () => {
    const folder = newFolder();
    await exported(get, folder, 100);
    const names = filesIn(folder);
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
    const first = await exported(fewer, folder, 100);
    const times = new Map(
      filesIn(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs]),
    );
    expect(await exported(fewer, folder, 100)).toMatchObject({ written: 0, removed: 0 });
    for (const [name, time] of times) expect(statSync(join(folder, name)).mtimeMs).toBe(time);
    const more = await exported(get, folder, 100);
    expect(more.written).toBeGreaterThan(more.files - first.files);
    expect(more.written).toBeLessThan(more.files);
    const back = await exported(fewer, folder, 100);
    expect(back.removed).toBeGreaterThan(0);
    expect(filesIn(folder)).toEqual([...times.keys()].toSorted());
  });

  test("keeps what somebody else wrote", async () => {
    const folder = newFolder();
    await exported(get, folder, 100);
    writeFileSync(join(folder, "robots.txt"), "mine\n");
    const [odd] = filesIn(folder).filter((name) => name.startsWith("raw/case"));
    writeFileSync(join(folder, odd!), "mine too\n");
    writeFileSync(join(folder, "list.html"), "overwritten\n");
    const { left } = await exported(fewer, folder, 100);
    expect(left).toEqual([join(folder, odd!)]);
    expect(readFileSync(join(folder, "robots.txt"), "utf8")).toBe("mine\n");
    expect(readFileSync(join(folder, "list.html"), "utf8")).toContain("<h1>list");
  });

  test("that is not of an export is refused", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "thesis.txt"), "");
    await expect(exported(get, folder, 100)).rejects.toThrow("is neither empty nor an export");
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
  });

  test("whose list was changed loses no file outside of it", async () => {
    const parent = newFolder();
    writeFileSync(join(parent, "precious"), "x");
    const folder = join(parent, "pages");
    await exported(fewer, folder, 100);
    const list = join(folder, ".patchsig-export");
    const digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    writeFileSync(list, `${digest}  ../precious\n${readFileSync(list, "utf8")}`);
    await exported(fewer, folder, 100);
    expect(existsSync(join(parent, "precious"))).toBe(true);
  });

  test("is as it was after a run that was cut off, and whole after the next one", async () => {
    const whole = newFolder();
    await exported(get, whole, 100);
    for (const before of [null, fewer]) {
      const folder = newFolder();
      if (before !== null) await exported(before, folder, 100);
      const old = pagesIn(folder);
      let left = 20;
      const breaking: Fetch = (path) => {
        if (left-- === 0) throw new Error("killed");
        return get(path);
      };
      await expect(exported(breaking, folder, 100)).rejects.toThrow("killed");
      expect(pagesIn(folder)).toEqual(old);
      // as kill -9 leaves it
      mkdirSync(join(folder, ".patchsig-export.new", "series"), { recursive: true });
      writeFileSync(join(folder, ".patchsig-export.new", "series", "half.html"), "<!doc");
      await exported(get, folder, 100);
      expect(pagesIn(folder)).toEqual(pagesIn(whole));
      expect(existsSync(join(folder, ".patchsig-export.new"))).toBe(false);
    }
  });

  test("is cut off while pages are moved: each is whole, links lead on, and the next run tidies up", async () => {
    const [older, newer] = [newFolder(), newFolder()];
    await exported(fewer, older, 100);
    await exported(get, newer, 100);
    const [old, fresh] = [pagesIn(older), pagesIn(newer)];
    const changed = Object.keys(old).filter((name) => name in fresh && old[name] !== fresh[name]);
    expect(changed.length).toBeGreaterThan(5);
    for (const name of [changed[0]!, changed[3]!, changed.at(-1)!]) {
      const folder = newFolder();
      await exported(fewer, folder, 100);
      // here the moving ends
      rmSync(join(folder, name));
      mkdirSync(join(folder, name, "x"), { recursive: true });
      await expect(exported(get, folder, 100)).rejects.toMatchObject({ code: "unwritable" });
      const pages = pagesIn(folder);
      for (const [one, text] of Object.entries(pages))
        expect([one, text === old[one] || text === fresh[one]]).toEqual([one, true]);
      expect(Object.keys(old).filter((one) => one !== name && !(one in pages))).toEqual([]);
      expect(deadLinks(folder)).toEqual([]);
      rmSync(join(folder, name), { recursive: true });
      await exported(fewer, folder, 100);
      expect(pagesIn(folder)).toEqual(old);
    }
  });

  test("is written by one export at a time", async () => {
    const folder = newFolder();
    const first = new ExportFolder(folder);
    expect(() => new ExportFolder(folder)).toThrow(`another export is writing into ${folder}`);
    first.close();
    await exported(fewer, folder, 100);
  });

  test("has so many series, the latest", async () => {
    const folder = newFolder();
    await exported(get, folder, 3);
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
    [["--export", home], "is neither empty nor an export"],
  ] as const) {
    const { status, stderr } = web(...args);
    expect([why, status !== 0, stderr.includes(why)]).toEqual([why, true, true]);
  }
});

test("however many pages there are, one git reads their mails", async () => {
  const shelf = newShelf(newFolder());
  const inbox = newRepository(join(shelf.folder, "inbox"));
  for (const one of V1) {
    writeFileSync(join(inbox, "m"), one);
    git(inbox, ["add", "m"]);
    git(inbox, ["commit", "-q", "-m", "mail"]);
  }
  await shelf.update([join(inbox, ".git")]);
  const update = (): Promise<{ unread: number; lost: number }> =>
    Promise.resolve({ unread: 0, lost: 0 });
  const options = {
    ...deskOf(shelf).options,
    ...storesOf(shelf),
    update,
    folder: newFolder(),
    series: 9,
  };
  const quiet = { say: () => {}, sayError: () => {}, progress: null };
  const starts = await startsOf(async () => {
    expect((await exportDesk(options, quiet)).files).toBeGreaterThan(12);
  });
  expect(starts).toEqual(["cat-file"]);
});

const runs = requireTool("chromium");

describe.runIf(runs)("in Chromium", () => {
  test(
    "pages have their style and lead to each other, from files and from any web server",
    { timeout: 120_000 },
    async () => {
      const folder = newFolder();
      await exported(get, folder, 100);
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
