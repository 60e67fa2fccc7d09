/**
 * What the index needs of a mail. It depends on the mail's bytes alone, so any thread can find it, and a mail whose
 * discussion goes on is judged again without being read again.
 */

import { ReadableMail } from "../../mail/readable.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { PatchsigError } from "../../errors.ts";
import { resultsIn } from "../../result/mail.ts";
import type { SignedResult } from "../../result/text.ts";
import { type SearchableMail, searchableMail } from "../../search/mail-text.ts";
import type { SourceMail } from "../../source/item.ts";
import { type VersionMail, versionMail } from "../../verify/versions.ts";
import { openCheckPool } from "../verify/check-pool.ts";
import type { DkimCheck } from "../verify/dkim.ts";
import { createCheck, evidenceIn, type Examined, isEvidence } from "../verify/checking.ts";
import { SharedReader } from "./shared-reader.ts";

/** What checking found, as a verdict needs it. */
export interface CheckedFacts {
  readonly examined: Examined;
  /** What tells the versions of a series apart; null unless the mail is a patch or cover letter. */
  readonly version: VersionMail | null;
}

/** All facts of a mail: `text` and `results` are stored, and not kept for judging again. */
export interface IndexFacts extends CheckedFacts {
  readonly text: SearchableMail;
  readonly results: readonly SignedResult[];
}

export interface FactTerms {
  readonly devKeyrings: readonly string[];
  readonly trailers: readonly string[];
  /** Null if DKIM is not looked at. */
  readonly dkim: DkimCheck | null;
}

/**
 * @returns a function that reads one mail
 * @throws PatchsigError "not-found" for a keyring folder that does not exist
 */
export function createFactReader({
  devKeyrings,
  trailers,
  dkim,
}: FactTerms): (mail: Buffer) => IndexFacts {
  const check = createCheck({
    devKeyrings,
    trailers,
    signedOnly: false,
    plainAm: null,
    dkim,
  });
  const verifier = createVerifier();
  return (bytes) => {
    const mail = new ReadableMail(bytes);
    return {
      ...checkedFacts(() => check(bytes, bytes.length, mail)),
      text: searchableMail(mail),
      results: resultsIn(bytes, verifier, mail.text).flatMap((one) => (one.ok ? one.signed : [])),
    };
  };
}

/** If a bug makes checking throw, the error is what is found of this mail: it can be searched all the same. */
function checkedFacts(check: () => Parameters<typeof versionMail>[0]): CheckedFacts {
  try {
    const checked = check();
    const examined = evidenceIn(checked);
    return { examined, version: isEvidence(examined) ? versionMail(checked) : null };
  } catch (error) {
    if (error instanceof PatchsigError || !(error instanceof Error)) throw error;
    return { examined: error, version: null };
  }
}

export type FactMail = SourceMail & { readonly bytes: Buffer };

export interface FactReader {
  /**
   * Reads mails; their bytes are not used after that.
   *
   * @param urgent read these before all that have not been begun. Default: after them
   * @returns in the order of the mails
   */
  read(mails: readonly FactMail[], urgent?: boolean): Promise<readonly IndexFacts[]>;
  /** Waits for `begun`; meanwhile this thread reads mails that the others have not begun. */
  help<T>(begun: Promise<T>): Promise<T>;
  close(): void;
}

/** A thread costs 70 ms of processor time and 60 MB: threads start only after this many mails. */
const MAILS_ALONE = 64;
/** Parts that a thread is given in advance: it reads them while this thread stores a portion. */
const GIVEN = 10;

const WORKER = new URL("./facts-worker.js", import.meta.url);

/** @param threads how many threads read mails beside this one, once there are many mails; 0 for none */
export function openFactReader(terms: FactTerms, threads: number): FactReader {
  const here = createFactReader(terms);
  const all = (mails: readonly FactMail[]): IndexFacts[] => mails.map(({ bytes }) => here(bytes));
  let shared: SharedReader<FactMail, IndexFacts> | null = null;
  let seen = 0;
  return {
    read(mails, urgent = false) {
      seen += mails.length;
      if (threads === 0 || (shared === null && seen <= MAILS_ALONE))
        return Promise.resolve(all(mails));
      shared ??= new SharedReader(openCheckPool(threads, terms, WORKER), threads * GIVEN, all);
      return shared.read(mails, urgent);
    },
    help: (begun) => shared?.help(begun) ?? begun,
    close: () => shared?.close(),
  };
}
