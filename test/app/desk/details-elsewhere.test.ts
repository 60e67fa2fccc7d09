/** A process makes pages of mails: what holds if it takes too long, ends, or has nothing to do. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { type DetailLimits, DetailsElsewhere } from "../../../src/app/desk/details-elsewhere.ts";
import { newFolder } from "../../support/folders.ts";

/** By what is asked of a mail: `<hang>` never answers, `<end>` ends the process; else its pid is the answer. */
const SCRIPT = `
process.once("message", () => process.on("message", ({ what, args: [id] }) => {
  if (id === "<hang>") for (;;);
  if (id === "<end>") process.exit(7);
  if (id === "<refused>") process.send({ ok: false, failure: { code: "git-failed", message: "no", hint: "so" } });
  else process.send({ ok: true, found: [what, id, process.pid] });
}));
process.on("disconnect", () => process.exit());
`;

const LIMITS: DetailLimits = { page: 600_000, waiting: 8, idle: 600_000, heap: 64 };

function detailsOf(limits: DetailLimits): DetailsElsewhere {
  const script = join(newFolder(), "script.mjs");
  writeFileSync(script, SCRIPT);
  const place = { only: null, sources: [], directory: "." };
  return new DetailsElsewhere(place, pathToFileURL(script), limits);
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function pidOf(details: DetailsElsewhere, id: string): Promise<number> {
  const [what, same, pid] = (await details.work(id)) as unknown as [string, string, number];
  expect([what, same]).toEqual(["work", id]);
  return pid;
}

test("pages are made one after the other, by one process, each with its own answer", async () => {
  const details = detailsOf(LIMITS);
  const pids = await Promise.all(["<a>", "<b>", "<c>"].map((id) => pidOf(details, id)));
  expect(new Set(pids).size).toBe(1);
  await expect(details.mail("<refused>", null)).rejects.toMatchObject({
    code: "git-failed",
    message: "no",
    hint: "so",
  });
  expect(await pidOf(details, "<d>")).toBe(pids[0]);
});

test("a page that takes too long is given up, and its process ended; the next one is made by another", async () => {
  const limits = { ...LIMITS };
  const details = detailsOf(limits);
  const first = await pidOf(details, "<a>");
  limits.page = 20;
  await expect(details.work("<hang>")).rejects.toMatchObject({ code: "too-large" });
  limits.page = LIMITS.page;
  expect(await pidOf(details, "<b>")).not.toBe(first);
  while (isThere(first)) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("if the process ends, that is the answer, and the next page is made by another", async () => {
  const details = detailsOf(LIMITS);
  const first = await pidOf(details, "<a>");
  const ending = details.work("<end>");
  const next = pidOf(details, "<b>");
  await expect(ending).rejects.toMatchObject({
    code: "fault",
    message: "the process that reads its mails has ended: status 7",
  });
  expect(await next).not.toBe(first);
});

test("a process that was killed since its last page is no hindrance", async () => {
  const details = detailsOf(LIMITS);
  const first = await pidOf(details, "<a>");
  process.kill(first, "SIGKILL");
  // this process does not know yet that it has ended
  expect(await pidOf(details, "<b>")).not.toBe(first);
});

test("a process without work is ended", async () => {
  const details = detailsOf({ ...LIMITS, idle: 1 });
  const pid = await pidOf(details, "<a>");
  while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await pidOf(details, "<b>")).not.toBe(pid);
});

test("only so many pages wait", async () => {
  const details = detailsOf({ ...LIMITS, waiting: 2 });
  const two = [pidOf(details, "<a>"), pidOf(details, "<b>")];
  await expect(details.work("<c>")).rejects.toMatchObject({ code: "too-large" });
  await Promise.all(two);
  expect(await pidOf(details, "<c>")).toBeGreaterThan(0);
});
