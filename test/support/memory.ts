/**
 * Where a test run keeps its files: in memory, if there is room. Programs that make sure of what they write
 * wait longer for a disk than for all else.
 */

import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** Bytes, several times what a run takes. */
const ENOUGH = 4 * 2 ** 30;

/** Then the run's process. */
const NAME = "patchsig-tests-";
const NAMED = new RegExp(`^${NAME}(\\d+)-`);

/** For vitest, once a run: tests and what they start get it as TMPDIR; nothing of it stays. */
export default function temporaryPlace(): void {
  const given = process.env["TMPDIR"] !== undefined;
  for (const place of [MEMORY, tmpdir()]) removeLeftovers(place);
  const folder = (given ? null : newFolder(MEMORY)) ?? makeFolder(tmpdir());
  // servers run as somebody else
  chmodSync(folder, 0o1777);
  process.env["TMPDIR"] = folder;
  // also if the run is ended early
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
}

/** Null if there is no room, or programs in it cannot be started. */
function newFolder(place: string): string | null {
  let folder: string | null = null;
  try {
    const { bavail, bsize } = statfsSync(place);
    if (bavail * bsize < ENOUGH) return null;
    folder = makeFolder(place);
    writeFileSync(join(folder, "program"), "", { mode: 0o700 });
    accessSync(join(folder, "program"), constants.X_OK);
    rmSync(join(folder, "program"));
    return folder;
  } catch {
    if (folder !== null) rmSync(folder, { recursive: true });
    return null;
  }
}

function makeFolder(place: string): string {
  return mkdtempSync(join(place, `${NAME}${process.pid}-`));
}

/** What runs have left here that were killed. */
export function removeLeftovers(place: string): void {
  if (!existsSync(place)) return;
  for (const name of readdirSync(place)) {
    const [, digits] = NAMED.exec(name) ?? [];
    if (digits === undefined || isRunning(Number(digits))) continue;
    try {
      rmSync(join(place, name), { recursive: true, force: true });
    } catch {
      // somebody else's
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
