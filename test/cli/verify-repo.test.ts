/** `verify --repo`: what check says, among the findings. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  expectStatus,
  expectTidy,
  formatPatch,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
} from "./support.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { problems, schemaOf } from "../support/json-schema.ts";
import { commit, newRepository } from "../support/repo.ts";
import { everything } from "../support/base.ts";

const SCHEMA = schemaOf("verify");

const { base: repository, work, baseCommit } = newSubmission();
const home = newHome();
const files = signedPatches(work, home);
const verify = (directory: string, ...args: string[]): Run =>
  patchsig(["verify", "--dry-run", "--repo", directory, ...args], { home });

const verifyAlone = (...args: string[]): Run =>
  patchsig(["verify", "--dry-run", ...args], { home });

function series(run: Run) {
  for (const record of records(run)) expect(problems(record, SCHEMA)).toEqual([]);
  return records(run).find(({ type }) => type === "series")!;
}

test("a base that is here, and to which the series applies", () => {
  const before = everything(work);
  const found = series(expectStatus(verify(work, "--json", ...files), 0));
  expect(found["base"]).toMatchObject({ commit: baseCommit });
  expect(found["baseCheck"]).toMatchObject({
    state: "applies",
    public: true,
    ref: "origin/main",
    behind: 3,
  });
  expect(found["verdict"]).toBe("pass");
  const words = expectStatus(verify(work, ...files), 0).stdout;
  expectTidy(words);
  expect(words.replace(/\s+/g, " ")).toContain(
    `base ${baseCommit.slice(0, 12)} origin/main, public, applies cleanly, 3 commits behind main`,
  );
  expect(everything(work)).toEqual(before);
});

test("a missing base is a warning; without --repo there is none", () => {
  const elsewhere = newSubmission();
  const foreign = signedPatches(elsewhere.work, home, [`--base=origin/main`]);
  const found = series(verify(repository, "--json", ...foreign));
  // two submissions begin alike, but at different times
  expect(found["baseCheck"]).toMatchObject({ state: "unknown", public: null });
  expect(found["findings"]).toMatchObject([{ code: "base-unknown", severity: "warn" }]);
  expect(found["verdict"]).toBe("warn");
  const plain = series(patchsig(["verify", "--dry-run", "--json", ...foreign], { home }));
  expect(plain).not.toHaveProperty("baseCheck");
});

test("the likely base of a series that names none", () => {
  const bare = formatPatch(work, ["--no-base"]);
  const before = everything(work);
  const found = series(verify(work, "--json", ...bare));
  expect(found["baseCheck"]).toMatchObject({ state: "missing" });
  expect(found["findings"]).toMatchObject([
    { code: "base-missing", severity: "warn" },
    { code: "base-guessed", severity: "info" },
  ]);
  expect(found["verdict"]).toBe(series(verifyAlone("--json", ...bare))["verdict"]);
  const words = verify(work, ...bare).stdout.replace(/\s+/g, " ");
  expect(words).toContain(`most likely made against ${baseCommit.slice(0, 12)}`);
  expect(everything(work)).toEqual(before);

  // where none is likely, nothing is said
  const elsewhere = newRepository(join(newFolder(), "r"));
  commit(elsewhere, "x", { "x.txt": "x\n" });
  const unknown = series(verify(elsewhere, "--json", ...bare));
  expect(unknown["findings"]).toMatchObject([{ code: "base-missing" }]);
});

test("a series that does not apply fails", () => {
  const wrong = signedPatches(work, home, ["--base=HEAD~1"], "HEAD~1..");
  const onIt = series(expectStatus(verify(work, "--json", ...wrong), 0));
  expect(onIt["baseCheck"]).toMatchObject({ state: "applies", public: false });
  expect(onIt["findings"]).toMatchObject([{ code: "base-private" }]);

  const twice = signedPatches(work, home, ["--base=HEAD~3"], "HEAD~2..HEAD~1").map((file) => file);
  const text = readFileSync(twice[0]!, "utf8");
  expect(text).toContain("prerequisite-patch-id: ");
  const found = series(verify(work, "--json", ...twice));
  expect(found["baseCheck"]).toMatchObject({ state: "applies" });
});

test("no repository", () => {
  expectStatus(verify("/", ...files), 3);
});
