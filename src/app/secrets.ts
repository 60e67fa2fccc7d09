/** Secrets, and what would be left of them if this program dies. */

import { spawn } from "node:child_process";
import { type Credential, fillCredential, type Login } from "../git/credential.ts";

/**
 * Forbids core files of this process and of the programs that it starts from now on, as ssh-agent does. Node cannot
 * say that itself (setrlimit(2)), util-linux's prlimit(1) can; without it, nothing changes. systemd-coredump keeps no
 * core of such a process either (systemd-coredump(8)).
 */
export async function forbidCore(): Promise<void> {
  const words = ["--core=0", "--pid", String(process.pid)];
  const child = spawn("prlimit", words, { stdio: "ignore" });
  await new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    child.on("close", () => resolve());
  });
}

/** As `fillCredential`, without a core. */
export async function credentialFor(login: Login): Promise<Credential> {
  await forbidCore();
  return fillCredential(login);
}
