/** manifest.js.gz, grokmirror's list of repositories, which says what epochs a public-inbox has, and which changed. */

import { gunzipSync, gzipSync } from "node:zlib";

/** One epoch. */
export interface ManifestEpoch {
  readonly epoch: number;
  /** SHA-1 of what `git show-ref` prints; null if the manifest does not say. */
  readonly fingerprint: string | null;
  /** When its newest commit was made, in seconds since the epoch; 0 if the manifest does not say. */
  readonly modified: number;
}

/** Bytes, unpacked. A manifest of some thousand repositories has about one megabyte. */
const MAX_MANIFEST = 64 << 20;
const MAX_EPOCHS = 10_000;

/**
 * Writes a manifest; the same epochs give the same bytes. Its paths begin at the server's root, as those of
 * public-inbox-httpd do: public-inbox-clone needs at least the last part of the inbox's path.
 *
 * @param name of the feed
 * @param path of the feed on the server: `/lists/name`
 * @returns the packed bytes
 */
export function formatManifest(
  name: string,
  path: string,
  epochs: readonly ManifestEpoch[],
): Buffer {
  const entries = epochs.map(({ epoch, fingerprint, modified }) => [
    `${path}/git/${epoch}.git`,
    {
      description: `${name} [epoch ${epoch}]`,
      fingerprint,
      modified,
      owner: null,
      reference: null,
    },
  ]);
  return gzipSync(JSON.stringify(Object.fromEntries(entries)));
}

/**
 * Reads the epochs of one inbox. A manifest may list other inboxes too, and its paths may begin at the server's root or
 * further down: an epoch is the inbox's if what its path has before `/git/N.git` is an end of the inbox's path.
 *
 * @param bytes packed or not
 * @param path of the inbox's address: `/lists/name`
 * @returns ascending; null if the manifest is damaged, or lists too many epochs
 */
export function readManifest(bytes: Buffer, path: string): ManifestEpoch[] | null {
  let said: unknown;
  try {
    // if the server says Content-Encoding: gzip, fetch has unpacked it
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const text = isPacked ? gunzipSync(bytes, { maxOutputLength: MAX_MANIFEST }) : bytes;
    said = JSON.parse(text.toString("utf8"));
  } catch {
    return null;
  }
  if (typeof said !== "object" || said === null || Array.isArray(said)) return null;
  const inbox = path.replace(/\/+$/, "");
  const found = Object.entries(said).flatMap(([name, entry]) => {
    const [, prefix, digits] = /^(|\/.*)\/git\/(0|[1-9]\d{0,4})\.git$/.exec(name) ?? [];
    if (prefix === undefined || digits === undefined || !inbox.endsWith(prefix)) return [];
    return [{ prefix, ...epochIn(Number(digits), entry) }];
  });
  // the longest path is the inbox's own
  const longest = Math.max(-1, ...found.slice(0, MAX_EPOCHS).map(({ prefix }) => prefix.length));
  const epochs = found.filter(({ prefix }) => prefix.length === longest);
  if (found.length > MAX_EPOCHS) return null;
  return epochs
    .map(({ epoch, fingerprint, modified }) => ({ epoch, fingerprint, modified }))
    .sort((a, b) => a.epoch - b.epoch);
}

function epochIn(epoch: number, entry: unknown): ManifestEpoch {
  const { fingerprint, modified } = (entry ?? {}) as Record<string, unknown>;
  const isHash = typeof fingerprint === "string" && /^[0-9a-f]{40,64}$/.test(fingerprint);
  return {
    epoch,
    fingerprint: isHash ? fingerprint : null,
    modified: typeof modified === "number" && Number.isSafeInteger(modified) ? modified : 0,
  };
}
