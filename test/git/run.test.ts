import { expect, test } from "vitest";
import { failure } from "../../src/git/run.ts";

test("a lock that a killed git has left is said to be one", () => {
  const said =
    "error: cannot lock ref 'refs/heads/master': Unable to create 'x/master.lock': File exists.\n\nAnother git process seems to be running";
  expect(failure(["fetch"], said)).toMatchObject({ hint: expect.stringContaining("remove it") });
  expect(failure(["fetch"], "fatal: no room\n").hint).toBeUndefined();
});
