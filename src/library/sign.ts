/** Signing for programs: files of mails in, the same files with signatures out. */

import { mailsToSign, mailFileOf, rewritten } from "../app/sign/mail-file.ts";
import { isUnmet, signEachSeries, signerIdentity } from "../app/sign/signing.ts";
import { FormatError, PatchsigError } from "../errors.ts";
import { formatPublicKeyText, parsePublicKeyText } from "../minisign/public-key.ts";
import { unlockKey } from "../store/key-file.ts";
import { bufferOf } from "./mails.ts";
import { checkedSeconds } from "./seconds.ts";

/** What can sign: `openKeyFile` gives one, and whoever keeps keys elsewhere brings another. */
export interface Signer {
  /** The whole minisign key: `RW…`, 56 characters. */
  readonly publicKey: string;
  /** The Ed25519 signature (64 bytes) of these bytes, as they are: pure Ed25519, no prehash. */
  signBytes(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A signer that holds a secret until it is wiped. */
export interface KeyFileSigner extends Signer {
  wipe(): void;
}

/**
 * The key in a minisign key file. A password costs a second and 1 GiB, once, and the process does
 * nothing else meanwhile. Asks nobody: not the terminal, nor ssh-agent.
 *
 * @param path a file that only its owner can read
 * @param password its bytes, without a line end; the caller wipes them. Ignored if the file has none
 * @throws PatchsigError "not-found", "unreadable", "lax-mode", "too-large", "bad-key",
 *   "no-password" if it wants one, "bad-password", "unsupported" if there is not the memory
 */
export async function openKeyFile(path: string, password?: Uint8Array): Promise<KeyFileSigner> {
  const key = await unlockKey({
    path,
    askPassword: async () => {
      if (password === undefined)
        throw new PatchsigError("no-password", `${path} wants a password`);
      // a copy: it is wiped when it was used
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

/** What `signSeries` has to know. */
export interface SignOptions {
  readonly signer: Signer;
  /** The address to sign for: bare, as in alice@example.org. */
  readonly address: string;
  /** Time of signing: seconds since 1970. The clock's unless given. */
  readonly now?: number;
  /** The base commit, a full object name; null for none. What the mails say unless given. */
  readonly base?: string | null;
  /** Mails without a number in their subject are one series, in this order (format-patch -N). */
  readonly inOrder?: boolean;
}

/** What `signSeries` made. */
export interface SignedSeries {
  /** One for each file that was given, in that order: with its signatures, or as it was. */
  readonly files: readonly Uint8Array[];
  /** True if each patch is signed, and `verify` will accept it. If not, `notes` say why. */
  readonly complete: boolean;
  /** Mails that were signed, cover letters among them. */
  readonly signed: number;
  /** The base commit that was signed, of the first series; null for none. */
  readonly base: string | null;
  /** What somebody should know, a line each. May quote mails: escape before you print. */
  readonly notes: readonly string[];
}

/**
 * Signs the patches and cover letters in these files, as `patchsig sign` does: mails with one
 * version and total are one series, and are bound together if all of it is there. A signature that
 * stands there already is replaced; each new one was verified before it is handed out. The same
 * files under the same key, address and base give the same bytes.
 *
 * @param files all files of the series; nothing else has to be done to them but to be written back
 * @throws PatchsigError "refused" if a mail cannot be signed, or two have the same number;
 *   "not-a-mail"; "bad-key" for a signer without a public key; "usage" for an address or a base that
 *   is none; and what the signer throws. Nothing is signed then
 */
export async function signSeries(
  files: readonly MailFile[],
  options: SignOptions,
): Promise<SignedSeries> {
  const { address, base, inOrder = false } = options;
  if (typeof base === "string" && !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(base))
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
