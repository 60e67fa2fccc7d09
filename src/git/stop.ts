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
  /** Kills git and what it has started; where there is no /proc, nothing. */
  readonly stop: () => void;
}

export function newTransfer(): Transfer {
  const id = randomUUID();
  const mark = `${NAME}=${id}\0`;
  const stop = (): void => {
    // what was started while others were looked at
    for (let rounds = 0; rounds < 5 && stopAll(mark) > 0; rounds++);
  };
  return { env: { [NAME]: id }, stop };
}

/** @returns how many there were */
function stopAll(mark: string): number {
  let stopped = 0;
  for (const name of processes())
    try {
      if (!readFileSync(`/proc/${name}/environ`, "latin1").includes(mark)) continue;
      process.kill(Number(name), "SIGKILL");
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
