import { execFileSync } from "node:child_process";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { newFolder } from "../support/folders.ts";

export { newFolder as temporaryDirectory };

/** In one batch: a shell starts git several times faster than node does. */
const COMMIT = `git add "$1" && git commit --quiet -m "add $1" && git rev-parse HEAD`;

/**
 * A repository, created if it does not exist. Its clock advances a minute per commit, so that
 * commits have the same names in every run.
 */
export class TestRepository {
  readonly directory: string;
  #now = 1_112_911_993;

  constructor(directory: string, ...options: string[]) {
    this.directory = directory;
    if (existsSync(directory)) return;
    const init = ["init", "--quiet", "--template=", "--initial-branch=main"];
    execFileSync("git", [...init, ...options, directory]);
  }

  /** A copy of this one, with its own further history. */
  copyTo(directory: string): TestRepository {
    cpSync(this.directory, directory, { recursive: true, preserveTimestamps: true });
    const copy = new TestRepository(directory);
    copy.#now = this.#now;
    return copy;
  }

  /** Runs git; returns what it writes, without the newline at its end. */
  git(...args: string[]): string {
    return this.#run("git", args);
  }

  #run(program: string, args: readonly string[]): string {
    const date = `${this.#now} +0000`;
    return execFileSync(program, args, {
      cwd: this.directory,
      encoding: "utf8",
      env: { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      stdio: ["ignore", "pipe", "pipe"],
    }).replace(/\n$/, "");
  }

  /** A commit that writes one file of its own; returns its full name. */
  commit(name: string): string {
    this.#now += 60;
    writeFileSync(path.join(this.directory, name), `${name}\n`);
    return this.#run("sh", ["-c", COMMIT, "sh", name]);
  }

  name(revision: string): string {
    return this.git("rev-parse", revision);
  }

  /** Pretends that a remote has this branch at that commit. */
  remote(branch: string, revision: string): void {
    this.git("update-ref", `refs/remotes/${branch}`, revision);
  }

  remoteHead(branch: string, remote = "origin"): void {
    this.git("symbolic-ref", `refs/remotes/${remote}/HEAD`, `refs/remotes/${branch}`);
  }

  /** Pretends that a local branch follows one of origin's. */
  follow(local: string, upstream: string): void {
    if (!this.git("remote").split("\n").includes("origin"))
      this.git("remote", "add", "origin", "https://git.example.org/x.git");
    this.git("config", `branch.${local}.remote`, "origin");
    this.git("config", `branch.${local}.merge`, `refs/heads/${upstream}`);
  }
}

const threes = new Map<string, TestRepository>();

/** A new repository with the commits c1, c2 and c3 on main. */
export function threeCommits(...options: string[]): TestRepository {
  const name = ["three", ...options].join("");
  let made = threes.get(name);
  // another test file's repository was removed after that file
  if (made === undefined || !existsSync(made.directory)) {
    made = new TestRepository(path.join(newFolder(), name), ...options);
    for (const file of ["c1", "c2", "c3"]) made.commit(file);
    threes.set(name, made);
  }
  return made.copyTo(path.join(newFolder(), "r"));
}
