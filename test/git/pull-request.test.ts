import { describe, expect, test } from "vitest";
import { fetchPullRequest, fetchRequest, readRequest } from "../../src/git/pull-request.ts";
import { openRepository, type Repository } from "../../src/git/repository.ts";
import { commit, git, newRepository, temporaryFolder } from "../support/repo.ts";

/** A forge's repository with a request, and a clone without it. */
async function forge(
  ref: string,
): Promise<{ origin: string; tip: string; repository: Repository }> {
  const origin = newRepository(temporaryFolder());
  commit(origin, "first", { a: "1\n" });
  const folder = temporaryFolder();
  git(folder, ["clone", "-q", origin, "."]);
  git(origin, ["switch", "-q", "-c", "work"]);
  const tip = commit(origin, "wanted", { a: "2\n" });
  git(origin, ["update-ref", ref, tip]);
  return { origin, tip, repository: await openRepository(folder) };
}

describe("a pull request", () => {
  test.each(["refs/pull/7/head", "refs/merge-requests/7/head"])("at %s is fetched", async (ref) => {
    const { tip, repository } = await forge(ref);
    const fetched = await fetchPullRequest(repository, "origin", 7);
    expect(fetched).toEqual({ name: "origin/7", ref: "refs/patchsig/pull/origin/7", commit: tip });
    expect(git(repository.cwd, ["branch", "--list"]).toString()).toBe("* main\n");
  });

  test("that was forced is fetched again", async () => {
    const { origin, repository } = await forge("refs/pull/7/head");
    await fetchPullRequest(repository, "origin", 7);
    git(origin, ["commit", "-q", "--amend", "-m", "better"]);
    git(origin, ["update-ref", "refs/pull/7/head", "HEAD"]);
    const { commit: now } = await fetchPullRequest(repository, "origin", 7);
    expect(now).toBe(git(origin, ["rev-parse", "HEAD"]).toString().trim());
  });

  test.each([
    ["another number", "origin", 8, "not-found"],
    ["no number", "origin", Number.NaN, "usage"],
    ["zero", "origin", 0, "usage"],
    ["another remote", "upstream", 7, "usage"],
    ["an option as a remote", "--upload-pack=x", 7, "usage"],
  ])("of %s is an error", async (_, remote, number, code) => {
    const { repository } = await forge("refs/pull/7/head");
    await expect(fetchPullRequest(repository, remote, number)).rejects.toMatchObject({ code });
  });
});

describe("a request as git request-pull writes it", () => {
  test("is fetched, if it is still what it was", async () => {
    const { origin, tip, repository } = await forge("refs/heads/other");
    const text = git(origin, ["request-pull", "main", origin, "work"]).toString();
    const wanted = readRequest(text)!;
    expect(wanted).toEqual({ url: origin, ref: "work", commit: tip });
    expect(await fetchRequest(repository, wanted)).toMatchObject({ commit: tip });
    commit(origin, "later", { a: "3\n" });
    await expect(fetchRequest(repository, wanted)).rejects.toMatchObject({ code: "refused" });
  });

  test.each([
    ["no request", "hello"],
    [
      "without a commit",
      "are available in the Git repository at:\n\n  https://x y\n\nfor you to fetch",
    ],
  ])("%s is none", (_, text) => {
    expect(readRequest(text)).toBeNull();
  });

  test.each([
    { url: "--upload-pack=touch x", ref: "work" },
    { url: "https://x.example", ref: "--output=x" },
    { url: "ext::sh -c touch% x", ref: "work" },
  ])("starts no program: $url $ref", async ({ url, ref }) => {
    const { tip, repository } = await forge("refs/heads/other");
    await expect(fetchRequest(repository, { url, ref, commit: tip })).rejects.toThrow();
  });
});
