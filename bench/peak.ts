/** Loaded before the program by `node --import`: leaves its peak memory, in bytes, in a file. */

import { readFileSync, writeFileSync } from "node:fs";

process.on("exit", () => {
  // not getrusage's maxrss: that keeps the parent's across exec
  const peak = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
  writeFileSync(process.env["PATCHSIG_BENCH_PEAK"]!, String(Number(peak?.[1]) * 1024));
});
