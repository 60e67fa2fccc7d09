/** A dovecot of our own on the loopback. It has one mailbox, and the password is "secret". */

import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
// not the test's clock, which may stand still
import { setTimeout } from "node:timers/promises";
import { freePort } from "./port.ts";
import { requireTool } from "./tools.ts";

export const HAS_DOVECOT = requireTool("dovecot");

const NOBODY = { uid: 65_534, gid: 65_534 };

export interface ImapServer {
  readonly port: number;
  /** The maildir of `alice`. */
  readonly maildir: string;
  /** Stops, and starts again on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startImap(): Promise<ImapServer> {
  // not below a folder that only its owner may enter: the mail is read by another user
  const folder = mkdtempSync(join(tmpdir(), "patchsig-imap-"));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  const owner = isRoot ? NOBODY : { uid: process.getuid!(), gid: process.getgid!() };
  const maildir = join(folder, "mail", "alice");
  for (const name of ["", "new", "cur", "tmp"]) {
    mkdirSync(join(maildir, name), { recursive: true });
    chownSync(join(maildir, name), owner.uid, owner.gid);
  }
  chownSync(join(folder, "mail"), owner.uid, owner.gid);
  const user = userInfo().username;
  const users = isRoot ? [] : [`default_internal_user = ${user}`, `default_login_user = ${user}`];
  writeFileSync(
    join(folder, "dovecot.conf"),
    [
      `base_dir = ${folder}/run`,
      `state_dir = ${folder}/state`,
      `log_path = ${folder}/log`,
      ...users,
      "protocols = imap",
      "ssl = no",
      "listen = 127.0.0.1",
      "disable_plaintext_auth = no",
      "first_valid_uid = 1",
      "auth_failure_delay = 0",
      `mail_location = maildir:${folder}/mail/%u`,
      "passdb {\n driver = static\n args = password=secret\n}",
      `userdb {\n driver = static\n args = uid=${owner.uid} gid=${owner.gid} home=${folder}/mail\n}`,
      `service imap-login {\n inet_listener imap {\n port = ${port}\n }\n inet_listener imaps {\n port = 0\n }\n chroot =\n}`,
      // a wrong password would delay the next logins by seconds
      "service anvil {\n chroot =\n unix_listener anvil-auth-penalty {\n mode = 0\n }\n}",
      "",
    ].join("\n"),
  );
  const launch = async (): Promise<ChildProcess> => {
    const file = join(folder, "dovecot.conf");
    // its own process group, killed at once: on SIGTERM some processes go on for seconds
    const child = spawn("dovecot", ["-F", "-c", file], { stdio: "ignore", detached: true });
    while ((await greeting(port)) !== "greeted") {
      if (child.exitCode !== null) throw new Error(`dovecot ended with ${child.exitCode}`);
      await setTimeout(10);
    }
    return child;
  };
  const end = async (child: ChildProcess): Promise<void> => {
    process.kill(-child.pid!, "SIGKILL");
    // its other processes hold the port until they end
    while ((await greeting(port)) !== "refused") await setTimeout(10);
  };
  let server = await launch();
  return {
    port,
    maildir,
    restart: async () => {
      await end(server);
      server = await launch();
    },
    stop: async () => {
      await end(server);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The result of a connection. */
function greeting(port: number): Promise<"greeted" | "refused" | "left"> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.on("data", () => {
      resolve("greeted");
      socket.destroy();
    });
    socket.on("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(code === "ECONNREFUSED" ? "refused" : "left"),
    );
    socket.on("close", () => resolve("left"));
  });
}
