/** Signing for programs: takes files of mails, returns the same files with signatures. */

import { mailsToSign, mailFileOf, rewritten } from "../app/sign/mail-file.ts";
import { isUnmet, signEachSeries, signerIdentity } from "../app/sign/signing.ts";
import { FormatError, PatchsigError } from "../errors.ts";
import { formatPublicKeyText, parsePublicKeyText } from "../minisign/public-key.ts";
import { unlockKey } from "../store/key-file.ts";
import { bufferOf } from "./mails.ts";
import { checkedSeconds } from "./seconds.ts";
import { isFullName } from "../primitives/object-name.ts";

/**
 * Something that can sign: `openKeyFile` returns one; a program that keeps its keys elsewhere
 * implements its own.
 */
export interface Signer {
  /** The whole minisign key: `RW…`, 56 characters. */
  readonly publicKey: string;
  /** The Ed25519 signature (64 bytes) of exactly these bytes: pure Ed25519, no prehash. */
  signBytes(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A signer that holds a secret until it is wiped. */
export interface KeyFileSigner extends Signer {
  wipe(): void;
}

/**
 * Opens the key in a minisign key file. An encrypted key takes about a second and 1 GiB of memory,
 * and blocks the process meanwhile. Never prompts, and never asks ssh-agent.
 *
 * @param path a file that only its owner can read
 * @param password its bytes, without a line end; the caller wipes them. Ignored if the key is not
 *   encrypted
 * @throws PatchsigError "not-found", "unreadable", "lax-mode", "too-large", "bad-key",
 *   "no-password" if it needs one, "bad-password", "unsupported" if there is not enough memory
 */
export async function openKeyFile(path: string, password?: Uint8Array): Promise<KeyFileSigner> {
  const key = await unlockKey({
    path,
    askPassword: async () => {
      if (password === undefined)
        throw new PatchsigError("no-password", `${path} wants a password`);
      // a copy: it is wiped after use
      return Buffer.from(password);
    },
  });
  return {
    publicKey: formatPublicKeyText(key.publicKey),
    signBytes: (message) => key.signBytes(message),
    wipe: () => key.wipe(),
  };
}

/** A patch file, a mail, or an mbox. */
export interface MailFile {
  /** Names it in errors and notes. */
  readonly source: string;
  readonly bytes: Uint8Array;
}

/** Options of `signSeries`. */
export interface SignOptions {
  readonly signer: Signer;
  /** The address to sign for, without a name: alice@example.org. */
  readonly address: string;
  /** Time of signing: seconds since 1970. Default: the clock. */
  readonly now?: number;
  /** The base commit, a full object name; null for none. Default: what the mails say. */
  readonly base?: string | null;
  /**
   * Take mails without a number in their Subject as one series, in this order (format-patch -N).
   */
  readonly inOrder?: boolean;
}

/** The result of `signSeries`. */
export interface SignedSeries {
  /** One for each given file, in that order: with its signatures, or unchanged. */
  readonly files: readonly Uint8Array[];
  /** True if every patch is signed and `verify` will accept it. If not, `notes` say why. */
  readonly complete: boolean;
  /** Number of mails that were signed, including cover letters. */
  readonly signed: number;
  /** The signed base commit of the first series; null for none. */
  readonly base: string | null;
  /** Notes for the user, one line each. They may quote mails: escape before you print. */
  readonly notes: readonly string[];
}

/**
 * Signs the patches and cover letters in these files, as `patchsig sign` does: mails with the same
 * version and total are one series, and are bound together if it is complete. An existing signature
 * is replaced; each new one is verified before it is returned. The same files under the same key,
 * address and base give the same bytes.
 *
 * @param files all files of the series; write the results back in their place
 * @throws PatchsigError "refused" if a mail cannot be signed, or two have the same number;
 *   "not-a-mail"; "bad-key" for a signer without a public key; "usage" for an invalid address or
 *   base; and what the signer throws. Nothing is signed then
 */
export async function signSeries(
  files: readonly MailFile[],
  options: SignOptions,
): Promise<SignedSeries> {
  const { address, base, inOrder = false } = options;
  if (typeof base === "string" && !isFullName(base))
    throw new PatchsigError("usage", "base wants a full object name");
  const by = signerIdentity(address);
  const mailFiles = files.map(({ source, bytes }) => mailFileOf(source, bufferOf(bytes)));
  const made = await signEachSeries(mailFiles.flatMap(mailsToSign), {
    signer: signerOf(options.signer),
    by,
    time: checkedSeconds(options.now),
    base,
    inOrder,
  });
  let next = 0;
  return {
    files: mailFiles.map((file) => {
      const mails = made.mails.slice(next, next + file.mails.length);
      next += file.mails.length;
      return rewritten(file, mails);
    }),
    complete: !isUnmet(made),
    signed: made.patches,
    base: made.base,
    notes: [
      ...made.unsigned.map((name) => `${name} is not signed: git am finds no diff in it`),
      ...made.notes,
    ],
  };
}

function signerOf(signer: Signer): Parameters<typeof signEachSeries>[1]["signer"] {
  try {
    return {
      publicKey: parsePublicKeyText(signer.publicKey),
      signBytes: async (message) => bufferOf(await signer.signBytes(message)),
    };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new PatchsigError("bad-key", `the signer has no ${error.message}`, { cause: error });
  }
}
