/** What the index stores of a mail that is new, or judged again. Pure. */

import type { SignedResult } from "../../result/text.ts";
import type { SearchableMail } from "../../search/mail-text.ts";
import type { JudgedAgain, MailRow, NewMail, NewResult } from "../../store/index-sql.ts";
import { isOnlyUnsigned } from "../../verify/result.ts";
import type { IndexFacts } from "./facts.ts";
import type { JudgedPortion } from "./judge.ts";

export interface FreshMail extends IndexFacts {
  /** `source` of its SourceMail. */
  readonly place: string;
  /** Bytes. */
  readonly size: number;
  /** What connects the mail to others of its thread. */
  readonly names: string[];
}

/** The mail's date, but never later than now: a forged one must not keep a mail at the top of every list. */
export function dateOf({ date, received }: SearchableMail, now: number): number {
  return Math.max(0, Math.min(date ?? received ?? 0, now));
}

/** Characters of a subject or sender in lists; all of them can be searched. */
const MAX_SHOWN = 500;

/**
 * @param source its name in the index
 * @param together names that mails of one series get in common, by place
 * @param now seconds since the epoch
 */
export function newMail(
  source: string,
  { place, text, names, results }: FreshMail,
  judged: JudgedPortion,
  together: ReadonlyMap<string, string>,
  now: number,
): NewMail {
  const date = dateOf(text, now);
  const { name, email } = text.from;
  const common = together.get(place);
  const [result] = results;
  const kind = result !== undefined ? "result" : text.references.length > 0 ? "reply" : "mail";
  return {
    source,
    place,
    messageId: text.messageId,
    date,
    received: text.received === null ? date : Math.max(0, Math.min(text.received, now)),
    subject: text.words.subject.slice(0, MAX_SHOWN),
    sender: (name === "" ? email : `${name} <${email}>`).slice(0, MAX_SHOWN),
    ...verdictOn({ place, kind }, judged),
    ...(result === undefined ? {} : { signer: result.said.by }),
    results: results.map(newResult),
    names: common === undefined ? names : [...names, common],
    lists: text.lists,
    words: text.words,
  };
}

function newResult({ said, publicKey, text, minisig }: SignedResult): NewResult {
  const { tree, test, patches, result, env } = said;
  return {
    tree,
    test,
    patches: patches ?? "",
    outcome: result,
    env,
    publicKey,
    said: JSON.stringify(said),
    text,
    minisig,
  };
}

/** @returns the kind that judging found, else `kind`; "" for what was not judged */
export function verdictOn(
  { place, kind }: Pick<MailRow, "place" | "kind">,
  { places }: JudgedPortion,
): Omit<JudgedAgain, "id"> {
  const judged = places.get(place);
  const result = judged?.result ?? null;
  return {
    kind: judged?.kind ?? kind,
    signer: result?.signer ?? "",
    trust: result?.trust ?? (result?.vouched ? "vouched" : ""),
    verdict: result === null ? "" : isOnlyUnsigned(result) ? "none" : result.verdict,
  };
}
