/**
 * Real mail servers between a submitter and a maintainer. Each is started here with its own
 * configuration, in the test's folder, and stopped again.
 *
 * Run only with `PATCHSIG_LONG=1`, as root, with the programs that `scripts/tools.sh transports`
 * installs.
 */

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { expectStatus, filesOf, newFolder, newHome } from "../cli/support.ts";
import { patchsig, records } from "../support/cli.ts";
import { commit, commitsSince, git, newRepository } from "../support/repo.ts";
import type { TestServer } from "../support/smtp.ts";
import { run, until } from "./servers.ts";

export { freePort } from "../support/port.ts";
export { end, listening, PATIENCE, run, until } from "./servers.ts";
export { newFolder };

/** Only root can change its user, as a mail server has to. */
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

/** git send-email to a server on this machine. Resolves to the Message-IDs that it gave. */
export async function sendEmail(
  { folder, files }: Submission,
  port: number,
  encoding: string,
  to = "list@example.org",
): Promise<string[]> {
  const args = [
    "send-email",
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
  const said = await run("git", args, { cwd: folder });
  const ids = [...said.matchAll(ID)].map(([, id]) => id!);
  expect(ids).toHaveLength(files.length);
  return ids;
}

/** All that was delivered to a maildir's folder; what is under way has another one. */
export function mailsIn(folder: string): Buffer[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => readFileSync(join(folder, name)));
}

const ID = /^Message-ID: *(<.*>)/gim;

/** The mails with these Message-IDs, in this order; mails of another test may arrive late. */
export function withIds(mails: readonly Buffer[], ids: readonly string[]): Buffer[] {
  const byId = new Map<string, Buffer>();
  for (const mail of mails) {
    // not in its body: a bounce contains the mail that it is about
    const [header] = mail.toString("latin1").split(/\r?\n\r?\n/, 1);
    for (const [, id] of header!.matchAll(ID)) byId.set(id!, mail);
  }
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** Resolves to the mails with these Message-IDs, as soon as all have arrived. */
export async function arrived(server: TestServer, ids: readonly string[]): Promise<Buffer[]> {
  const came = (): Buffer[] =>
    withIds(
      server.mails.map(({ bytes }) => bytes),
      ids,
    );
  await until(
    () => came().length === ids.length,
    () => `${came().length} of ${ids.length} came`,
  );
  return came();
}

/** The patch of the CRLF file. */
const CRLF = 4;

/** The finding for the patch of the CRLF file without its CRs. */
export const LINE_ENDS = {
  code: "content-changed",
  message: "diff changed after signing: line ends",
} as const;

/**
 * Verifies the delivered mails and applies them: `patchsig am` makes the submitter's commits. If
 * `damage` is given, the CRLF file's patch lost its CRs in transit: it gets that finding, and `git
 * am` cannot make the submitter's commit either.
 */
export function expectGood(
  submission: Submission,
  mails: readonly Buffer[],
  damage?: { readonly code: string; readonly message: string },
): void {
  const inbox = folderOf(mails);
  const home = newFolder();
  const verify = patchsig(["verify", "--json", inbox], { home });
  const all = records(verify);
  const patches = all.filter(({ type }) => type === "patch");
  expect(patches).toHaveLength(mails.length);
  const odd = patches.filter(
    ({ signature, verdict }) => signature !== "good" || verdict === "fail",
  );
  const { base, work } = submission;
  if (damage !== undefined) {
    expect(odd, verify.stdout).toMatchObject([{ series: { index: CRLF }, verdict: "fail" }]);
    expect(odd[0]!["findings"]).toContainEqual(expect.objectContaining(damage));
    const tree = copyOf(base);
    git(tree, ["config", "user.name", "Ilse"]);
    git(tree, ["config", "user.email", "ilse@example.org"]);
    const am = spawnSync("git", ["am", "-q", odd[0]!["source"]], { cwd: tree });
    expect(am.status, "git am makes a commit of what is said to be damaged").not.toBe(0);
    return;
  }
  expect(odd, verify.stdout).toEqual([]);
  expect(verify.status, verify.stderr).toBe(0);
  expect(all.find(({ type }) => type === "series")).toMatchObject({ complete: true, sealed: true });
  const tree = copyOf(base);
  expectStatus(patchsig(["am", inbox], { home, cwd: tree }), 0);
  const start = git(base, ["rev-parse", "HEAD"]).toString().trim();
  const plain = (commits: string[]): string[] =>
    commits.map((one) => one.replace(/^>+From /gm, "From "));
  expect(plain(commitsSince(tree, start))).toEqual(plain(commitsSince(work, start)));
}

/** A folder with these mails, unchanged. */
export function folderOf(mails: readonly Buffer[]): string {
  const folder = newFolder();
  mails.forEach((mail, i) => writeFileSync(join(folder, `${i}.eml`), mail));
  return folder;
}

function copyOf(repository: string): string {
  const tree = join(newFolder(), "tree");
  cpSync(repository, tree, { recursive: true });
  return tree;
}

/** Creates a folder below the test's. */
export function below(folder: string, ...names: string[]): string {
  const path = join(folder, ...names);
  if (!existsSync(path)) mkdirSync(path, { recursive: true });
  return path;
}
