import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { onTestFinished } from "vitest";
import { parseSecretKeyFile, unlockSecretKey } from "../../src/minisign/secret-key.ts";
import type { KdfCost, SecretKey } from "../../src/minisign/secret-key.ts";

const FIXTURES = new URL("../../fixtures/minisign/", import.meta.url);
export const PASSWORD = Buffer.from("correct horse battery staple");

/** libsodium's least: N = 2^10. Stock minisign takes it from the file, as we do. */
export const CHEAP: KdfCost = { opslimit: 32768n, memlimit: 2n ** 20n };

export function fixture(name: string): Buffer {
  return readFileSync(new URL(name, FIXTURES));
}

/** The key of plain.key, which has no password. */
export function plainKey(): SecretKey {
  const key = unlockSecretKey(parseSecretKeyFile(fixture("plain.key")), Buffer.alloc(0));
  if (key === null) throw new Error("plain.key is locked");
  return key;
}

/** A directory that is removed after the test. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "patchsig-test-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Any bytes of this length. */
export function exactly(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}
