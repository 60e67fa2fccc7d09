import { lstatSync } from "node:fs";
import { afterAll } from "vitest";
import { removeFolders } from "./folders.ts";

// Every test, and every program it starts, sees the same git: no user or system settings, a fixed
// locale, fixed names. As root, git config --global would replace /dev/null by a file.
const NOWHERE = "/nonexistent/gitconfig";
Object.assign(process.env, {
  GIT_CONFIG_GLOBAL: NOWHERE,
  GIT_CONFIG_SYSTEM: NOWHERE,
  GIT_CONFIG_NOSYSTEM: "1",
  // no sample hooks in each repository
  GIT_TEMPLATE_DIR: "",
  GIT_AUTHOR_NAME: "Alice",
  GIT_AUTHOR_EMAIL: "alice@example.org",
  GIT_COMMITTER_NAME: "Maint",
  GIT_COMMITTER_EMAIL: "maint@example.org",
  // nor the index of whoever runs it; root could make any other folder
  XDG_CACHE_HOME: "/dev/null/cache",
  LC_ALL: "C.UTF-8",
  TZ: "UTC",
  NO_COLOR: "1",
});
delete process.env["GIT_DIR"];
delete process.env["GIT_WORK_TREE"];
// node reads these first, which takes longer than the rest of a start
delete process.env["NODE_EXTRA_CA_CERTS"];

// here, since this runs for each test file; modules it imports are loaded only once for many files
afterAll(() => {
  removeFolders();
  if (!lstatSync("/dev/null").isCharacterDevice())
    throw new Error("/dev/null is no device any more: mknod -m 666 /dev/null c 1 3");
});
