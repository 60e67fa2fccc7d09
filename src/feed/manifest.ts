/** manifest.js.gz, grokmirror's list of repositories with what changed: which epochs an inbox has. */

import { gunzipSync, gzipSync } from "node:zlib";

/** One epoch. */
export interface ManifestEpoch {
  readonly epoch: number;
  /** SHA-1 of what `git show-ref` prints; null if the manifest does not say. */
  readonly fingerprint: string | null;
  /** Of the newest commit: seconds since the epoch. */
  readonly modified: number;
}

/** Unpacked: some thousand repositories have one of a megabyte. */
const MAX_MANIFEST = 64 << 20;
const MAX_EPOCHS = 10_000;

/**
 * The same epochs give the same bytes. Names are from a server's root, as public-inbox-httpd has them, and
 * public-inbox-clone wants at least the inbox's own.
 *
 * @param name what the feed is called
 * @param path where it is on a server: `/lists/name`
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
 * The epochs of one inbox, ascending. A site's manifest has the inboxes below it, too, and a server's has
 * names from the root: those that end with a part of the inbox's own path are meant.
 *
 * @param path of the inbox's address: `/lists/name`
 * @returns null if it is damaged, or names too many
 */
export function readManifest(bytes: Buffer, path: string): ManifestEpoch[] | null {
  let said: unknown;
  try {
    // a server that says Content-Encoding: gzip has had it unpacked on the way
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
  // the longest name is the nearest
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
