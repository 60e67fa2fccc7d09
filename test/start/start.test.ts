/** What V8 compiled of the program is used where it fits, and changes nothing where it does not. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatPublicKeyFile } from "../../src/minisign/public-key.ts";
import { newFolder } from "../support/folders.ts";
import { LONG } from "../support/long.ts";
import { signMails } from "../support/signing.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const MAIL = join(ROOT, "fixtures", "canonical", "plain.eml");

/** Runs a command, and writes a line on stderr of what became of each cache: null if there was none. */
const RUN = `
  const [start, ...args] = process.argv.slice(1);
  const { load, loaded } = require(start);
  load("main.js").main(args).then(() => {
    const rejected = loaded.map(({ cache, script }) => [cache, script.cachedDataRejected ?? null]);
    process.stderr.write("\\n" + JSON.stringify(rejected) + "\\n");
  });`;

interface Ran {
  readonly stdout: string;
  /** By the name of a file: false if its cache was taken, true if V8 refused it, null if none was. */
  readonly rejected: Readonly<Record<string, boolean | null>>;
}

function run(program: string, args: readonly string[], flags: readonly string[] = []): Ran {
  const start = join(program, "dist", "bundle", "cli", "start.js");
  const ran = spawnSync(process.execPath, [...flags, "-e", RUN, start, ...args], {
    encoding: "utf8",
  });
  expect(ran.status, ran.stderr).toBe(0);
  const rejected = JSON.parse(ran.stderr.trimEnd().split("\n").at(-1)!) as [
    string,
    boolean | null,
  ][];
  return {
    stdout: ran.stdout,
    rejected: Object.fromEntries(
      rejected.map(([cache, its]) => [basename(cache).replace(/\.v8$/, ""), its]),
    ),
  };
}

/** What npm would put into a package, unpacked; the packages that it needs are those of this folder. */
function unpack(): string {
  const folder = newFolder();
  const packed = spawnSync(
    "npm",
    ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder],
    {
      cwd: ROOT,
      encoding: "utf8",
    },
  );
  expect(packed.status, packed.stderr).toBe(0);
  spawnSync("tar", ["-xzf", packed.stdout.trim()], { cwd: folder });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return join(folder, "package");
}

function postinstall(program: string, env: Record<string, string> = {}): void {
  const { scripts } = JSON.parse(readFileSync(join(program, "package.json"), "utf8"));
  const [, script] = /^node (\S+)$/.exec(scripts.postinstall)!;
  const ran = spawnSync(process.execPath, [script!], {
    cwd: program,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  expect(ran).toMatchObject({ status: 0, stdout: "", stderr: "" });
}

const bundleOf = (program: string): string => join(program, "dist", "bundle", "cli");
const filesOf = (program: string): string[] => readdirSync(bundleOf(program)).toSorted();
const cachesOf = (program: string): string[] =>
  filesOf(program).filter((name) => name.endsWith(".v8"));

let packed: string;
let installed: string;
let text: string;

beforeAll(() => {
  packed = unpack();
  installed = copyOf(packed);
  expect(cachesOf(installed)).toEqual([]);
  // as it is for `npm install --ignore-scripts`
  const bare = run(installed, ["attestation", MAIL]);
  expect(new Set(Object.values(bare.rejected))).toEqual(new Set([null]));
  text = bare.stdout;
  expect(text).toContain("patchsig-v1");
  postinstall(installed);
});

/** One that a test may damage. */
function copyOf(original: string): string {
  const program = join(newFolder(), "package");
  cpSync(original, program, { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(program, "..", "node_modules"));
  return program;
}

test("the bundle is ASCII, as start.ts reads it", () => {
  const bundle = bundleOf(ROOT);
  for (const name of readdirSync(bundle).filter((file) => file.endsWith(".js")))
    expect(
      readFileSync(join(bundle, name)).every((byte) => byte < 0x80),
      name,
    ).toBe(true);
});

describe("the cache is used", () => {
  const taken = { "main.js": false, "shared.js": false, "attestation.js": false };

  test("after npm's installation", () => {
    expect(run(installed, ["attestation", MAIL])).toMatchObject({ stdout: text, rejected: taken });
  });

  test("after a build, by the daily commands", () => {
    expect(run(ROOT, ["attestation", MAIL])).toMatchObject({ stdout: text, rejected: taken });
    const daily = ["am", "attestation", "format-patch", "hook", "key", "sign", "trust", "verify"];
    expect(cachesOf(ROOT)).toEqual(expect.arrayContaining(daily.map((name) => `${name}.js.v8`)));
    expect(cachesOf(ROOT)).toEqual(cachesOf(installed));
  });

  test("by a thread", () => {
    const thread = `
      const [{ load, loaded }, { parentPort }] = [require(process.argv[2]), require("node:worker_threads")];
      load("check-worker.script.js");
      parentPort.postMessage(loaded.map(({ cache, script }) => [cache, script.cachedDataRejected ?? null]));`;
    const program = `
      require(process.argv[1]);
      const { Worker } = require("node:worker_threads");
      new Worker(${JSON.stringify(thread)}, { eval: true, argv: process.argv.slice(1), workerData: { devKeyrings: [], dkim: null } }).on("message", (rejected) => {
        process.stdout.write(JSON.stringify(rejected));
        process.exit();
      });`;
    const start = join(bundleOf(installed), "start.js");
    const ran = spawnSync(process.execPath, ["-e", program, start], { encoding: "utf8" });
    expect(ran.stderr).toBe("");
    const rejected = JSON.parse(ran.stdout) as [string, boolean | null][];
    expect(
      Object.fromEntries(rejected.map(([cache, its]) => [basename(cache), its])),
    ).toMatchObject({
      "everywhere.js.v8": false,
      "reading.js.v8": false,
      "verifying.js.v8": false,
    });
    // which is how a thread begins
    expect(readFileSync(join(bundleOf(installed), "check-worker.js"), "utf8")).toBe(
      'require("./start.js").load("check-worker.script.js");\n',
    );
  });

  test("in a read-only folder", () => {
    const before = filesOf(installed).map((name) => statSync(join(bundleOf(installed), name)));
    const script = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 77
      touch "$1/x" 2>/dev/null && exit 78
      node -e "$2" "$1/dist/bundle/cli/start.js" attestation "$3"`;
    const ran = spawnSync("unshare", ["-rm", "sh", "-c", script, "sh", installed, RUN, MAIL], {
      encoding: "utf8",
    });
    if (ran.status === 77 || ran.error !== undefined)
      process.stderr.write("skipped: a read-only mount, which needs unshare and mount\n");
    else {
      expect(ran).toMatchObject({ status: 0, stdout: text });
      expect(ran.stderr).toContain('shared.js.v8",false]');
    }
    // and where it could be, nothing is
    run(installed, ["attestation", MAIL]);
    const after = filesOf(installed).map((name) => statSync(join(bundleOf(installed), name)));
    expect(after.map(({ mtimeMs, size }) => [mtimeMs, size])).toEqual(
      before.map(({ mtimeMs, size }) => [mtimeMs, size]),
    );
  });
});

test("the hook on a signed mail needs neither git nor database nor secret key", () => {
  const home = newFolder();
  const mail = join(home, "0001-a.patch");
  writeFileSync(mail, signMails([readFileSync(MAIL)])[0]!);
  mkdirSync(join(home, "patchsig"));
  const { publicKey } = generateSecretKey(Buffer.alloc(32, 7), Buffer.from("patchsig"));
  writeFileSync(join(home, "patchsig", "minisign.pub"), formatPublicKeyFile(publicKey));
  const start = join(bundleOf(installed), "start.js");
  const ran = spawnSync(process.execPath, ["-e", RUN, start, "hook", "run", mail], {
    encoding: "utf8",
    cwd: home,
    env: { ...process.env, XDG_DATA_HOME: home, PATH: "/nonexistent" },
  });
  expect(ran.status, ran.stderr).toBe(0);
  const [said, caches] = ran.stderr.trimEnd().split("\n");
  expect(said).toBe("");
  const names = (JSON.parse(caches!) as [string, boolean][]).map(([cache]) => basename(cache));
  expect(names.toSorted()).toEqual(
    ["everywhere", "hook", "main", "reading", "rolldown-runtime", "run"].map((n) => `${n}.js.v8`),
  );
  expect(readdirSync(join(home, "patchsig"))).toEqual(["minisign.pub"]);
});

describe("a cache that does not match is ignored", () => {
  const flipped = (at: number) => (bytes: Buffer) => {
    const place = Math.floor(at * (bytes.length - 1));
    bytes[place]! ^= 0x20;
    return bytes;
  };
  const bindTo = (node: string, program: string, data: Buffer): Buffer => {
    const source = readFileSync(join(bundleOf(program), "shared.js"));
    const digest = createHash("sha256").update(node).update(source).update(data).digest();
    return Buffer.concat([digest, data]);
  };
  const damages: Record<string, (bytes: Buffer, program: string) => Buffer> = {
    "a byte of the digest": flipped(0),
    "a byte of V8's header": (bytes) => flipped(36 / (bytes.length - 1))(bytes),
    "a byte in the middle": flipped(0.5),
    "the last byte": flipped(1),
    "cut short": (bytes) => bytes.subarray(0, bytes.length / 2),
    "a byte too many": (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
    empty: () => Buffer.alloc(0),
    zeros: (bytes) => bytes.fill(0),
    "that of another file": (_, program) => readFileSync(join(bundleOf(program), "am.js.v8")),
    "that of another node": (bytes, program) =>
      bindTo(`v20.0.0 ${process.arch}\n`, program, bytes.subarray(32)),
    "that of another processor": (bytes, program) =>
      bindTo(`${process.version} pdp11\n`, program, bytes.subarray(32)),
  };

  test("its digest covers node, source and cache", () => {
    const bytes = readFileSync(join(bundleOf(installed), "shared.js.v8"));
    const node = `${process.version} ${process.arch}\n`;
    expect(bindTo(node, installed, bytes.subarray(32)).equals(bytes)).toBe(true);
  });

  test("however it is damaged", () => {
    const program = copyOf(installed);
    const file = join(bundleOf(program), "shared.js.v8");
    const whole = readFileSync(file);
    for (const [what, damaged] of Object.entries(damages)) {
      writeFileSync(file, damaged(Buffer.from(whole), program));
      const { stdout, rejected } = run(program, ["attestation", MAIL]);
      expect([what, stdout]).toEqual([what, text]);
      expect([what, rejected]).toMatchObject([what, { "main.js": false, "shared.js": null }]);
    }
  });

  test("if it is a folder", () => {
    const program = copyOf(packed);
    mkdirSync(join(bundleOf(program), "shared.js.v8"));
    expect(run(program, ["attestation", MAIL])).toMatchObject({
      stdout: text,
      rejected: { "shared.js": null },
    });
  });

  test("if the source changed and kept its length", () => {
    const program = copyOf(installed);
    const file = join(bundleOf(program), "main.js");
    const source = readFileSync(file, "utf8");
    const changed = source.replace("verify, then apply", "VERIFY, then apply");
    expect(changed).not.toBe(source);
    writeFileSync(file, changed);
    const { stdout, rejected } = run(program, ["--help"]);
    expect(stdout).toContain("VERIFY, then apply");
    expect(rejected["main.js"]).toBe(null);
  });

  test("under other V8 flags: V8 rejects it", () => {
    const { stdout, rejected } = run(installed, ["attestation", MAIL], ["--no-opt"]);
    expect(stdout).toBe(text);
    expect(rejected).toMatchObject({ "main.js": true, "shared.js": true });
  });
});

test("what node has compiled of itself is used too: it was compiled under node's flags", () => {
  const COUNT = `
    const { internalBinding } = require("internal/test/binding");
    require(process.argv[1]).load("main.js").main(["verify", "--dry-run", process.argv[2]]).then(() => {
      const { compiledWithCache: used, compiledWithoutCache: not } =
        internalBinding("builtins").getCacheUsage();
      // what util.parseArgs loads when it is first used
      const ours = [...not].filter((name) => !name.startsWith("internal/util/parse_args/"));
      require("node:fs").writeSync(2, JSON.stringify([used.has("crypto"), ours]));
    });`;
  const start = join(bundleOf(installed), "start.js");
  const args = ["--no-warnings", "--expose-internals", "-e", COUNT, start, MAIL];
  const { stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(stderr).toBe("[true,[]]");
});

test("an installation without git, or in a read-only folder, works with less of a cache", () => {
  const program = copyOf(packed);
  postinstall(program, { PATH: "/nonexistent" });
  expect(run(program, ["attestation", MAIL]).stdout).toBe(text);
  const other = copyOf(packed);
  postinstall(other, { TMPDIR: join(other, "package.json") });
  expect(cachesOf(other)).toEqual([]);
});

// it may compile better-sqlite3
test.runIf(LONG)("npm's own installation, into an empty prefix", { timeout: 0 }, () => {
  const prefix = newFolder();
  const npm = (...args: string[]): string => {
    const ran = spawnSync("npm", args, { cwd: ROOT, encoding: "utf8" });
    expect(ran.status, ran.stderr).toBe(0);
    return ran.stdout.trim();
  };
  const tarball = npm("pack", "--silent", "--ignore-scripts", "--pack-destination", prefix);
  npm("install", "--global", "--prefix", prefix, "--no-audit", "--no-fund", join(prefix, tarball));
  const program = join(prefix, "lib", "node_modules", "patchsig");
  const { stdout, rejected } = run(program, ["attestation", MAIL]);
  expect(stdout).toBe(text);
  expect(new Set(Object.values(rejected))).toEqual(new Set([false]));
  const version = spawnSync(join(prefix, "bin", "patchsig"), ["--version"], { encoding: "utf8" });
  expect(version).toMatchObject({ status: 0, stderr: "" });
});

test("the bundle has better-sqlite3 in the version that its native part is of", () => {
  const { dependencies } = JSON.parse(readFileSync(join(packed, "package.json"), "utf8"));
  const its = readFileSync(join(ROOT, "node_modules/better-sqlite3/package.json"), "utf8");
  expect(dependencies["better-sqlite3"]).toBe(JSON.parse(its).version);
  const [from] = readFileSync(join(bundleOf(packed), "sqlite.js"), "utf8").split("\n");
  expect(from).toMatch(/better-sqlite3: MIT License, Copyright/);
});

test("a stack trace names files, functions and lines", () => {
  const FAIL = `
    const { load } = require(process.argv[1]);
    require("node:fs").writeSync = () => { throw new Error("no more") };
    load("main.js").main([]).catch(({ stack }) => process.stdout.write(stack));`;
  const { stdout } = spawnSync(
    process.execPath,
    ["-e", FAIL, join(bundleOf(installed), "start.js")],
    { encoding: "utf8" },
  );
  const [, name, file, line] = /at (\S+) \((\S+?):(\d+):\d+\)/.exec(
    stdout.slice(stdout.indexOf("at write")),
  )!;
  expect(name).toBe("write");
  expect(readFileSync(file!, "utf8").split("\n")[Number(line) - 1]).toContain("writeSync)(");
});
