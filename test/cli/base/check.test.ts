import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openRepository } from "../../../src/git/repository.ts";
import { expectStatus, expectTidy, newFolder } from "../support.ts";
import type { Run } from "../../support/cli.ts";
import { some } from "../../support/long.ts";
import { commit, git } from "../../support/repo.ts";
import {
  base,
  check,
  everything,
  lines,
  mailbox,
  mboxOf,
  newScene,
  record,
} from "../../support/base.ts";

const scene = newScene();
const { repository } = scene;
const opened = openRepository(repository);
const name = (revision: string): string =>
  git(repository, ["rev-parse", revision]).toString().trim();

/** The series with another text where its base line was. */
function withBase(text: string): string {
  const mbox = readFileSync(mboxOf(repository, `--base=${scene.base}`, "-2"), "latin1");
  return mailbox(mbox.replace(/^base-commit: .*$/m, text));
}

const run = (file: string, ...args: string[]): Run => base(repository, "check", ...args, file);
const look = async (file: string) => check(await opened, file);
const codes = (found: Record<string, unknown>): string[] =>
  (found["findings"] as { code: string }[]).map(({ code }) => code);

describe("base check", () => {
  test("a public base to which the series applies", () => {
    const before = everything(repository);
    const ran = expectStatus(run(mboxOf(repository, `--base=${scene.base}`, "-2"), "--json"), 0);
    expect(record(ran)).toMatchObject({
      base: { status: "present", commit: scene.base },
      signed: false,
      check: {
        state: "applies",
        public: true,
        ref: "origin/main",
        name: expect.stringMatching(/^v1-1-g/),
        branch: "topic",
        behind: 2,
        ahead: 0,
        conflict: null,
      },
      findings: [],
    });
    expect(everything(repository)).toEqual(before);
  });

  test("as text", () => {
    const ran = expectStatus(run(mboxOf(repository, `--base=${scene.base}`, "-2")), 0);
    expectTidy(ran.stdout);
    const text = ran.stdout.replace(/\s+/g, " ");
    expect(text).toContain(`x: two, 2 patches base ${scene.base.slice(0, 12)} origin/main, v1-1-g`);
    expect(text).toContain("public, applies cleanly, 2 commits behind topic");
  });

  test.each([
    ["missing", "", "missing", ["base-missing"]],
    ["quoted", () => `> base-commit: ${scene.base}`, "missing", ["base-missing"]],
    ["a name", "base-commit: v1", "malformed", ["base-malformed", "base-missing"]],
    [
      "short",
      () => `base-commit: ${scene.base.slice(0, 12)}`,
      "malformed",
      ["base-malformed", "base-missing"],
    ],
    [
      "an option",
      "base-commit: --exec=touch${IFS}/tmp/x",
      "malformed",
      ["base-malformed", "base-missing"],
    ],
    ["not here", `base-commit: ${"a".repeat(40)}`, "unknown", ["base-unknown"]],
    ["of sha256", `base-commit: ${"a".repeat(64)}`, "unknown", ["base-unknown"]],
    ["a blob", () => `base-commit: ${name("HEAD:a.txt")}`, "not-a-commit", ["base-not-a-commit"]],
    ["a tree", () => `base-commit: ${name("HEAD^{tree}")}`, "not-a-commit", ["base-not-a-commit"]],
    ["a tag", () => `base-commit: ${name("v1")}`, "not-a-commit", ["base-not-a-commit"]],
    [
      "private",
      () => `base-commit: ${name("HEAD")}`,
      "conflicts",
      ["base-private", "base-conflict"],
    ],
    ["another", () => `base-commit: ${name("v1^{commit}")}`, "conflicts", ["base-conflict"]],
  ] as const)("%s", async (_, line, state, expected) => {
    const text = typeof line === "string" ? line : line();
    const { checkup, codes } = await look(withBase(text));
    expect(checkup.check.state).toBe(state);
    expect(codes).toEqual(expected);
  });

  test("names the patch and the file that do not apply", () => {
    const ran = run(withBase(`base-commit: ${name("v1^{commit}")}`), "--json");
    const found = record(expectStatus(ran, 1));
    expect(found["check"].conflict).toEqual({ patch: 1, files: ["a.txt"] });
  });

  test("escapes text from a hostile mail", () => {
    const { stdout } = expectStatus(run(withBase("base-commit: \x1b[31m\u202e")), 1);
    expectTidy(stdout);
    expect(stdout).toContain("base-commit: \\x1b[31m");
  });

  test("10,000 prerequisites are a finding", () => {
    const more = Array.from(
      { length: 10_000 },
      (_, i) => `prerequisite-patch-id: ${(i + 1).toString(16).padStart(40, "0")}`,
    );
    const ran = run(withBase([`base-commit: ${scene.base}`, ...more].join("\n")), "--json");
    const found = record(expectStatus(ran, 0));
    expect(codes(found)).toEqual(["prerequisites-too-many", "prerequisite-missing"]);
  });
});

describe("how to fetch a missing base", () => {
  test.each([
    [
      "from its tree",
      "base-tree: https://git.example.org/y.git net/next",
      "git fetch https://git.example.org/y.git net/next",
    ],
    [
      "from its tree, a remote",
      "base-tree: https://git.example.org/x.git next",
      "git fetch origin next",
    ],
    ["from the only remote", "", "git fetch origin"],
    ["not from an invalid base-tree", "base-tree: ext::sh x", "git fetch origin"],
  ])("%s", async (_, tree, hint) => {
    const { checkup } = await look(withBase(`base-commit: ${"a".repeat(40)}\n${tree}`));
    expect(checkup.findings.at(-1)).toMatchObject({ code: "base-unknown", hint });
  });
});

describe("prerequisites of a series", () => {
  test("in the repository: applied first", () => {
    const found = record(
      expectStatus(run(mboxOf(repository, `--base=${scene.base}`, "-1"), "--json"), 0),
    );
    expect(found["prerequisites"]).toEqual([
      { id: expect.stringMatching(/^[0-9a-f]{40}$/), found: true },
    ]);
    expect(found["check"].state).toBe("applies");
  });

  test("in the given mails: applied first; otherwise named as missing", () => {
    const { repository: other, base: start } = newScene();
    const needed = mboxOf(other, `--base=${start}`, "-1", "HEAD~1");
    const series = mboxOf(other, `--base=${start}`, "-1");
    git(other, ["checkout", "-q", "main"]);
    git(other, ["branch", "-q", "-D", "topic"]);
    const alone = record(base(other, "check", "--json", series));
    expect(alone["check"].state).toBe("conflicts");
    expect(alone["findings"]).toMatchObject([
      {
        code: "prerequisite-missing",
        message: expect.stringContaining(alone["prerequisites"][0].id),
      },
      { code: "base-conflict", severity: "warn" },
    ]);
    expectStatus(base(other, "check", needed, series), 0);
  });

  test("Depends-on: a given series is applied first, missing ones are named", () => {
    const withId = (file: string, id: string, needs: string): string =>
      mailbox(
        readFileSync(file, "latin1")
          .replace(/^Subject/m, `Message-ID: <${id}@x.org>\nSubject`)
          .replace(/^prerequisite-patch-id.*\n/gm, "")
          .replace(/^base-commit/m, `${needs}base-commit`),
      );
    const first = withId(mboxOf(repository, `--base=${scene.base}`, "-1", "HEAD~1"), "1", "");
    const second = withId(
      mboxOf(repository, `--base=${scene.base}`, "-1"),
      "2",
      "Depends-on: <1@x.org>\n",
    );
    expectStatus(run(first, second), 0);
    const found = record(expectStatus(run(second, "--json"), 1));
    expect(found["dependencies"]).toEqual([{ id: "<1@x.org>", found: false }]);
    expect(codes(found)).toEqual(["prerequisite-missing", "base-conflict"]);
  });
});

test("a patch that creates a file where a folder is", async () => {
  const { repository: r } = newScene();
  const start = commit(r, "d", { "d/e.txt": "e\n" });
  git(r, ["rm", "-q", "-r", "d"]);
  commit(r, "no d", {});
  commit(r, "d is a file", { d: "d\n" });
  const mbox = mboxOf(r, `--base=${start}`, "-1");
  const { checkup } = await check(await openRepository(r), mbox);
  expect(checkup.check).toMatchObject({ state: "applies" });
  const bare = mailbox(readFileSync(mbox, "latin1").replace(/^prerequisite.*\n/gm, ""));
  const alone = await check(await openRepository(r), bare);
  expect(alone.checkup.check).toMatchObject({
    state: "conflicts",
    conflict: { patch: 1, files: ["d"] },
  });
});

test("works from a subdirectory, and in a bare repository", () => {
  const { repository: r, base: start } = newScene();
  const series = mboxOf(r, `--base=${start}`, "-2");
  const folder = join(r, "sub");
  mkdirSync(folder);
  expectStatus(base(folder, "check", series), 0);
  expectStatus(base(r, "check", "--repo", join(r, ".git"), series), 0);
  git(r, ["config", "core.splitIndex", "true"]);
  git(r, ["config", "apply.whitespace", "error-all"]);
  const before = everything(r);
  expectStatus(base(r, "check", series), 0);
  expect(everything(r)).toEqual(before);
});

test("without a repository", () => {
  const run = base(newFolder(), "check", mboxOf(repository, "-1"));
  expectStatus(run, 3);
  expect(run.stderr).toMatch(/^patchsig: no git repository/);
});

describe("killed", () => {
  const { repository: r, base: start } = newScene();
  // by one author: else they are several series
  const who = git(r, ["show", "-s", "--format=%an <%ae>"]).toString().trim();
  const stream = Array.from({ length: 60 }, (_, i) => {
    const text = lines({}, i + 2);
    const file = `M 100644 inline b.txt\ndata ${text.length}\n${text}`;
    const from = i === 0 ? "from refs/heads/topic^0\n" : "";
    return `commit refs/heads/topic\ncommitter ${who} ${1_800_000_000 + i} +0000\ndata 1\nn\n${from}${file}\n`;
  });
  git(r, ["fast-import", "--quiet"], stream.join(""));
  git(r, ["reset", "-q", "--hard"]);
  const series = mboxOf(r, `--base=${start}`, `${start}..`);
  const before = everything(r);

  const ENDS = [
    ["check", "SIGTERM"],
    ["check", "SIGINT"],
    ["check", "SIGKILL"],
    ["guess", "SIGTERM"],
    ["guess", "SIGKILL"],
  ] as const;
  test.each(some(ENDS, 2))("%s by %s leaves no trace", async (command, signal) => {
    const temporary = newFolder();
    const [bin, waiting] = [newFolder(), join(newFolder(), "waiting")];
    // so that it is in the middle of it on any machine
    writeFileSync(
      join(bin, "git"),
      `#!/bin/sh
PATH=\${PATH#*:}
[ -z "$(ls "$TMPDIR")" ] && exec git "$@"
echo $$ >"${waiting}.new"
mv "${waiting}.new" "${waiting}"
exec sleep 600
`,
      { mode: 0o755 },
    );
    const program = join(import.meta.dirname, "..", "..", "..", "bin", "patchsig.js");
    const child = spawn(process.execPath, [program, "base", command, series], {
      cwd: r,
      env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, TMPDIR: temporary },
      stdio: "ignore",
    });
    while (!existsSync(waiting) && child.exitCode === null) await setTimeout(20);
    expect(child.exitCode).toBe(null);
    child.kill(signal);
    await once(child, "exit");
    spawnSync("kill", ["-9", readFileSync(waiting, "utf8").trim()]);
    expect(child.exitCode).not.toBe(0);
    expect(everything(r)).toEqual(before);
    if (signal !== "SIGKILL") expect(readdirSync(temporary)).toEqual([]);
  });
});
