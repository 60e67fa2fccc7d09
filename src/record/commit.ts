/** A commit object (git's own format), as far as a record can be compared with it. */

import { lineEnd } from "../primitives/bytes.ts";

export interface CommitFacts {
  readonly name: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** `Name <address>`. */
  readonly author: string;
  /** `Name <address>`. */
  readonly committer: string;
  /** Of the committer, seconds since the epoch. */
  readonly time: number;
  readonly message: Buffer;
  /** False if the commit names another encoding. */
  readonly isUtf8: boolean;
}

const PERSON = /^(.*?) ?<([^<>\n]*)> (\d{1,15}) [+-]\d{4,}$/;

/** Null if it is not as git writes it. */
export function parseCommit(name: string, raw: Buffer): CommitFacts | null {
  const fields = new Map<string, string[]>();
  let at = 0;
  while (at < raw.length) {
    const end = lineEnd(raw, at);
    const line = raw.toString("utf8", at, end);
    at = end + 1;
    if (line === "") break;
    const [, field = "", value = ""] = /^([a-z]+) (.*)$/s.exec(line) ?? [];
    if (field !== "") fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  const tree = fields.get("tree")?.[0];
  const author = PERSON.exec(fields.get("author")?.[0] ?? "");
  const committer = PERSON.exec(fields.get("committer")?.[0] ?? "");
  if (tree === undefined || author === null || committer === null) return null;
  const encoding = fields.get("encoding")?.[0] ?? "UTF-8";
  return {
    name,
    tree,
    parents: fields.get("parent") ?? [],
    author: `${author[1]} <${author[2]}>`,
    committer: `${committer[1]} <${committer[2]}>`,
    time: Number(committer[3]),
    message: raw.subarray(at),
    isUtf8: /^utf-?8$/i.test(encoding),
  };
}
