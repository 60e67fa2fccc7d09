import { spawnSync } from "node:child_process";

/**
 * True if the program is installed. If not: in CI (CI=true) the test file fails, elsewhere it says
 * so on standard error and the caller skips: `test.runIf(requireTool("minisign"))(…)`.
 */
export function requireTool(name: string): boolean {
  // commands of git like git-send-email are not on the PATH
  const found = spawnSync("sh", [
    "-c",
    'PATH=$PATH:$(git --exec-path); command -v "$1"',
    "sh",
    name,
  ]);
  if (found.status === 0) return true;
  if (process.env["CI"] === "true") {
    throw new Error(`${name} is not installed, and CI must not skip the tests that need it`);
  }
  process.stderr.write(`skipped: tests that need ${name}, which is not installed\n`);
  return false;
}
