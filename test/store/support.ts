import { randomBytes } from "node:crypto";
import type { Sighting } from "../../src/trust/record.ts";
import { sightingDigest } from "../../src/trust/sighting.ts";

export { newFolder as temporaryDirectory } from "../support/folders.ts";

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
    series: text,
    at: 1_790_000_000,
    messageId: `${text}@example.org`,
    list: "git.vger.kernel.org",
    ...more,
  };
}
