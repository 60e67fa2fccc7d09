/** An Exim of its own, in a folder, as root. */

import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { end, listening, run } from "./servers.ts";

/** Where scripts/tools.sh unpacks it: Debian installs one mail server at a time. */
export const EXIM = "/var/lib/patchsig-test/exim/usr/sbin/exim4";

/** Its user's name is compiled into it. */
const USER = "Debian-exim";

export interface Exim {
  /** Its configuration: for its `-C`. */
  readonly config: string;
  /** A folder that its user may write to. */
  readonly mail: string;
  readonly stop: () => Promise<void>;
}

/**
 * @param folder others may enter it
 * @param port where `config` lets it listen
 * @param config its configuration besides its folders: `MAIL` is a folder for mails. It ends in some section
 */
export async function startExim(folder: string, port: number, config: string): Promise<Exim> {
  chmodSync(folder, 0o755);
  const [spool, mail] = [join(folder, "spool"), join(folder, "mail")];
  for (const name of [spool, mail]) {
    mkdirSync(name);
    spawnSync("chown", [USER, name]);
  }
  const file = join(folder, "exim.conf");
  writeFileSync(
    file,
    `MAIL = ${mail}
primary_hostname = mail.example.org
exim_path = ${EXIM}
keep_environment =
spool_directory = ${spool}
log_file_path = ${spool}/%slog
pid_file_path = ${spool}/pid
local_interfaces = 127.0.0.1
queue_run_in_order
${config}
begin retry
* * F,1h,1m
`,
  );
  await run(EXIM, ["-C", file, "-bV"]);
  const child = spawn(EXIM, ["-C", file, "-bdf", "-q1m"], { stdio: "ignore" });
  await listening(port);
  return { config: file, mail, stop: () => end(child) };
}
