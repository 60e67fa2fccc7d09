/** What stands where a file is to be written: files are replaced whole, all else stays what it is. */

import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { placeFile, replaceFile } from "../../src/store/replace-file.ts";
import { expectError, newFolder, newHome } from "../cli/support.ts";
import { patchsig } from "../support/cli.ts";

const TEXT = Buffer.from("x".repeat(200_000));
const IS_ROOT = process.geteuid?.() === 0;

function newFifo(): string {
  const fifo = join(newFolder(), "fifo");
  expect(spawnSync("mkfifo", [fifo]).status).toBe(0);
  return fifo;
}

/** A device of one's own: whatever goes wrong here, /dev stays as it is. */
function newDevice(minor: number): string {
  const device = join(newFolder(), "device");
  expect(spawnSync("mknod", ["-m", "666", device, "c", "1", `${minor}`]).status).toBe(0);
  return device;
}

/** What another process got out of a FIFO while `write` ran. */
async function readBy(fifo: string, write: () => void): Promise<Buffer> {
  const reader = spawn("sh", ["-c", 'cat "$1" >"$1.got"', "sh", fifo], { stdio: "ignore" });
  const ended = new Promise((done) => reader.on("close", done));
  write();
  await ended;
  return readFileSync(`${fifo}.got`);
}

describe("a file named by the user", () => {
  test.each(["", "link"])("a FIFO is written to, completely, and stays a FIFO %s", async (link) => {
    const fifo = newFifo();
    const name = link === "" ? fifo : join(newFolder(), link);
    if (link !== "") symlinkSync(fifo, name);
    expect((await readBy(fifo, () => replaceFile(name, TEXT))).equals(TEXT)).toBe(true);
    expect(statSync(fifo).isFIFO()).toBe(true);
  });

  test.runIf(IS_ROOT)("a device stays a device", () => {
    const device = newDevice(3);
    const link = join(newFolder(), "link");
    symlinkSync(device, link);
    for (const name of [device, link]) replaceFile(name, TEXT);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync(device).isCharacterDevice()).toBe(true);
  });

  test.runIf(IS_ROOT)("a full device is reported as a full disk", () => {
    expect(() => replaceFile(newDevice(7), TEXT)).toThrow(/disk is full/);
  });

  test("a folder is an error, and left alone", () => {
    const folder = newFolder();
    expect(() => replaceFile(folder, TEXT)).toThrow(/cannot write/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("the user's own symlink stays, and its target keeps its mode", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "file"), "old");
    chmodSync(join(folder, "file"), 0o640);
    symlinkSync("file", join(folder, "link"));
    replaceFile(join(folder, "link"), TEXT);
    expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
    expect(statSync(join(folder, "file"))).toMatchObject({ size: TEXT.length, mode: 0o100640 });
  });

  test.runIf(IS_ROOT).each(["planted", "by way of one's own"])(
    "another user's symlink: %s",
    (how) => {
      const folder = newFolder();
      const precious = join(folder, "precious");
      writeFileSync(precious, "old");
      const planted = join(folder, "planted");
      symlinkSync(precious, planted);
      lchownSync(planted, 65_534, 65_534);
      const own = join(folder, "own");
      symlinkSync("planted", own);
      expect(() => replaceFile(how === "planted" ? planted : own, TEXT)).toThrow(/another user/);
      expect(readFileSync(precious, "utf8")).toBe("old");
    },
  );
});

describe("a file named by the program", () => {
  test("a symlink is replaced", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "precious"), "old");
    symlinkSync("precious", join(folder, "0001.patch"));
    placeFile(join(folder, "0001.patch"), TEXT);
    expect(lstatSync(join(folder, "0001.patch")).isFile()).toBe(true);
    expect(readFileSync(join(folder, "precious"), "utf8")).toBe("old");
  });

  test("a folder or a FIFO is an error", () => {
    const fifo = newFifo();
    expect(() => placeFile(fifo, TEXT)).toThrow(/cannot write/);
    expect(statSync(fifo).isFIFO()).toBe(true);
    const folder = join(newFolder(), "0001.patch");
    mkdirSync(folder);
    expect(() => placeFile(folder, TEXT)).toThrow(/cannot write/);
  });
});

test("a key replaces only a regular file", () => {
  const fifo = newFifo();
  const run = patchsig(["key", "generate", "--no-password", "--force", "--key", fifo], {
    home: newFolder(),
  });
  expectError(run, 3, /is not a regular file/);
  expect(statSync(fifo).isFIFO()).toBe(true);
});

test("--output=/dev/stdout writes to a pipe", () => {
  const words = "trust revoke --statement --reserve --output /dev/stdout".split(" ");
  const program = join(import.meta.dirname, "..", "..", "bin", "patchsig.js");
  // node's own pipes are sockets, which have no name that can be opened
  const run = spawnSync("sh", ["-c", '"$@" | cat', "sh", process.execPath, program, ...words], {
    env: { ...process.env, XDG_DATA_HOME: newHome() },
  });
  expect(run.stdout.toString()).toMatch(/^untrusted comment: patchsig-statement /);
});
