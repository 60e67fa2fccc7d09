/** What is written for a series, and what check and guess then say, in every kind of repository. */

import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openRepository } from "../../../src/git/repository.ts";
import { newFolder, newHome } from "../../cli/support.ts";
import { patchsig } from "../../support/cli.ts";
import { commit, git, newRepository } from "../../support/repo.ts";
import { check, everything, guess, lines, mailbox, newScene } from "../../support/base.ts";

interface Scenario {
  /** Where the commands run, and what format-patch is given. */
  readonly directory: string;
  readonly range: readonly string[];
  /** The base that is to be written. */
  readonly expected: string;
  readonly checked?: Readonly<Record<string, unknown>>;
  readonly guessed: object;
}

const run = (directory: string, ...args: string[]): string =>
  git(directory, args).toString().trim();

function scene(
  change: (repository: string, base: string) => void = () => undefined,
): Omit<Scenario, "guessed"> {
  const { repository, base: expected } = newScene();
  change(repository, expected);
  return { directory: repository, range: ["-2"], expected };
}

/** What a guess says, its own fields and those of the files. */
const UNIQUE = {
  by: "files",
  confidence: "high",
  guess: { matched: 1, total: 1, count: 1, unique: true },
};
const but = (guess: Readonly<Record<string, unknown>>): object => ({
  ...UNIQUE,
  guess: { ...UNIQUE.guess, ...guess },
});

const SCENARIOS: Readonly<Record<string, () => Scenario>> = {
  "no upstream": () => ({ ...scene(), guessed: UNIQUE }),

  "an upstream": () => {
    const made = scene((r) => {
      run(r, "config", "branch.topic.remote", "origin");
      run(r, "config", "branch.topic.merge", "refs/heads/main");
    });
    return { ...made, range: ["@{u}.."], guessed: UNIQUE };
  },

  // the file as it was before the series is nowhere in public, so nothing but the date is left
  "private commits below the series": () => ({
    ...scene(),
    range: ["-1"],
    guessed: { by: "date", confidence: "low", guess: { matched: 0, total: 1, unique: false } },
  }),

  "several remotes": () => ({
    ...scene((r, b) => {
      run(r, "remote", "add", "net", "https://git.example.org/net.git");
      run(r, "update-ref", "refs/remotes/net/next", b);
      run(r, "update-ref", "refs/remotes/origin/main", `${b}~1`);
    }),
    checked: { ref: "net/next" },
    guessed: UNIQUE,
  }),

  "a detached HEAD": () => ({
    ...scene((r) => run(r, "checkout", "-q", "--detach")),
    checked: { branch: "HEAD" },
    guessed: UNIQUE,
  }),

  "a shallow clone": () => {
    const { repository, base: expected } = newScene();
    run(repository, "checkout", "-q", "main");
    const directory = join(newFolder(), "clone");
    execFileSync("git", ["clone", "-q", "--depth=1", `file://${repository}`, directory]);
    commit(directory, "x", { "a.txt": lines({ 1: "one", 9: "nine" }) });
    return { directory, range: ["-1"], expected, guessed: UNIQUE };
  },

  "a merge in the range": () => {
    const made = scene((r, b) => {
      run(r, "checkout", "-q", "-b", "side", b);
      commit(r, "y", { "b.txt": "B\n" });
      run(r, "checkout", "-q", "topic");
      run(r, "merge", "-q", "--no-edit", "side");
    });
    return { ...made, range: ["origin/main.."], guessed: but({ matched: 2, total: 2 }) };
  },

  "a linked worktree": () => {
    const made = scene();
    const directory = join(newFolder(), "tree");
    run(made.directory, "worktree", "add", "-q", "--detach", directory, "topic");
    return { ...made, directory, guessed: UNIQUE };
  },

  "a submodule": () => {
    const { repository, base: expected } = newScene();
    const outer = newRepository(join(newFolder(), "outer"));
    const allow = ["-c", "protocol.file.allow=always"];
    git(outer, [...allow, "submodule", "--quiet", "add", "-b", "topic", repository, "inner"]);
    const directory = join(outer, "inner");
    for (const ref of run(directory, "for-each-ref", "--format=%(refname)").split("\n"))
      if (ref.startsWith("refs/remotes/")) run(directory, "update-ref", "-d", ref);
    run(directory, "update-ref", "refs/remotes/origin/main", expected);
    return { directory, range: ["-2"], expected, guessed: UNIQUE };
  },

  "a submodule that is moved": () => {
    const made = scene((r, b) => {
      run(r, "reset", "-q", "--hard", b);
      run(r, "update-index", "--add", "--cacheinfo", `160000,${b},sub`);
      run(r, "commit", "-q", "-m", "add sub");
      run(r, "update-ref", "refs/remotes/origin/main", "HEAD");
      run(r, "update-index", "--cacheinfo", `160000,${run(r, "rev-parse", "HEAD")},sub`);
      run(r, "commit", "-q", "-m", "move sub");
    });
    const expected = run(made.directory, "rev-parse", "HEAD~1");
    return {
      ...made,
      range: ["-1"],
      expected,
      guessed: { by: "date", confidence: "low", guess: { total: 0 } },
    };
  },

  sha256: () => {
    const directory = join(newFolder(), "r");
    execFileSync("git", ["init", "-q", "-b", "main", "--object-format=sha256", directory]);
    commit(directory, "start", { "a.txt": lines() });
    const expected = commit(directory, "second", { "a.txt": lines({ 1: "one" }) });
    run(directory, "update-ref", "refs/remotes/origin/main", "HEAD");
    commit(directory, "x", { "a.txt": lines({ 1: "one", 2: "two" }) });
    return { directory, range: ["-1"], expected, guessed: UNIQUE };
  },

  "new files only": () => ({
    ...scene((r) => commit(r, "n", { "new.txt": "new\n" })),
    range: ["-1"],
    checked: { state: "applies" },
    guessed: { by: "date", confidence: "low", created: 1, guess: { total: 0, unique: false } },
  }),

  "a binary file": () => {
    const made = scene((r, b) => {
      run(r, "checkout", "-q", "-B", "topic", b);
      // git takes a file without a NUL for text
      const bytes = (): Buffer => randomFillSync(Buffer.alloc(500), 1);
      commit(r, "z", { "z.bin": bytes() });
      run(r, "update-ref", "refs/remotes/origin/main", "HEAD");
      commit(r, "z: other", { "z.bin": bytes() });
    });
    const expected = run(made.directory, "rev-parse", "HEAD~1");
    return { ...made, range: ["-1"], expected, guessed: UNIQUE };
  },

  "a rename": () => ({
    ...scene((r, b) => {
      run(r, "checkout", "-q", "-B", "topic", b);
      commit(r, "mv", { "a.txt": null, "c.txt": lines({ 1: "one", 2: "two" }) });
      commit(r, "c", { "c.txt": lines({ 1: "one", 2: "two", 3: "three" }) });
    }),
    guessed: UNIQUE,
  }),

  "a base 5,000 commits back": () => {
    const { repository: directory, base: expected } = newScene();
    const time = Number(run(directory, "show", "-s", "--format=%ct", expected));
    // the first one changes the file, the others nothing
    const stream = Array.from({ length: 5000 }, (_, i) => {
      const who = `A <a@x.org> ${time + 60 * i} +0000`;
      const first = `from ${expected}\nM 100644 inline a.txt\ndata 2\n1\n`;
      const rest = i === 0 ? first : "";
      return `commit refs/remotes/origin/main\ncommitter ${who}\ndata 1\nx\n${rest}\n`;
    });
    git(directory, ["fast-import", "--quiet", "--force"], stream.join(""));
    run(directory, "checkout", "-q", "-B", "main", "origin/main");
    return {
      directory,
      range: [`${expected}..topic`],
      expected,
      checked: { behind: 5000, ahead: 0, branch: "main" },
      guessed: UNIQUE,
    };
  },

  "two branches that hold equal blobs": () => ({
    ...scene((r, b) => {
      run(r, "checkout", "-q", "-b", "other", b);
      commit(r, "o", { "b.txt": "B\n" });
      run(r, "update-ref", "refs/remotes/origin/aaa", "HEAD");
      run(r, "checkout", "-q", "topic");
    }),
    guessed: but({ count: 2, unique: false }),
  }),
};

const home = newHome();

test.each(Object.entries(SCENARIOS))("%s: written, checked and guessed", async (_, make) => {
  const { directory, range, expected, checked, guessed } = make();
  const written = patchsig(["format-patch", "--stdout", ...range], {
    cwd: directory,
    home,
    env: { GIT_COMMITTER_NAME: "Alice", GIT_COMMITTER_EMAIL: "alice@example.org" },
  });
  expect(written).toMatchObject({ status: 0 });
  expect(written.stdout).toContain(`\nbase-commit: ${expected}\n`);

  const before = everything(directory);
  const repository = await openRepository(directory);
  const { series, checkup } = await check(repository, mailbox(written.stdout));
  expect(series.claim.signed).toBe(true);
  expect(checkup.check).toMatchObject({ state: "applies", public: true, ...checked });

  // without what the mails themselves say of their base
  const bare = written.stdout.replace(/^(?:base-|prerequisite-).*\n/gm, "");
  const found = await guess(repository, mailbox(bare));
  expect(found).toMatchObject(guessed);
  expect(found.candidates[0]?.commit).toBe(expected);
  expect(everything(directory)).toEqual(before);
});
