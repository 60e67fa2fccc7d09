/**
 * Real mail servers between a submitter and a maintainer. They are started here, each with a
 * configuration of its own in a folder of the test's, and stopped by it.
 *
 * Not among the tests of every day: `PATCHSIG_LONG=1`, as root, with what
 * `scripts/tools.sh transports` installs.
 */

import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createConnection, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { expectStatus, filesOf, newFolder, newHome } from "../cli/support.ts";
import { patchsig, records } from "../support/cli.ts";
import { commit, commitsSince, git, newRepository } from "../support/repo.ts";
import type { TestServer } from "../support/smtp.ts";

export { newFolder };

/** Root may do what a mail server does: become somebody else. */
export const LONG = process.env["PATCHSIG_LONG"] === "1" && process.getuid?.() === 0;

export const ENCODINGS = ["auto", "8bit", "quoted-printable", "base64"] as const;

export interface Submission {
  readonly folder: string;
  readonly base: string;
  readonly work: string;
  /** The signed files, the cover letter first. */
  readonly files: readonly string[];
}

/** A cover letter and five patches: ASCII, UTF-8, a From line, a CRLF file, a line of 1,500 bytes. */
export function newSubmission(): Submission {
  const folder = newFolder();
  const home = newHome(7);
  const base = newRepository(join(folder, "base"));
  commit(base, "start", { "song.txt": "one\ntwo\nthree\n", "dos.txt": "one\r\ntwo\r\nthree\r\n" });
  git(folder, ["clone", "-q", "base", "work"]);
  const work = join(folder, "work");
  commit(work, "song: shout two\n\nMake it loud.\n\nSigned-off-by: Alice <alice@example.org>", {
    "song.txt": "one\nTWO\nthree\n",
  });
  commit(work, "song: Grüße aus Köln, und das in einem Titel, der umbrochen werden muss\n\n„Ja.“", {
    "grüße.txt": "Grüße aus Köln\n",
  });
  commit(work, "song: more\n\nFrom here on it is loud.\n.\n>From there on it is not.", {
    "song.txt": "one\nTWO\nthree\nfour \n\n-- \nfive\n",
  });
  commit(work, "dos: shout two", { "dos.txt": "one\r\nTWO\r\nthree\r\n" });
  commit(work, "song: a long line", { "long.txt": `${"la ".repeat(500)}\ttab \nend` });
  const out = join(folder, "out");
  const args = ["--cover-letter", "-q", "--base=origin/main", "-o", out, "origin/main.."];
  git(work, ["-c", "user.name=Alice", "format-patch", ...args]);
  const files = filesOf(out);
  const letter = files[0]!;
  spawnSync("sed", [
    "-i",
    "s/^From: .*/From: Alice <alice@example.org>/; s/\\*\\*\\* SUBJECT HERE \\*\\*\\*/song: Ümlaute und mehr/; s/\\*\\*\\* BLURB HERE \\*\\*\\*/Über Lieder./",
    letter,
  ]);
  spawnSync("sed", [
    "-i",
    "0,/^$/s//MIME-Version: 1.0\\nContent-Type: text\\/plain; charset=UTF-8\\nContent-Transfer-Encoding: 8bit\\n/",
    letter,
  ]);
  expectStatus(patchsig(["sign", ...files], { home }), 0);
  return { folder, base, work, files };
}

/** git send-email to a server on this machine. */
export async function sendEmail(
  { folder, files }: Submission,
  port: number,
  encoding: string,
  to = "list@example.org",
): Promise<void> {
  const args = [
    "send-email",
    "--quiet",
    "--confirm=never",
    "--suppress-cc=all",
    "--from=Alice <alice@example.org>",
    `--to=${to}`,
    "--smtp-server=127.0.0.1",
    `--smtp-server-port=${port}`,
    "--smtp-domain=localhost",
    "--no-validate",
    `--transfer-encoding=${encoding}`,
    ...files,
  ];
  await run("git", args, { cwd: folder });
}

/** Runs a program to its end; throws with what it said if it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string | Buffer } = {},
): Promise<string> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  // not "close": a server that it started holds on to its output
  const status = await new Promise((resolve) => child.on("exit", resolve));
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${String(status)}\n${said}`);
  return said;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when somebody listens there. */
export async function listening(port: number): Promise<void> {
  await until(
    () =>
      new Promise<boolean>((resolve) => {
        const socket = createConnection(port, "127.0.0.1");
        socket.on("connect", () => (socket.destroy(), resolve(true)));
        socket.on("error", () => resolve(false));
      }),
    `nobody listens on port ${port}`,
  );
}

/** Waits for a state, however long it takes; the test's own limit ends it. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  otherwise: string,
): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (await isSo()) return;
    await sleep(100);
  }
  throw new Error(otherwise);
}

/** Resolves to the mails that came, as soon as there are so many. */
export async function arrived(server: TestServer, count: number): Promise<Buffer[]> {
  await until(() => server.mails.length >= count, `${server.mails.length} of ${count} mails came`);
  return server.mails.map(({ bytes }) => bytes);
}

/** The patch of the CRLF file. */
const CRLF = 4;

/**
 * Verifies what was delivered, and applies it: by `patchsig am` it becomes the submitter's commits.
 * With 8bit, a raw CR before LF does not survive SMTP: that is said, with the way out.
 */
export function expectGood(
  { base, work }: Submission,
  mails: readonly Buffer[],
  encoding: string,
): void {
  const inbox = newFolder();
  mails.forEach((mail, i) => writeFileSync(join(inbox, `${i}.eml`), mail));
  const home = newFolder();
  const verify = patchsig(["verify", "--json", inbox], { home });
  const all = records(verify);
  const patches = all.filter(({ type }) => type === "patch");
  const odd = patches.filter(
    ({ signature, verdict }) => signature !== "good" || verdict === "fail",
  );
  if (encoding === "8bit") {
    expect(odd, verify.stdout).toMatchObject([{ series: { index: CRLF }, changed: ["diff"] }]);
    expect(odd[0]!["findings"][0].message).toBe("diff changed after signing: line ends");
    return;
  }
  expect(odd, verify.stdout).toEqual([]);
  expect(verify.status, verify.stderr).toBe(0);
  expect(all.find(({ type }) => type === "series")).toMatchObject({ complete: true, sealed: true });
  const tree = join(newFolder(), "tree");
  cpSync(base, tree, { recursive: true });
  expectStatus(patchsig(["am", inbox], { home, cwd: tree }), 0);
  const start = git(base, ["rev-parse", "HEAD"]).toString().trim();
  const plain = (commits: string[]): string[] =>
    commits.map((one) => one.replace(/^>+From /gm, "From "));
  expect(plain(commitsSince(tree, start))).toEqual(plain(commitsSince(work, start)));
}

/** A folder below the test's, made. */
export function below(folder: string, ...names: string[]): string {
  const path = join(folder, ...names);
  if (!existsSync(path)) mkdirSync(path, { recursive: true });
  return path;
}
