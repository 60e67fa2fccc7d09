import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach } from "vitest";
import type { Sighting } from "../../src/trust/record.ts";
import { sightingDigest } from "../../src/trust/sighting.ts";

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "patchsig-store-"));
  directories.push(directory);
  return directory;
}

/** A key in minisign's form; nobody can sign with it. */
export function someKey(): string {
  return Buffer.concat([Buffer.from("Ed"), randomBytes(40)]).toString("base64");
}

export function sightingOf(
  publicKey: string,
  text: string,
  more: Partial<Sighting> = {},
): Sighting {
  const identity = more.identity ?? "alice@example.org";
  return {
    identity,
    publicKey,
    digest: sightingDigest(identity, publicKey, text),
    at: 1_790_000_000,
    messageId: `${text}@example.org`,
    list: "git.vger.kernel.org",
    ...more,
  };
}
