/** The pages as a browser asks for them: what they say, what they refuse, and that mails stay text. */

import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { join } from "node:path";
import type { Hono } from "hono";
import { beforeAll, describe, expect, test } from "vitest";
import { latestWorks } from "../../src/app/desk/works.ts";
import { ours } from "../../src/report/escape.ts";
import type { IdentityHistory } from "../../src/trust/record.ts";
import { personPage } from "../../src/web/pages/people.ts";
import { atomFeed } from "../../src/web/atom.ts";
import { createApp } from "../../src/web/server.ts";
import { newShelf, writeMbox } from "../app/search/index.ts";
import { mail, signed, two } from "../app/series/thread.ts";
import { newFolder } from "../support/folders.ts";
import { deskOf, pagesOf } from "./desk.ts";

const EVIL = `<img src=x onerror=alert(1)>"'><script>alert(2)</script>&lt;\u202eb`;
const BOB = "Bob <bob@example.org>";
const MAILS = [
  ...signed(two("a", "PATCH")),
  mail("r", "Re: [PATCH 1/2] one", { re: "a0 a1", from: BOB, text: `Reviewed-by: ${BOB}` }),
  ...signed(two("b", "PATCH v2", { re: "a0", to: "2" })),
  mail("e", `[PATCH] ${EVIL}`, { from: `${EVIL} <eve@example.net>`, text: EVIL, to: EVIL }),
];

const HOSTS = new Set(["localhost:8025"]);
let app: Hono;
let writing: Hono;
beforeAll(async () => {
  const shelf = newShelf(newFolder());
  await shelf.update([writeMbox(join(shelf.folder, "mbox"), MAILS)]);
  const desk = deskOf(shelf);
  app = createApp(desk, { hosts: HOSTS, write: false });
  writing = createApp(desk, { hosts: HOSTS, write: true });
});

const HOST = { host: "localhost:8025" };
async function get(path: string, headers: Record<string, string> = HOST): Promise<Response> {
  return app.request(`http://localhost:8025${path}`, { headers });
}
async function text(path: string): Promise<string> {
  const answer = await get(path);
  expect(answer.status).toBe(200);
  return answer.text();
}

test("so many threads are sent at a time, however slow their readers are", async () => {
  const shelf = newShelf(newFolder());
  // more than is held on its way
  const text = randomBytes(1 << 20).toString("base64");
  await shelf.update([
    writeMbox(join(shelf.folder, "mbox"), [mail("l", "[PATCH] long", { text })]),
  ]);
  const pages = createApp(deskOf(shelf), { hosts: HOSTS, write: false });
  const asked = async (method = "GET"): Promise<Response> =>
    pages.request("http://localhost:8025/l%40x/t.mbox.gz", { method, headers: HOST });
  for (let i = 0; i < 20; i++) expect((await asked("HEAD")).status).toBe(200);
  const sent: Response[] = [];
  for (let i = 0; i < 16; i++) sent.push(await asked());
  expect(sent.map(({ status }) => status)).toEqual(Array(16).fill(200));
  expect((await asked()).status).toBe(503);
  await sent[3]!.body!.cancel();
  while ((await asked("GET")).status !== 200) await new Promise(setImmediate);
  expect((await asked()).status).toBe(503);
  expect((await sent[4]!.arrayBuffer()).byteLength).toBeGreaterThan(1 << 20);
  for (const one of sent) if (!one.bodyUsed) await one.body!.cancel();
});

test("a page judges the mails that it shows, not those that were indexed", async () => {
  const shelf = newShelf(newFolder());
  const mbox = writeMbox(join(shelf.folder, "mbox"), MAILS);
  await shelf.update([mbox]);
  const pages = createApp(deskOf(shelf), { hosts: HOSTS, write: false });
  const shown = async (path: string): Promise<string> =>
    (await pages.request(`http://localhost:8025${path}`, { headers: HOST })).text();
  const [patch, series] = ["/patch/a1%40x", "/series/a0%40x"];
  expect(await shown(patch)).not.toContain("diff changed after signing");
  // in place, at equal length: the index does not look again
  writeFileSync(mbox, readFileSync(mbox, "latin1").replaceAll("\n+one\n", "\n+own\n"), "latin1");
  expect(await shelf.update([mbox])).toMatchObject({ mails: 0 });
  for (const path of [patch, series])
    expect(await shown(path)).toContain("diff changed after signing");
});

describe("pages", () => {
  test.each([
    ["/", /8 mails, 3 series/, /<h2>new <small>2<\/small><\/h2>/],
    ["/series", /<td>v2<\/td>/, /href="\/series\/b0%40x"/],
    ["/series/a0%40x", /git patchsig am b0@x/, /Reviewed-by: Bob &lt;bob@example.org&gt;/],
    ["/series/b0%40x/diff?from=a0%40x", /v1, 2 patches → v2, 2 patches/, /<pre tabindex/],
    ["/series/a0%40x", /what changed since v1<\/a>/, /<summary>v1: 2\/2/],
    ["/patch/a1%40x", /signed by alice@example.org/, /<ins>\+one<\/ins>\n/],
    ["/search?q=s%3Aone", /href="\/patch\/a1%40x"/, /value="s:one"/],
    ["/search?q=zz%3Aone", /there is no zz:/, /class="fail"/],
    ["/people", /alice@example.org/, /first use/],
    ["/people/alice%40example.org", /history/, /RW/],
    ["/tests", /no test results/, /<h1>tests/],
    ["/list", /<svg viewBox/, /2026-11/],
    [
      "/series.atom",
      /<feed xmlns[^]*<link href="http:\/\/localhost:8025\/series"\/>\n<entry>/,
      /<summary>2\/2 patches, warn<\/summary>/,
    ],
    ["/style.css", /color-scheme/, /@media print/],
  ])("%s", async (path, one, other) => {
    const body = await text(path);
    expect(body).toMatch(one);
    expect(body).toMatch(other);
  });

  test("a page that is not there, an address that climbs", async () => {
    for (const path of [
      "/nothing",
      "/series/no%40x",
      "/patch/..%2f..%2fetc",
      "/%00/raw",
      "/%ff/raw",
    ])
      expect((await get(path)).status).toBe(404);
  });

  test("raw bytes are text, whatever the mail says they are", async () => {
    const answer = await get("/e%40x/raw");
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await answer.text()).toContain("<script>alert(2)");
    const thread = await get("/a0%40x/t.mbox.gz");
    const mbox = gunzipSync(Buffer.from(await thread.arrayBuffer())).toString();
    expect(mbox.match(/^From mboxrd@z/gm)).toHaveLength(7);
  });

  test("a Message-ID leads to its list, and that to its page", async () => {
    const first = await get("/a1%40x");
    expect([first.status, first.headers.get("location")]).toEqual([
      302,
      "http://localhost:8025/all/a1%40x/",
    ]);
    const second = await get("/all/a1%40x/");
    expect([second.status, second.headers.get("location")]).toEqual([302, "/patch/a1%40x"]);
    expect((await get("/all/a1%40x/t.mbox.gz")).status).toBe(200);
    expect((await get("/all/nobody%40x")).status).toBe(404);
  });

  test("is not sent again while it is the same", async () => {
    const tag = (await get("/series")).headers.get("etag")!;
    expect((await get("/series", { ...HOST, "if-none-match": tag })).status).toBe(304);
  });
});

test.each(["/", "/series", "/patch/e%40x", "/series/e%40x", "/search?q=f%3Aeve", "/series.atom"])(
  "%s shows what a mail says as text",
  async (path) => {
    const answer = await get(path);
    const body = await answer.text();
    expect(body).toContain("&lt;img src=x onerror");
    expect(body).not.toMatch(/<script|<img|javascript:|\u202e/);
    expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none';/);
  },
);

test("what is no character makes no feed that cannot be read", async () => {
  const { app: there } = await pagesOf([mail("n", "[PATCH] a\ufffe\uffffb")], HOSTS);
  const answer = await there.request("http://localhost:8025/series.atom", { headers: HOST });
  expect(await answer.text()).toContain("a\\ufffe\\uffffb");
});

test("a feed has each id once", async () => {
  const { shelf } = await pagesOf([mail("n", "[PATCH] one"), mail("m", "[PATCH] two")], HOSTS);
  const works = latestWorks(shelf.index, [], 9);
  const feed = atomFeed(ours`http://localhost`, [...works, ...works]).text;
  expect(feed).toBe(atomFeed(ours`http://localhost`, works).text);
});

test.each([
  ["dots, which would climb", "..", "/series/%3C..%3E"],
  ["a quote, which an entity would stand for", "a'b@x", "/series/a%27b%40x"],
])("a Message-ID of %s has an address", async (_, id, path) => {
  const one = mail("n", "[PATCH] named").toString().replace("<n@x>", `<${id}>`);
  const { app: there } = await pagesOf([Buffer.from(one)], HOSTS);
  const ask = (where: string): Response | Promise<Response> =>
    there.request(`http://localhost:8025${where}`, { headers: HOST });
  expect(await (await ask("/series")).text()).toContain(`href="${path}"`);
  expect(await (await ask(path)).text()).toContain("<h1>v1 named</h1>");
});

test("a query is shown as text", async () => {
  const body = await text(`/search?q=${encodeURIComponent(`"${EVIL}`)}`);
  expect(body).not.toMatch(/<script|<img/);
});

describe("a patch page", () => {
  const honest = signed(two("c", "PATCH"));
  const forged = Buffer.from(honest[1]!.toString("latin1").replace("+one", "+evil"), "latin1");

  test.each([
    ["after", [...honest, forged], 2],
    ["before", [forged, ...honest], 1],
  ])("does not hide a forged mail %s a good one with its Message-ID", async (_, mails, place) => {
    const { app: there } = await pagesOf(mails, HOSTS);
    const body = async (path: string): Promise<string> =>
      (await there.request(`http://localhost:8025${path}`, { headers: HOST })).text();
    const first = await body("/patch/c1%40x");
    expect(first).toContain("2 mails have this Message-ID, and they differ");
    expect(first).toContain("<ins>+evil</ins>");
    expect(first).toContain(`href="/patch/c1%40x?copy=${3 - place}"`);
    expect(await body(`/patch/c1%40x?copy=${3 - place}`)).toContain("<ins>+one</ins>");
    const raw = `/c1%40x/raw${place === 1 ? "" : "?copy=2"}`;
    expect(first).toContain(`href="${raw}"`);
    expect(await body(raw)).toContain("+evil");
    expect(await body("/patch/c1%40x?copy=3")).toContain("not here");
  });

  test("that is of the same mail twice does not cry wolf", async () => {
    const { app: there } = await pagesOf([...honest, honest[1]!], HOSTS);
    const answer = await there.request("http://localhost:8025/patch/c1%40x", { headers: HOST });
    const body = await answer.text();
    expect(body).toContain("2 mails have this Message-ID<");
    expect(body).toContain("the same bytes as another");
  });

  test("is there for a mail without a Message-ID, and for its series", async () => {
    const bare = honest.map((one) =>
      Buffer.from(one.toString("latin1").replace(/^Message-ID:.*\n/m, ""), "latin1"),
    );
    const { app: there } = await pagesOf(bare, HOSTS);
    const seen: string[] = [];
    for (const path of ["/series"]) {
      const body = await (
        await there.request(`http://localhost:8025${path}`, { headers: HOST })
      ).text();
      for (const [, to = ""] of body.matchAll(/href="(\/(?:series|patch)\/[^"]*)"/g)) seen.push(to);
    }
    for (const path of seen) {
      const answer = await there.request(`http://localhost:8025${path}`, { headers: HOST });
      expect([path, answer.status]).toEqual([path, 200]);
      const body = await answer.text();
      expect(body).not.toContain("git patchsig am");
      for (const [, to = ""] of body.matchAll(/href="(\/(?:series|patch)\/[^"]*)"/g))
        if (!seen.includes(to)) seen.push(to);
      if (path.startsWith("/patch")) expect(body).not.toContain("Message-ID");
    }
    expect(seen.filter((path) => path.startsWith("/patch"))).toHaveLength(3);
  });
});

test("a mail that is too long for a page is cut, and says so", async () => {
  const long = [
    ["lines", "x\n".repeat(10_001), 10_000],
    ["line", "y".repeat(1 << 20), 512 << 10],
    ["fits", "z\n".repeat(9_000), 9_000],
  ] as const;
  const mails = long.map(([id, text]) => mail(id, "long", { text }));
  const { app: there } = await pagesOf(mails, HOSTS);
  for (const [id, , shown] of long) {
    const answer = await there.request(`http://localhost:8025/patch/${id}%40x`, { headers: HOST });
    const page = await answer.text();
    const [letters = ""] = /(?:[xyz]\n?){1000,}/.exec(page) ?? [];
    expect([id, letters.replaceAll("\n", "").length]).toEqual([id, shown]);
    expect([id, page.includes("is too long for a page")]).toEqual([id, id !== "fits"]);
  }
});

test("of a person's history the latest is shown", () => {
  const event = { kind: "changed", from: null, to: null, publicKey: "RW", cause: "mail" };
  const events = Array.from({ length: 600 }, (_, i) => ({ ...event, id: i, at: i * 86_400 }));
  const history = { keys: [], events } as unknown as IdentityHistory;
  const { text: page } = personPage("a@example.org", history);
  expect(page.match(/<li>/g)).toHaveLength(500);
  expect(page).toContain("1971-08-23 changed");
  expect(page).toContain("There is more");
});

test("where nobody signs, nothing shouts about it", async () => {
  const notes = "---\n- changed since v1: a\n+ more\n\n one | 2 +-\n\ndiff --git";
  const mails = two("u", "PATCH").map((one) =>
    Buffer.from(one.toString("latin1").replace("---\ndiff --git", notes), "latin1"),
  );
  const { app: there } = await pagesOf(mails, HOSTS);
  const body = async (path: string): Promise<string> =>
    (await there.request(`http://localhost:8025${path}`, { headers: HOST })).text();
  for (const path of ["/", "/series", "/series/u0%40x", "/patch/u1%40x"]) {
    const page = await body(path);
    expect([path, /class="[^"]*\b(?:warn|fail)\b/.exec(page)]).toEqual([path, null]);
    expect([path, page.match(/unsigned|not signed/g) ?? []].flat().length).toBeLessThan(3);
  }
  const patch = await body("/patch/u1%40x");
  expect(patch).toContain("<p>not signed</p>");
  // what stands above the first file is no part of the diff
  expect(patch).toContain("---\n- changed since v1: a\n+ more\n\n");
  expect(patch).toContain("<ins>+one</ins>");
});

describe("refused", () => {
  test.each([
    ["another name, as after DNS rebinding", { host: "evil.example.com" }],
    ["another port", { host: "localhost:80" }],
    ["a page from elsewhere", { ...HOST, origin: "https://evil.example.com" }],
    ["an image of a page elsewhere", { ...HOST, "sec-fetch-site": "cross-site" }],
    [
      "a form of a page elsewhere",
      { ...HOST, "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" },
    ],
    ["a name with a dot at its end", { host: "localhost.:8025" }],
    ["no name", {}],
  ])("%s", async (_, headers) => {
    const answer = await get("/", headers);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
  });

  test("another server in the request line", async () => {
    const answer = await app.request("http://evil.example.com/", { headers: HOST });
    expect(answer.status).toBe(403);
  });

  test("but a link leads here from anywhere", async () => {
    const link = { ...HOST, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect((await get("/", link)).status).toBe(200);
  });

  test("other methods, and writing where that was not asked for", async () => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const answer = await app.request("http://localhost:8025/mark", { method, headers: HOST });
      expect(answer.status).toBe(403);
    }
  });
});

describe("marking a series", () => {
  async function post(form: Record<string, string>, headers: Record<string, string> = {}) {
    const body = new URLSearchParams(form).toString();
    const length = String(Buffer.byteLength(body));
    return writing.request("http://localhost:8025/mark", {
      method: "POST",
      body,
      headers: { ...HOST, "content-length": length, ...headers },
    });
  }

  test("by our own page only", async () => {
    const page = await (
      await writing.request("http://localhost:8025/series/a0%40x", { headers: HOST })
    ).text();
    const [, token = ""] = /name="token" value="([^"]+)"/.exec(page) ?? [];
    const [, seen = ""] = /name="seen" value="([^"]+)"/.exec(page) ?? [];
    const form = { token, id: "b0@x", seen, state: "waiting", note: "asked for a test" };
    expect((await post({ ...form, token: "guess" })).status).toBe(403);
    expect((await post(form, { origin: "https://evil.example.com" })).status).toBe(403);
    expect((await post(form, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await post({ ...form, state: "stolen" })).status).toBe(400);
    expect((await post({ ...form, seen: "-1" })).status).toBe(400);
    expect((await post({ ...form, id: "none@x" })).status).toBe(404);
    expect((await post({ ...form, note: "x".repeat(5_000) })).status).toBe(413);
    const done = await post(form);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/series/b0%40x"]);
    expect(await text("/series")).toContain("<small>waiting: asked for a test</small>");
    expect(await text("/")).toContain("waiting for their authors");
  });
});
