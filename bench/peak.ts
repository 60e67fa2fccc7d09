/** Loaded before the program by `node --import`: leaves in a file its peak memory, in bytes, and its processor time, in seconds. */

import { readFileSync, writeFileSync } from "node:fs";

process.on("exit", () => {
  // not getrusage's maxrss: that keeps the parent's across exec
  const peak = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
  const { user, system } = process.cpuUsage();
  const cost = { peak: Number(peak?.[1]) * 1024, processor: (user + system) / 1e6 };
  writeFileSync(process.env["PATCHSIG_BENCH_PEAK"]!, JSON.stringify(cost));
});
