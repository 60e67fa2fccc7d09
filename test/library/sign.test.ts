/** Signing for programs. */

import { chmodSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as patchsig from "../../src/index.ts";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatPublicKeyText } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { newFolder } from "../support/folders.ts";

const FIXTURES = join(import.meta.dirname, "..", "..", "fixtures", "series");
const FILES = readdirSync(FIXTURES)
  .filter((name) => name.endsWith(".patch"))
  .map((source) => ({ source, bytes: readFileSync(join(FIXTURES, source)) }));
const ADDRESS = { address: "alice@example.org", now: 1_795_514_400 };

async function fixtureKey(): Promise<patchsig.KeyFileSigner> {
  const path = join(newFolder(), "alice.key");
  copyFileSync(join(FIXTURES, "alice.key"), path);
  chmodSync(path, 0o600);
  return patchsig.openKeyFile(path);
}

/** What verification says of signed files, in a memory of their own. */
async function verdicts(files: readonly Uint8Array[]): Promise<string[]> {
  const mails = files.flatMap((bytes, i) => patchsig.splitMbox(bytes, String(i)));
  const trust = await patchsig.openTrust();
  const found: string[] = [];
  for await (const record of patchsig.verifySeries(mails, { trust, now: ADDRESS.now }))
    if (record.type === "series")
      found.push(`${record.verdict} ${record.sealed ? "sealed" : "loose"}`);
  return found;
}

test("the same files under the same key give the same bytes", async () => {
  const signer = await fixtureKey();
  const made = await patchsig.signSeries(FILES, { signer, ...ADDRESS });
  expect(made).toMatchObject({ complete: true, signed: 4, notes: [] });
  expect(made.files.map((file, i) => FILES[i]!.bytes.equals(file))).toEqual([
    true,
    true,
    true,
    true,
  ]);
});

test("an mbox is signed in place, and other mails in it are unchanged", async () => {
  const signer = await fixtureKey();
  const letter = "From a@b Tue Nov 24 10:00:00 2026\nFrom: a@b\nSubject: hello\n\nno patch\n\n";
  const mbox = FILES.map(
    ({ bytes }) =>
      bytes.toString("latin1").replace(/^(?!From )/, "From a@b Tue Nov 24 10:00:00 2026\n") + "\n",
  );
  const bytes = Buffer.from([letter, ...mbox].join(""), "latin1");
  const made = await patchsig.signSeries([{ source: "all.mbox", bytes }], { signer, ...ADDRESS });
  expect(made.signed).toBe(4);
  expect(Buffer.from(made.files[0]!).toString("latin1").startsWith(letter)).toBe(true);
  expect(await verdicts(made.files)).toEqual(["pass sealed"]);
});

describe("the caller's own signer", () => {
  const key = generateSecretKey(Buffer.alloc(32, 9), Buffer.from("elsewher"));
  const publicKey = formatPublicKeyText(key.publicKey);

  test("may sign asynchronously", async () => {
    const signer = {
      publicKey,
      signBytes: async (m: Uint8Array) => new Uint8Array(key.signBytes(m)),
    };
    const made = await patchsig.signSeries(FILES, { signer, ...ADDRESS });
    expect(await verdicts(made.files)).toEqual(["pass sealed"]);
  });

  test("that makes a wrong signature is an error", async () => {
    const signer = { publicKey, signBytes: () => new Uint8Array(64) };
    await expect(patchsig.signSeries(FILES, { signer, ...ADDRESS })).rejects.toMatchObject({
      code: "refused",
    });
  });

  test("has to have a complete key", async () => {
    const signer = { publicKey: "RWnone", signBytes: () => new Uint8Array(64) };
    await expect(patchsig.signSeries(FILES, { signer, ...ADDRESS })).rejects.toMatchObject({
      code: "bad-key",
    });
  });
});

describe("a key file", () => {
  const lock = {
    password: Buffer.from("a secret"),
    salt: Buffer.alloc(32),
    cost: { opslimit: 32768n, memlimit: 1n << 24n },
  };
  const locked = (): string => {
    const path = join(newFolder(), "key");
    const key = generateSecretKey(Buffer.alloc(32, 9), Buffer.from("elsewher"));
    writeFileSync(path, formatSecretKeyFile(key, "key", lock), { mode: 0o600 });
    return path;
  };

  test("opens with its password, which the caller wipes", async () => {
    const password = Buffer.from("a secret");
    const signer = await patchsig.openKeyFile(locked(), password);
    expect(signer.signBytes(Buffer.from("x"))).toHaveLength(64);
    expect(password.toString()).toBe("a secret");
    signer.wipe();
    expect(() => signer.signBytes(Buffer.from("x"))).toThrow("wiped");
    expect(JSON.stringify(signer)).not.toContain("seed");
  });

  test("does not open with a wrong password or without one", async () => {
    await expect(patchsig.openKeyFile(locked())).rejects.toMatchObject({ code: "no-password" });
    await expect(patchsig.openKeyFile(locked(), Buffer.from("a secret\n"))).rejects.toMatchObject({
      code: "bad-password",
    });
    await expect(patchsig.openKeyFile(join(newFolder(), "none"))).rejects.toMatchObject({
      code: "not-found",
    });
  });
});

test("if one mail cannot be signed, nothing is", async () => {
  const signer = await fixtureKey();
  const twice = [FILES[1]!, { ...FILES[1]!, source: "a copy" }];
  await expect(patchsig.signSeries(twice, { signer, ...ADDRESS })).rejects.toMatchObject({
    code: "refused",
  });
  await expect(
    patchsig.signSeries(FILES, { signer, address: "Alice <a@b>" }),
  ).rejects.toMatchObject({ code: "usage" });
  await expect(
    patchsig.signSeries(FILES, { signer, ...ADDRESS, base: "v6.1" }),
  ).rejects.toMatchObject({ code: "usage" });
  const page = { source: "a page", bytes: Buffer.from("<html>") };
  await expect(patchsig.signSeries([page], { signer, ...ADDRESS })).rejects.toMatchObject({
    code: "not-a-mail",
  });
});

test("part of a series is not complete; without a base there is none", async () => {
  const signer = await fixtureKey();
  const made = await patchsig.signSeries(FILES.slice(1, 3), { signer, ...ADDRESS, base: null });
  expect(made.notes).toEqual(["2 of 3 signed, not bound together: sign all files in one go"]);
});
