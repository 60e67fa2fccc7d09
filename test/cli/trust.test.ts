/** The trust commands through the built program: two people, their databases, statements between them. */

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { openTrustStore } from "../../src/store/trust-store.ts";
import { signStatement } from "../../src/trust/statement.ts";
import { patchsig, patchsigEach, records, type Run } from "../support/cli.ts";
import { some } from "../support/long.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import {
  expectError,
  expectStatus,
  expectTidy,
  newFolder,
  newHome,
  newSubmission,
  publicKey,
  signedPatches,
} from "./support.ts";

const ALICE = "alice@example.org";
const BOB = "bob@example.org";
const AS_BOB = { GIT_AUTHOR_EMAIL: BOB, GIT_AUTHOR_NAME: "Bob" };
const [A1, A2, B] = [publicKey(7), publicKey(8), publicKey(9)];

let patches: string[];
let alice: string;
let bob: string;
let home: string;
beforeAll(() => {
  alice = newHome(7);
  patches = signedPatches(newSubmission().work, alice);
});
beforeEach(() => {
  alice = newHome(7);
  bob = newHome(9);
  home = newFolder();
});

/** As somebody who verifies. */
function trust(...args: string[]): Run {
  return patchsig(["trust", ...args], { home });
}

/** What `trust accept` leaves behind. */
function pin(who: string, identity: string, key: string): void {
  const store = openTrustStore({ file: join(who, "patchsig", "trust.db") });
  store.accept(identity, key, Math.floor(Date.now() / 1000));
  store.close();
}

function statement(from: string, args: string[], env: Record<string, string> = {}): string {
  const file = join(newFolder(), "statement");
  expectStatus(patchsig(["trust", ...args, "-o", file], { home: from, env }), 0);
  return file;
}

describe("statements between people", () => {
  test("a rotation is imported, and the old key is replaced", () => {
    pin(home, ALICE, A1);
    const file = statement(alice, ["rotate", A2]);
    const run = expectStatus(trust("import", file), 0);
    expect(run.stdout.replaceAll(/\n +/g, " ")).toBe(
      `applied    ${ALICE} rotates ${A1} to ${A2}\n`,
    );
    expect(
      records(trust("list", "--json")).map(({ publicKey, state }) => [publicKey, state]),
    ).toEqual(
      expect.arrayContaining([
        [A1, "replaced"],
        [A2, "endorsed"],
      ]),
    );
    const input = readFileSync(file);
    const again = expectStatus(patchsig(["trust", "import", "--json", "-"], { home, input }), 0);
    expect(records(again)).toMatchObject([{ type: "imported-statement", outcome: "repeated" }]);
  });

  test("a statement takes effect for its own signer too", () => {
    statement(alice, ["rotate", A2]);
    const run = patchsig(["trust", "list", "--json"], { home: alice });
    expect(records(run)).toMatchObject([{ publicKey: A2, state: "pinned" }]);
    statement(bob, ["endorse", ALICE, A1], AS_BOB);
    const bobs = records(patchsig(["trust", "show", ALICE, "--json"], { home: bob }));
    expect(bobs).toMatchObject([
      { type: "key", state: "pinned", publicKey: A1 },
      { type: "statement", kind: "endorse", by: BOB, of: ALICE, applied: true },
      { type: "event", kind: "accept" },
    ]);
  });

  test("an endorsement counts where its signer is pinned", () => {
    const file = statement(bob, ["endorse", ALICE, A1], AS_BOB);
    expect(expectStatus(trust("import", file), 0).stdout).toContain("is known here");
    pin(home, BOB, B);
    expectStatus(trust("import", file), 0);
    const run = expectStatus(patchsig(["verify", "--require", "pinned", ...patches], { home }), 0);
    expect(run.stdout).toContain("endorsed");
  });

  test("a prepared revocation has no effect until it is imported", () => {
    const file = statement(alice, ["revoke", "--statement", "--reserve"]);
    expect(patchsig(["trust", "list"], { home: alice }).stdout).toBe("");
    expectStatus(patchsig(["verify", ...patches], { home }), 0);
    expectStatus(trust("import", file), 0);
    const run = expectStatus(patchsig(["verify", ...patches], { home }), 1);
    expect(run.stdout).toContain("REVOKED");
    expect(trust("show", ALICE).stdout).toContain(`revoked    ${A1}`);
  });

  test("in a mail of their own they are a note, and the mail passes", () => {
    pin(home, ALICE, A1);
    const lines = readFileSync(statement(alice, ["rotate", A2]), "utf8");
    const input = `From: Alice <${ALICE}>\nSubject: my new \x1b[31mkey\nMessage-ID: <1@x>\n\nHello.\n\n${lines}`;
    const run = expectStatus(patchsig(["verify", "--dry-run"], { home, input }), 0);
    expect(run.stdout.split("\n").slice(0, 2)).toEqual([
      "note  my new \\x1b[31mkey",
      `      ${ALICE} rotates`,
    ]);
    const json = records(patchsig(["verify", "--json"], { home, input }));
    expect(json).toMatchObject([
      { type: "note", findings: [{ code: "statement-applied", severity: "info" }] },
      { type: "summary", messages: 1, patches: 0 },
    ]);
  });

  test("wrong usage and wrong keys", () => {
    const cases: [string[], string, number, string][] = [
      [["rotate", A1], alice, 2, "this is your own signing key"],
      [["rotate", "RWQ"], alice, 3, "complete public key"],
      [["rotate", A2], home, 3, "no key yet"],
      [["endorse", "Alice", A1], alice, 2, "is not a mail address"],
      [["revoke"], alice, 2, "whose key"],
      [["revoke", "--reserve"], alice, 2, "--reserve goes with --statement"],
      [["revoke", BOB], alice, 1, "which key of"],
      [["revoke", "--statement", BOB], alice, 3, "complete public key"],
      [["import"], home, 2, "import needs a keyring"],
      [["import", "nowhere"], home, 3, "no such keyring"],
      [["import", patches[0]!], home, 1, "no statement in"],
      [["statement", "nowhere"], home, 3, "no such file"],
      [["log", BOB], home, 1, "nothing is known about"],
      [["log", "-n", "x"], home, 2, "--max-count"],
      [["backup", "x"], newFolder(), 3, "no trust database yet"],
      [["restore", "nowhere"], home, 3, "no such file"],
    ];
    const runs = patchsigEach(
      cases.map(([args]) => ["trust", ...args]),
      cases.map(([, who]) => who),
    );
    for (const [i, [, , status, text]] of cases.entries()) expectError(runs[i]!, status, text);
  });

  test("a new key may be given as a file", () => {
    const key = generateSecretKey(Buffer.alloc(32, 8), Buffer.alloc(8, 8));
    writeFileSync(join(alice, "new.key"), formatSecretKeyFile(key, "new", null), { mode: 0o600 });
    const pub = `untrusted comment: x\n${A2}\n`;
    writeFileSync(join(alice, "new.pub"), pub);
    const file = statement(alice, ["rotate", join(alice, "new.pub")]);
    expect(readFileSync(file, "utf8")).toContain(`key=${A2}`);
  });
});

describe("revoke by hand", () => {
  test("the key in use, an abbreviated key, and twice", () => {
    pin(home, ALICE, A1);
    expect(expectStatus(trust("revoke", ALICE), 0).stdout).toBe(`${ALICE}\nrevoked    ${A1}\n`);
    expect(expectStatus(trust("revoke", ALICE, A1), 0).stderr).toContain("already revoked");
    pin(home, ALICE, A2);
    expect(records(trust("revoke", "--json", ALICE, A2.slice(0, 30)))).toMatchObject([
      { type: "key", publicKey: A2, state: "revoked" },
    ]);
    expectError(trust("accept", ALICE, A1), 3, "is revoked");
  });
});

describe("log", () => {
  test("prints like git log, newest first", () => {
    expectStatus(patchsig(["verify", patches[0]!], { home }), 0);
    trust("accept", ALICE, A2);
    const { stdout } = expectStatus(trust("log", ALICE), 0);
    const plain = stdout
      .replaceAll(/\w{3} \w{3} \d+ [\d:]{8} \d{4}/g, "…")
      .replaceAll(/<.*>/g, "<…>");
    expect(plain.split("\n")).toEqual([
      "event 3",
      `Address:   ${ALICE}`,
      `Key:       ${A2}`,
      "Date:      … +0000",
      "",
      "    accepted by hand (unknown -> pinned)",
      "",
      "event 2",
      `Address:   ${ALICE}`,
      `Key:       ${A1}`,
      `New key:   ${A2}`,
      "Date:      … +0000",
      "",
      "    another key was accepted in its place (first-use -> replaced)",
      "",
      "event 1",
      `Address:   ${ALICE}`,
      `Key:       ${A1}`,
      "Date:      … +0000",
      ...(stdout.includes("Mail:") ? ["Mail:      <…>"] : []),
      "",
      "    first patch by this key, and the first signed one from this address",
      "    (unknown -> first-use)",
      "",
    ]);
    expect(trust("log").stdout).toBe(stdout);
    expect(trust("log", "-n", "1").stdout).toBe(stdout.slice(0, stdout.indexOf("\nevent 2")));
    expect(records(trust("log", "--json")).map(({ id }) => id)).toEqual([3, 2, 1]);
  });
});

describe("statement", () => {
  test("prints the text, and writes files that minisign reads", () => {
    const file = statement(alice, ["rotate", A2]);
    const { stdout } = expectStatus(trust("statement", file), 0);
    expect(stdout).toMatch(/^patchsig-statement-v1\nrotate\nt: \d+\nby: alice@example.org\n/);
    const name = join(home, "said");
    expectStatus(trust("statement", "-o", name, file), 0);
    expect(readFileSync(name, "utf8")).toBe(stdout);
    expect(readFileSync(`${name}.minisig`, "utf8")).toBe(readFileSync(file, "utf8"));
  });
});

describe("keyrings", () => {
  test("export writes nothing through a symlink", () => {
    pin(home, ALICE, A1);
    const [ring, elsewhere] = [newFolder(), newFolder()];
    mkdirSync(join(ring, "minisign"));
    symlinkSync(elsewhere, join(ring, "minisign", "example.org"));
    expectError(trust("export", ring), 3, /is a symbolic link: not written$/);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test("export, diff and import lead to the same keys elsewhere; the statements come along", () => {
    const ring = join(newFolder(), "keyring");
    pin(home, ALICE, A1);
    pin(home, BOB, B);
    trust("import", statement(alice, ["rotate", A2]));
    pin(home, ALICE, A2);
    expect(expectStatus(trust("export", ring), 0).stderr).toContain("3 files written");
    expect(existsSync(join(ring, "minisign/example.org/alice/default.pub"))).toBe(true);
    expect(expectStatus(trust("export", ring), 0).stderr).toContain("0 files written");
    expect(expectStatus(trust("diff", ring), 0).stdout).toBe("");

    const other = newFolder();
    const there = (...args: string[]): Run => patchsig(["trust", ...args], { home: other });
    expect(expectStatus(there("diff", ring), 1).stdout).toBe(` ${ALICE}\n+${A2}\n ${BOB}\n+${B}\n`);
    const run = expectStatus(there("import", ring), 0);
    // how the new key came is nothing new there
    expect(run.stdout).toBe(`${ALICE}\npinned     ${A2}\n${BOB}\npinned     ${B}\n`);
    expect(expectStatus(there("diff", ring), 0).stdout).toBe("");
  });

  test("a conflict is shown, and nothing is merged", () => {
    const ring = join(newFolder(), "keyring");
    pin(home, ALICE, A1);
    trust("export", ring);
    const other = newFolder();
    pin(other, ALICE, A2);
    const there = (...args: string[]): Run => patchsig(["trust", ...args], { home: other });
    expect(expectStatus(there("import", ring), 1).stdout).toBe(`${ALICE}\nconflict   ${A1}\n`);
    expect(expectStatus(there("export", ring), 1).stdout).toBe(`${ALICE}\nconflict   ${A2}\n`);
    expect(expectStatus(there("diff", ring), 1).stdout).toBe(` ${ALICE}\n-${A2} pinned\n+${A1}\n`);
    expect(records(there("list", "--json"))).toMatchObject([{ publicKey: A2, state: "pinned" }]);
  });

  test("a key that was replaced here is replaced in the keyring, by its successor", () => {
    const ring = join(newFolder(), "keyring");
    pin(home, ALICE, A1);
    trust("export", ring);
    pin(home, ALICE, A2);
    expect(expectStatus(trust("diff", ring), 1).stdout).toBe(
      ` ${ALICE}\n-${A2} pinned\n+${A1} replaced here\n`,
    );
    expect(expectStatus(trust("export", ring), 0).stdout).toBe(`${ALICE}\nwritten    ${A2}\n`);
    expect(expectStatus(trust("diff", ring), 0).stdout).toBe("");
  });

  test("verify imports the user's patchsig.keyring, also from a ref", () => {
    pin(home, ALICE, A1);
    const repository = newRepository(newFolder());
    trust("export", join(repository, "keyring"));
    commit(repository, "keyring", {});
    git(repository, ["rm", "-rq", "--cached", "keyring"]);
    const user = join(newFolder(), "gitconfig");
    const names = (...names: readonly string[]): void =>
      writeFileSync(
        user,
        ["[patchsig]", ...names.map((name) => `keyring = ${name}`), ""].join("\n"),
      );
    const keyring = `ref:${repository}:main:keyring`;
    const verifyAt = (place: string): Run =>
      patchsig(["verify", "--require", "pinned", ...patches], {
        cwd: repository,
        home: place,
        env: { GIT_CONFIG_GLOBAL: user },
      });
    names(keyring);
    const fresh = newFolder();
    expect(expectStatus(verifyAt(fresh), 0).stdout).toContain("pinned");
    expect(records(patchsig(["trust", "log", "--json"], { home: fresh }))).toMatchObject([
      { kind: "keyring", cause: "keyring", source: keyring },
    ]);
    const contrary = newFolder();
    pin(contrary, ALICE, A2);
    expect(expectStatus(verifyAt(contrary), 1).stderr).toContain("1 of its keys not taken");
    const gone = `ref:${repository}:gone:keyring`;
    names(keyring, gone);
    expectError(verifyAt(fresh), 3, `no such keyring: ${gone}`);
  });
});

test("export writes a repeated statement once", () => {
  pin(home, ALICE, A1);
  pin(home, BOB, B);
  const said = [1, 2, 3].map((time) =>
    signStatement(generateSecretKey(Buffer.alloc(32, 9), Buffer.alloc(8, 9)), {
      kind: "endorse",
      time,
      by: BOB,
      of: ALICE,
      key: A1,
    }),
  );
  const input = said.map(({ text }) => text).join("");
  expectStatus(patchsig(["trust", "import", "-"], { home, input }), 0);
  const ring = join(newFolder(), "keyring");
  // two keys, one statement
  expect(expectStatus(trust("export", ring), 0).stderr).toContain("3 files written");
});

describe("an unusable database: one line, a hint, and it stays unchanged", () => {
  const spoiled: [string, string, (file: string) => void][] = [
    ["cut off", "is truncated", (file) => truncateSync(file, 8192)],
    ["empty", "is empty", (file) => truncateSync(file, 0)],
    ["another program's", "belongs to another program", (file) => patchByte(file, 71)],
    ["a newer one", "was written by a newer patchsig", (file) => patchByte(file, 63)],
    [
      "damaged",
      "is damaged",
      (file) => {
        const bytes = readFileSync(file);
        writeFileSync(file, bytes.fill(0xa5, 4096));
      },
    ],
  ];
  function patchByte(file: string, at: number): void {
    const bytes = readFileSync(file);
    bytes[at]! += 9;
    writeFileSync(file, bytes);
  }

  test.each(spoiled)("%s", (_, message, spoil) => {
    pin(home, ALICE, A1);
    const file = join(home, "patchsig", "trust.db");
    spoil(file);
    const before = readFileSync(file);
    const words = [
      ["trust", "list"],
      ["trust", "accept", ALICE, A2],
      ["trust", "backup", "copy"],
      ["verify", ...patches],
    ];
    const nth = spoiled.findIndex(([, said]) => said === message);
    for (const args of some(words, 2, nth)) {
      const run = patchsig(args, { home });
      expectError(run, 3, message);
      expectTidy(run.stderr.slice(run.stderr.indexOf("\nhint: ") + 1));
    }
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(join(home, "patchsig"))).toEqual(["trust.db"]);
    expect(readdirSync(home)).toEqual(["patchsig"]);
  });

  /** A full disk, and the program on it: what it says, and its status. Sizes are in KiB. */
  function onSmallDisk(size: number, ...commands: string[][]): Run[] {
    const main = join(import.meta.dirname, "..", "..", "bin", "patchsig.js");
    const folder = newFolder();
    const env = { ...process.env, XDG_DATA_HOME: folder };
    const lines = commands.map(
      (args, i) =>
        `${process.execPath} ${main} trust ${args.join(" ")} >"$0/${i}.out" 2>"$0/${i}.err"; echo $?`,
    );
    const mount = `mount -t tmpfs -o size=${size}k none "$XDG_DATA_HOME"`;
    const said = newFolder();
    const script = [mount, ...lines].join("\n");
    const run = spawnSync("unshare", ["-rm", "sh", "-c", script, said], { env, encoding: "utf8" });
    const text = (name: string): string => readFileSync(join(said, name), "utf8");
    return run.stdout
      .trim()
      .split("\n")
      .map((status, i) => {
        return { status: Number(status), stdout: text(`${i}.out`), stderr: text(`${i}.err`) };
      });
  }
  const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status;

  test.runIf(canMount === 0).each([20, 100])("a disk of %i KiB is full", (size) => {
    const accept = ["accept", ALICE, A1];
    const [first, again, list] = onSmallDisk(size, accept, accept, ["list"]);
    // again: nothing is left of the first one that would be called damaged
    expectError(first!, 3, "the disk is full");
    expectError(again!, 3, "the disk is full");
    expectStatus(list!, 0);
    expect(list!.stderr).toMatch(/^no keys yet/);
  });

  test.skipIf(process.getuid?.() === 0)("a read-only one", () => {
    pin(home, ALICE, A1);
    const file = join(home, "patchsig", "trust.db");
    const before = readFileSync(file);
    chmodSync(file, 0o400);
    expectError(trust("accept", ALICE, A2), 3, "cannot be written");
    expect(records(trust("list", "--json"))).toMatchObject([{ publicKey: A1 }]);
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});

test("output fits the screen, except keys and paths", () => {
  const long = "a-rather-long-name.of-somebody@department.university.example.org";
  const ring = join(newFolder(), "keyring");
  expectStatus(patchsig(["verify", patches[0]!], { home }), 0);
  const words = [
    ["accept", ALICE, A2],
    ["accept", long, B],
    ["log"],
    ["show", ALICE],
    ["list"],
    ["export", ring],
    ["accept", ALICE, A1],
    ["diff", ring],
    ["import", ring],
    ["export", ring],
    ["revoke", ALICE],
  ];
  const runs = patchsigEach(
    words.map((args) => ["trust", ...args]),
    home,
  );
  for (const { stdout, stderr } of runs) expectTidy(stdout + stderr);
});

test("backup and restore", () => {
  pin(home, ALICE, A1);
  const copy = join(newFolder(), "copy.db");
  expectStatus(trust("backup", copy), 0);
  expectError(trust("backup", copy), 3, "exists already");
  expectError(trust("backup", "no/copy"), 3, "cannot write no/copy: there is no such folder");
  pin(home, ALICE, A2);
  const run = expectStatus(trust("restore", copy), 0);
  const kept = /the old one is now (.*)\n/.exec(run.stderr)![1]!;
  expect(existsSync(kept)).toBe(true);
  expect(records(trust("list", "--json"))).toMatchObject([{ publicKey: A1 }]);
  const back = expectStatus(trust("restore", kept), 0);
  expect(back.stderr).not.toContain("revoked");
  expect(records(trust("list", "--json"))).toHaveLength(2);
});

test("a restore names the replaced and revoked keys that it brings back", () => {
  pin(home, ALICE, A1);
  pin(home, BOB, B);
  const copy = join(newFolder(), "copy.db");
  expectStatus(trust("backup", copy), 0);
  trust("revoke", ALICE, A1);
  const run = expectStatus(trust("restore", copy), 0);
  expect(run.stderr).toContain(
    `1 key revoked in the old one, but not in this copy:\n  ${ALICE} ${A1}\nhint: git patchsig trust revoke`,
  );
});
