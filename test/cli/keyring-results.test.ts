/** Keys that sign test results alone, in keyrings: what an import makes of them, and what it never does. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { formatPublicKeyFile } from "../../src/minisign/public-key.ts";
import { result } from "../app/search/results.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { git, newRepository } from "../support/repo.ts";
import { keyOf, says } from "../trust/support.ts";
import { newHome, newSubmission, signedPatches } from "./support.ts";

const CI = "ci@example.org";
const [KEY, OTHER] = [keyOf(7), keyOf(8)];
const FOLDER = "results/example.org/ci";

let home: string;
let keyring: string;
let eml: string;

beforeEach(() => {
  [home, keyring] = [newFolder(), join(newFolder(), "keyring")];
  eml = join(newFolder(), "result.eml");
  writeFileSync(eml, result());
});

function put(path: string, key = KEY): void {
  const file = join(keyring, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, formatPublicKeyFile(key.signer.publicKey));
}

const trust = (...words: readonly string[]): Run => patchsig(["trust", ...words], { home });
const take = (): readonly (readonly [string, string])[] =>
  records(trust("import", "--json", keyring)).map(
    ({ use, outcome, why }) => [use ?? "problem", outcome ?? why] as const,
  );
const worth = (at = home, env: Record<string, string> = {}): unknown =>
  records(patchsig(["result", "show", "--json", eml], { home: at, env }))[0]!["worth"];

test("what is exported is accepted by another, for results alone", () => {
  expect(trust("accept", "--result-only", CI, KEY.text).status).toBe(0);
  expect(trust("export", keyring)).toMatchObject({ status: 0, stderr: "1 file written\n" });
  expect(readdirSync(join(keyring, FOLDER))).toEqual(["default.pub"]);
  expect(trust("export", keyring)).toMatchObject({ status: 0, stderr: "0 files written\n" });
  expect(trust("diff", keyring)).toMatchObject({ status: 0, stdout: "" });

  home = newFolder();
  expect(trust("diff", keyring)).toMatchObject({
    status: 1,
    stdout: ` ${CI}, for test results\n+${KEY.text}\n`,
  });
  expect(worth()).toBe("claims");
  const taken = trust("import", keyring);
  expect([taken.status, taken.stdout]).toEqual([
    0,
    expect.stringMatching(/^ci@example\.org\n *results +RW/),
  ]);
  expect(worth()).toBe("counts");
  expect(take()).toEqual([["results", "same"]]);
  expect(trust("list").stdout).toContain("for test results");
  expect(records(trust("log", "--json"))).toMatchObject([
    { kind: "accept-results", cause: "keyring", source: keyring },
  ]);

  // it is no key for patches
  const { work } = newSubmission();
  const [patch] = signedPatches(work, newHome(7), [], "-1");
  const [verdict] = records(patchsig(["verify", "--json", patch!], { home }));
  expect(verdict).toMatchObject({ verdict: "fail", trust: "result-only" });
});

test("a keyring that one's own settings name is followed; a repository's own makes nothing count", () => {
  put(`${FOLDER}/default.pub`);
  const { work } = newSubmission();
  const [patch] = signedPatches(work, newHome(9), [], "-1");
  git(work, ["config", "patchsig.keyring", keyring]);
  patchsig(["verify", patch!], { home, cwd: work });
  expect(worth()).toBe("claims");
  const env = {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "patchsig.keyring",
    GIT_CONFIG_VALUE_0: keyring,
  };
  patchsig(["verify", patch!], { home, env });
  expect(worth()).toBe("counts");

  // and one that is kept in a ref
  const kept = newRepository(newFolder());
  mkdirSync(join(kept, FOLDER), { recursive: true });
  writeFileSync(join(kept, FOLDER, "default.pub"), formatPublicKeyFile(KEY.signer.publicKey));
  git(kept, ["add", "."]);
  git(kept, ["commit", "-qm", "keys"]);
  home = newFolder();
  expect(trust("import", `ref:${kept}:HEAD:`).status).toBe(0);
  expect(worth()).toBe("counts");
});

test("an import makes no key for results one for patches, nor the reverse", () => {
  expect(trust("accept", "--result-only", CI, KEY.text).status).toBe(0);
  put("minisign/example.org/ci/default.pub");
  expect(take()).toEqual([["patches", "conflict"]]);
  expect(worth()).toBe("counts");

  [home, keyring] = [newFolder(), join(newFolder(), "keyring")];
  expect(trust("accept", CI, KEY.text).status).toBe(0);
  put(`${FOLDER}/default.pub`);
  expect(take()).toEqual([["results", "conflict"]]);
  expect(worth()).toBe("claims");
  expect(records(trust("list", "--json"))).toMatchObject([
    { state: "pinned", publicKey: KEY.text },
  ]);

  // whatever address it stands under in the other place
  put("minisign/example.org/alice/default.pub");
  [home] = [newFolder()];
  expect(take()).toEqual([["problem", "the key is for patches, too: taken for neither"]]);
  expect(trust("list").stdout).toBe("");
});

test("what is in use here stays, and what was given up does not come back", () => {
  put(`${FOLDER}/default.pub`, OTHER);
  expect(trust("accept", "--result-only", CI, KEY.text).status).toBe(0);
  expect(take()).toEqual([["results", "conflict"]]);
  expect(trust("export", keyring)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining("conflict"),
  });
  // both of them: one more machine
  put(`${FOLDER}/second.pub`, KEY);
  expect(take()).toEqual([
    ["results", "pinned"],
    ["results", "same"],
  ]);
  // a person accepts another one in their place
  expect(trust("accept", "--result-only", CI, keyOf(9).text).status).toBe(0);
  expect(take().map(([, outcome]) => outcome)).toEqual(["conflict", "conflict"]);
  // the export follows: those that were replaced are taken out
  expect(trust("export", keyring).status).toBe(0);
  expect(readdirSync(join(keyring, FOLDER))).toEqual(["default.pub"]);
  expect(readFileSync(join(keyring, FOLDER, "default.pub"), "utf8")).toContain(keyOf(9).text);
});

test("a key that revokes itself, beside its file, voids what it signed", () => {
  put(`${FOLDER}/default.pub`);
  expect(take()).toEqual([["results", "pinned"]]);
  const said = says(KEY, "revoke", KEY, { by: CI, of: CI });
  writeFileSync(join(keyring, FOLDER, "revoke.statement"), said.text);
  expect(trust("import", keyring).status).toBe(0);
  expect(worth()).toBe("void");
  expect(take()[0]).toEqual(["results", "conflict"]);
  home = newFolder();
  trust("import", keyring);
  expect(worth()).toBe("void");
});
