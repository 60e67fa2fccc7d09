/** `patchsig search`, as people run it. */

import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writeMbox } from "../app/search/index.ts";
import { mail, signed, two } from "../app/series/thread.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";

let home: string;
let mbox: string;
beforeAll(() => {
  home = newFolder();
  const eve = mail("x", "[PATCH] alone\x1b[2J", { from: "Eve <eve@example.net>" });
  mbox = writeMbox(join(home, "mbox"), [...signed(two("a", "PATCH")), eve]);
});

function search(...args: readonly string[]): Run {
  return patchsig(["search", ...args], { home, env: { XDG_CACHE_HOME: join(home, "cache") } });
}

test("a line a mail, the newest first; control characters are shown", () => {
  const { status, stdout, stderr } = search("--source", mbox, "kind:patch");
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n").map((line) => line.trimEnd())).toEqual([
    String.raw`2026-11-06  patch    none  Eve <eve@example.ne…  [PATCH] alone\x1b[2J`,
    "2026-11-06  patch    ok    Alice <alice@exampl…  [PATCH 2/2] other",
    "2026-11-06  patch    ok    Alice <alice@exampl…  [PATCH 1/2] one",
    "",
  ]);
  const [found] = records(search("--source", "mbox", "--json", "m:a1@x"));
  expect(found).toMatchObject({ type: "mail", source: mbox, trust: "first-use", verdict: "pass" });
});

test("what cannot be done is said", () => {
  expect(search("--source", mbox, "s:nothing")).toEqual({ status: 1, stdout: "", stderr: "" });
  expect(search("--source", mbox, "-n", "2")).toMatchObject({
    status: 0,
    stderr: "there are more; -n prints more than 2\n",
  });
  expect(search("--source", mbox, "zz:x")).toMatchObject({ status: 2 });
  expect(search("--source", mbox, "-n", "0")).toMatchObject({ status: 2 });
  expect(search("x").stderr).toMatch(
    /^patchsig: no mails to look at: name a public-inbox, maildir or mbox, or follow a feed\nhint: /,
  );
  expect(search("--source", "imaps://example.org/x", "x").stderr).toMatch(/cannot be indexed/);
  expect(search("--source", join(home, "gone"), "x")).toMatchObject({ status: 3 });
});
