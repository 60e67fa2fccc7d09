/**
 * patatt's keyring: `<algorithm>/<domain>/<local part>/<selector>`, each quoted and in lower case,
 * or `by-hash/<xx>/<…>`, the SHA-256 of that path. Pure: paths and contents, no files.
 */

import { createHash } from "node:crypto";
import { FormatError } from "../errors.ts";
import type { DevAlgorithm } from "./claim.ts";

/** A key at hand: what its file holds, and where that is. */
export interface DevKey {
  readonly content: Buffer;
  /** As shown to people. */
  readonly place: string;
  /** The mail itself brought it: it is only as good as what is remembered of it. */
  readonly fromMail?: boolean;
}

/** Finds the key for a path of `keyPath`, or null. */
export type FindKey = (path: string) => DevKey | null;

/**
 * Where a keyring has the key, relative to its folder; null if the identity is no address or a
 * component would lead elsewhere.
 */
export function keyPath(
  algorithm: DevAlgorithm,
  identity: string,
  selector: string,
): string | null {
  const at = identity.indexOf("@");
  if (at < 0) return null;
  const parts = [identity.slice(at + 1), identity.slice(0, at), selector].map(quote);
  if (parts.some((part) => part === "" || part === "." || part === "..")) return null;
  return [algorithm, ...parts].join("/");
}

/** The path under which a keyring that hides addresses has the same key. */
export function hashedPath(path: string): string {
  const hash = createHash("sha256").update(path).digest("hex");
  return `by-hash/${hash.slice(0, 2)}/${hash.slice(2)}`;
}

/** Python's `quote_plus` of the lower-case text: only letters, digits and `_.-~` stay. */
function quote(text: string): string {
  return Buffer.from(text.toLowerCase())
    .toString("latin1")
    .replace(/[^A-Za-z0-9_.~-]/g, (byte) =>
      byte === " " ? "+" : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    );
}

/**
 * The 32 bytes of an ed25519 key file, base64 and perhaps a line end: the point of a public key, the
 * seed of a secret one.
 *
 * @throws FormatError for anything else
 */
export function parseEd25519Key(content: Buffer): Buffer {
  const text = content.toString("latin1").trim();
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 32 || bytes.toString("base64") !== text)
    throw new FormatError("not base64 of 32 bytes");
  return bytes;
}
