/** Somebody with a branch to send, and a server's settings. */

import { chmodSync, cpSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { commit, commitsSince, git, newRepository } from "../support/repo.ts";
import { newFolder } from "./support.ts";

export interface Submitter {
  /** Where the keys are, and what is trusted. */
  readonly home: string;
  readonly origin: string;
  readonly cwd: string;
  /** Settings of `sendemail.*`, in place of those before. */
  readonly set: (settings: Readonly<Record<string, string>>) => void;
  readonly send: (...args: string[]) => Run;
}

/** So many patches does the branch have. */
export const PATCHES = 9;

export interface Project {
  readonly origin: string;
  /** A clone with a branch that needs every encoding. */
  readonly clone: string;
}

export function newProject(): Project {
  const origin = newRepository(newFolder());
  commit(origin, "first", {
    "song.txt": "one\ntwo\nthree\n",
    "dos.txt": "one\r\ntwo\r\n",
    "tool.sh": `#!/bin/sh\n${"echo line\n".repeat(20)}`,
    "gone.txt": "gone\n",
  });
  const clone = newFolder();
  git(clone, ["clone", "-q", origin, "."]);
  git(clone, ["switch", "-q", "-c", "topic", "origin/main"]);
  newCommits(clone);
  return { origin, clone };
}

/** With a clone of their own, and a key without a password. */
export function newSubmitter(
  { origin, clone }: Project,
  settings: Readonly<Record<string, string>>,
): Submitter {
  const [home, cwd] = [newFolder(), newFolder()];
  cpSync(clone, cwd, { recursive: true, verbatimSymlinks: true });
  const set: Submitter["set"] = (all) => {
    const lines = Object.entries(all).map(
      ([name, value]) => `  ${name} = ${JSON.stringify(value)}\n`,
    );
    writeFileSync(join(home, "settings"), `[sendemail]\n${lines.join("")}`);
  };
  git(cwd, ["config", "include.path", join(home, "settings")]);
  git(cwd, ["config", "credential.helper", `store --file=${join(home, "credentials")}`]);
  set(settings);
  patchsig(["key", "generate", "-W"], { home });
  const send = (...args: string[]): Run =>
    patchsig(["send", "--allow", "no-cover", "--yes", "--suppress-cc=all", ...args], { home, cwd });
  return { home, origin, cwd, set, send };
}

function newCommits(cwd: string): void {
  const by = (author: string): void =>
    void git(cwd, ["commit", "-q", "--amend", "--no-edit", `--author=${author}`]);
  commit(cwd, "song: shout two\n\nMake it loud.\n", { "song.txt": "one\nTWO\nthree\n" });
  commit(cwd, "song: Grüße, 歌、и песня: это название длиннее строки\n\n„Ja.“\n", {
    "grüße.txt": "Grüße aus Köln\n",
  });
  by("Łukasz Żółć <lukasz@example.org>");
  commit(cwd, "dos: shout two", { "dos.txt": "one\r\nTWO\r\n" });
  by("D. O'Brien, Jr. (Org) <d@example.org>");
  commit(cwd, "song: a long line", { "long.txt": `${"la ".repeat(500)}\ttab \nend` });
  const bytes = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 7) % 256));
  commit(cwd, "picture: a new one", { "picture.bin": bytes });
  git(cwd, ["mv", "tool.sh", "other name.sh"]);
  chmodSync(join(cwd, "other name.sh"), 0o755);
  symlinkSync("song.txt", join(cwd, "link"));
  commit(cwd, "tool: another name; it can be run", { "gone.txt": null, "empty.txt": "" });
  commit(cwd, "old: bytes that are not UTF-8", {
    "old.txt": Buffer.from("Gr\xfc\xdfe\n", "latin1"),
  });
  commit(cwd, "song: lines that mail servers know\n\nFrom here on.\n.\n..\n", {
    "song.txt": "one\nTWO\n.\nFrom there\n-- \n \n\nend \n",
  });
  const message = join(newFolder(), "message");
  writeFileSync(message, Buffer.from("song: K\xf6ln\n\n\xdcber K\xf6ln.\n", "latin1"));
  writeFileSync(join(cwd, "song.txt"), "one\n");
  git(cwd, ["-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "-a", "-F", message]);
}

interface Finding {
  readonly code: string;
  readonly severity: string;
}

/** What is in a mailbox verifies, as so many whole series; `am` of it makes the branch's commits: the newest. */
export function expectBranch(
  { home, origin, cwd }: Submitter,
  mailbox: string,
  versions = 1,
): void {
  const verify = patchsig(["verify", "--json", "--dry-run", mailbox], { home });
  expect(verify.status, verify.stdout + verify.stderr).toBe(0);
  const all = records(verify);
  const series = all.filter(({ type }) => type === "series");
  expect(series.map(({ version, complete, sealed }) => [version, complete, sealed])).toEqual(
    Array.from({ length: versions }, (_, i) => [i + 1, true, true]),
  );
  const patches = all.filter(({ type }) => type === "patch");
  expect(patches.map(({ signature }) => signature)).toEqual(
    Array.from({ length: versions * PATCHES }, () => "good"),
  );
  // what is odd about these commits, and nothing else
  const codes = patches.flatMap<string>(({ findings }) =>
    findings.flatMap(({ code, severity }: Finding) => (severity === "info" ? [] : code)),
  );
  expect([...new Set(codes)].toSorted()).toEqual(["mode-change", "signer-forwards", "symlink"]);
  const tree = newFolder();
  git(tree, ["clone", "-q", origin, "."]);
  const am = patchsig(["am", mailbox], { home, cwd: tree });
  expect(am.status, am.stderr).toBe(0);
  expect(commitsSince(tree, "origin/main")).toEqual(commitsSince(cwd, "origin/main"));
}
