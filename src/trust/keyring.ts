/**
 * Keyrings: a folder with public keys and statements beside them (docs/spec/trust.md).
 *
 *     minisign/<domain>/<local part>/<selector>.pub
 *     minisign/<domain>/<local part>/<name>.statement
 */

import { FormatError } from "../errors.ts";
import type { Verifier } from "../minisign/ed25519.ts";
import {
  formatPublicKeyFile,
  formatPublicKeyText,
  parsePublicKeyFile,
  parsePublicKeyText,
} from "../minisign/public-key.ts";
import type { PublicKeyText } from "../types.ts";
import { normaliseIdentity } from "./identity.ts";
import { MAX_IN_USE, type Ruling } from "./ruling.ts";
import { findStatements, type Statement } from "./statement.ts";

/** Larger files are not read. */
export const MAX_KEYRING_FILE = 16 << 10;
/** A folder with more files is not a keyring. */
export const MAX_KEYRING_FILES = 20_000;
export const KEYRING_FOLDER = "minisign";
/** No file system has longer names. */
const MAX_NAME = 255;

/** One file of a keyring; `bytes` is null if it is too large or not a regular file. */
export interface KeyringFile {
  /** Below the keyring, with slashes. */
  readonly path: string;
  readonly bytes: Buffer | null;
}

export interface Keyring {
  /** By identity: one key, or several of somebody with several machines. */
  readonly keys: ReadonlyMap<string, readonly PublicKeyText[]>;
  /** The same with their files. */
  readonly files: ReadonlyMap<string, readonly FoundKey[]>;
  /** In the order of their time. */
  readonly statements: readonly Statement[];
  /** What was not read, and why. */
  readonly problems: readonly { readonly path: string; readonly why: string }[];
}

/** What became of a keyring that was imported. */
export interface Imported {
  readonly keys: readonly {
    readonly identity: string;
    readonly publicKey: string;
    readonly outcome: "pinned" | "same" | "conflict";
  }[];
  readonly statements: readonly { readonly statement: Statement; readonly ruling: Ruling }[];
  readonly problems: Keyring["problems"];
}

/** False if something was not imported that should have been. */
export function isImported({ keys, statements, problems }: Imported): boolean {
  return (
    problems.length === 0 &&
    keys.every(({ outcome }) => outcome !== "conflict") &&
    statements.every(({ ruling }) => ruling.outcome !== "refused")
  );
}

/** Reads a keyring. Whatever is wrong with it is a problem in the result, never an error. */
export function readKeyring(files: Iterable<KeyringFile>, verifier: Verifier): Keyring {
  const found: FoundKey[] = [];
  const statements: Statement[] = [];
  const problems: { path: string; why: string }[] = [];
  const problem = (path: string, why: string): number => problems.push({ path, why });

  for (const { path, bytes } of files) {
    const place = placeOf(path);
    if (place === null) continue;
    if (place.identity === null)
      problem(path, "its folders are not an address in its one spelling");
    else if (bytes === null) problem(path, "it is not a regular file of at most 16 KiB");
    else if (place.kind === "pub") {
      const key = keyIn(bytes);
      if (key === null) problem(path, "it is not a minisign public key file");
      else found.push({ path, identity: place.identity, key });
    } else {
      const inFile = findStatements(bytes, verifier);
      if (inFile.length === 0) problem(path, "there is no statement in it");
      for (const one of inFile) {
        if (!one.ok) problem(path, `a statement in it is ${one.why}`);
        else if (one.statement.of !== place.identity)
          problem(path, `a statement in it is about ${one.statement.of}`);
        else statements.push(one.statement);
      }
    }
  }
  const sorted = byIdentity(found);
  return {
    keys: sorted.keys,
    files: sorted.files,
    statements: statements.toSorted((a, b) => a.time - b.time),
    problems: [...problems, ...sorted.problems],
  };
}

/** A key file of an identity. */
export interface FoundKey {
  readonly path: string;
  readonly identity: string;
  readonly key: PublicKeyText;
}

/** The keys found, by identity; none counts of an identity with too many. */
export function byIdentity(
  found: readonly FoundKey[],
): Pick<Keyring, "keys" | "files" | "problems"> {
  const files = new Map<string, FoundKey[]>();
  for (const one of found) {
    const its = files.get(one.identity);
    if (its === undefined) files.set(one.identity, [one]);
    else its.push(one);
  }
  const keys = new Map<string, readonly PublicKeyText[]>();
  const problems: { path: string; why: string }[] = [];
  for (const [identity, its] of files) {
    const distinct = [...new Set(its.map(({ key }) => key))];
    const [{ path }] = its as [FoundKey];
    if (distinct.length <= MAX_IN_USE) keys.set(identity, distinct);
    else
      problems.push({
        path: path.slice(0, path.lastIndexOf("/")),
        why: `more than ${MAX_IN_USE} keys for one address`,
      });
  }
  return { keys, files, problems };
}

function keyIn(bytes: Buffer): PublicKeyText | null {
  try {
    return formatPublicKeyText(parsePublicKeyFile(bytes).key);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** What a path names; null if it is not a file of a keyring. */
function placeOf(
  path: string,
): { readonly kind: "pub" | "statement"; readonly identity: string | null } | null {
  const [, domain, local, kind] =
    /^minisign\/([^/]+)\/([^/]+)\/[^/]+\.(pub|statement)$/s.exec(path) ?? [];
  if (kind !== "pub" && kind !== "statement") return null;
  const address = `${unquote(local!)}@${unquote(domain!)}`;
  const identity = normaliseIdentity(address);
  // only the canonical spelling of a path: otherwise one file could hide another
  const proper = identity === address && path.startsWith(`${folderOf(identity)}/`);
  return { kind, identity: proper ? identity : null };
}

/** Where the files of an identity lie, below the keyring. */
export function folderOf(identity: string): string {
  const at = identity.lastIndexOf("@");
  return [KEYRING_FOLDER, quote(identity.slice(at + 1)), quote(identity.slice(0, at))].join("/");
}

/**
 * The key file of a key: its path below the keyring, and its text. Null if no file can have the name.
 *
 * @param first it has no other; else the key itself names its file
 */
export function keyFileOf(
  identity: string,
  publicKey: PublicKeyText,
  first: boolean,
): KeyringFile | null {
  const folder = folderOf(identity);
  if (folder.split("/").some((name) => name.length > MAX_NAME)) return null;
  const text = formatPublicKeyFile(parsePublicKeyText(publicKey));
  // from the key itself, as in `statementFileOf`; lower case, for file systems that know no other
  const selector = first
    ? "default"
    : Buffer.from(publicKey.slice(16, 32), "base64").toString("hex");
  return { path: `${folder}/${selector}.pub`, bytes: Buffer.from(text) };
}

/** The file of a statement; one name for one statement. */
export function statementFileOf(said: {
  readonly of: string;
  readonly signer: PublicKeyText;
  readonly kind: string;
  readonly time: number;
  readonly key: PublicKeyText;
  readonly text: string;
}): KeyringFile {
  // from the keys themselves: the characters before are the key number, which anyone may choose
  const names = [said.signer, said.key].map((key) => quote(key.slice(16, 24)));
  const name = `${said.kind}-${said.time}-${names.join("-")}`;
  return { path: `${folderOf(said.of)}/${name}.statement`, bytes: Buffer.from(said.text) };
}

/** RFC 3986: unreserved characters stand for themselves; but no name begins with a dot. */
function quote(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/^\./, "%2E");
}

/** "" for what is not quoted text. */
function unquote(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** How a keyring and the database differ, a line each. */
export interface KeyringDifference {
  readonly identity: string;
  /** Null if there is none. */
  readonly inKeyring: PublicKeyText | null;
  readonly here: PublicKeyText | null;
}

/**
 * @param here the pinned keys, and of identities that the keyring has too every key in use
 * @returns by identity, in the order of their spelling
 */
export function keyringDifferences(
  keyring: Keyring,
  here: ReadonlyMap<string, readonly PublicKeyText[]>,
): readonly KeyringDifference[] {
  const identities = [...new Set([...keyring.keys.keys(), ...here.keys()])];
  return identities
    .toSorted((a, b) => (a < b ? -1 : 1))
    .flatMap((identity) => {
      const [there, own] = [keyring.keys.get(identity) ?? [], here.get(identity) ?? []];
      const added = there.filter((key) => !own.includes(key));
      const gone = own.filter((key) => !there.includes(key));
      return Array.from({ length: Math.max(added.length, gone.length) }, (_, i) => ({
        identity,
        inKeyring: added[i] ?? null,
        here: gone[i] ?? null,
      }));
    });
}
