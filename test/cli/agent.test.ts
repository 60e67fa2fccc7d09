/** Signing with keys that an agent holds, through the built program; stock minisign is the judge. */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatPublicKeyFile, formatPublicKeyText } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { expectError, expectStatus, newFolder, newHome, newSubmission } from "./support.ts";
import { formatPatch, keyFile, publicKey } from "./support.ts";
import { CHEAP, PASSWORD, plainKey } from "../minisign/support.ts";
import { type Agent, newSshKey, startGpgAgent, startSshAgent } from "../support/agent.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { requireTool } from "../support/tools.ts";

const tools = requireTool("ssh-agent") && requireTool("minisign");

let agent: Agent;
let home: string;
let work: string;
beforeAll(() => {
  home = newFolder();
  ({ work } = newSubmission());
});

/** patchsig where this agent is; without a terminal. */
function run(args: readonly string[], socket = agent.socket, where = home): Run {
  return patchsig(args, { home: where, env: { SSH_AUTH_SOCK: socket } });
}

/** The public key that each patch is signed with; the series must be good and sealed. */
function signers(files: readonly string[]): string[] {
  const all = records(
    expectStatus(patchsig(["verify", "--json", ...files], { home: newFolder() }), 0),
  );
  expect(all.find(({ type }) => type === "series")).toMatchObject({ sealed: true });
  return all.filter(({ type }) => type === "patch").map(({ publicKey }) => publicKey);
}

function stockMinisignAgrees(file: string, publicKey: string): void {
  const name = join(newFolder(), "text");
  expectStatus(patchsig(["attestation", file, "-o", name], { home }), 0);
  const { stdout } = spawnSync("minisign", ["-V", "-m", name, "-P", publicKey]);
  expect(stdout.toString()).toContain("Signature and comment signature verified");
}

describe.runIf(tools)("a key in OpenSSH's agent", () => {
  let publicText: string;
  beforeAll(async () => {
    agent = await startSshAgent();
    const file = newSshKey(newFolder(), "id", "work laptop");
    agent.sshAdd("-q", file);
    publicText = readFileSync(`${file}.pub`, "utf8").trim();
  });
  afterAll(() => agent.stop());

  test("signs a series that stock minisign accepts", () => {
    const files = formatPatch(work);
    expectStatus(run(["sign", "--key", "ssh:work laptop", ...files]), 0);
    const shown = JSON.parse(run(["key", "show", "--json", "ssh:work laptop"]).stdout);
    expect(signers(files)).toEqual(files.map(() => shown.publicKey));
    for (const file of files) stockMinisignAgrees(file, shown.publicKey);

    // the same bytes again, by whatever name
    const before = files.map((file) => readFileSync(file, "utf8"));
    for (const name of [shown.publicKey, shown.agent.fingerprint, publicText])
      expectStatus(run(["sign", "--key", `ssh:${name}`, ...files]), 0);
    expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(before);
  });

  test("is patchsig.key of git config, for format-patch too", () => {
    const env = {
      SSH_AUTH_SOCK: agent.socket,
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "patchsig.key",
      GIT_CONFIG_VALUE_0: "ssh:work laptop",
    };
    const made = patchsig(["format-patch", "--stdout", "@{u}.."], { home, cwd: work, env });
    expectStatus(made, 0);
    const box = join(newFolder(), "box");
    writeFileSync(box, made.stdout);
    expect(new Set(signers([box])).size).toBe(1);
    const show = expectStatus(patchsig(["key", "show"], { home, env }), 0).stdout;
    expect(show).toMatch(
      /^RW\S{54}\nkey ID {6}[0-9A-F]{16}\nssh-agent {3}SHA256:\S+ work laptop\n$/,
    );
    expectError(patchsig(["key", "password"], { home, env }), 2, /^this needs a key file/);
  });

  const other = publicKey(8);
  test.each([
    ["rotate", [other], "replaced"],
    ["endorse", ["bob@example.org", other], "pinned"],
    ["revoke", ["--statement"], "revoked"],
  ])("signs a statement: %s", (verb, args, state) => {
    const name = join(newFolder(), "statement");
    const key = ["--key", "ssh:work laptop"];
    expectStatus(run(["trust", verb, ...args, ...key, "-o", name], agent.socket, newFolder()), 0);
    const own = JSON.parse(run(["key", "show", "--json", "ssh:work laptop"]).stdout).publicKey;

    const data = join(newFolder(), "text");
    expectStatus(patchsig(["trust", "statement", name, "-o", data], { home }), 0);
    const { stdout } = spawnSync("minisign", ["-VHm", data, "-P", own]);
    expect(stdout.toString()).toContain("Signature and comment signature verified");

    const verifier = newFolder();
    const trust = (...words: string[]): Run => patchsig(["trust", ...words], { home: verifier });
    expectStatus(trust("accept", "alice@example.org", own), 0);
    expectStatus(trust("import", name), 0);
    const states = new Map(
      records(trust("list", "--json")).map((one) => [one["publicKey"], one["state"]]),
    );
    expect(states.get(own)).toBe(state);
    expect(states.get(other)).toBe(verb === "revoke" ? undefined : "endorsed");
  });

  test("that is not in the agent", () => {
    const [file] = formatPatch(work);
    const before = readFileSync(file!, "utf8");
    const run1 = expectError(run(["sign", "--key", "ssh:wörk", file!]), 3, /holds no key "wörk"$/);
    expect(run1.stderr).toMatch(/\nhint: its ed25519 keys: "work laptop" SHA256:\S{43}\n$/);
    expectError(run(["sign", "--key", "ssh:x", file!], "/nowhere"), 3, /does not answer at/);
    expectError(run(["sign", "--key", "ssh:x", file!], ""), 3, "no ssh-agent: SSH_AUTH_SOCK");
    expect(readFileSync(file!, "utf8")).toBe(before);
  });
});

describe.runIf(tools)("key unlock", () => {
  let locked: string;
  let passwords: string;
  const publicKey = formatPublicKeyText(plainKey().publicKey);
  beforeAll(async () => {
    agent = await startSshAgent();
    locked = newHome(9);
    const lock = { password: PASSWORD, salt: Buffer.alloc(32, 1), cost: CHEAP };
    writeFileSync(keyFile(locked), formatSecretKeyFile(plainKey(), "x", lock), { mode: 0o600 });
    writeFileSync(join(locked, "patchsig/minisign.pub"), formatPublicKeyFile(plainKey().publicKey));
    passwords = join(locked, "passwords");
    writeFileSync(passwords, `${PASSWORD.toString()}\n`, { mode: 0o600 });
  });
  afterAll(() => agent.stop());
  const lockedRun = (...args: string[]): Run => run(args, agent.socket, locked);

  test("asks once, then not again until key lock; the key keeps its ID", () => {
    const files = formatPatch(work);
    // there is no terminal to ask on
    expectError(lockedRun("sign", ...files), 3, /^a password is needed/);
    const said = expectStatus(lockedRun("key", "unlock", "--password-file", passwords), 0);
    expect(said.stderr).toBe(`unlocked for 8h: ${publicKey}\n`);
    expect(said.stdout).toBe("");
    expect(agent.sshAdd("-l")).toContain(" patchsig E9F055A267C96D73 (ED25519)");

    expect(lockedRun("key", "show").stdout).toContain(" (encrypted, unlocked in ssh-agent)\n");
    expectStatus(lockedRun("sign", ...files), 0);
    expect(signers(files)).toEqual(files.map(() => publicKey));
    stockMinisignAgrees(files[0]!, publicKey);

    expectStatus(lockedRun("key", "lock"), 0);
    expect(lockedRun("key", "lock").stderr).toMatch(/is locked already\n$/);
    expectError(
      lockedRun("sign", "--base", "1".repeat(40), ...formatPatch(work, ["--no-base"])),
      3,
      /^a password/,
    );
  });

  test("a wrong password, a wrong time, a key without a password, no agent, no public key", () => {
    const wrong = join(newFolder(), "wrong");
    writeFileSync(wrong, "wrong\n", { mode: 0o600 });
    expectError(lockedRun("key", "unlock", "--password-file", wrong), 3, /wrong password$/);
    for (const time of ["8", "0h", "31d"])
      expectError(lockedRun("key", "unlock", `--for=${time}`), 2, `--for cannot be ${time}`);
    expect(run(["key", "unlock"], agent.socket, newHome()).stderr).toMatch(/nothing to unlock\n$/);
    expectError(run(["key", "unlock"], "", locked), 3, /^no ssh-agent/);
    expectError(run(["key", "unlock", "--key", "ssh:x"]), 2, /^this needs a key file/);
    const alone = join(newFolder(), "alone.key");
    writeFileSync(alone, readFileSync(keyFile(locked)), { mode: 0o600 });
    const args = ["key", "unlock", "--key", alone, "--password-file", passwords];
    expectError(run(args), 3, /^no public key beside/);
    // ssh-add fails where there is none
    expect(() => agent.sshAdd("-l")).toThrow();
  });

  test("without the agent, it asks for the password", () => {
    const files = formatPatch(work);
    expectError(run(["sign", ...files], "/nowhere", locked), 3, /^a password is needed/);
    const args = ["sign", "--password-file", passwords, ...files];
    expectStatus(run(args, "/nowhere", locked), 0);
  });
});

describe.runIf(tools && requireTool("gpg") && requireTool("gpg-agent"))("GnuPG's agent", () => {
  beforeAll(() => {
    agent = startGpgAgent();
  });
  afterAll(() => agent.stop());

  test("signs as well", () => {
    const files = formatPatch(work);
    const name = `ssh:${agent.sshAdd("-L").trim()}`;
    expectStatus(run(["sign", "--key", name, ...files]), 0);
    const { publicKey } = JSON.parse(run(["key", "show", "--json", name]).stdout);
    expect(signers(files)).toEqual(files.map(() => publicKey));
    stockMinisignAgrees(files[0]!, publicKey);
  });

  test("is never given a key", () => {
    expectError(
      run(["key", "unlock"], agent.socket, newHome()),
      3,
      /^gpg-agent would keep the key/,
    );
  });
});
