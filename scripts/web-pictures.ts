/**
 * Makes the pictures in docs/web: a morning of Mia's, with mails that the program itself signed, in Debian's Chromium.
 *
 *     npm run web-pictures
 */

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const ROOT = join(import.meta.dirname, "..", "..");
const PROGRAM = join(ROOT, "bin", "patchsig.js");
const play = mkdtempSync(join(tmpdir(), "patchsig-pictures."));
const net = join(play, "net");
const mails = join(play, "list.mbox");
const HOUR = 3600;
const now = Math.floor(Date.now() / 1000);

function envOf(who: string, time = now): Record<string, string> {
  const home = join(play, who);
  mkdirSync(home, { recursive: true });
  const name = who.replace(/^./, (letter) => letter.toUpperCase());
  const date = `${time} +0000`;
  return {
    HOME: home,
    PATH: process.env["PATH"] ?? "",
    LC_ALL: "C.UTF-8",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: `${who}@example.org`,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: `${who}@example.org`,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_DATE: date,
  };
}

function run(who: string, command: readonly string[], time = now, cwd = net): string {
  const [name = "", ...words] = command;
  const options = {
    cwd,
    env: envOf(who, time),
    encoding: "utf8",
  } as const;
  return execFileSync(name, words, options);
}

function patchsig(who: string, words: readonly string[], time = now): string {
  return run(who, [process.execPath, PROGRAM, ...words], time);
}

interface Wish {
  readonly who: string;
  readonly hours: number;
  readonly topic: string;
  readonly titles: readonly string[];
  readonly signed?: boolean;
  readonly options?: readonly string[];
  /** Numbers of mails that got lost. */
  readonly lost?: readonly number[];
  /** What a later version has in its files. */
  readonly again?: string;
}

/** Sends a branch of one commit a title; the Message-IDs of its mails, and their files. */
function send({
  who,
  hours,
  topic,
  titles,
  signed = true,
  options = [],
  lost = [],
  again = "",
}: Wish): { readonly ids: string[]; readonly files: string[] } {
  const time = now - hours * HOUR;
  const branch = topic.replaceAll(" ", "-");
  run(who, ["git", "checkout", "-q", "-B", branch, "main"]);
  for (const [i, title] of titles.entries()) {
    const file = `${title.replaceAll(/\W+/g, "-")}.c`;
    writeFileSync(join(net, file), `int f(void)\n{\n\treturn ${i};${again}\n}\n`);
    run(who, ["git", "add", file]);
    const text = `${title}\n\nThe queue was looked at twice; once is enough.\n\nSigned-off-by: ${envOf(who)["GIT_AUTHOR_NAME"]} <${who}@example.org>`;
    run(who, ["git", "commit", "-q", "-m", text], time + i);
  }
  const out = mkdtempSync(join(play, "out."));
  const words = [
    "format-patch",
    "--thread",
    "-o",
    out,
    ...(titles.length > 1 ? ["--cover-letter"] : []),
    ...options,
  ];
  run(who, ["git", "config", `branch.${branch}.description`, `net: ${topic}\n\nWhy and how.`]);
  words.push("--cover-from-description=subject", "main..");
  if (signed) patchsig(who, words, time);
  else run(who, ["git", ...words, "-q"], time);
  const files = readdirSync(out).sort();
  const kept = files.filter((_, i) => !lost.includes(i));
  const texts = kept.map((name) => readFileSync(join(out, name), "utf8"));
  writeFileSync(mails, texts.join(""), { flag: "a" });
  const ids = texts.map((text) => /^Message-I[Dd]: <(.*)>$/m.exec(text)?.[1] ?? "");
  return { ids, files: kept.map((name) => join(out, name)) };
}

function reply(who: string, to: string, hours: number, line: string): void {
  const name = envOf(who)["GIT_AUTHOR_NAME"];
  const date = new Date((now - hours * HOUR) * 1000).toUTCString().replace("GMT", "+0000");
  writeFileSync(
    mails,
    `From x Mon Sep 17 00:00:00 2001\nFrom: ${name} <${who}@example.org>\nDate: ${date}\nMessage-ID: <${who}.${hours}@example.org>\nIn-Reply-To: <${to}>\nReferences: <${to}>\nSubject: Re: [PATCH] net\n\nLooks good to me.\n\n${line.replace("ME", `${name} <${who}@example.org>`)}\n\n`,
    { flag: "a" },
  );
}

try {
  mkdirSync(net);
  run("mia", ["git", "init", "-q", "-b", "main"]);
  writeFileSync(join(net, "Makefile"), "all:\n");
  run("mia", ["git", "add", "-A"]);
  run("mia", ["git", "commit", "-q", "-m", "net: start"], now - 900 * HOUR);
  run("mia", ["git", "clone", "-q", "--bare", ".", join(play, "public.git")]);
  run("mia", ["git", "remote", "add", "origin", join(play, "public.git")]);
  run("mia", ["git", "fetch", "-q", "origin"]);
  for (const who of ["alice", "bob", "carol", "ci"]) {
    patchsig(who, ["key", "generate", "--no-password"]);
    const [key = ""] = /RW[A-Za-z0-9+/]{54}/.exec(patchsig(who, ["key", "show"])) ?? [];
    const only = who === "ci" ? ["--result-only"] : [];
    if (who !== "bob") patchsig("mia", ["trust", "accept", ...only, `${who}@example.org`, key]);
  }
  const titles = [
    "net: one timer for both queues",
    "net: count retries",
    "net: drop the old timer",
  ];
  const { ids: first } = send({ who: "alice", hours: 70, topic: "fewer timers", titles });
  const {
    ids: [letter = ""],
    files: second,
  } = send({
    who: "alice",
    hours: 20,
    topic: "fewer timers",
    titles,
    again: " /* v2 */",
    options: ["-v2", `--in-reply-to=${first[0]}`],
  });
  reply("bob", letter, 6, "Reviewed-by: ME");
  reply("carol", letter, 5, "Tested-by: ME");
  const patches = join(play, "patches.mbox");
  writeFileSync(patches, second.map((file) => readFileSync(file, "utf8")).join(""));
  for (const [env, status] of [
    ["arch=x86_64", "pass"],
    ["arch=arm64", "pass"],
  ] as const)
    patchsig("ci", [
      "result",
      "sign",
      "-q",
      "--test",
      "kselftest.net",
      "--env",
      env,
      "--status",
      status,
      "-o",
      join(play, `${env}.eml`),
      "--patches",
      patches,
    ]);
  for (const name of ["arch=x86_64.eml", "arch=arm64.eml"])
    writeFileSync(
      mails,
      `From x Mon Sep 17 00:00:00 2001\n${readFileSync(join(play, name), "utf8")}\n`,
      { flag: "a" },
    );
  send({
    who: "bob",
    hours: 3,
    topic: "quiet logs",
    titles: ["net: say it once", "net: and not in the fast path"],
  });
  send({
    who: "dave",
    hours: 9,
    topic: "spelling",
    titles: ["net: fix a spelling error"],
    signed: false,
  });
  send({
    who: "erin",
    hours: 30,
    topic: "locks",
    titles: ["net: a lock less", "net: a lock more", "net: no lock"],
    signed: false,
    lost: [2],
  });
  rmSync(join(play, "carol"), { recursive: true });
  patchsig("carol", ["key", "generate", "--no-password"]);
  send({
    who: "carol",
    hours: 1,
    topic: "firmware",
    titles: ["net: load the firmware from elsewhere"],
  });
  run("mia", ["git", "checkout", "-q", "main"]);

  const web = spawn(process.execPath, [PROGRAM, "web", "--port", "0", "--write", mails], {
    cwd: net,
    env: envOf("mia"),
  });
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  try {
    const root = await new Promise<string>((resolve) =>
      web.stdout.once("data", (text) => resolve(String(text).trim())),
    );
    for (;;) {
      const text = await (await fetch(root)).text();
      if (!/reading|\b0 mails/.test(text)) break;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const series = `/series/${encodeURIComponent(letter)}`;
    const shots = [
      ["morning", "/", 1200, "light"],
      ["series", series, 1200, "light"],
      ["patch", `/patch/${encodeURIComponent(letter)}`, 1200, "light"],
      ["mobile", "/series", 360, "light"],
      ["dark", "/", 1200, "dark"],
    ] as const;
    for (const [name, path, width, colorScheme] of shots) {
      const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
      await page.goto(new URL(path, root).href);
      if (name === "patch") await page.getByRole("link", { name: "next" }).click();
      await page.screenshot({ path: join(ROOT, "docs", "web", `${name}.png`), fullPage: true });
      await page.close();
    }
  } finally {
    await browser.close();
    web.kill();
  }
} finally {
  rmSync(play, { recursive: true, force: true });
}
