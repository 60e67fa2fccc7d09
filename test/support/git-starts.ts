/** How often git is started: mostly that is what takes the time. */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import { newFolder } from "./folders.ts";

/** Commands of git that are started while `work` runs. */
export async function startsOf(work: () => Promise<unknown>): Promise<string[]> {
  const folder = newFolder();
  const log = join(folder, "log");
  const git = execFileSync("sh", ["-c", "command -v git"]).toString().trim();
  mkdirSync(join(folder, "bin"));
  // the program's own settings stand before the command
  const script = `#!/bin/sh\nfor word; do case $word in -c|*=*) ;; *) echo "$word"; break;; esac; done >>'${log}'\nexec '${git}' "$@"\n`;
  writeFileSync(join(folder, "bin", "git"), script);
  chmodSync(join(folder, "bin", "git"), 0o755);
  const before = process.env["PATH"];
  vi.stubEnv("PATH", `${join(folder, "bin")}:${before ?? ""}`);
  try {
    await work();
  } finally {
    vi.stubEnv("PATH", before);
  }
  return readFileSync(log, "utf8").trim().split("\n");
}
