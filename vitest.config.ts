import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // the default leaves one of two cores idle
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // git started by a test must not see the settings of whoever runs it
    setupFiles: ["test/support/environment.ts"],
  },
});
