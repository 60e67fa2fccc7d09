import { defineConfig } from "vitest/config";

/** They put something else in the place of a module, which nobody else may then import. */
const REPLACING = ["test/cli/key.test.ts", "test/cli/trust-command.test.ts"];

export default defineConfig({
  test: {
    // the default leaves one of two cores idle
    maxWorkers: "100%",
    // tests that run side by side wait for servers and clocks, and do little else
    maxConcurrency: 50,
    // for what hangs: no test is about time, and the machine may be slow
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // git started by a test must not see the settings of whoever runs it
    setupFiles: ["test/support/environment.ts"],
    projects: [
      { extends: true, test: { name: "alone", include: REPLACING } },
      // a process a core, not one a file: loading the sources anew for each takes longer than most tests
      {
        extends: true,
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: REPLACING,
          isolate: false,
        },
      },
    ],
  },
});
