/** `patchsig attestation`, and keys that stock minisign made. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { patchsig, PROGRAM } from "../support/cli.ts";
import { LONG } from "../support/long.ts";
import { requireTool } from "../support/tools.ts";
import { fixture, PASSWORD } from "../minisign/support.ts";
import {
  edited,
  expectError,
  expectStatus,
  formatPatch,
  keyFile,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
  text,
} from "./support.ts";

let work: string;
let home: string;
let signed: string[];
let unsigned: string[];

beforeAll(() => {
  ({ work } = newSubmission());
  home = newHome(7);
  signed = signedPatches(work, home);
  unsigned = formatPatch(work);
});

function attestation(args: readonly string[], input = ""): ReturnType<typeof patchsig> {
  return patchsig(["attestation", ...args], { home, input });
}

function minisign(args: readonly string[], input = ""): { status: number | null; output: string } {
  const run = spawnSync("minisign", args, { encoding: "utf8", input });
  return { status: run.status, output: run.stdout + run.stderr };
}

function sha256(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

describe("attestation", () => {
  test("prints the signed text, also of an unsigned mail", () => {
    const mail = text(unsigned[0]!);
    const diff = mail.slice(mail.indexOf("diff --git"), mail.indexOf("\nbase-commit: "));
    const expected = [
      "patchsig-v1",
      "author: Alice <alice@example.org>",
      "subject: song:shoutline2",
      `message: ${sha256("Make it loud.\n\nSigned-off-by: Alice <alice@example.org>\n")}`,
      `diff: ${sha256(diff)}`,
      "",
    ].join("\n");
    expect(expectStatus(attestation([unsigned[0]!]), 0).stdout).toBe(expected);
    expect(expectStatus(attestation([], text(signed[0]!)), 0).stdout).toBe(expected);
  });

  test("--minisig prints the four lines from the mail", () => {
    const { stdout } = expectStatus(attestation(["--minisig", signed[0]!]), 0);
    expect(stdout.trimEnd().split("\n")).toHaveLength(4);
    expect(text(signed[0]!)).toContain(stdout);
  });

  test.runIf(requireTool("script"))(
    "byte for byte, except on a terminal, where it is escaped",
    () => {
      const mail = edited(unsigned[0]!, (t) =>
        t.replace(/^From: .*$/m, "From: =?utf-8?q?A=E2=80=AElice?= <alice@example.org>"),
      );
      const piped = expectStatus(attestation([mail]), 0).stdout;
      expect(piped).toContain("author: A\u202elice <alice@example.org>\n");
      const command = `'${process.execPath}' '${PROGRAM}' attestation '${mail}'`;
      const shown = spawnSync("script", ["-qec", command, "/dev/null"], { encoding: "utf8" });
      expect(shown.stdout.replaceAll("\r\n", "\n")).toBe(piped.replace("\u202e", "\\u202e"));
    },
  );

  test("if there is nothing to print: a one-line error, and no file", () => {
    const output = join(newFolder(), "x");
    const both = ["-o", output];
    expectError(attestation([unsigned[0]!, ...both]), 1, "the mail is not signed");
    expectError(attestation(["--minisig", unsigned[0]!]), 1, "the mail is not signed");
    expectError(
      attestation([mbox(...signed), ...both]),
      2,
      /holds more than one patch, review or test result$/,
    );
    expectError(attestation(["nowhere", ...both]), 3, "no such file: nowhere");
    expectError(attestation([...both], "Subject: hi\n\nhi\n"), 1, /^no patch in standard input/);
    const broken = edited(signed[0]!, (t) => t.replace("@@ -1,5 +1,5 @@", "@@ -1,9 +1,9 @@"));
    expectError(attestation([broken, ...both]), 3, /^diff refused: /);
    expectError(attestation([signed[0]!, "-o", "/nowhere/x"]), 3, "cannot write /nowhere/x");
    expect(readdirSync(join(output, ".."))).toEqual([]);
  });
});

describe.runIf(requireTool("minisign"))("stock minisign", () => {
  test("accepts what -o writes, and rejects a changed text", () => {
    const name = join(newFolder(), "x");
    const check = (): number | null =>
      minisign(["-V", "-m", name, "-p", join(home, "patchsig", "minisign.pub")]).status;
    expectStatus(attestation([signed[0]!, "-o", name]), 0);
    expect(check()).toBe(0);
    const tampered = edited(signed[0]!, (t) => t.replace("+LINE 2", "+LINE two"));
    expectStatus(attestation([tampered, "-o", name]), 0);
    expect(check()).not.toBe(0);
  });

  test("its unencrypted key signs, and is trusted, like any other", () => {
    const theirs = newFolder();
    mkdirSync(join(theirs, "patchsig"), { mode: 0o700 });
    const [secret, pub] = [keyFile(theirs), join(theirs, "patchsig", "minisign.pub")];
    const run = minisign(["-G", "-W", "-s", secret, "-p", pub]);
    expect(run.status, run.output).toBe(0);
    expectSignedBy(readFileSync(pub), signedPatches(work, theirs));
  });
});

function expectSignedBy(publicKeyFile: Buffer, files: readonly string[]): void {
  const key = publicKeyFile.toString().split("\n")[1]!;
  const run = patchsig(["verify", "--require=signature", ...files], { home: newFolder() });
  expect(expectStatus(run, 0).stdout).toContain(`\n${key}\n`);
}

// scrypt as minisign sets it: a gigabyte and seconds, once for a whole series
test.runIf(LONG)("a key that stock minisign made, with a password", () => {
  const theirs = newFolder();
  mkdirSync(join(theirs, "patchsig"), { mode: 0o700 });
  writeFileSync(keyFile(theirs), fixture("encrypted.key"), { mode: 0o600 });
  const password = join(theirs, "password");
  writeFileSync(password, `${PASSWORD.toString()}\n`, { mode: 0o600 });
  const files = formatPatch(work);
  expectStatus(patchsig(["sign", "--password-file", password, ...files], { home: theirs }), 0);
  expectSignedBy(fixture("encrypted.pub"), files);
});
