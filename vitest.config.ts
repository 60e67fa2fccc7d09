import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // a process a core, not one a file: loading the sources anew for each takes longer than most tests
    isolate: false,
    // one more, since tests wait for servers and clocks too
    maxWorkers: availableParallelism() + 1,
    // tests that run side by side wait for servers and clocks, and do little else
    maxConcurrency: 50,
    // for what hangs: no test is about time, and the machine may be slow
    testTimeout: 600_000,
    hookTimeout: 600_000,
    globalSetup: ["test/support/memory.ts"],
    // git started by a test must not see the settings of whoever runs it
    setupFiles: ["test/support/environment.ts"],
    include: ["test/**/*.test.ts"],
  },
});
