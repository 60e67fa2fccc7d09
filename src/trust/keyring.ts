/**
 * Keyrings: a folder with public keys and statements beside them (docs/spec/trust.md).
 *
 *     minisign/<domain>/<local part>/<selector>.pub
 *     minisign/<domain>/<local part>/<name>.statement
 *     results/<domain>/<local part>/<selector>.pub        keys that sign test results alone
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
/** Of keys that sign test results, and never patches. Programs that do not know it pass it over. */
export const RESULTS_FOLDER = "results";
export const KEYRING_FOLDERS: readonly string[] = [KEYRING_FOLDER, RESULTS_FOLDER];
/** No file system has longer names. */
const MAX_NAME = 255;

/** One file of a keyring; `bytes` is null if it is too large or not a regular file. */
export interface KeyringFile {
  /** Below the keyring, with slashes. */
  readonly path: string;
  readonly bytes: Buffer | null;
}

export interface Keyring extends KeysFound {
  /** Those for test results alone. */
  readonly results: KeysFound;
  /** In the order of their time. */
  readonly statements: readonly Statement[];
  /** What was not read, and why. */
  readonly problems: readonly { readonly path: string; readonly why: string }[];
}

/** Keys of one kind. */
interface KeysFound {
  /** By identity: one key, or several of somebody with several machines. */
  readonly keys: ReadonlyMap<string, readonly PublicKeyText[]>;
  /** The same with their files. */
  readonly files: ReadonlyMap<string, readonly FoundKey[]>;
}

/** What a key is for: patches and all else, or test results alone. */
export type KeyUse = "patches" | "results";

/** What became of a keyring that was imported. */
export interface Imported {
  readonly keys: readonly {
    readonly identity: string;
    readonly publicKey: string;
    readonly use: KeyUse;
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
  const found: Readonly<Record<KeyUse, FoundKey[]>> = { patches: [], results: [] };
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
      else found[place.use].push({ path, identity: place.identity, key });
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
  const { patches, results } = apart(found, problem);
  return {
    keys: patches.keys,
    files: patches.files,
    results: { keys: results.keys, files: results.files },
    statements: statements.toSorted((a, b) => a.time - b.time),
    problems: [...problems, ...patches.problems, ...results.problems],
  };
}

/** One key, one use: one that stands in both places is taken for neither. */
function apart(
  { patches, results }: Readonly<Record<KeyUse, readonly FoundKey[]>>,
  problem: (path: string, why: string) => void,
): Readonly<Record<KeyUse, ReturnType<typeof byIdentity>>> {
  const signing = new Set(patches.map(({ key }) => key));
  const both = results.filter(({ key }) => signing.has(key));
  const twice = new Set(both.map(({ key }) => key));
  for (const { path } of both) problem(path, "the key is for patches, too: taken for neither");
  const without = (all: readonly FoundKey[]): FoundKey[] =>
    all.filter(({ key }) => !twice.has(key));
  return { patches: byIdentity(without(patches)), results: byIdentity(without(results)) };
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
function placeOf(path: string): {
  readonly kind: "pub" | "statement";
  readonly use: KeyUse;
  readonly identity: string | null;
} | null {
  const [, top = "", domain, local, kind] =
    /^(minisign|results)\/([^/]+)\/([^/]+)\/[^/]+\.(pub|statement)$/s.exec(path) ?? [];
  if (kind !== "pub" && kind !== "statement") return null;
  const address = `${unquote(local!)}@${unquote(domain!)}`;
  const identity = normaliseIdentity(address);
  // only the canonical spelling of a path: otherwise one file could hide another
  const proper = identity === address && path.startsWith(`${folderOf(identity, top)}/`);
  const use = top === RESULTS_FOLDER ? "results" : "patches";
  return { kind, use, identity: proper ? identity : null };
}

/** Where the files of an identity lie, below the keyring. */
export function folderOf(identity: string, top: string = KEYRING_FOLDER): string {
  const at = identity.lastIndexOf("@");
  return [top, quote(identity.slice(at + 1)), quote(identity.slice(0, at))].join("/");
}

/**
 * The key file of a key: its path below the keyring, and its text. Null if no file can have the name.
 *
 * @param first it has no other; else the key itself names its file
 * @param top `RESULTS_FOLDER` for one that signs test results alone
 */
export function keyFileOf(
  identity: string,
  publicKey: PublicKeyText,
  first: boolean,
  top: string = KEYRING_FOLDER,
): KeyringFile | null {
  const folder = folderOf(identity, top);
  if (folder.split("/").some((name) => name.length > MAX_NAME)) return null;
  const text = formatPublicKeyFile(parsePublicKeyText(publicKey));
  // from the key itself, as in `statementFileOf`; lower case, for file systems that know no other
  const selector = first
    ? "default"
    : Buffer.from(publicKey.slice(16, 32), "base64").toString("hex");
  return { path: `${folder}/${selector}.pub`, bytes: Buffer.from(text) };
}

/** The file of a statement; one name for one statement. */
export function statementFileOf(
  said: {
    readonly of: string;
    readonly signer: PublicKeyText;
    readonly kind: string;
    readonly time: number;
    readonly key: PublicKeyText;
    readonly text: string;
  },
  top: string = KEYRING_FOLDER,
): KeyringFile {
  // from the keys themselves: the characters before are the key number, which anyone may choose
  const names = [said.signer, said.key].map((key) => quote(key.slice(16, 24)));
  const name = `${said.kind}-${said.time}-${names.join("-")}`;
  return { path: `${folderOf(said.of, top)}/${name}.statement`, bytes: Buffer.from(said.text) };
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
  readonly use: KeyUse;
  /** Null if there is none. */
  readonly inKeyring: PublicKeyText | null;
  readonly here: PublicKeyText | null;
}

/**
 * @param use which keys of the keyring
 * @param here the pinned keys, and of identities that the keyring has too every key in use
 * @returns by identity, in the order of their spelling
 */
export function keyringDifferences(
  keyring: Keyring,
  use: KeyUse,
  here: ReadonlyMap<string, readonly PublicKeyText[]>,
): readonly KeyringDifference[] {
  const { keys } = use === "results" ? keyring.results : keyring;
  const identities = [...new Set([...keys.keys(), ...here.keys()])];
  return identities
    .toSorted((a, b) => (a < b ? -1 : 1))
    .flatMap((identity) => {
      const [there, own] = [keys.get(identity) ?? [], here.get(identity) ?? []];
      const added = there.filter((key) => !own.includes(key));
      const gone = own.filter((key) => !there.includes(key));
      return Array.from({ length: Math.max(added.length, gone.length) }, (_, i) => ({
        identity,
        use,
        inKeyring: added[i] ?? null,
        here: gone[i] ?? null,
      }));
    });
}
