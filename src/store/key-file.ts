/**
 * Key files on disk. Only its owner can read a secret key's file; the public key is beside it. Both
 * have stock minisign's format. Files are replaced completely or not at all.
 */

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { shellCommand, shellWord } from "../primitives/shell.ts";
import { PatchsigError, FormatError } from "../errors.ts";
import { formatPublicKeyText, parsePublicKeyFile, type PublicKey } from "../minisign/public-key.ts";
import {
  parseSecretKeyFile,
  unlockSecretKey,
  type SecretKey,
  type SecretKeyFile,
} from "../minisign/secret-key.ts";
import { sshKeyInFile } from "../ssh/file.ts";
import { sshFingerprint, whyUnfit } from "../ssh/key.ts";
import { publicKeyPath } from "./key-path.ts";
import { refusePlanted } from "./replace-file.ts";
import { linkOrCopy, syncPath, writeWhole, writing } from "./whole-file.ts";
import { makeFolders } from "../places.ts";

/** Far larger than any key file: a wrong path must not read a disk image into memory. */
const MAX_KEY_FILE_BYTES = 16 * 1024;

/** Mode bits that let others in. */
const GROUP_AND_OTHERS = 0o077;

/** Asks for a password; the caller wipes what it gets. */
export type AskPassword = (prompt: string) => Promise<Buffer>;

/**
 * Read a file that holds a secret. It may be reached through a symlink.
 * PatchsigError: "not-found", "unreadable", "lax-mode" if group or others have any access,
 * "too-large".
 */
export function readPrivateFile(path: string): Buffer {
  return readSmallFile(path, (mode) => {
    if ((mode & GROUP_AND_OTHERS) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, "0");
      throw new PatchsigError("lax-mode", `${path}: others can access this file (mode ${octal})`, {
        hint: shellCommand("chmod 600", path),
      });
    }
  });
}

/** Read a secret key file without unlocking it. PatchsigError: as readPrivateFile, and "bad-key". */
export function readSecretKeyFile(path: string): SecretKeyFile {
  try {
    const bytes = readKeyBytes(path);
    try {
      return parsing(path, () => parseSecretKeyFile(bytes));
    } finally {
      bytes.fill(0);
    }
  } catch (error) {
    throw sshKeyError(path, error) ?? error;
  }
}

/** The error if a file that could not be read is an SSH key: its mode does not matter then. */
function sshKeyError(path: string, cause: unknown): PatchsigError | null {
  const { code = "" } = cause instanceof PatchsigError ? cause : {};
  if (code !== "bad-key" && code !== "lax-mode") return null;
  const bytes = readSmallFile(path, () => {});
  const key = sshKeyInFile(bytes);
  bytes.fill(0);
  if (key === null) return null;
  const { type, point } = key;
  const add = shellCommand("ssh-add", path.replace(/\.pub$/, ""));
  const hint =
    point === null ? whyUnfit(type) : `${add}; then its name here is ssh:${sshFingerprint(point)}`;
  return new PatchsigError("bad-key", `${path}: an SSH key, which has to be in ssh-agent`, {
    hint,
    cause,
  });
}

function readKeyBytes(path: string): Buffer {
  try {
    return readPrivateFile(path);
  } catch (error) {
    if (!(error instanceof PatchsigError) || error.code !== "not-found") throw error;
    throw new PatchsigError("not-found", `${path}: no such key`, {
      hint: "git patchsig key generate makes one",
      cause: error,
    });
  }
}

/** Read a public key file. PatchsigError: "not-found", "unreadable", "too-large", "bad-key". */
export function readPublicKeyFile(path: string): PublicKey {
  const bytes = readSmallFile(path, () => {});
  try {
    return parsing(path, () => parsePublicKeyFile(bytes).key);
  } catch (error) {
    throw sshKeyError(path, error) ?? error;
  }
}

/** The public key beside a secret key file, or null if there is none. */
export function readPublicKeyBeside(keyPath: string): PublicKey | null {
  try {
    return readPublicKeyFile(publicKeyPath(keyPath));
  } catch (error) {
    if (error instanceof PatchsigError && error.code === "not-found") return null;
    throw error;
  }
}

/**
 * Unlock the key in a file; asks for its password, if any, once for all signatures.
 * PatchsigError: as readSecretKeyFile, "bad-password", "bad-key" also if the public key beside it
 * is another key's, and what `askPassword` throws.
 */
export async function unlockKey(options: {
  readonly path: string;
  readonly askPassword: AskPassword;
}): Promise<SecretKey> {
  const { path, askPassword } = options;
  const key = await unlockKeyFile(path, readSecretKeyFile(path), askPassword);
  const beside = readPublicKeyBeside(path);
  if (beside !== null && formatPublicKeyText(beside) !== formatPublicKeyText(key.publicKey)) {
    key.wipe();
    throw new PatchsigError("bad-key", `${publicKeyPath(path)} holds another key than ${path}`, {
      hint: `minisign -R -f -s ${shellWord(path)} -p ${shellWord(publicKeyPath(path))}`,
    });
  }
  return key;
}

/** unlockKey, public key unchecked; `path` is for messages. Wipes the file's body. */
async function unlockKeyFile(
  path: string,
  file: SecretKeyFile,
  askPassword: AskPassword,
): Promise<SecretKey> {
  const password = file.encrypted ? await askPassword(`password for ${path}: `) : Buffer.alloc(0);
  try {
    const key = parsing(path, () => deriving(path, () => unlockSecretKey(file, password)));
    if (key === null) throw new PatchsigError("bad-password", `${path}: wrong password`);
    return key;
  } finally {
    password.fill(0);
    file.body.wipe();
  }
}

/**
 * Write a new key: `keyText` to `path` with mode 0600, `publicText` beside it. Makes missing
 * directories, for the owner alone. PatchsigError "exists" if either file is there, unless `force`;
 * "unwritable", "disk-full".
 */
export function writeKeyPair(
  path: string,
  keyText: string,
  publicText: string,
  force: boolean,
): void {
  if (!force) checkNewKey(path);
  writing(dirname(path), () => makeFolders(dirname(path), 0o700));
  writeKeyFile(path, keyText, 0o600, force);
  writeKeyFile(publicKeyPath(path), publicText, 0o644, force);
}

/** PatchsigError "exists" if a key is there already: checked before the prompt. */
export function checkNewKey(path: string): void {
  for (const file of [path, publicKeyPath(path)]) {
    if (exists(file)) throw existsError(file);
  }
}

/** Replace an existing secret key file, the target of a symlink rather than the link. */
export function replaceSecretKeyFile(path: string, keyText: string): void {
  writeKeyFile(path, keyText, 0o600, true);
}

/** Write a key file: replace the old one, or demand a free name. */
function writeKeyFile(path: string, text: string, mode: number, replace: boolean): void {
  if (replace) refusePlanted(path);
  if (replace && statSync(path, { throwIfNoEntry: false })?.isFile() === false)
    throw new PatchsigError("refused", `${path} is not a regular file: it is left alone`);
  writing(path, () => {
    const target = replace && exists(path) ? realpathSync(path) : path;
    writeWhole(target, text, replace ? { mode } : { mode, publish: publishNew });
    // the new name must survive a power cut
    syncPath(dirname(target));
  });
}

/** Give a file a name that must be free: of two at once, one fails. */
function publishNew(file: string, name: string): void {
  try {
    linkOrCopy(file, name);
  } catch (error) {
    throw errno(error) === "EEXIST" ? existsError(name, error) : error;
  }
}

/** Read a regular file; `checkMode` sees the mode of the very file that is read. */
function readSmallFile(path: string, checkMode: (mode: number) => void): Buffer {
  let file: number;
  try {
    // no hanging on a FIFO
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw readError(path, error);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile())
      throw new PatchsigError("unreadable", `${path}: not a regular file`, {
        hint: "a pipe is given by its number: --password-fd for a password",
      });
    checkMode(stat.mode);
    if (stat.size > MAX_KEY_FILE_BYTES)
      throw new PatchsigError("too-large", `${path}: not a key file`);
    return readFileSync(file);
  } catch (error) {
    throw error instanceof PatchsigError ? error : readError(path, error);
  } finally {
    closeSync(file);
  }
}

function exists(path: string): boolean {
  try {
    realpathSync(path);
    return true;
  } catch (error) {
    if (errno(error) === "ENOENT") return false;
    throw readError(path, error);
  }
}

function existsError(path: string, cause?: unknown): PatchsigError {
  return new PatchsigError("exists", `${path} exists already`, {
    hint: "--force overwrites the key, which is then lost",
    cause,
  });
}

function readError(path: string, error: unknown): PatchsigError {
  if (errno(error) === "ENOENT") {
    return new PatchsigError("not-found", `${path}: no such file`, { cause: error });
  }
  return new PatchsigError("unreadable", `${path}: cannot be read (${errno(error)})`, {
    cause: error,
  });
}

/** Run `parse`; a FormatError becomes a PatchsigError "bad-key" that names the file. */
function parsing<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new PatchsigError("bad-key", `${path}: ${error.message}`, { cause: error });
  }
}

/** Run `unlock`; scrypt without its gigabyte becomes a PatchsigError "unsupported". */
function deriving<T>(path: string, unlock: () => T): T {
  try {
    return unlock();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PatchsigError("unsupported", `${path}: cannot check the password (${reason})`, {
      hint: "it takes 1 GiB of memory",
      cause: error,
    });
  }
}

function errno(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
