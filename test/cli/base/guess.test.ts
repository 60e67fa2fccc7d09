/** What guess prints: its records are those of the schema. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { expectStatus, expectTidy, newFolder } from "../support.ts";
import { commit, git, newRepository } from "../../support/repo.ts";
import { base, everything, lines, mboxOf, newScene, record } from "../../support/base.ts";

const { repository, base: expected } = newScene();
const byFiles = mboxOf(repository, "--no-base", "-2");

test("by the blobs of the files", () => {
  const before = everything(repository);
  const found = record(expectStatus(base(repository, "guess", "--json", byFiles), 0));
  expect(found).toMatchObject({
    type: "base-guess",
    guess: { by: "files", confidence: "high", unique: true },
    candidates: [{ commit: expected, name: expect.stringMatching(/^v1-1-g/), applies: true }],
  });
  expect(everything(repository)).toEqual(before);
});

test("as text, for several series in one call", () => {
  const { stdout } = expectStatus(base(repository, "guess", byFiles, byFiles), 0);
  expectTidy(stdout);
  const text = stdout.replace(/\s+/g, " ");
  expect(text).toContain(`x: two, 2 patches most likely ${expected.slice(0, 12)}, v1-1-g`);
  expect(text).toContain("because it has 1 of 1 file as they were, and no other commit has them");
});

test("by the date, if the series only adds files", () => {
  const { repository: r, base: start } = newScene();
  commit(r, "n", { "new.txt": "new\n" });
  const found = record(expectStatus(base(r, "guess", "--json", mboxOf(r, "--no-base", "-1")), 1));
  expect(found).toMatchObject({
    guess: { by: "date", confidence: "low", created: 1 },
    candidates: [{ commit: start }],
  });
});

test("among commits with the same files, one to which the series applies comes first", () => {
  const r = newRepository(join(newFolder(), "r"));
  const start = commit(r, "start", { "a.txt": "a\n", "b.txt": "b\n" });
  const onMain = commit(r, "main", { "a.txt": lines(), "b.txt": lines({ 2: "other" }) });
  git(r, ["update-ref", "refs/remotes/origin/main", onMain]);
  git(r, ["checkout", "-q", "-b", "side", start]);
  const beside = commit(r, "side", { "a.txt": lines({ 30: "other" }), "b.txt": lines() });
  git(r, ["update-ref", "refs/remotes/origin/side", beside]);
  git(r, ["checkout", "-q", "-b", "topic", start]);
  git(r, ["branch", "-D", "main", "side"]);
  commit(r, "private", { "a.txt": lines(), "b.txt": lines() });
  commit(r, "series", { "a.txt": lines({ 2: "two" }), "b.txt": lines({ 2: "two" }) });
  const mails = mboxOf(r, "--no-base", "-1");
  const found = record(expectStatus(base(r, "guess", "--json", mails), 0));
  expect(found).toMatchObject({
    guess: { by: "files", matched: 1, total: 2, confidence: "medium" },
    candidates: [
      { commit: beside, applies: true },
      { commit: onMain, applies: false },
    ],
  });
});

test("--ref limits the search, and must match a ref", () => {
  const nothing = expectStatus(base(repository, "guess", "--ref", "nowhere/*", byFiles), 3);
  expect(nothing.stderr).toContain("there is no branch and no tag to look at");
  // no option of git for-each-ref
  expectStatus(base(repository, "guess", "--ref=--exec=x", byFiles), 3);
  const tags = record(
    expectStatus(base(repository, "guess", "--json", "--ref", "refs/tags/*", byFiles), 1),
  );
  expect(tags).toMatchObject({ guess: { matched: 0 } });
});
