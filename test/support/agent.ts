/** Real agents: OpenSSH's and GnuPG's, each with a folder of its own. */

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Agent {
  /** For SSH_AUTH_SOCK. */
  readonly socket: string;
  /** The output of `ssh-add` with these arguments. */
  sshAdd(...args: string[]): string;
  stop(): void;
}

function agentOf(socket: string, stop: () => void): Agent {
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  return {
    socket,
    stop,
    sshAdd: (...args) =>
      execFileSync("ssh-add", args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
  };
}

function answersAt(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection({ path });
    probe.on("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.on("error", () => resolve(false));
  });
}

export async function startSshAgent(): Promise<Agent> {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-agent-"));
  const socket = join(folder, "socket");
  const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  let gone = false;
  child.on("exit", () => (gone = true));
  // the socket's file exists before the agent listens on it
  while (!(await answersAt(socket))) {
    if (gone) throw new Error("ssh-agent does not start");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return agentOf(socket, () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  });
}

/** With an authentication key in GnuPG itself, as on a card. */
export function startGpgAgent(): Agent {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-gpg-"));
  const env = { ...process.env, GNUPGHOME: folder };
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  writeFileSync(join(folder, "gpg-agent.conf"), "enable-ssh-support\n");
  run("gpg", "--batch", "--passphrase", "", "--quick-gen-key", "a@example.org", "ed25519", "auth");
  const keys = run("gpg", "--batch", "--list-secret-keys", "--with-keygrip", "--with-colons");
  writeFileSync(join(folder, "sshcontrol"), `${/^grp:+(\w+):/m.exec(keys)![1]}\n`);
  run("gpgconf", "--launch", "gpg-agent");
  return agentOf(run("gpgconf", "--list-dirs", "agent-ssh-socket").trim(), () => {
    run("gpgconf", "--kill", "gpg-agent");
    rmSync(folder, { recursive: true, force: true });
  });
}

/** Makes a key file with ssh-keygen; returns its path. */
export function newSshKey(folder: string, name: string, comment: string, type = "ed25519"): string {
  const path = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", path, "-C", comment]);
  return path;
}
