/**
 * What the index needs of a mail: found once, from its bytes alone, so that any thread may find it. Mails of
 * threads that go on are judged again from it, without being read again.
 */

import { ReadableMail } from "../../mail/reply-text.ts";
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

/** What checking found, for a verdict. */
export interface CheckedFacts {
  readonly examined: Examined;
  /** Of a patch or cover letter. */
  readonly version: VersionMail | null;
}

/** The rest is what is stored, and not kept. */
export interface IndexFacts extends CheckedFacts {
  readonly text: SearchableMail;
  readonly results: readonly SignedResult[];
}

export interface FactTerms {
  readonly devKeyrings: readonly string[];
  readonly trailers: readonly string[];
  /** Null if nothing may be vouched for. */
  readonly dkim: DkimCheck | null;
}

/** Throws a PatchsigError "not-found" if a keyring folder is none. */
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

/** This program's own failures at a mail are its result: the mail can be searched all the same. */
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
   * In the order of the mails, whose bytes are not used after it is done.
   *
   * @param urgent before all that was not begun; default: after it
   */
  read(mails: readonly FactMail[], urgent?: boolean): Promise<readonly IndexFacts[]>;
  /** Waits for what was begun; meanwhile this thread reads what the others have not begun. */
  help<T>(begun: Promise<T>): Promise<T>;
  close(): void;
}

/** A thread costs a tenth of a second and 60 MB: it starts after so many mails. */
const MAILS_ALONE = 250;
/** Parts that a thread is given: what it reads while this one is busy storing a portion. */
const GIVEN = 10;

const WORKER = new URL("./facts-worker.js", import.meta.url);

/** @param threads that read mails beside this one, once there are many */
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
