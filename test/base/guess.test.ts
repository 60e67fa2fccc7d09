/** What guess prints: its records are those of the schema. */

import { expect, test } from "vitest";
import { expectStatus, expectTidy } from "../cli/support.ts";
import { commit } from "../support/repo.ts";
import { base, everything, mboxOf, newScene, record } from "./support.ts";

const { repository, base: expected } = newScene();
const byFiles = mboxOf(repository, "--no-base", "-2");

test("by the files as they were", () => {
  const before = everything(repository);
  const found = record(expectStatus(base(repository, "guess", "--json", byFiles), 0));
  expect(found).toMatchObject({
    type: "base-guess",
    guess: { by: "files", confidence: "high", unique: true },
    candidates: [{ commit: expected, name: expect.stringMatching(/^v1-1-g/), applies: true }],
  });
  expect(everything(repository)).toEqual(before);
});

test("in words, of several series in one call", () => {
  const { stdout } = expectStatus(base(repository, "guess", byFiles, byFiles), 0);
  expectTidy(stdout);
  const text = stdout.replace(/\s+/g, " ");
  expect(text).toContain(`x: two, 2 patches most likely ${expected.slice(0, 12)}, v1-1-g`);
  expect(text).toContain("because 1 of 1 file as they were, and no other commit has them");
});

test("by the date, where the series only adds files", () => {
  const { repository: r, base: start } = newScene();
  commit(r, "n", { "new.txt": "new\n" });
  const found = record(expectStatus(base(r, "guess", "--json", mboxOf(r, "--no-base", "-1")), 1));
  expect(found).toMatchObject({
    guess: { by: "date", confidence: "low", created: 1 },
    candidates: [{ commit: start }],
  });
});

test("--ref names what is looked at; there must be some", () => {
  const nothing = expectStatus(base(repository, "guess", "--ref", "nowhere/*", byFiles), 3);
  expect(nothing.stderr).toContain("there is no branch and no tag to look at");
  // no option of git for-each-ref
  expectStatus(base(repository, "guess", "--ref=--exec=x", byFiles), 3);
  const tags = record(
    expectStatus(base(repository, "guess", "--json", "--ref", "refs/tags/*", byFiles), 1),
  );
  expect(tags).toMatchObject({ guess: { matched: 0 } });
});
