/** A postfix of its own, in a folder, as root; without vitest, since scripts/beside-b4.ts starts it too. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { end, listening, run, until } from "./servers.ts";

export const POSTFIX = "/usr/sbin/postfix";

export interface Postfix {
  /** Its configuration: for `sendmail -C`. */
  readonly etc: string;
  /** Where `virtual_mailbox_maps` are below. */
  readonly mail: string;
  readonly stop: () => Promise<void>;
}

export interface PostfixOptions {
  readonly listen: readonly {
    readonly port: number;
    /** Unless it is 127.0.0.1. */
    readonly host?: string;
    /** What counts there alone: `NAME = VALUE`. */
    readonly settings?: readonly string[];
  }[];
  /** Lines of main.cf. */
  readonly main: string;
}

/** Mails for `virtual_mailbox_domains` go to maildirs. @param folder others may enter it */
export async function startPostfix(
  folder: string,
  { listen, main }: PostfixOptions,
): Promise<Postfix> {
  chmodSync(folder, 0o755);
  const [etc, spool, data, mail] = ["etc", "spool", "data", "mail"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  for (const name of [etc, spool, data, mail]) mkdirSync(name, { mode: 0o755 });
  for (const name of [data, mail]) spawnSync("chown", ["postfix", name]);
  writeFileSync(
    join(etc, "main.cf"),
    `compatibility_level = 3.6
queue_directory = ${spool}
data_directory = ${data}
mail_owner = postfix
inet_interfaces = loopback-only
myhostname = mail.example.org
mydestination =
virtual_mailbox_base = ${mail}
virtual_uid_maps = static:${postfixUid()}
virtual_gid_maps = static:${postfixUid()}
virtual_minimum_uid = 1
maillog_file = /dev/null
maillog_file_prefixes = /dev
smtp_host_lookup = native
${main}`,
  );
  const smtpds = listen.map(({ port, host = "127.0.0.1", settings = [] }) =>
    [`[${host}]:${port} inet n - n - - smtpd`, ...settings.map((one) => `  -o { ${one} }`)].join(
      "\n",
    ),
  );
  const master = readFileSync("/etc/postfix/master.cf", "utf8")
    .replace(/^smtp\s+inet.*$/m, smtpds.join("\n"))
    // no service runs in a chroot: the queue's folder is not prepared as one
    .replace(/^(\S+\s+\S+\s+\S+\s+\S+\s+)y/gm, "$1n");
  writeFileSync(join(etc, "master.cf"), master);
  await run(POSTFIX, ["-c", etc, "start"]);
  const stop = async (): Promise<void> => void spawnSync(POSTFIX, ["-c", etc, "stop"]);
  for (const { port, host } of listen) await listening(port, host);
  return { etc, mail, stop };
}

/** The user who owns its maildirs. */
export function postfixUid(): string {
  return spawnSync("id", ["-u", "postfix"]).stdout.toString().trim();
}

/**
 * Dovecot, for LMTP and for postfix's logins: once it runs, they take the socket `login`.
 *
 * @param conf its configuration besides its folders @returns what stops it
 */
export async function startDovecot(folder: string, conf: string): Promise<() => Promise<void>> {
  const file = join(folder, "dovecot.conf");
  const log = join(folder, "dovecot.log");
  writeFileSync(
    file,
    `base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${log}
ssl = no
first_valid_uid = 1
service anvil {
  chroot =
}
service auth {
  unix_listener ${folder}/login {
    mode = 0666
  }
}
${conf}`,
  );
  const child: ChildProcess = spawn("dovecot", ["-F", "-c", file], { stdio: "ignore" });
  await until(
    () => existsSync(join(folder, "login")),
    () => `dovecot: ${existsSync(log) ? readFileSync(log, "utf8") : "no log"}`,
  );
  return () => end(child);
}
