/** Somebody with a branch, a key and a mail server, who runs `patchsig send`. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { patchsig, patchsigAside, type Run } from "./cli.ts";
import { commit, git, newRepository, temporaryFolder } from "./repo.ts";
import { type Answer, startSmtp } from "./smtp.ts";

/** A clone with two commits on a branch, a key without a password, and a server. */
export async function submitter(answer?: Answer) {
  const server = await startSmtp({}, answer);
  onTestFinished(server.stop);
  const home = temporaryFolder();
  const origin = newRepository(temporaryFolder());
  commit(origin, "first", { a: "1\n" });
  const cwd = temporaryFolder();
  git(cwd, ["clone", "-q", origin, "."]);
  git(cwd, ["switch", "-q", "-c", "topic", "origin/main"]);
  commit(cwd, "a: two\n\nTwo is better.\n", { a: "2\n" });
  commit(cwd, "a: three\n\nMore is best.\n", { a: "3\n" });
  git(cwd, ["config", "sendemail.smtpServer", "127.0.0.1"]);
  git(cwd, ["config", "sendemail.smtpServerPort", String(server.port)]);
  patchsig(["key", "generate", "-W"], { home });
  const cover = join(home, "cover");
  writeFileSync(cover, "counting further\n\nOne is not enough.\n");
  /** The server lives in this process, so the program must not block it. */
  const sendWith = (env: Record<string, string>, args: readonly string[]): Promise<Run> =>
    patchsigAside(["send", ...args], { cwd, home, env });
  const send = (...args: string[]): Promise<Run> => sendWith({}, args);
  return { server, home, cwd, origin, cover, send, sendWith };
}
