/** Mails are read by processes of their own: what becomes of the pages if one ends, and of it if they do. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { lockFile } from "../../src/store/flock.ts";
import { PROGRAM } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { plainMail } from "../support/list.ts";

interface Web {
  readonly program: ChildProcessByStdio<null, Readable, Readable>;
  readonly root: string;
  /** Waits until it has said this. */
  readonly said: (words: string) => Promise<void>;
}

/** Pages of a mail. @param home where the program has its files */
async function started(home: string): Promise<Web> {
  const mbox = join(home, "mbox");
  const mail = plainMail(["Message-ID: <a@x>", "Subject: a"], "a");
  writeFileSync(mbox, `From a\n${mail.toString()}\n`);
  const program = spawn(process.execPath, [PROGRAM, "web", "--port", "0", mbox], {
    cwd: home,
    env: { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: join(home, "cache") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void program.kill("SIGKILL"));
  let all = "";
  program.stderr.on("data", (some) => (all += String(some)));
  const said = async (words: string): Promise<void> => {
    while (!all.includes(words)) await once(program.stderr, "data");
  };
  const root = String(await once(program.stdout, "data")).trim();
  return { program, root, said };
}

/** The mail is not read yet: the index is locked. */
async function waiting(): Promise<Web> {
  const home = newFolder();
  const cache = join(home, "cache", "patchsig");
  mkdirSync(cache, { recursive: true });
  const lock = await lockFile(join(cache, "index.db.lock"), () => {});
  onTestFinished(() => lock.release());
  const web = await started(home);
  await web.said("waiting for another run");
  return web;
}

/** The processes that a process has started, by /proc. */
function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid);
}

/** Null for one that has ended. */
function parentOf(pid: number): number | null {
  try {
    const [, state, parent] = /^\d+ \(.*\) (.) (\d+)/.exec(
      readFileSync(`/proc/${pid}/stat`, "utf8"),
    )!;
    return state === "Z" ? null : Number(parent);
  } catch {
    return null;
  }
}

const isRunning = (pid: number, script: string): boolean =>
  readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(script);
const isReader = (pid: number): boolean => isRunning(pid, "update-process");

async function ended(pid: number): Promise<void> {
  while (parentOf(pid) !== null) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("it was killed: that is said, and pages go on", async () => {
  const { program, root, said } = await waiting();
  const [reader] = childrenOf(program.pid!).filter(isReader);
  process.kill(reader!, "SIGKILL");
  await said("the process that reads new mails has ended: SIGKILL");
  expect((await fetch(root)).status).toBe(200);
});

test("the pages were killed: it ends too", async () => {
  const { program } = await waiting();
  const [reader] = childrenOf(program.pid!).filter(isReader);
  program.kill("SIGKILL");
  await ended(reader!);
});

test("pages of a mail are made by another process: if it was killed, the next page starts it again", async () => {
  const { program, root } = await started(newFolder());
  const isMaker = (pid: number): boolean => isRunning(pid, "details-process");
  const page = `${root}patch/a%40x`;
  while ((await fetch(page)).status !== 200)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const [maker] = childrenOf(program.pid!).filter(isMaker);
  process.kill(maker!, "SIGKILL");
  await ended(maker!);
  expect((await fetch(page)).status).toBe(200);
  const [other] = childrenOf(program.pid!).filter(isMaker);
  expect(other).not.toBe(maker);
  program.kill("SIGTERM");
  await ended(other!);
});

test("the folder where it was started is removed meanwhile: mails are read all the same", async () => {
  const home = newFolder();
  const [gone, mbox] = [join(home, "gone"), join(home, "mbox")];
  mkdirSync(gone);
  const header = ["From: a <a@example.org>", "Subject: a", "Message-ID: <a@example.org>"];
  writeFileSync(mbox, `From a\n${plainMail(header, "a").toString()}\n`);
  // once it listens, before it reads
  const removing = `import { rmdirSync } from "node:fs"; import { Server } from "node:net"; const { listen } = Server.prototype; Server.prototype.listen = function (...all) { rmdirSync(process.cwd()); return listen.apply(this, all); };`;
  const preload = ["--import", `data:text/javascript,${encodeURIComponent(removing)}`];
  const program = spawn(process.execPath, [...preload, PROGRAM, "web", "--port", "0", mbox], {
    cwd: gone,
    env: { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void program.kill("SIGKILL"));
  let said = "";
  program.stderr.on("data", (some) => (said += String(some)));
  const root = String(await once(program.stdout, "data")).trim();
  const asked = { redirect: "manual" } as const;
  const answer = async (): Promise<number> => (await fetch(`${root}a@example.org`, asked)).status;
  await expect.poll(async () => said || (await answer()), { timeout: 60_000 }).not.toBe(404);
  expect(said).toBe("");
});
