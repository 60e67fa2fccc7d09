/** `patchsig tested`: the exit status is the answer. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { writeMbox } from "../app/search/index.ts";
import { PUBLIC, result } from "../app/search/results.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { commit, git, newRepository } from "../support/repo.ts";

test("pass, fail, or not known", () => {
  const home = newFolder();
  const repository = newRepository(join(home, "repository"));
  commit(repository, "one", { a: "1\n" });
  const tree = git(repository, ["rev-parse", "HEAD^{tree}"]).toString().trim();
  commit(repository, "two", { a: "2\n" });
  const failed = git(repository, ["rev-parse", "HEAD^{tree}"]).toString().trim();
  const mbox = writeMbox(join(home, "results"), [
    result({ tree }),
    result({ tree: failed, result: "fail" }),
  ]);
  const env = { XDG_CACHE_HOME: join(home, "cache") };
  const tested = (...args: readonly string[]): Run =>
    patchsig(["tested", ...args, "--test", "net.all"], { home, cwd: repository, env });

  expect(tested("HEAD~1", "--update", "--source", mbox)).toMatchObject({
    status: 3,
    stdout: expect.stringMatching(/claims only: no key that counts\n  pass .* \(does not count\)/),
  });
  const accept = ["trust", "accept", "--result-only", "ci@example.org", PUBLIC];
  expect(patchsig(accept, { home, env }).status).toBe(0);
  expect(tested("HEAD~1")).toMatchObject({ status: 0, stderr: "" });
  expect(tested()).toMatchObject({ status: 1, stdout: expect.stringContaining("FAIL") });
  expect(tested("HEAD~1", "--env", "arch=arm64").status).toBe(3);
  const [record] = records(tested("HEAD~1", "--json"));
  expect(record).toMatchObject({ type: "tested", tree, answer: "pass" });
  expect(tested("nothing")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("nothing names no commit and no tree here"),
  });
  expect(tested("--max-age", "0").status).toBe(2);
});
