/**
 * A public-inbox v2 repository of mails, made by git fast-import as public-inbox writes one epoch.
 */

import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Mails per epoch: public-inbox starts a new one at about a gigabyte. */
const EPOCH = 100_000;

/**
 * Writes the mails into epochs of an inbox that may exist, each mail a commit, oldest first.
 *
 * @returns their number
 */
export function writeInbox(folder: string, mails: Iterable<Buffer>): number {
  mkdirSync(join(folder, "git"), { recursive: true });
  const stream = join(folder, "fast-import");
  let fd = -1;
  let count = 0;
  const finish = (): void => {
    if (fd < 0) return;
    closeSync(fd);
    fd = -1;
    importEpoch(join(folder, "git", `${Math.floor((count - 1) / EPOCH)}.git`), stream);
  };
  for (const mail of mails) {
    if (count % EPOCH === 0) {
      finish();
      fd = openSync(stream, "w");
    }
    const who = `A <a@example.org> ${1_700_000_000 + count} +0000`;
    const head = `commit refs/heads/master\nauthor ${who}\ncommitter ${who}\ndata 1\nx\nM 100644 inline m\ndata ${mail.length}\n`;
    writeSync(fd, Buffer.concat([Buffer.from(head), mail, Buffer.from("\n")]));
    count++;
  }
  finish();
  rmSync(stream, { force: true });
  return count;
}

function importEpoch(repository: string, stream: string): void {
  run(["init", "-q", "--bare", "--template=", "-b", "master", repository]);
  const fd = openSync(stream, "r");
  try {
    run(["-C", repository, "fast-import", "--quiet"], fd);
  } finally {
    closeSync(fd);
  }
}

function run(args: readonly string[], stdin: "ignore" | number = "ignore"): void {
  const { status, stderr } = spawnSync("git", args, { stdio: [stdin, "ignore", "pipe"] });
  if (status !== 0) throw new Error(`git ${args[0]}: ${stderr.toString()}`);
}
