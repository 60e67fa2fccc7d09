/**
 * The files of a keyring in a ref, `ref:REPO:REF:PATH`, without a checkout: one git lists them and
 * their sizes, another gives those that are small enough. Symlinks and submodules are not read.
 */

import { PatchsigError } from "../errors.ts";
import {
  KEYRING_FOLDERS,
  type KeyringFile,
  MAX_KEYRING_FILE,
  MAX_KEYRING_FILES,
} from "../trust/keyring.ts";
import { readBlobs } from "./blobs.ts";
import { failure, runGit } from "./run.ts";

/** Is this the name of a keyring in a ref? */
export function isRefKeyring(name: string): boolean {
  return name.startsWith("ref:");
}

/** The current repository. */
const HERE = ".";
/** Bytes of the longest listing. */
const MAX_LISTING = MAX_KEYRING_FILES * 400;
const PLAIN_FILE = /^100(?:644|755) blob ([0-9a-f]{40,64}) +(\d{1,9})\t(.*)$/s;

/**
 * @param name `ref:REPO:REF:PATH`; REPO and PATH may be empty: here, and the top
 * @param tops the top folders that hold keys
 * @throws PatchsigError: usage, not-found, too-large, git-failed
 */
export async function readKeyringRef(
  name: string,
  tops: readonly string[] = KEYRING_FOLDERS,
): Promise<KeyringFile[]> {
  const { repository, ref, path } = parse(name);
  const options = { cwd: repository, elsewhere: repository !== HERE };
  const tree = `${ref}:${path}`;
  // the ref alone is asked for, so that what follows can be no option
  const listed = await runGit(["ls-tree", "-r", "-l", "-z", "--full-tree", tree, "--", ...tops], {
    ...options,
    maxBytes: MAX_LISTING,
  });
  if (listed.status !== 0) {
    throw new PatchsigError("not-found", `no such keyring: ${name}`, {
      hint: failure(["ls-tree"], listed.stderr).message,
    });
  }
  const entries = listed.stdout.toString("utf8").split("\0").slice(0, -1);
  if (entries.length > MAX_KEYRING_FILES)
    throw new PatchsigError("too-large", `${name} has too many files to be a keyring`);
  const files = entries.map((entry) => {
    const [, blob, size, plain] = PLAIN_FILE.exec(entry) ?? [];
    const small = blob !== undefined && Number(size) <= MAX_KEYRING_FILE;
    return { path: plain ?? entry.slice(entry.indexOf("\t") + 1), blob: small ? blob : null };
  });
  const blobs = [...new Set(files.flatMap(({ blob }) => (blob === null ? [] : [blob])))];
  const contents =
    blobs.length === 0 ? new Map() : await readBlobs(blobs, options, MAX_KEYRING_FILE);
  return files.map(({ path, blob }) => ({
    path,
    bytes: blob === null ? null : (contents.get(blob) ?? null),
  }));
}

function parse(name: string): { repository: string; ref: string; path: string } {
  const [, repository, ref, path] = /^ref:([^:]*):([^:]+):(.*)$/s.exec(name) ?? [];
  if (ref === undefined || ref.startsWith("-"))
    throw new PatchsigError("usage", `${name} names no keyring`, {
      hint: "as in ref:.:origin/main:keyring",
    });
  return { repository: repository === "" ? HERE : repository!, ref, path: path! };
}
