import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runCommand } from "../../src/cli/run-command.ts";
import { keyCommand } from "../../src/cli/commands/key.ts";
import { formatPublicKeyText, parsePublicKeyFile } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { newSshKey } from "../support/agent.ts";
import { patchsig } from "../support/cli.ts";
import { LONG } from "../support/long.ts";
import { requireTool } from "../support/tools.ts";
import { CHEAP, PASSWORD, fixture, plainKey, temporaryDirectory } from "../minisign/support.ts";

const printed = vi.hoisted(() => ({ out: "", note: "" }));
vi.mock("../../src/cli/terminal.ts", () => ({
  out: (lines: string | string[]) => void (printed.out += [lines, ""].flat().join("\n")),
  note: (lines: string | string[]) => void (printed.note += [lines, ""].flat().join("\n")),
  say: (line: string) => void (printed.note += `${line}\n`),
}));

let data: string;
let key: string;
beforeEach(() => {
  data = temporaryDirectory();
  key = join(data, "patchsig", "minisign.key");
  vi.stubEnv("XDG_DATA_HOME", data);
});
afterEach(() => vi.unstubAllEnvs());

/** Run `patchsig key …`, as main does. */
async function run(...args: string[]): Promise<{ out: string; note: string }> {
  Object.assign(printed, { out: "", note: "" });
  await runCommand(keyCommand, "key", args);
  return { ...printed };
}

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
  test.each(["--no-password", "-W"])("%s", async (flag) => {
    const { out, note } = await run("generate", flag, "--comment", "my key");
    const { key: publicKey } = parsePublicKeyFile(
      readFileSync(join(data, "patchsig/minisign.pub")),
    );
    expect(out).toBe(`${formatPublicKeyText(publicKey)}\n`);
    expect(note).toContain(key);
    expect((out + note).trimEnd().split("\n").length).toBeLessThanOrEqual(6);
    expect(readFileSync(key, "utf8")).toMatch(/^untrusted comment: my key\nRWQAAEIy/);
    expect(statSync(key).mode & 0o777).toBe(0o600);
  });

  test("each key is new, and an existing one is kept unless forced", async () => {
    const first = await run("generate", "-W");
    await expect(run("generate", "-W")).rejects.toMatchObject({ code: "exists" });
    expect((await run("show")).out).toContain(first.out);
    const second = await run("generate", "-W", "--force");
    expect(second.out).not.toBe(first.out);
    expect((await run("show")).out).toContain(second.out);
  });

  test("an empty password is refused, and nothing is written", async () => {
    const generating = run("generate", "--password-file", file("empty", ""));
    await expect(generating).rejects.toMatchObject({ code: "bad-password" });
    await expect(run("show")).rejects.toMatchObject({ code: "not-found" });
  });

  test("a comment of two lines is wrong usage", async () => {
    const generating = run("generate", "-W", "--comment", "two\nlines");
    await expect(generating).rejects.toMatchObject({ code: "usage" });
  });

  test("--key and git config patchsig.key choose the file", async () => {
    const elsewhere = join(data, "elsewhere", "k.key");
    await run("generate", "-W", "--key", elsewhere);
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
  test.runIf(LONG && requireTool("minisign"))("can be set; stock minisign takes it", async () => {
    const { out } = await run("generate", "-W");
    // opened as a shell's `3< file` would
    const descriptor = openSync(file("passwords", "Pässword 1", "unused"), "r");
    const set = await run("password", "--password-fd", String(descriptor));
    closeSync(descriptor);
    expect(set.note).toContain("password set");
    expect((await run("show")).out).toContain("(encrypted, locked)");
    expect(stockSigns(key, out.trim(), "Pässword 1\n")).toBe(0);
  });

  stock("remove it; stock minisign follows", async () => {
    const path = stockKey(true);
    const shown = (await run("show", path)).out;
    expect(shown).toContain("(encrypted, locked)");
    const passwords = file("p", PASSWORD.toString());
    const removed = await run("password", "-W", "--key", path, "--password-file", passwords);
    expect(removed.note).toContain("password removed");
    expect((await run("show", path)).out).toBe(shown.replace("encrypted, locked", "not encrypted"));
    expect(stockSigns(path, plainText, "")).toBe(0);
    expect((await run("password", "-W", "--key", path)).note).toContain("has no password");
  });

  test("if wrong, changes nothing", async () => {
    const path = stockKey(true);
    const before = readFileSync(path);
    const changing = run("password", "--key", path, "--password-file", file("p", "wrong", "new"));
    await expect(changing).rejects.toMatchObject({ code: "bad-password" });
    const missing = run(
      "password",
      "--key",
      path,
      "--password-file",
      file("p", PASSWORD.toString()),
    );
    await expect(missing).rejects.toMatchObject({ code: "no-password" });
    expect(readFileSync(path)).toEqual(before);
  });
});

describe("key import", () => {
  test("unlocks the key once to get the public key", async () => {
    const stock = stockKey(false);
    const { out } = await run("import", stock, "--password-file", file("p", PASSWORD.toString()));
    expect(out).toBe(`${plainText}\n`);
    expect(readFileSync(key)).toEqual(readFileSync(stock));
    expect(readFileSync(join(data, "patchsig/minisign.pub"))).toEqual(fixture("plain.pub"));
    await expect(run("import", stock)).rejects.toMatchObject({ code: "exists" });
  });

  test("needs no password with --public", async () => {
    const { out } = await run("import", stockKey(true), "--public", join(data, "stock.pub"));
    expect(out).toBe(`${plainText}\n`);
    expect((await run("show", "--json")).out).toContain(plainText);
  });

  test("refuses a file that is not a secret key", async () => {
    const path = file("public", ...fixture("plain.pub").toString().trimEnd().split("\n"));
    await expect(run("import", path)).rejects.toMatchObject({ code: "bad-key" });
  });
});

describe("key show", () => {
  test("text and JSON come from the same value", async () => {
    const path = stockKey(true);
    const publicPath = join(data, "stock.pub");
    expect((await run("show", path)).out).toBe(
      `${plainText}\n` +
        "key ID      E9F055A267C96D73\n" +
        `secret key  ${path} (encrypted, locked)\n` +
        `public key  ${publicPath}\n`,
    );
    const json = (await run("show", "--json", path)).out;
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

  test("a public key file", async () => {
    stockKey(true);
    const publicPath = join(data, "stock.pub");
    const { out } = await run("show", "--json", publicPath);
    expect(JSON.parse(out)).toMatchObject({ path: null, publicPath, encrypted: null });
  });

  test.runIf(requireTool("ssh-keygen"))("a key of SSH has to be in ssh-agent", async () => {
    const path = newSshKey(data, "id", "laptop");
    const pair = [path, `${path}.pub`];
    const hint = expect.stringMatching(
      /^ssh-add \S+\/id; then its name here is ssh:SHA256:\S{43}$/,
    );
    for (const name of pair) {
      const error = {
        code: "bad-key",
        message: `${name}: a key of SSH, which ssh-agent has to hold`,
      };
      await expect(run("show", name)).rejects.toMatchObject({ ...error, hint });
      await expect(run("password", "-W", "--key", name)).rejects.toMatchObject({ ...error, hint });
    }
    const rsa = newSshKey(data, "rsa", "old", "rsa");
    const why = "it has to be ssh-ed25519: minisign knows Ed25519 alone";
    await expect(run("show", rsa)).rejects.toMatchObject({ code: "bad-key", hint: why });

    const line = readFileSync(`${path}.pub`, "utf8").trim();
    for (const name of [`key::${line}`, line, "SHA256:x"])
      await expect(run("show", name)).rejects.toMatchObject({
        code: "usage",
        hint: `"ssh:${name.replace("key::", "")}"`,
      });
  });

  test("unlocks an encrypted key without a public key file", async () => {
    const passwords = file("p", PASSWORD.toString());
    const { out } = await run("show", stockKey(false), "--password-file", passwords);
    expect(out).toContain(plainText);
    expect(out).not.toContain("public key");
  });
});
