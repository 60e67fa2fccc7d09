import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { readKeyringRef } from "../../src/git/keyring.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { formatPublicKeyFile } from "../../src/minisign/public-key.ts";
import { readKeyringFolder } from "../../src/source/keyring.ts";
import {
  byIdentity,
  folderOf,
  keyFileOf,
  keyringDifferences,
  MAX_KEYRING_FILE,
  MAX_KEYRING_FILES,
  readKeyring,
  statementFileOf,
} from "../../src/trust/keyring.ts";
import { commit, git, newRepository, temporaryFolder } from "../support/repo.ts";
import { ALICE, BOB, keyOf, says } from "./support.ts";

const [A, B] = [keyOf(1), keyOf(2)];
const verifier = createVerifier();
const pub = (key = A): string => formatPublicKeyFile(key.signer.publicKey);
const ALICE_PUB = "minisign/example.org/alice/2026.pub";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

function put(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** The keyring as a folder, and the same as a commit that is not checked out. */
const READERS: [string, () => Promise<ReturnType<typeof readKeyring>>][] = [
  ["folder", async () => readKeyring(readKeyringFolder(join(folder, "keyring")), verifier)],
  [
    "ref",
    async () => {
      newRepository(folder);
      commit(folder, "keys", {});
      git(folder, ["branch", "keys"]);
      git(folder, ["rm", "-rq", "--cached", "."]);
      return readKeyring(await readKeyringRef(`ref:${folder}:keys:keyring`), verifier);
    },
  ],
];

describe.each(READERS)("from a %s", (_, read) => {
  test("keys, and statements in order of time", async () => {
    put(`keyring/${ALICE_PUB}`, pub());
    put("keyring/minisign/example.org/bob%2Bgit/default.pub", pub(B));
    const [late, early] = [says(A, "rotate", B, { time: 20 }), says(A, "endorse", B, { time: 10 })];
    put("keyring/minisign/example.org/alice/x.statement", `Two.\n${late.text}${early.text}`);
    put("keyring/README.md", "what lies elsewhere is not read");
    put("keyring/minisign/example.org/alice/deep/er.pub", pub(B));
    put("keyring/minisign/example.org/alice/notes.txt", "x");
    expect(await read()).toEqual({
      results: { keys: new Map(), files: new Map() },
      keys: new Map([
        [ALICE, [A.text]],
        ["bob+git@example.org", [B.text]],
      ]),
      files: new Map(
        [
          { identity: ALICE, key: A.text, path: ALICE_PUB },
          {
            identity: "bob+git@example.org",
            key: B.text,
            path: "minisign/example.org/bob%2Bgit/default.pub",
          },
        ].map((file) => [file.identity, [file]]),
      ),
      statements: [early, late],
      problems: [],
    });
  });

  test.each<[string, string, () => void]>([
    [
      "folders that are no address",
      "address",
      () => put("keyring/minisign/example.org/a b/x.pub", pub()),
    ],
    ["another spelling", "address", () => put("keyring/minisign/Example.org/alice/x.pub", pub())],
    ["needless quoting", "address", () => put("keyring/minisign/example.org/%61lice/x.pub", pub())],
    ["lower-case hex", "address", () => put("keyring/minisign/example.org/a%2bb/x.pub", pub())],
    ["half a quote", "address", () => put("keyring/minisign/example.org/a%2/x.pub", pub())],
    [
      "a quoted slash",
      "address",
      () => put("keyring/minisign/example.org%2F..%2F/alice/x.pub", pub()),
    ],
    ["a homoglyph", "address", () => put("keyring/minisign/ex\u0430mple.org/alice/x.pub", pub())],
    ["no key", "public key", () => put("keyring/minisign/example.org/bob/x.pub", "RW…\n")],
    [
      "a secret key",
      "public key",
      () => put("keyring/minisign/example.org/bob/x.pub", `${pub()}more\n`),
    ],
    [
      "a large file",
      "regular file",
      () => put("keyring/minisign/example.org/bob/x.pub", Buffer.alloc(16385)),
    ],
    [
      "a symlink",
      "regular file",
      () => {
        put("elsewhere.pub", pub());
        mkdirSync(join(folder, "keyring/minisign/example.org/bob"), { recursive: true });
        symlinkSync(
          "../../../../elsewhere.pub",
          join(folder, "keyring/minisign/example.org/bob/x.pub"),
        );
      },
    ],
    [
      "more keys than anybody uses",
      "more than 8 keys",
      () => {
        for (let i = 1; i < 10; i++)
          put(`keyring/minisign/example.org/bob/${i}.pub`, pub(keyOf(i)));
      },
    ],
    [
      "no statement",
      "no statement",
      () => put("keyring/minisign/example.org/bob/x.statement", "x"),
    ],
    [
      "a statement about somebody else",
      `about ${ALICE}`,
      () => put("keyring/minisign/example.org/bob/x.statement", says(A, "rotate", B).text),
    ],
    [
      "a statement that is not good",
      "signature",
      () =>
        put(
          "keyring/minisign/example.org/alice/x.statement",
          says(A, "rotate", B).text.replace("t=1", "t=2"),
        ),
    ],
  ])("%s: reported, and not used", async (_, why, make) => {
    put(`keyring/${ALICE_PUB}`, pub());
    make();
    const { keys, statements, problems } = await read();
    expect([...keys]).toEqual([[ALICE, [A.text]]]);
    expect(statements).toEqual([]);
    expect(problems).toEqual([{ path: expect.any(String), why: expect.stringContaining(why) }]);
  });

  test("a folder that is a symlink is not entered", async () => {
    put(`keyring/${ALICE_PUB}`, pub());
    put("other/bob/x.pub", pub(B));
    symlinkSync("../../other", join(folder, "keyring/minisign/example.net"));
    expect([...(await read()).keys]).toEqual([[ALICE, [A.text]]]);
  });

  test("one key in two files counts once", async () => {
    put(`keyring/${ALICE_PUB}`, pub());
    put("keyring/minisign/example.org/alice/home.pub", pub());
    expect((await read()).keys).toEqual(new Map([[ALICE, [A.text]]]));
  });
});

describe("names of files", () => {
  const path = (key: string, first: boolean): string => keyFileOf(ALICE, key, first)!.path;

  test("the first key's is plain, another one's is the key itself, in hex", () => {
    expect(path(A.text, true)).toBe("minisign/example.org/alice/default.pub");
    const [, hex] = /alice\/([0-9a-f]{24})\.pub$/.exec(path(A.text, false))!;
    // RW and the key number, which anyone may choose, stand before the key
    expect(Buffer.from(A.text, "base64").subarray(12, 24).toString("hex")).toBe(hex);
  });

  test("a statement's has its kind, its time and both keys", () => {
    const { path: name } = statementFileOf(says(A, "rotate", B, { time: 10 }));
    const [a, b] = [A, B].map(({ text }) => encodeURIComponent(text.slice(16, 24)));
    expect(name).toBe(`minisign/example.org/alice/rotate-10-${a}-${b}.statement`);
  });

  test("no file system has a name of more than 255 bytes", () => {
    const long = `${"ü".repeat(43)}@example.org`;
    expect(folderOf(long).split("/")[2]).toHaveLength(258);
    expect(keyFileOf(long, A.text, true)).toBeNull();
    const longest = `aaa${"ü".repeat(42)}@example.org`;
    expect(folderOf(longest).split("/")[2]).toHaveLength(255);
    expect(keyFileOf(longest, A.text, true)).not.toBeNull();
    expect(keyFileOf(`a${longest}`, A.text, true)).toBeNull();
  });
});

test("eight keys of an address count, of nine none", () => {
  const found = Array.from({ length: 9 }, (_, i) => ({
    path: `minisign/example.org/alice/${i}.pub`,
    identity: ALICE,
    key: keyOf(i + 1).text,
  }));
  expect(byIdentity(found.slice(1)).keys.get(ALICE)).toHaveLength(8);
  expect(byIdentity(found)).toMatchObject({
    problems: [{ path: "minisign/example.org/alice", why: "more than 8 keys for one address" }],
  });
  expect(byIdentity(found).keys.size).toBe(0);
});

test("several keys of one person, one per selector, all count", () => {
  const files = [keyFileOf(ALICE, A.text, true)!, keyFileOf(ALICE, B.text, false)!];
  expect(files[1]!.path).toMatch(/^minisign\/example\.org\/alice\/[0-9a-f]{24}\.pub$/);
  expect([...readKeyring(files, verifier).keys]).toEqual([[ALICE, [A.text, B.text]]]);
});

describe("bounds", () => {
  test("a FIFO is not opened", () => {
    put(`keyring/${ALICE_PUB}`, pub());
    execFileSync("mkfifo", [join(folder, "keyring/minisign/example.org/alice/x.pub")]);
    const { keys, problems } = readKeyring(readKeyringFolder(join(folder, "keyring")), verifier);
    expect([keys.size, problems.length]).toEqual([1, 1]);
  });

  test("a file of a terabyte is not read", () => {
    put(`keyring/${ALICE_PUB}`, pub());
    put("keyring/minisign/example.org/bob/x.pub", "");
    truncateSync(join(folder, "keyring/minisign/example.org/bob/x.pub"), 2 ** 40);
    expect(readKeyring(readKeyringFolder(join(folder, "keyring")), verifier).keys.size).toBe(1);
  });

  test("a folder with too many files is refused", async () => {
    newRepository(folder);
    // a tree can have as many names as it likes for one blob
    const blob = git(folder, ["hash-object", "-w", "--stdin"], pub()).toString().trim();
    const lines = Array.from({ length: 20_001 }, (_, i) => `100644 blob ${blob}\t${i}.pub\n`);
    let tree = git(folder, ["mktree"], lines.join("")).toString().trim();
    for (const name of ["alice", "example.org", "minisign"])
      tree = git(folder, ["mktree"], `040000 tree ${tree}\t${name}\n`).toString().trim();
    await expect(readKeyringRef(`ref:${folder}:${tree}:`)).rejects.toMatchObject({
      code: "too-large",
    });
  });
});

test.each<[string, string]>([
  ["ref", "usage"],
  ["ref:.:main", "usage"],
  ["ref:.:--output=x:y", "usage"],
  ["ref:.::y", "usage"],
  ["ref:.:nowhere:y", "not-found"],
  ["ref:.:main:nowhere", "not-found"],
  ["ref:.:main:../..", "not-found"],
])("%s is not a keyring", async (name, code) => {
  newRepository(folder);
  commit(folder, "x", { x: "x" });
  await expect(readKeyringRef(name.replace(":.:", `:${folder}:`))).rejects.toMatchObject({ code });
  expect(readdirSync(folder).sort()).toEqual([".git", "x"]);
});

test("a folder without minisign/ is not a keyring", () => {
  expect(() => readKeyringFolder(folder)).toThrow(expect.objectContaining({ code: "not-found" }));
  expect(() => readKeyringFolder(join(folder, "x"))).toThrow(
    expect.objectContaining({ code: "not-found" }),
  );
});

describe("the path of an address", () => {
  test.each([
    [ALICE, "minisign/example.org/alice"],
    ["alice+git@example.org", "minisign/example.org/alice%2Bgit"],
    ["a/../b@example.org", "minisign/example.org/a%2F..%2Fb"],
    ["..@example.org", "minisign/example.org/%2E."],
    ["o'neil!(*)@example.org", "minisign/example.org/o%27neil%21%28%2A%29"],
    ["j\u00f6rg@example.org", "minisign/example.org/j%C3%B6rg"],
  ])("%s: %s", (identity, path) => {
    expect(folderOf(identity)).toBe(path);
  });

  test("leads back to the address, for any address", () => {
    const local = fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}$/);
    const domain = fc.stringMatching(/^[a-z][a-z0-9]{0,20}(\.[a-z][a-z0-9]{0,20}){0,3}$/);
    fc.assert(
      fc.property(local, domain, (left, right) => {
        const identity = `${left}@${right}`;
        const file = keyFileOf(identity, A.text, true)!;
        expect(file.path.split("/")).not.toContain("..");
        expect([...readKeyring([file], verifier).keys]).toEqual([[identity, [A.text]]]);
      }),
    );
  });
});

test("differences", () => {
  const keyring = {
    keys: new Map([
      [ALICE, [A.text, B.text]],
      [BOB, [B.text]],
      ["c@x", [A.text, B.text]],
    ]),
    files: new Map(),
    results: { keys: new Map([[ALICE, [A.text]]]), files: new Map() },
    statements: [],
    problems: [],
  };
  const here = new Map([
    [ALICE, [B.text, A.text]],
    [BOB, [A.text]],
    ["d@x", [B.text]],
  ]);
  const use = "patches";
  expect(keyringDifferences(keyring, use, here)).toEqual([
    { identity: BOB, use, inKeyring: B.text, here: A.text },
    { identity: "c@x", use, inKeyring: A.text, here: null },
    { identity: "c@x", use, inKeyring: B.text, here: null },
    { identity: "d@x", use, inKeyring: null, here: B.text },
  ]);
  expect(keyringDifferences(keyring, "results", new Map([[BOB, [B.text]]]))).toEqual([
    { identity: ALICE, use: "results", inKeyring: A.text, here: null },
    { identity: BOB, use: "results", inKeyring: null, here: B.text },
  ]);
});

test("the project's own keyring is valid", () => {
  const own = join(import.meta.dirname, "..", "..", "keyring");
  if (!readdirSync(own).includes("minisign")) return;
  expect(readKeyring(readKeyringFolder(own), verifier).problems).toEqual([]);
  expect(readFileSync(join(own, "README.md"), "utf8")).toContain("minisign/<domain>/<local part>/");
});

test("the bounds are those of the spec", () => {
  const spec = readFileSync("docs/spec/trust.md", "utf8").replace(/\s+/g, " ");
  const files = MAX_KEYRING_FILES.toLocaleString("en");
  expect(spec).toContain(`files of more than ${MAX_KEYRING_FILE / 1024} KiB`);
  expect(spec).toContain(`a folder with more than ${files} files is not a keyring`);
});
