/**
 * Whoever makes a folder, or a project that is cloned, decides over no program that patchsig starts:
 * each command that reads, in each place that is theirs. Every setting and hook by which git starts
 * something touches a file here; stock git shows that they are armed.
 */

import { gitIsAtLeast } from "../support/gits.ts";
import { LONG, some } from "../support/long.ts";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { patchsig } from "../support/cli.ts";
import { commit, git, newRepository, tryGit } from "../support/repo.ts";
import { keyFile, newFolder, newHome, newSubmission, signedPatches } from "./support.ts";

const GONE = "1".repeat(40);
const HOOKS =
  "applypatch-msg commit-msg fsmonitor-watchman post-applypatch post-checkout post-commit post-index-change pre-applypatch pre-auto-gc pre-commit prepare-commit-msg reference-transaction sendemail-validate".split(
    " ",
  );

/** Puts into a git folder all that starts a program: each touches `canary`. */
function arm(gitFolder: string, canary: string, more = ""): void {
  const touch = `touch ${canary}`;
  const attributes = join(gitFolder, "info", "attributes");
  const hooks = join(gitFolder, "hooks");
  mkdirSync(join(gitFolder, "info"), { recursive: true });
  mkdirSync(hooks, { recursive: true });
  for (const hook of HOOKS)
    writeFileSync(join(hooks, hook), `#!/bin/sh\n${touch}\n`, { mode: 0o755 });
  writeFileSync(attributes, "* diff=evil filter=evil merge=evil\n");
  const helper = `"!${touch}"`;
  // of git 2.54 and later, whatever core.hooksPath is; a "hook" that has an event's name keeps 2.55 from
  // switching that event off
  const events = HOOKS.map((hook) => `  event = ${hook}\n`).join("");
  const named = HOOKS.map((hook) => `[hook "${hook}"]\n  parallel = true\n`).join("");
  const lines = `[core]
  fsmonitor = ${touch}
  sshCommand = ${touch}
  gitProxy = ${touch}
  askPass = ${touch}
  pager = ${touch}
  editor = ${touch}
  hooksPath = ${hooks}
  attributesFile = ${attributes}
  alternateRefsCommand = ${touch}
[pager]
  log = ${touch}
  diff = ${touch}
  config = ${touch}
[diff]
  external = ${touch}
[diff "evil"]
  command = ${touch}
  textconv = ${touch}
[filter "evil"]
  clean = ${touch}
  smudge = ${touch}
  process = ${touch}
[merge "evil"]
  driver = ${touch}
[gpg]
  program = ${touch}
[log]
  showSignature = true
[credential]
  helper = ${helper}
[uploadpack]
  packObjectsHook = ${touch}
[sendemail]
  smtpServer = ${touch}
  sendmailCmd = ${touch}
[protocol "ext"]
  allow = always
[extensions]
  partialClone = x
[remote "x"]
  url = "ext::sh -c touch% ${canary}"
  promisor = true
  uploadpack = ${touch}
[hook "a=b.c"]
  command = ${touch}
${events}${named}[gc]
  recentObjectsHook = ${touch}
[trailer "x"]
  key = X
  cmd = ${touch}
  command = ${touch}
[patchsig]
  keyring = ref:.:${GONE}:keys
  devKeyring = .
  require = opt-in
${more}`;
  const config = join(gitFolder, "config");
  const own = existsSync(config) ? readFileSync(config, "utf8") : "";
  const version = own.replace("repositoryformatversion = 0", "repositoryformatversion = 1");
  writeFileSync(config, `${version}${lines}`);
}

interface Place {
  readonly cwd: string;
  readonly canary: string;
}

/** A bare repository that lies in a cloned project, and is armed as it came. */
function embedded(more: string): Place {
  const canary = join(newFolder(), "canary");
  const project = newRepository(newFolder());
  const series = join(project, "series");
  git(project, ["init", "-q", "--bare", series]);
  arm(series, canary, more);
  for (const folder of ["refs", "objects"]) writeFileSync(join(series, folder, ".keep"), "");
  cpSync(patch, join(series, "0001-a.patch"));
  commit(project, "a series to review", {});
  const clone = join(newFolder(), "clone");
  git(newFolder(), ["clone", "-q", project, clone]);
  return { cwd: join(clone, "series"), canary };
}

/** A working tree as somebody has packed it. */
function workTree(): Place {
  const canary = join(newFolder(), "canary");
  const cwd = newFolder();
  cpSync(submission.work, cwd, { recursive: true });
  arm(join(cwd, ".git"), canary);
  cpSync(patch, join(cwd, "0001-a.patch"));
  return { cwd, canary };
}

let submission: ReturnType<typeof newSubmission>;
let patch: string;
let series: readonly string[];

const PLACES: Readonly<Record<string, () => Place>> = {
  "an embedded bare repository": () => embedded(""),
  "an embedded one that names itself a working tree": () =>
    embedded("[core]\n  bare = false\n  worktree = .\n"),
  "an embedded one that names the project its working tree": () =>
    embedded("[core]\n  bare = false\n  worktree = ..\n"),
  "a working tree that came packed": workTree,
};

/** Words of a command; PATCH is a signed mail, SERIES all of its series, HERE the place itself. */
const COMMANDS = [
  "verify PATCH",
  "verify --dry-run HERE",
  "verify --repo HERE PATCH",
  "verify --policy",
  "verify --since 2.days imaps://u@127.0.0.1:1/INBOX",
  "attestation PATCH",
  "base show PATCH",
  "base check SERIES",
  "base guess SERIES",
  "key show",
  "hook status",
  "trust list",
  "trust import",
  `trust import ref:.:${GONE}:keys`,
  `trust diff ref:HERE:HEAD:keys`,
  "bot status",
];
/** The others, which read less of such a place. */
const MORE = [
  "verify --guess-base PATCH",
  "verify --keyring ref:HEAD:keys PATCH",
  "verify HERE/.git",
  "am --on-base PATCH",
  "am --guess-base PATCH",
  "attestation HERE",
  "sign HERE",
  "base check --repo HERE SERIES",
  "base guess --repo HERE SERIES",
  "key generate --no-password",
  "key import PATCH",
  "key unlock",
  "hook status --global",
  "hook install --global",
  "trust status",
  "trust log",
  "trust show alice@example.org",
  "trust export out",
  "trust backup out.db",
  "trust merge out.db",
  "trust revoke --statement --reserve",
  "bot preview HERE",
  "bot run --once",
];
/** Where there is something to write patches of. */
const WRITERS = ["format-patch --stdout -1", "sign COPY"];

beforeAll(() => {
  submission = newSubmission();
  const home = newHome();
  series = signedPatches(submission.work, home);
  patch = series[0]!;
});

function run(place: Place, words: string, home: string): void {
  const copy = join(newFolder(), "copy.patch");
  cpSync(patch, copy);
  const args = words
    .replaceAll("PATCH", patch)
    .replaceAll("COPY", copy)
    .replaceAll("HERE", place.cwd)
    .split(" ")
    .flatMap((word) => (word === "SERIES" ? series : [word]));
  const env = { GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "false" };
  const { status, stderr } = patchsig(args, { home, cwd: place.cwd, env });
  expect(existsSync(place.canary), `${words}: ${stderr}`).toBe(false);
  // whatever comes of it, it is said as we say things
  expect([0, 1, 2, 3], stderr).toContain(status);
}

describe.each(Object.keys(PLACES))("%s", (name) => {
  let place: Place;
  beforeAll(() => (place = PLACES[name]!()));

  test("would notice a started program", () => {
    tryGit(place.cwd, ["cat-file", "-t", GONE]);
    expect(existsSync(place.canary)).toBe(true);
    rmSync(place.canary);
  });

  const all = LONG ? [...COMMANDS, ...MORE] : COMMANDS;
  const commands = name.includes("packed") ? [...all, ...WRITERS] : all;
  test.each(some(commands, 3, Object.keys(PLACES).indexOf(name)))(
    "patchsig %s starts no program",
    (words) => run(place, words, newHome()),
  );
});

describe("a source folder laid out as an inbox", () => {
  const EPOCHS: Readonly<Record<string, (folder: string) => string>> = {
    "v1 or an epoch": (folder) => folder,
    v2: (folder) => join(folder, "git", "0.git"),
  };

  function inbox(layout: string): Place & { readonly epoch: string } {
    const canary = join(newFolder(), "canary");
    const cwd = newFolder();
    const epoch = EPOCHS[layout]!(cwd);
    const work = newRepository(newFolder());
    commit(work, "a mail", { m: readFileSync(patch) });
    git(work, ["clone", "-q", "--bare", work, epoch]);
    arm(epoch, canary);
    return { cwd, epoch, canary };
  }

  test.each(Object.keys(EPOCHS))("%s: its mails are read, and no program is started", (layout) => {
    const place = inbox(layout);
    const home = newFolder();
    const { status, stdout } = patchsig(["verify", place.cwd], { home });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^ok /)]);
    for (const words of ["verify --new HERE", "verify --since 2.weeks HERE", "base show HERE"])
      run(place, words, home);
  });

  test.each(["tree", "blob"])("missing %ss are not fetched", (what) => {
    const place = inbox("v1 or an epoch");
    const work = newFolder();
    git(work, ["clone", "-q", place.epoch, "w"]);
    const name = git(join(work, "w"), ["rev-parse", what === "tree" ? "HEAD^{tree}" : "HEAD:m"]);
    const object = name.toString().trim();
    git(
      place.epoch,
      ["-c", "core.fsmonitor=", "unpack-objects", "-q"],
      git(join(work, "w"), ["pack-objects", "--all", "--stdout", "-q"], ""),
    );
    rmSync(join(place.epoch, "objects", "pack"), { recursive: true, force: true });
    rmSync(join(place.epoch, "objects", object.slice(0, 2), object.slice(2)), { force: true });
    rmSync(place.canary, { force: true });
    const { status } = patchsig(["verify", place.cwd], { home: newFolder() });
    expect([status, existsSync(place.canary)]).toEqual([3, false]);
  });

  test.runIf(gitIsAtLeast(2, 36))(
    "another owner's inbox, which git refuses, is an error, not empty",
    () => {
      const { status, stderr } = verifyWith("safe.directory", "/nowhere");
      expect([status, stderr]).toEqual([3, expect.stringContaining("detected dubious ownership")]);
    },
  );

  test("a bare one is read where git wants those to be named: it is", () => {
    expect(verifyWith("safe.bareRepository", "explicit")).toMatchObject({ status: 0, stderr: "" });
  });

  function verifyWith(setting: string, value: string): ReturnType<typeof patchsig> {
    const place = inbox("v1 or an epoch");
    rmSync(join(place.epoch, "hooks"), { recursive: true });
    const env = {
      ...(setting === "safe.directory" ? { GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" } : {}),
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: setting,
      GIT_CONFIG_VALUE_0: value,
    };
    return patchsig(["verify", place.cwd], { home: newFolder(), env });
  }

  test("an enclosing repository is not read instead", () => {
    const outer = newRepository(newFolder());
    commit(outer, "a mail", { m: readFileSync(patch) });
    for (const name of ["objects", "refs"])
      mkdirSync(join(outer, "inner", name), { recursive: true });
    writeFileSync(join(outer, "inner", "HEAD"), "nonsense\n");
    const { status, stdout } = patchsig(["verify", join(outer, "inner")], { home: newFolder() });
    expect([status, stdout]).toEqual([3, ""]);
  });
});

test("sendemail settings of an embedded repository send nothing", () => {
  const place = embedded("");
  const file = join(newFolder(), "bot.cfg");
  writeFileSync(file, `[bot]\n mode = preview\n source = ${patch}\n`);
  run(place, `bot run --once --config ${file}`, newHome());
  expect(existsSync(keyFile(newFolder()))).toBe(false);
});
