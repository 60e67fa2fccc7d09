/** The real patatt: keys, signatures, and its verdicts. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openKeyrings } from "../../src/devkeys/folder.ts";
import { verifyOpenpgp } from "../../src/devkeys/gpg.ts";
import type { DevResult } from "../../src/devsig/verify.ts";
import { verifyDevsig } from "../../src/devsig/verify.ts";
import { readMail } from "../../src/mail/mailinfo.ts";
import { dropCr } from "../../src/mail/line-ends.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { readDiff } from "../../src/diff/diff.ts";
import { requireTool } from "../support/tools.ts";

export const HAS_PATATT = requireTool("patatt");
export const HAS_GPG = requireTool("gpg");
export const HAS_SSH = requireTool("ssh-keygen");

export type Algorithm = "ed25519" | "openssh" | "openpgp";

/** A home for keys: patatt's, gpg's and ssh's. */
export interface Home {
  readonly folder: string;
  readonly keyring: string;
  readonly gnupg: string;
}

export const BOB = "bob@example.org";

export function newHome(folder: string): Home {
  const gnupg = join(folder, "gnupg");
  mkdirSync(gnupg, { mode: 0o700 });
  return { folder, keyring: join(folder, "patatt", "public"), gnupg };
}

function environment(home: Home, settings: Readonly<Record<string, string>> = {}) {
  const entries = Object.entries(settings);
  return {
    ...process.env,
    HOME: home.folder,
    XDG_DATA_HOME: home.folder,
    GNUPGHOME: home.gnupg,
    GIT_CONFIG_COUNT: String(entries.length),
    ...Object.fromEntries(
      entries.flatMap(([key, value], i) => [
        [`GIT_CONFIG_KEY_${i}`, key],
        [`GIT_CONFIG_VALUE_${i}`, value],
      ]),
    ),
  };
}

export function run(home: Home, program: string, args: readonly string[], input = ""): Buffer {
  return execFileSync(program, args, {
    cwd: home.folder,
    input,
    env: environment(home, { "user.email": BOB }),
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Puts a key file where patatt looks for it. */
function store(home: Home, algorithm: Algorithm, selector: string, key: Buffer): void {
  const folder = join(home.keyring, algorithm, "example.org", "bob");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, selector), key);
}

/** Makes bob's key with selector "main"; returns patatt's name for it. */
const MAKE: Readonly<Record<Algorithm, (home: Home) => string>> = {
  ed25519(home) {
    run(home, "patatt", ["genkey", "-n", "main"]);
    return "ed25519:main";
  },
  openssh: (home) => makeSsh(home, "ed25519"),
  openpgp(home) {
    gpg(home, ["--passphrase", "", "--quick-gen-key", BOB, "ed25519", "sign", "never"]);
    store(home, "openpgp", "main", gpg(home, ["--armor", "--export", BOB]));
    // patatt wants the long key id
    const [, id] = /^pub:(?:[^:]*:){3}([0-9A-F]{16}):/m.exec(
      gpg(home, ["--with-colons", "--list-keys", BOB]).toString(),
    )!;
    return `openpgp:${id}`;
  },
};

export function makeSsh(home: Home, type: string, selector = "main"): string {
  const file = join(home.folder, `ssh-${selector}`);
  const bits = type === "rsa" ? ["-b", "2048"] : [];
  const [name, size] = type.split("-");
  const sized = size === undefined ? bits : ["-b", size];
  run(home, "ssh-keygen", ["-q", "-t", name!, ...sized, "-N", "", "-C", "bob", "-f", file]);
  store(home, "openssh", selector, readFileSync(`${file}.pub`));
  return `openssh:${file}`;
}

export function gpg(home: Home, args: readonly string[], input = ""): Buffer {
  return run(home, "gpg", ["--batch", "--quiet", "--no-tty", ...args], input);
}

/** Ends the agent that gpg started in this home. */
export function closeHome(home: Home): void {
  if (HAS_GPG) run(home, "gpgconf", ["--kill", "all"]);
}

export function makeKey(home: Home, algorithm: Algorithm): string {
  return MAKE[algorithm](home);
}

/** The mails signed by `patatt sign`. `key` is patatt's name for it. */
export function sign(home: Home, key: string, mails: readonly Buffer[], selector = "main") {
  const folder = join(home.folder, "to-sign");
  mkdirSync(folder, { recursive: true });
  const files = mails.map((mail, i) => {
    const file = join(folder, `${i}.eml`);
    writeFileSync(file, mail);
    return file;
  });
  const settings = {
    "user.email": BOB,
    "patatt.signingkey": key,
    "patatt.selector": selector,
  };
  execFileSync("patatt", ["sign", ...files], {
    cwd: home.folder,
    env: environment(home, settings),
    stdio: ["ignore", "ignore", "pipe"],
  });
  return files.map((file) => readFileSync(file));
}

/** patatt's exit codes. */
const WORDS: Readonly<Record<number, string>> = {
  0: "good",
  4: "none",
  8: "unknown-key",
  16: "error",
  32: "bad",
};

/** patatt's result for each mail: one word per signature, or "error". `trim`: as patatt.trimbody, up to `l=`. */
export function patattSays(
  home: Home,
  mails: readonly Buffer[],
  { trim = false } = {},
): string[][] {
  const folder = join(home.folder, "to-validate");
  mkdirSync(folder, { recursive: true });
  const files = mails.map((mail, i) => {
    const file = join(folder, `${i}.eml`);
    // the mbox's From line is not the mail's; patatt's command drops it too
    writeFileSync(file, mail.toString("latin1").replace(/^From [^\n]*\n/, ""), "latin1");
    return file;
  });
  const program = execFileSync("sh", ["-c", "command -v patatt"]).toString().trim();
  const python = /^#!\s*(\S+)/.exec(readFileSync(program, "utf8"))?.[1] ?? "python3";
  const script = join(import.meta.dirname, "validate.py");
  const output = execFileSync(python, [script, trim ? "trim" : "all", home.keyring, ...files], {
    cwd: home.folder,
    env: environment(home),
    maxBuffer: 1 << 26,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const answers = output.toString().trim().split("\n");
  return answers.map((line) => {
    const answer: unknown = JSON.parse(line);
    if (!Array.isArray(answer)) return ["error"];
    return (answer as [string, number][]).map(([, code]) => WORDS[code] ?? "error");
  });
}

const verifier = createVerifier();

/** patchsig's result for the mail; null if it refuses it. */
export function weSay(keyring: string, mail: Buffer): DevResult[] | null {
  const bytes = dropCr(mail);
  const read = readMail(bytes);
  if (!read.ok) return null;
  const diff = readDiff(read.value.patch);
  return verifyDevsig(bytes, read.value, diff.ok ? diff.value : null, [BOB], {
    verifier,
    findKey: openKeyrings([keyring]),
    openpgp: verifyOpenpgp,
  });
}

export function outcomes(results: readonly DevResult[] | null): string[] {
  return results?.map(({ outcome }) => outcome) ?? ["refused"];
}
