import { describe, expect, test } from "vitest";
import { openRepository } from "../../src/git/repository.ts";
import { branchesWithState, readState, seriesRef, writeState } from "../../src/git/series-ref.ts";
import { afterSending, newSeries } from "../../src/outgoing/reroll.ts";
import { commit, git, newRepository, temporaryFolder, tryGit } from "../support/repo.ts";

const STATE = { ...newSeries("20261128-topic-1"), cover: "títle\n\ntext\n" };
const EDIT = { message: "edit the cover letter", tip: null };

function text(folder: string, args: readonly string[]): string {
  return git(folder, args).toString().trim();
}

describe.each(["sha1", "sha256"])("a series' state, %s", (format) => {
  function repository(): string {
    const folder = temporaryFolder();
    git(folder, ["init", "-q", "-b", "main", `--object-format=${format}`]);
    return folder;
  }

  test("is read as it was written, one commit an event", async () => {
    const folder = repository();
    const tip = commit(folder, "a", { a: "1\n" });
    const repo = await openRepository(folder);
    expect(await readState(repo, "topic/x")).toBeNull();
    const first = await writeState(repo, "topic/x", { before: null, state: STATE, event: EDIT });
    expect(await readState(repo, "topic/x")).toEqual({ state: STATE, commit: first });
    const mails = [{ index: 0, messageId: "<c@x>", patch: null }];
    const sent = afterSending(STATE, { version: 1, time: 5, tip, base: null, mails }, "");
    const event = { message: "send v1", tip };
    await writeState(repo, "topic/x", { before: first, state: sent, event });
    expect((await readState(repo, "topic/x"))?.state).toEqual(sent);
    expect(await branchesWithState(repo)).toEqual(["topic/x"]);
    expect(text(folder, ["log", "--first-parent", "--format=%s", seriesRef("topic/x")])).toBe(
      "send v1\nedit the cover letter",
    );
    // what was sent stays reachable, whatever becomes of the branch
    expect(text(folder, ["rev-parse", `${seriesRef("topic/x")}^2`])).toBe(tip);
  });
});

test("of two writers one is told", async () => {
  const folder = newRepository(temporaryFolder());
  const repo = await openRepository(folder);
  const before = await writeState(repo, "t", { before: null, state: STATE, event: EDIT });
  const other = { ...STATE, cover: "other\n" };
  await writeState(repo, "t", { before, state: other, event: EDIT });
  const late = writeState(repo, "t", { before, state: { ...STATE, cover: "late\n" }, event: EDIT });
  await expect(late).rejects.toMatchObject({ code: "refused" });
  const asNew = writeState(repo, "t", { before: null, state: STATE, event: EDIT });
  await expect(asNew).rejects.toMatchObject({ code: "refused" });
  expect((await readState(repo, "t"))?.state).toEqual(other);
});

test.each([
  ["a file of another kind", { evil: "x\n" }],
  ["no settings", { cover: "x\n" }],
  ["broken settings", { series: "version: 1\n" }],
  ["a large file", { series: "change-id: x\nversion: 1\n", cover: "x".repeat(300_000) }],
  ["a broken version", { series: "change-id: x\nversion: 1\n", "sent/v1": "x\n" }],
])("a ref that holds %s is refused, and left alone", async (_, files) => {
  const folder = newRepository(temporaryFolder());
  const tip = commit(folder, "x", files);
  git(folder, ["update-ref", seriesRef("t"), tip]);
  const repo = await openRepository(folder);
  await expect(readState(repo, "t")).rejects.toMatchObject({ code: "unreadable" });
  expect(text(folder, ["rev-parse", seriesRef("t")])).toBe(tip);
});

test("where nothing can be written, git's reason is the hint", async () => {
  const folder = newRepository(temporaryFolder());
  const repo = await openRepository(folder);
  git(folder, ["update-ref", "refs/patchsig/series/t/x", commit(folder, "x", { a: "1" })]);
  const writing = writeState(repo, "t", { before: null, state: STATE, event: EDIT });
  await expect(writing).rejects.toMatchObject({ code: "git-failed" });
  expect(tryGit(folder, ["rev-parse", "--verify", "-q", seriesRef("t")]).status).not.toBe(0);
});
