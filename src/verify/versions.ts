/** What choosing a version needs of the mails of a series, and nothing as large as a mail. Pure. */

import { parseDate } from "../mail/date.ts";
import { sha256 } from "../patch/attestation.ts";
import type { VersionFacts, WorkReason } from "../series/works.ts";
import type { Verdict } from "../types.ts";
import { distinctSenders } from "./author.ts";
import { contentOf } from "./evidence.ts";
import type { Checked, SeriesOutline } from "./result.ts";

/** Of one mail. */
export interface VersionMail extends Pick<
  Checked,
  "kind" | "senders" | "messageId" | "references" | "isAnswer"
> {
  /** False if the mail was refused. */
  readonly read: boolean;
  /** Of a good signature, else null. */
  readonly key: string | null;
  readonly minor: string;
  readonly changeId: string | null;
  /** Message-IDs of earlier versions that its text names. */
  readonly named: readonly string[];
  readonly title: string;
  /** The Date header, seconds since the epoch. */
  readonly date: number | null;
  /** A digest of what git would apply; null if that is nothing. */
  readonly diff: string | null;
  /** A digest of what git would commit; null if that is nothing. */
  readonly content: string | null;
}

export function versionMail(checked: Checked): VersionMail {
  const { kind, senders, messageId, references, isAnswer, signature, signed, view, diff } = checked;
  return {
    kind,
    senders: distinctSenders(senders),
    messageId,
    references,
    isAnswer,
    read: view !== null,
    key: signature === "good" ? (signed?.publicKey ?? null) : null,
    minor: checked.label.minor,
    changeId: checked.baseLines.changeId,
    named: view === null ? [] : namedIn(view.message, view.patch.subarray(0, diff?.start)),
    title: checked.subject,
    date: parseDate(view?.headers.date ?? ""),
    diff: diff === null || diff.canonical.length === 0 ? null : sha256(diff.canonical),
    content: kind === "patch" ? contentOf(checked) : null,
  };
}

export function versionFacts(version: number, mails: readonly VersionMail[]): VersionFacts {
  const cover = mails.find(({ kind }) => kind === "cover");
  const patches = mails.filter(({ kind }) => kind === "patch");
  return {
    version,
    minor: mails.find(({ minor }) => minor !== "")?.minor ?? "",
    senders: each(mails.flatMap(({ senders }) => senders)),
    keys: each(mails.flatMap(({ key }) => key ?? [])),
    messageIds: each(mails.map(({ messageId }) => messageId)),
    references: each(mails.flatMap(({ references }) => references)),
    changeIds: each(mails.flatMap(({ changeId }) => changeId ?? [])),
    named: each(mails.flatMap(({ named }) => named)),
    title: cover?.title ?? "",
    titles: each(patches.map(({ title }) => title)),
    diffs: each(patches.flatMap(({ diff }) => diff ?? [])),
    contents: each(patches.flatMap(({ content }) => content ?? [])),
  };
}

/** Each once, as far as they say something; a hostile mail may have any number. */
function each(texts: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => text !== "").slice(0, MAX_NAMES);
}

const MAX_NAMES = 5_000;
/** Of a text, this much is searched for links. */
const MAX_TEXT = 64 << 10;
const MAX_LINKS = 32;

/** As b4 writes it below a cover letter or a patch: `- Link to v1: https://lore.kernel.org/r/<id>`. */
const LINK =
  /^[ \t]*(?:[-*][ \t]*)?(?:Link to )?v\d{1,4}(?:\.\d{1,4})?:[ \t]*(?:https?:\/\/[^\s<>]{1,200}\/)?<?([^\s<>/]{1,200}@[^\s<>/]{1,200}?)>?\/?[ \t]*$/gim;

function namedIn(...texts: readonly Buffer[]): string[] {
  return texts.flatMap((bytes) => {
    const text = bytes.toString("utf8", 0, MAX_TEXT).replaceAll("\r\n", "\n");
    if (!/v\d+(?:\.\d+)?:/i.test(text)) return [];
    const found = [...text.matchAll(LINK)].slice(0, MAX_LINKS);
    return found.map(([, id]) => `<${decoded(id!)}>`);
  });
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** One line of `series list --json` (docs/schema/series.md). */
export interface ListedSeries extends Pick<
  SeriesOutline,
  "id" | "subject" | "version" | "total" | "missing" | "replaces" | "members"
> {
  readonly type: "listed";
  readonly number: number;
  /** `v2` · `v5.1` */
  readonly name: string;
  /** The number of the first one listed of its work. */
  readonly work: number;
  /** What makes it a version of that work: the numbers of other ones, and why. */
  readonly versionOf: readonly { readonly number: number; readonly reason: WorkReason }[];
  /** The address of who signed it, else of the author; "" if nobody knows. */
  readonly from: string;
  /** Seconds since the epoch, by the earliest Date header; null without one. */
  readonly date: number | null;
  readonly proof: "none" | "vouched" | "signed";
  /** True if no patch is signed, and nothing else of it warns or fails. */
  readonly unsigned: boolean;
  /** True if `am` may take it: it has patches that are not a reply's. */
  readonly applicable: boolean;
  readonly verdict: Verdict;
}
