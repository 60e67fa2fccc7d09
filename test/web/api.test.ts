/** The part of Patchwork's REST API: what it says, and that git-pw works with it. */

import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Shelf } from "../app/search/index.ts";
import { mail, signed, two } from "../app/series/thread.ts";
import { newFolder } from "../support/folders.ts";
import { LONG } from "../support/long.ts";
import { git, newRepository } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";
import { pagesOf } from "./desk.ts";

const HOSTS = new Set(["localhost:8025"]);
const BOB = "Bob <bob@example.org>";
const MAILS = [
  ...signed(two("a", "PATCH")),
  mail("r", "Re: [PATCH 1/2] one", { re: "a0 a1", from: BOB, text: `Reviewed-by: ${BOB}` }),
  ...signed(two("b", "PATCH v2", { re: "a0", to: "2" })),
  mail("c", "[PATCH net-next] third", { from: BOB }),
  mail("d1", "[PATCH 1/2] half", { from: BOB }),
];

let app: Hono;
let shelf: Shelf;
beforeAll(async () => {
  ({ app, shelf } = await pagesOf(MAILS, HOSTS));
});

interface Answered {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly patches: readonly Answered[];
  readonly headers: object;
  readonly diff: string;
  readonly payload: { readonly series: Answered };
}

async function ask(path: string, version = "1.3"): Promise<Response> {
  return app.request(`http://localhost:8025/api/${version}${path}`, {
    headers: { host: "localhost:8025" },
  });
}

async function read(path: string): Promise<unknown> {
  const answer = await ask(path);
  expect(answer.status).toBe(200);
  return answer.json();
}

const list = (path: string): Promise<Answered[]> => read(path) as Promise<Answered[]>;
const one = (path: string): Promise<Answered> => read(path) as Promise<Answered>;
const names = (all: readonly Answered[]): string[] => all.map(({ name }) => name);

describe("lists", () => {
  test("of series, in the order asked for, a page at a time", async () => {
    expect(names(await list("/series/"))).toEqual(["both", "both", "third", "half"]);
    const answer = await ask("/series/?order=-id&per_page=3");
    expect(names((await answer.json()) as Answered[])).toEqual(["half", "third", "both"]);
    expect(answer.headers.get("link")).toBe(
      '<http://localhost:8025/api/1.3/series/?order=-id&per_page=3&page=2>; rel="next"',
    );
    const last = await ask("/series/?order=-id&per_page=3&page=2");
    expect(names((await last.json()) as Answered[])).toEqual(["both"]);
    expect(last.headers.get("link")).toMatch(/page=1>; rel="prev"$/);
  });

  test.each([
    ["/series/?q=THI", ["third"]],
    ["/series/?submitter=bob@example.org", ["third", "half"]],
    ["/series/?since=2026-11-07T00:00:00", []],
    ["/series/?before=2026-11-07T00:00:00&submitter=alice@example.org", ["both", "both"]],
    ["/patches/?q=other", ["[PATCH 2/2] other", "[PATCH v2 2/2] other"]],
    ["/patches/?state=superseded", ["[PATCH 1/2] one", "[PATCH 2/2] other"]],
    [
      "/patches/?state=new&archived=false&submitter=alice@example.org",
      ["[PATCH v2 1/2] one", "[PATCH v2 2/2] other"],
    ],
    ["/covers/", ["[PATCH 0/2] both", "[PATCH v2 0/2] both"]],
    ["/people/?q=bob", ["Bob"]],
    ["/people/?q=BOB@", ["Bob"]],
    ["/patches/?msgid=b1@x", ["[PATCH v2 1/2] one"]],
    ["/patches/?msgid=%3Cb1@x%3E&project=other", ["[PATCH v2 1/2] one"]],
    ["/patches/?hash=da39a3ee5e6b4b0d3255bfef95601890afd80709", []],
    ["/patches/?delegate=1", []],
  ])("%s", async (path, expected) => {
    expect(names(await list(path))).toEqual(expected);
  });

  test("of a series' patches, without a version in the address", async () => {
    const answer = await app.request("http://localhost:8025/api/series/?q=third", {
      headers: { host: "localhost:8025" },
    });
    const [{ id, url }] = (await answer.json()) as [Answered];
    expect(url).toBe(`http://localhost:8025/api/series/${id}/`);
    expect(names(await list(`/patches/?series=${id}`))).toEqual(["[PATCH net-next] third"]);
  });

  test("of people's numbers and of what was noted", async () => {
    const [bob] = await list("/people/?q=bob");
    expect(names(await list(`/series/?submitter=${bob!.id}`))).toEqual(["third", "half"]);
    shelf.trust.putSeriesMark({
      messageId: "<c@x>",
      state: "applied",
      note: "",
      at: 2_000_000_000,
      until: 0,
    });
    expect(names(await list("/patches/?state=accepted"))).toEqual(["[PATCH net-next] third"]);
  });

  test("of events: series that are complete", async () => {
    const events = await list("/events/?category=series-completed&order=date");
    expect(events.map(({ payload }) => payload.series.name)).toEqual(["both", "both", "third"]);
    expect(await list("/events/?category=patch-created")).toHaveLength(6);
  });

  test.each(["order=name", "page=0", "page=x", "since=yesterday", "series=1e3"])(
    "%s is refused",
    async (query) => {
      const answer = await ask(`/events/?${query}`);
      expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([
        400,
        ["detail"],
      ]);
    },
  );
});

describe("one", () => {
  test("series, with its mails", async () => {
    const [first] = await list("/series/");
    const { id, url } = first!;
    expect(url).toBe(`http://localhost:8025/api/1.3/series/${id}/`);
    const series = await one(`/series/${id}/`);
    expect(series).toMatchObject({
      version: 1,
      total: 2,
      received_total: 2,
      received_all: true,
      date: "2026-11-06T22:00:00",
      submitter: { name: "Alice", email: "alice@example.org" },
      cover_letter: { msgid: "<a0@x>" },
      web_url: "http://localhost:8025/series/a0%40x",
    });
    expect(names(series.patches)).toEqual(["[PATCH 1/2] one", "[PATCH 2/2] other"]);
  });

  test("patch, with what was found out about it as a check", async () => {
    const [patch, , , , third] = await list("/patches/");
    const detail = await one(`/patches/${patch!.id}/`);
    expect(detail).toMatchObject({ check: "success", msgid: "<a1@x>", prefixes: ["PATCH", "1/2"] });
    expect(detail.headers).toMatchObject({ "Message-Id": ["<a1@x>"] });
    expect(detail.diff).toContain("diff --git a/one b/one");
    const [check] = await list(`/patches/${patch!.id}/checks/`);
    expect(check).toMatchObject({
      state: "success",
      context: "patchsig",
      description: "signed by alice@example.org",
    });
    const [other] = await list(`/patches/${third!.id}/checks/`);
    expect(other).toMatchObject({ state: "pending", description: "not signed" });
  });

  test.each([
    "/series/999/",
    "/patches/999999999999999/",
    "/patches/0/",
    "/patches/1/",
    "/series/1/nothing/",
    "/nothing/",
    "/people/99/",
    "/patches/../1/",
  ])("%s is not there", async (path) => {
    const answer = await ask(path);
    expect([answer.status, await answer.json()]).toEqual([404, { detail: "Not found." }]);
  });

  test("the address without a version says what there is", async () => {
    for (const path of ["", "/"]) {
      const url = `http://localhost:8025/api${path}`;
      const answer = await app.request(url, { headers: { host: "localhost:8025" } });
      expect(await answer.json()).toMatchObject({ series: "http://localhost:8025/api/series/" });
    }
  });

  test("nor is another version, or for another host", async () => {
    expect((await ask("/series/", "2.0")).status).toBe(404);
    const answer = await app.request("http://localhost:8025/api/1.3/series/", {
      headers: { host: "evil.example.com" },
    });
    expect(answer.status).toBe(403);
  });
});

/** The pages on a port of their own, a home for its clients, and a repository to apply to. */
function served(): {
  readonly client: (...words: string[]) => Promise<string>;
  /** The same, of what fails. */
  readonly failing: (...words: string[]) => Promise<string>;
  at: { home: string; repository: string; root: string };
} {
  const at = { home: "", repository: "", root: "" };
  let server: ReturnType<typeof serve>;
  beforeAll(async () => {
    const port = await new Promise<number>((resolve) => {
      server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, (to: AddressInfo) =>
        resolve(to.port),
      );
    });
    HOSTS.add(`localhost:${port}`);
    at.root = `http://localhost:${port}`;
    at.home = newFolder();
    const config = `[pw]\n\tserver = ${at.root}/api/1.2\n\ttoken = none\n\tproject = *\n[b4]\n\tmidmask = ${at.root}/%s\n`;
    writeFileSync(join(at.home, ".gitconfig"), `${config}[user]\n\tname = M\n\temail = m@x.org\n`);
    at.repository = newRepository(join(at.home, "repository"));
    writeFileSync(join(at.repository, "one"), "1\n");
    writeFileSync(join(at.repository, "other"), "1\n");
    git(at.repository, ["add", "-A"]);
    git(at.repository, ["commit", "-q", "-m", "base"]);
  });
  afterAll(() => void server.close());

  async function run([name = "", ...words]: readonly string[], expected: number): Promise<string> {
    const { GIT_CONFIG_GLOBAL: _, ...rest } = process.env;
    const env = { ...rest, HOME: at.home, XDG_CACHE_HOME: join(at.home, "cache"), PAGER: "cat" };
    const child = spawn(name, words, { cwd: at.repository, env });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(status, said).toBe(expected);
    return said;
  }
  return {
    client: (...words) => run(words, 0),
    failing: (...words) => run(words, 1),
    at,
  };
}

describe.runIf(requireTool("git-pw"))("git-pw", () => {
  const { client, failing, at } = served();
  const pw = (...words: string[]): Promise<string> => client("git-pw", ...words);

  test.each([
    [["patch", "update", "--state", "accepted", "1"], "this API is read-only"],
    [["bundle", "list"], "there are no bundles here"],
    [["bundle", "show", "1"], "there are no bundles here"],
    [["bundle", "create", "mine", "1"], "this API is read-only"],
    [["patch", "list", "--sort", "name"], "order: not one of id, -id, date, -date"],
  ])("%s is told why not", async (words, why) => {
    const said = await failing("git-pw", ...words);
    expect(said).toContain(why);
    expect(said).not.toContain("Traceback");
  });

  test("lists, shows, downloads and applies", async () => {
    const [, second] = await list("/series/");
    const id = `${second!.id}`;
    expect(await pw("series", "list", "--format", "csv")).toMatch(/"half"(?:.*\n)*.*"both"/);
    expect(await pw("series", "list", "--submitter", "bob", "-f", "csv")).toContain("third");
    const patches = await pw("patch", "list", "--format", "csv");
    expect(patches).toContain("[PATCH v2 1/2] one");
    expect(patches).not.toContain("[PATCH 1/2] one");
    expect(await pw("series", "show", id, "-f", "simple")).toMatch(/Received +2 of 2/);
    const file = join(at.home, "series.mbox");
    await pw("series", "download", id, file);
    expect(readFileSync(file, "utf8").match(/^From mboxrd/gm)).toHaveLength(2);
    await pw("series", "apply", id);
    expect(git(at.repository, ["log", "-3", "--format=%an: %s"]).toString()).toMatch(
      /^Alice: other\nAlice: one\n.*: base\n$/,
    );
  });
});

describe.runIf(LONG && requireTool("b4"))("b4, whose midmask is the pages", () => {
  const { client, at } = served();

  test("finds a thread there, and the newest version in it", async () => {
    expect(await client("b4", "am", "-o", at.home, "a0@x")).toContain("v2");
    const mbx = readdirSync(at.home).filter((name) => name.endsWith(".mbx"));
    expect(mbx).toHaveLength(1);
    git(at.repository, ["am", "-q", join(at.home, mbx[0]!)]);
    expect(git(at.repository, ["log", "-2", "--format=%s"]).toString()).toBe("other\none\n");
  });
});
