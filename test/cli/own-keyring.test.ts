/** Whose settings count, and what a repository's own keyring may do. */

import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { patchsig } from "../support/cli.ts";
import { git, newRepository } from "../support/repo.ts";
import {
  expectStatus,
  newFolder,
  newHome,
  newSubmission,
  publicKey,
  signedPatches,
} from "./support.ts";

let files: string[];
let unsigned: string;

beforeAll(() => {
  const { work } = newSubmission();
  files = signedPatches(work, newHome(7));
  unsigned = join(newFolder(), "unsigned.patch");
  const patch = git(work, ["format-patch", "--stdout", "-1"]);
  writeFileSync(unsigned, patch);
});

/** A repository with a keyring that has this key for Alice. */
function project(key: string): string {
  const folder = newRepository(newFolder());
  const file = join(folder, "keys", "minisign", "example.org", "alice", "default.pub");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `untrusted comment: x\n${key}\n`);
  return folder;
}

const verify = (cwd: string, home: string, args: readonly string[], env = {}) =>
  patchsig(["verify", ...args], { home, cwd, env });
const trusted = (home: string): string =>
  patchsig(["trust", "list"], { home, cwd: newFolder() }).stdout;
const config = (...settings: readonly (readonly [string, string])[]): Record<string, string> => ({
  GIT_CONFIG_COUNT: `${settings.length}`,
  ...Object.fromEntries(
    settings.flatMap(([key, value], i) => [
      [`GIT_CONFIG_KEY_${i}`, key],
      [`GIT_CONFIG_VALUE_${i}`, value],
    ]),
  ),
});

describe("a repository's own keyring", () => {
  test.each(["keys", "ref::HEAD:keys"])(
    "%s pins keys for verdicts in that repository, and nowhere else",
    (name) => {
      const folder = project(publicKey(7));
      git(folder, ["add", "-A"]);
      git(folder, ["commit", "-q", "-m", "keys"]);
      git(folder, ["config", "patchsig.keyring", name]);
      mkdirSync(join(folder, "below"));
      const home = newFolder();
      for (const cwd of [folder, join(folder, "below")]) {
        const run = expectStatus(verify(cwd, home, ["--require", "pinned", ...files]), 0);
        expect(run.stdout).toContain("pinned");
      }
      expect(trusted(home)).not.toContain("pinned");
      expectStatus(verify(newFolder(), home, ["--require", "pinned", ...files]), 1);
    },
  );

  test("another key than in it is a changed key, and is not remembered", () => {
    const folder = project(publicKey(9));
    git(folder, ["config", "patchsig.keyring", "keys"]);
    const home = newFolder();
    const run = expectStatus(verify(folder, home, files), 1);
    expect(run.stdout).toContain(publicKey(9));
    expect(trusted(home)).toMatch(/^(?:no keys yet.*\n)?$/);
  });

  test("the user's own pins override it", () => {
    const folder = project(publicKey(9));
    git(folder, ["config", "patchsig.keyring", "keys"]);
    const home = newFolder();
    patchsig(["trust", "accept", "alice@example.org", publicKey(7)], { home });
    expectStatus(verify(folder, home, ["--require", "pinned", ...files]), 0);
  });

  test("an unsigned patch from somebody with a key in it fails", () => {
    const folder = project(publicKey(7));
    git(folder, ["config", "patchsig.keyring", "keys"]);
    const allowed = ["--require", "opt-in", unsigned];
    expectStatus(verify(newFolder(), newFolder(), allowed), 0);
    expectStatus(verify(folder, newFolder(), allowed), 1);
  });

  test("trust import imports it only if named", () => {
    const folder = project(publicKey(7));
    git(folder, ["config", "patchsig.keyring", "keys"]);
    const home = newFolder();
    expectStatus(patchsig(["trust", "import"], { home, cwd: folder }), 2);
    expectStatus(patchsig(["trust", "import", "keys"], { home, cwd: folder }), 0);
    expect(trusted(home)).toContain("pinned");
  });

  test("one in the user's config pins in the database, unless that file names it by a relative path", () => {
    const folder = project(publicKey(7));
    const user = join(newFolder(), "gitconfig");
    const env = { GIT_CONFIG_GLOBAL: user };
    writeFileSync(user, "[patchsig]\n keyring = keys\n");
    const home = newFolder();
    verify(folder, home, files, env);
    expect(trusted(home)).not.toContain("pinned");
    writeFileSync(user, `[patchsig]\n keyring = ${join(folder, "keys")}\n`);
    verify(newFolder(), home, files, env);
    expect(trusted(home)).toContain("pinned");
    const other = newFolder();
    verify(folder, other, files, config(["patchsig.keyring", "keys"]));
    expect(trusted(other)).toContain("pinned");
  });
});

describe("settings of trust", () => {
  const LAX: readonly (readonly [string, string])[] = [
    ["patchsig.require", "nothing"],
    ["patchsig.list:x.example.org.require", "nothing"],
    ["patchsig.path:song.txt.firstUse", "allow"],
    ["patchsig.firstUse", "allow"],
    ["patchsig.unsignedKnown", "warn"],
    ["patchsig.maxAge", "99y"],
    ["patchsig.keyring", "keys"],
    ["patchsig.devKeyring", "keys"],
    ["patchsig.key", "evil.key"],
    ["patchsig.address", "evil@example.org"],
    ["patchsig.botFile", "evil.cfg"],
  ];
  const SHAPES: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    ["bare", []],
    [
      "a working tree of its own",
      [
        ["core.bare", "false"],
        ["core.worktree", "."],
      ],
    ],
    [
      "the project as its working tree",
      [
        ["core.bare", "false"],
        ["core.worktree", ".."],
      ],
    ],
  ];

  /** What is said where no settings are. */
  const elsewhere: object[] = [];

  test.each(SHAPES)("in an embedded repository, %s, do not count", (_, shape) => {
    const clone = newRepository(newFolder());
    const series = join(clone, "series");
    git(clone, ["init", "-q", "--bare", series]);
    cpSync(join(project(publicKey(7)), "keys"), join(series, "keys"), { recursive: true });
    for (const [key, value] of [...LAX, ...shape])
      git(clone, ["config", "-f", join(series, "config"), key, value]);
    const run = (args: readonly string[], cwd: string) => {
      const home = newHome(7);
      const env = config(["patchsig.require", "pinned"]);
      const { status, stdout, stderr } = patchsig(args, { home, cwd, env });
      return { status, said: (stdout + stderr).replaceAll(home, "HOME") };
    };
    const asked = [
      ["verify", "--policy"],
      ["verify", ...files],
      ["key", "show"],
    ];
    for (const [i, args] of asked.entries()) {
      elsewhere[i] ??= run(args, newFolder());
      expect(run(args, series)).toEqual(elsewhere[i]);
    }
  });

  test("in the repository of the current working tree count", () => {
    const folder = project(publicKey(7));
    git(folder, ["config", "patchsig.require", "pinned"]);
    expectStatus(verify(folder, newFolder(), files), 1);
    git(folder, ["-c", "user.name=x", "commit", "-q", "--allow-empty", "-m", "x"]);
    const linked = join(newFolder(), "linked");
    git(folder, ["worktree", "add", "-q", linked]);
    expectStatus(verify(linked, newFolder(), files), 1);
  });
});
