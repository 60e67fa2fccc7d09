/** Two machines, one trust database on a PostgreSQL server: `patchsig.database`, through the built program. */

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTrustStore } from "../../src/store/trust-store.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { HAS_POSTGRES, type Postgres, startPostgres } from "../support/postgres.ts";
import { git } from "../support/repo.ts";
import {
  expectError,
  expectStatus,
  newFolder,
  newHome,
  newSubmission,
  publicKey,
  signedPatches,
} from "./support.ts";

const ALICE = "alice@example.org";
const [A1, A2] = [publicKey(7), publicKey(8)];

describe.runIf(HAS_POSTGRES)("a team's database", () => {
  let server: Postgres;
  let patches: string[];
  beforeAll(() => {
    server = startPostgres();
    patches = signedPatches(newSubmission().work, newHome(7));
  });
  afterAll(() => server.close());

  /** A machine of the team, or one without a team. */
  function machine(url: string, home = newFolder()): (...args: string[]) => Run {
    const settings = join(newFolder(), "config");
    writeFileSync(settings, url === "" ? "" : `[patchsig]\n\tdatabase = ${url}\n`);
    return (...args) => patchsig(args, { home, env: { GIT_CONFIG_GLOBAL: settings } });
  }

  test("is what two machines know of keys, and each counts the same patch once", () => {
    const url = server.newDatabase();
    const home = newFolder();
    const [here, there] = [machine(url, home), machine(url)];
    expectStatus(here("verify", "--json", ...patches), 0);
    const seen = records(expectStatus(there("verify", "--json", ...patches), 0));
    expect(seen.find(({ type }) => type === "patch")).toMatchObject({ trust: "first-use" });
    const [key] = records(here("trust", "list", "--json"));
    expect(key).toMatchObject({ identity: ALICE, publicKey: A1, patches: patches.length });
    expectStatus(there("trust", "accept", ALICE, A2), 0);
    const replaced = records(expectStatus(here("verify", "--json", ...patches), 1));
    expect(replaced.find(({ type }) => type === "patch")).toMatchObject({ trust: "replaced" });
    expect(here("trust", "log", "--json").stdout).toBe(there("trust", "log", "--json").stdout);
    expect(records(here("trust", "log", "--json"))).toHaveLength(3);
    // and nothing of it is on the machine
    expect(existsSync(join(home, "patchsig", "trust.db"))).toBe(false);
    const { stdout } = expectStatus(here("trust", "status"), 0);
    expect(stdout).toBe(`${url}: 2 keys\n`);
    server.sql(/@\/(\w+)/.exec(url)![1]!, "drop schema patchsig cascade");
    expectError(here("trust", "list"), 3, "is empty");
  });

  test("is filled from a file, and written to one", () => {
    const url = server.newDatabase();
    const home = newFolder();
    const [before, here] = [machine("", home), machine(url, home)];
    expectStatus(before("verify", ...patches), 0);
    expectStatus(before("trust", "accept", ALICE, A2), 0);
    expectStatus(before("trust", "revoke", ALICE, A1), 0);
    const [list, log] = [before("trust", "list", "--json"), before("trust", "log", "--json")];
    expectStatus(before("trust", "backup", "own"), 0);
    const moved = expectStatus(here("trust", "restore", "own"), 0);
    expect(moved.stderr).toBe(`restored: ${url}\n`);
    expect([here("trust", "list", "--json"), here("trust", "log", "--json")]).toEqual([list, log]);
    // a mail that was counted is not counted again
    expectStatus(here("verify", ...patches), 1);
    expect(here("trust", "list", "--json")).toEqual(list);
    expectStatus(here("trust", "backup", "teams"), 0);
    expectError(here("trust", "backup", "teams"), 3, "exists already");
    expectStatus(before("trust", "restore", "teams"), 0);
    expect([before("trust", "list", "--json"), before("trust", "log", "--json")]).toEqual([
      list,
      log,
    ]);
  });

  test("that is replaced is kept in a file, and what comes back is named", () => {
    const home = newFolder();
    const here = machine(server.newDatabase(), home);
    expectStatus(here("trust", "accept", ALICE, A1), 0);
    expectStatus(here("trust", "backup", "copy"), 0);
    expectStatus(here("trust", "revoke", ALICE, A1), 0);
    const { stderr } = expectStatus(here("trust", "restore", "copy"), 0);
    const [kept] = readdirSync(join(home, "patchsig")).filter((name) => name.includes("before"));
    expect(stderr).toContain(`the old one is now ${join(home, "patchsig", kept!)}\n`);
    expect(stderr).toContain("1 key revoked in the old one, but not in this copy");
    expect(stderr).toContain(A1);
    expect(records(here("trust", "list", "--json"))).toMatchObject([{ state: "pinned" }]);
    const old = openTrustStore({ file: join(home, "patchsig", kept!), dryRun: true });
    expect([...old.list()]).toMatchObject([{ state: "revoked" }]);
    old.close();
    writeFileSync(join(home, "torn"), "no database at all");
    expectError(here("trust", "restore", "torn"), 3, "is not a database");
    expect(records(here("trust", "list", "--json"))).toMatchObject([{ state: "pinned" }]);
  });

  test("that a repository names does not count", () => {
    const { work } = newSubmission();
    git(work, ["config", "patchsig.database", "postgres://evil@127.0.0.1:9/evil"]);
    const home = newFolder();
    expectStatus(patchsig(["trust", "accept", ALICE, A1], { home, cwd: work }), 0);
    expect(existsSync(join(home, "patchsig", "trust.db"))).toBe(true);
  });

  test("that is not there, or is named with a password, is one clear line", () => {
    const gone = machine(`postgres://a@/team?host=${newFolder()}`);
    for (const command of [
      ["verify", ...patches],
      ["trust", "list"],
    ]) {
      const run = expectError(gone(...command), 3, "cannot be reached (ENOENT)");
      expect(run.stdout).toBe("");
      expect(run.stderr.trimEnd().split("\n")).toHaveLength(2);
    }
    const told = machine("postgres://alice:s3cret@db.example.org/team");
    const run = expectError(told("trust", "list"), 2, "a password does not belong in settings");
    expect(run.stderr).not.toContain("s3cret");
  });
});
