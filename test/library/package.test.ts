/** The library as others use it: from the tarball, by docs/library.md. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  formatSecretKeyFile,
  parseSecretKeyFile,
  unlockSecretKey,
} from "../../src/minisign/secret-key.ts";
import { installed, ROOT } from "./package.ts";

const fixture = (...names: string[]): Buffer => readFileSync(join(ROOT, "fixtures", ...names));
const PATCHES = readdirSync(join(ROOT, "fixtures", "series")).filter((n) => n.endsWith(".patch"));

let folder = "";
beforeAll(() => {
  folder = installed();
});

function node(args: readonly string[]): { status: number | null; output: string } {
  const run = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  return { status: run.status, output: run.stdout + run.stderr };
}

describe("the examples of docs/library.md", () => {
  const page = readFileSync(join(ROOT, "docs", "library.md"), "utf8");
  const EXAMPLE = /<!-- example: (\S+).* -->\n\n```js\n([^]*?)```\n[^]*?\n```\n([^]*?)```\n/g;
  const examples = new Map(
    [...page.matchAll(EXAMPLE)].map(([, name, code, output]) => [name!, { code, output }]),
  );

  function run(name: string, ...args: string[]): void {
    const { code = "", output } = examples.get(name)!;
    writeFileSync(join(folder, name), code);
    expect(node([name, ...args])).toEqual({ status: 0, output });
  }

  beforeAll(() => {
    const mails = [
      ...PATCHES.map((name) => fixture("series", name)),
      fixture("signed", "trailer-added.eml"),
    ];
    const mbox = mails.map((mail) => {
      const text = mail.toString("latin1").replace(/^From .*\n/, "");
      return `From mboxrd@z Tue Nov 24 10:00:00 2026\n${text}\n`;
    });
    writeFileSync(join(folder, "inbox.mbox"), mbox.join(""), "latin1");
  });

  test("verify a mailbox, in ten lines", () => {
    expect(examples.get("verify.mjs")!.code!.split("\n").length - 1).toBeLessThanOrEqual(10);
    run("verify.mjs");
  });

  test("sign in a CI job", () => {
    const key = unlockSecretKey(
      parseSecretKeyFile(fixture("series", "alice.key")),
      Buffer.alloc(0),
    )!;
    const lock = {
      password: Buffer.from("a secret of the CI system"),
      salt: Buffer.alloc(32),
      cost: { opslimit: 32768n, memlimit: 1n << 24n },
    };
    writeFileSync(join(folder, "ci.key"), formatSecretKeyFile(key, "ci", lock), { mode: 0o600 });
    writeFileSync(join(folder, "password"), lock.password);
    const unsigned = (text: string): string =>
      text.replace(/^untrusted comment: .*\n.*\n.*\n.*\n\n/m, "");
    for (const name of PATCHES)
      writeFileSync(
        join(folder, name),
        unsigned(fixture("series", name).toString("latin1")),
        "latin1",
      );
    run("sign.mjs", "ci.key", "password", ...PATCHES);
    const signed = node([
      join("node_modules", "patchsig", "bin", "patchsig.js"),
      "verify",
      "--dry-run",
      ...PATCHES,
    ]);
    expect(signed.output).toContain("3 of 3 in the signed order");
  });

  test("read a trust database", () => {
    run("keys.mjs");
  });

  test("are all tested here, and compile", () => {
    expect([...examples.keys()]).toEqual(["verify.mjs", "sign.mjs", "keys.mjs"]);
    for (const [name, { code }] of examples)
      writeFileSync(join(folder, name.replace(".mjs", ".mts")), code!);
    compile("nodenext", ["verify.mts", "sign.mts", "keys.mts"], "node");
  });
});

/** tsc --strict, with the declarations of the package looked through, too. */
function compile(
  resolution: "nodenext" | "bundler",
  files: readonly string[],
  types: string,
): void {
  const config = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      target: "es2022",
      lib: ["es2022"],
      module: resolution === "bundler" ? "esnext" : resolution,
      moduleResolution: resolution,
      types: types === "" ? [] : [types],
    },
    files,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { status, output } = node([tsc, "-p", "."]);
  expect(output).toBe("");
  expect(status).toBe(0);
}

const CONSUMER = `
import * as patchsig from "patchsig";
import type { Mail, PatchRecord, Signer, Trust, VerifyRecord } from "patchsig";

export async function verdicts(trust: Trust, mails: Mail[]): Promise<Map<string, PatchRecord>> {
  const found = new Map<string, PatchRecord>();
  const policy = { ...patchsig.DEFAULT_POLICY, require: "known" } as const;
  for await (const record of patchsig.verifySeries(mails, { trust, policy, now: 1 }))
    if (record.type === "series") for (const patch of record.patches) found.set(patch.source, patch);
  return found;
}

export const signer: Signer = { publicKey: "RW", signBytes: async (message) => message.subarray(0, 64) };

export function said(record: VerifyRecord): string {
  switch (record.type) {
    case "series": return patchsig.escapeText(record.subject) + record.verdict;
    case "note": return record.messageId;
    case "unread": return record.code;
    case "summary": return String(record.patches);
  }
}

// @ts-expect-error there is no such requirement
export const wrong: patchsig.Policy["require"] = "knwon";
// @ts-expect-error a trust is asked for
patchsig.verifySeries([], {});
// @ts-expect-error a file's name is no mail
patchsig.verifySeries("inbox.mbox", { trust: await patchsig.openTrust() });
`;

test.each(["nodenext", "bundler"] as const)(
  "a consumer passes tsc --strict under %s",
  (resolution) => {
    writeFileSync(join(folder, "consumer.mts"), CONSUMER);
    compile(resolution, ["consumer.mts"], "");
  },
);

test("internal files cannot be imported, and require works", () => {
  const code = `
    const { verifySeries } = require("patchsig");
    try { require("patchsig/dist/lib/errors.js"); } catch ({ code }) { console.log(typeof verifySeries, code); }`;
  expect(node(["-e", code]).output).toBe("function ERR_PACKAGE_PATH_NOT_EXPORTED\n");
});

test("a missing build of SQLite is reported", () => {
  const code = `
    const { openTrust, PatchsigError } = await import("patchsig");
    const error = await openTrust().catch((error) => error);
    console.log(error instanceof PatchsigError, error.code, error.hint);`;
  writeFileSync(join(folder, "unbuilt.mjs"), code);
  const hint = "npm approve-scripts better-sqlite3, then npm rebuild better-sqlite3";
  expect(node(["--no-addons", "unbuilt.mjs"]).output).toBe(`true unsupported ${hint}\n`);
});

test("importing has no side effects, and SQLite is loaded with the first database", () => {
  const code = `
    const state = () => JSON.stringify([
      process.eventNames(), process.exitCode ?? null, process.cwd(), process.env, process.umask(),
      process.getActiveResourcesInfo().sort(),
    ]);
    const before = state();
    const { openTrust } = await import("patchsig");
    const same = state() === before;
    const loaded = () => process.report.getReport().sharedObjects.some((name) => name.includes("better_sqlite3"));
    console.log(same, loaded());
    (await openTrust()).close();
    console.log(loaded());`;
  writeFileSync(join(folder, "import.mjs"), code);
  expect(node(["import.mjs"]).output).toBe("true false\ntrue\n");

  // no file but its own, no process, no thread, no native code
  mkdirSync(join(folder, "home"));
  writeFileSync(join(folder, "closed.mjs"), 'await import("patchsig"); console.log("imported");');
  const name = "--permission";
  const permission = process.allowedNodeEnvironmentFlags.has(name)
    ? name
    : "--experimental-permission";
  const own = [folder, join(ROOT, "node_modules")].map((path) => `--allow-fs-read=${path}/*`);
  const { status, output } = node(["--no-warnings", permission, ...own, "closed.mjs"]);
  expect([status, output]).toEqual([0, "imported\n"]);
  expect(execFileSync("ls", ["-A", join(folder, "home")], { encoding: "utf8" })).toBe("");
});
