import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { formatPublicKeyText, parsePublicKeyFile } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { newSshKey } from "../support/agent.ts";
import { patchsig, PROGRAM, type Run } from "../support/cli.ts";
import { LONG } from "../support/long.ts";
import { requireTool } from "../support/tools.ts";
import { expectError, expectStatus } from "./support.ts";
import { CHEAP, PASSWORD, fixture, plainKey, temporaryDirectory } from "../minisign/support.ts";

let data: string;
let key: string;
beforeEach(() => {
  data = temporaryDirectory();
  key = join(data, "patchsig", "minisign.key");
});

const start = (...args: string[]): Run => patchsig(["key", ...args], { home: data });
const run = (...args: string[]): Run => expectStatus(start(...args), 0);

/** A file with these lines, mode 0600. */
function file(name: string, ...lines: string[]): string {
  const path = join(data, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
  return path;
}

/** A stock minisign key, encrypted, with its public key beside it if wanted. */
function stockKey(withPublic: boolean): string {
  const lock = { password: PASSWORD, salt: Buffer.alloc(32, 1), cost: CHEAP };
  const path = join(data, "stock.key");
  writeFileSync(path, formatSecretKeyFile(plainKey(), "stock", lock), { mode: 0o600 });
  if (withPublic) writeFileSync(join(data, "stock.pub"), fixture("plain.pub"));
  return path;
}

const plainText = formatPublicKeyText(plainKey().publicKey);

describe("key generate", () => {
  test.each(["--no-password", "-W"])("%s", (flag) => {
    const { stdout: out, stderr: note } = run("generate", flag, "--comment", "my key");
    const { key: publicKey } = parsePublicKeyFile(
      readFileSync(join(data, "patchsig/minisign.pub")),
    );
    expect(out).toBe(`${formatPublicKeyText(publicKey)}\n`);
    expect(note).toContain(key);
    expect((out + note).trimEnd().split("\n").length).toBeLessThanOrEqual(6);
    expect(readFileSync(key, "utf8")).toMatch(/^untrusted comment: my key\nRWQAAEIy/);
    expect(statSync(key).mode & 0o777).toBe(0o600);
  });

  test("each key is new, and an existing one is kept unless forced", () => {
    const first = run("generate", "-W");
    expectError(start("generate", "-W"), 3, "exists");
    expect(run("show").stdout).toContain(first.stdout);
    const second = run("generate", "-W", "--force");
    expect(second.stdout).not.toBe(first.stdout);
    expect(run("show").stdout).toContain(second.stdout);
  });

  test("an empty password is refused, and nothing is written", () => {
    expectError(
      start("generate", "--password-file", file("empty", "")),
      3,
      "the password is empty",
    );
    expectError(start("show"), 3, "no such key");
  });

  test("a comment of two lines is wrong usage", () => {
    expectError(
      start("generate", "-W", "--comment", "two\nlines"),
      2,
      "has to be one line of text",
    );
  });

  test("--key and git config patchsig.key choose the file", () => {
    const elsewhere = join(data, "elsewhere", "k.key");
    run("generate", "-W", "--key", elsewhere);
    const env = {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "patchsig.key",
      GIT_CONFIG_VALUE_0: elsewhere,
    };
    const configured = (...args: string[]) => patchsig(["key", ...args], { home: data, env });
    expect(configured("show").stdout).toContain(elsewhere);
    expect(configured("generate", "-W")).toMatchObject({
      status: 3,
      stderr: expect.stringContaining(elsewhere) as string,
    });
  });
});

describe("key password", () => {
  const stock = test.runIf(requireTool("minisign"));
  const stockSigns = (path: string, publicKey: string, input: string): number | null => {
    const message = file("message", "text");
    const args = ["-S", "-s", path, "-m", message, "-P", publicKey];
    return spawnSync("minisign", args, { input }).status;
  };

  // at the default cost each use of a password takes seconds: to set it, and by stock minisign
  test.runIf(LONG && requireTool("minisign"))("can be set; stock minisign takes it", () => {
    const { stdout: out } = run("generate", "-W");
    const descriptor = openSync(file("passwords", "Pässword 1", "unused"), "r");
    const set = spawnSync(process.execPath, [PROGRAM, "key", "password", "--password-fd", "3"], {
      env: { ...process.env, XDG_DATA_HOME: data },
      stdio: ["ignore", "pipe", "pipe", descriptor],
      encoding: "utf8",
    });
    closeSync(descriptor);
    expect(set.stderr).toContain("password set");
    expect(run("show").stdout).toContain("(encrypted, locked)");
    expect(stockSigns(key, out.trim(), "Pässword 1\n")).toBe(0);
  });

  stock("can be removed; stock minisign takes it", () => {
    const path = stockKey(true);
    const shown = run("show", path).stdout;
    expect(shown).toContain("(encrypted, locked)");
    const passwords = file("p", PASSWORD.toString());
    const removed = run("password", "-W", "--key", path, "--password-file", passwords);
    expect(removed.stderr).toContain("password removed");
    expect(run("show", path).stdout).toBe(shown.replace("encrypted, locked", "not encrypted"));
    expect(stockSigns(path, plainText, "")).toBe(0);
    expect(run("password", "-W", "--key", path).stderr).toContain("has no password");
  });

  test("if wrong, changes nothing", () => {
    const path = stockKey(true);
    const before = readFileSync(path);
    const change = (...passwords: string[]): Run =>
      start("password", "--key", path, "--password-file", file("p", ...passwords));
    expectError(change("wrong", "new"), 3, "stock.key: wrong password");
    expectError(change(PASSWORD.toString()), 3, "no password was given");
    expect(readFileSync(path)).toEqual(before);
  });
});

describe("key import", () => {
  test("unlocks the key once to get the public key", () => {
    const stock = stockKey(false);
    const { stdout: out } = run("import", stock, "--password-file", file("p", PASSWORD.toString()));
    expect(out).toBe(`${plainText}\n`);
    expect(readFileSync(key)).toEqual(readFileSync(stock));
    expect(readFileSync(join(data, "patchsig/minisign.pub"))).toEqual(fixture("plain.pub"));
    expectError(start("import", stock), 3, "exists");
  });

  test("needs no password with --public", () => {
    const { stdout: out } = run("import", stockKey(true), "--public", join(data, "stock.pub"));
    expect(out).toBe(`${plainText}\n`);
    expect(run("show", "--json").stdout).toContain(plainText);
  });

  test("refuses a file that is not a secret key", () => {
    const path = file("public", ...fixture("plain.pub").toString().trimEnd().split("\n"));
    expectError(start("import", path), 3, "secret key is not base64 of 158 bytes");
  });
});

describe("key show", () => {
  test("text and JSON come from the same value", () => {
    const path = stockKey(true);
    const publicPath = join(data, "stock.pub");
    expect(run("show", path).stdout).toBe(
      `${plainText}\n` +
        "key ID      E9F055A267C96D73\n" +
        `secret key  ${path} (encrypted, locked)\n` +
        `public key  ${publicPath}\n`,
    );
    const json = run("show", "--json", path).stdout;
    expect(json.endsWith("}\n")).toBe(true);
    expect(JSON.parse(json)).toEqual({
      type: "key",
      publicKey: plainText,
      keyId: "E9F055A267C96D73",
      path,
      publicPath,
      encrypted: true,
      unlocked: false,
      agent: null,
    });
  });

  test("a public key file", () => {
    stockKey(true);
    const publicPath = join(data, "stock.pub");
    const { stdout: out } = run("show", "--json", publicPath);
    expect(JSON.parse(out)).toMatchObject({ path: null, publicPath, encrypted: null });
  });

  test.runIf(requireTool("ssh-keygen"))("an SSH key has to be in ssh-agent", () => {
    const path = newSshKey(data, "id", "laptop");
    for (const name of [path, `${path}.pub`])
      for (const args of [
        ["show", name],
        ["password", "-W", "--key", name],
      ]) {
        const { stderr } = expectError(
          start(...args),
          3,
          "an SSH key, which has to be in ssh-agent",
        );
        expect(stderr).toMatch(
          /\nhint: ssh-add \S+\/id; then its name here is ssh:SHA256:\S{43}\n$/,
        );
      }
    const rsa = newSshKey(data, "rsa", "old", "rsa");
    const why = "hint: it has to be ssh-ed25519: minisign knows Ed25519 alone\n";
    expect(
      expectError(start("show", rsa), 3, "an SSH key, which has to be in ssh-agent").stderr,
    ).toContain(why);

    const line = readFileSync(`${path}.pub`, "utf8").trim();
    for (const name of [`key::${line}`, line, "SHA256:x"])
      expect(expectError(start("show", name), 2, "ssh: before it").stderr).toContain(
        `hint: "ssh:${name.replace("key::", "")}"\n`,
      );
  });

  test("unlocks an encrypted key without a public key file", () => {
    const passwords = file("p", PASSWORD.toString());
    const { stdout: out } = run("show", stockKey(false), "--password-file", passwords);
    expect(out).toContain(plainText);
    expect(out).not.toContain("public key");
  });
});
