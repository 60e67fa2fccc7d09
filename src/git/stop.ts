/**
 * Stops a transfer with all that git has started for it. A git that is killed leaves git-remote-http behind, and with
 * it index-pack: they would go on, and fill the disk. They cannot be a process group of their own, because Ctrl-C has to reach
 * them; so they are known by a variable that they inherit.
 */

import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

const NAME = "PATCHSIG_TRANSFER";

export interface Transfer {
  /** For the environment of git. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Sends git and what it has started a signal; where there is no /proc, nothing. On SIGTERM git removes its lock files.
   */
  readonly stop: (signal: "SIGTERM" | "SIGKILL") => void;
}

export function newTransfer(): Transfer {
  const id = randomUUID();
  const mark = `${NAME}=${id}\0`;
  const stop: Transfer["stop"] = (signal) => {
    // what was started while others were looked at
    for (let rounds = 0; rounds < 5 && stopAll(mark, signal) > 0; rounds++);
  };
  return { env: { [NAME]: id }, stop };
}

/** @returns how many there were */
function stopAll(mark: string, signal: NodeJS.Signals): number {
  let stopped = 0;
  for (const name of processes())
    try {
      if (!readFileSync(`/proc/${name}/environ`, "latin1").includes(mark)) continue;
      process.kill(Number(name), signal);
      stopped++;
    } catch {
      // another's, or it has ended
    }
  return stopped;
}

function processes(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}
