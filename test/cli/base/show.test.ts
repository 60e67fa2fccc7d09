import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  expectStatus,
  expectTidy,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
} from "../support.ts";
import { base, mailbox, mboxOf, newScene, record } from "../../support/base.ts";

const { repository, base: commit } = newScene();
const here = newFolder();
/** The patches are by somebody else than their sender, who writes the cover letter. */
const FROM = "--from=Maint <maint@example.org>";

test("the base of a series, as text, as JSON and as a bare commit", () => {
  const series = mboxOf(repository, `--base=${commit}`, "--cover-letter", FROM, "-2");
  const words = expectStatus(base(here, "show", series), 0).stdout;
  expectTidy(words);
  expect(words).toContain(`  base          ${commit} not signed\n`);
  expect(base(here, "show", "--commit", series).stdout).toBe(`${commit}\n`);
  expect(record(base(here, "show", "--json", series))).toMatchObject({
    type: "base",
    total: 2,
    base: { status: "present", commit, tree: null },
    signed: false,
    prerequisites: [],
  });
});

test("a signed base", () => {
  const { work, baseCommit } = newSubmission();
  const files = signedPatches(work, newHome());
  expect(record(base(here, "show", "--json", ...files))).toMatchObject({
    base: { commit: baseCommit },
    signed: true,
  });
  expect(base(here, "show", ...files).stdout).toContain(`${baseCommit} as signed\n`);
});

test("no base, and a value that looks like an option", () => {
  const series = mboxOf(repository, "-2");
  const run = expectStatus(base(here, "show", "--commit", series), 1);
  expect(run.stdout).toBe("");
  const text = readFileSync(series, "latin1").replace(/^-- $/m, "base-commit: --all\n-- ");
  const found = record(expectStatus(base(here, "show", "--json", mailbox(text)), 1));
  expect(found["base"]).toEqual({ status: "missing", commit: null, tree: null });
  expect(found["findings"][0]).toMatchObject({ code: "base-malformed" });
});

test("prerequisites, in order", () => {
  const needs =
    "Depends-on: <2@x.org>\nprerequisite-change-id: 20260101-a-1b:v2\nchange-id: me-1\n";
  const series = mboxOf(repository, `--base=${commit}`, "-1");
  const text = readFileSync(series, "latin1").replace(/^base-commit/m, `${needs}base-commit`);
  const file = mailbox(text);
  expect(record(base(here, "show", "--json", file))).toMatchObject({
    changeId: "me-1",
    prerequisites: [expect.stringMatching(/^[0-9a-f]{40}$/)],
    dependencies: [
      { kind: "message", id: "2@x.org" },
      { kind: "change", id: "20260101-a-1b", version: 2 },
    ],
  });
  const { stdout } = base(here, "show", file);
  expect(stdout).toContain("  depends on    <2@x.org>\n  depends on    20260101-a-1b v2\n");
  expect(stdout).toContain("  change-id     me-1\n");
});
