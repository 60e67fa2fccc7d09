/** Reads a commit object (git's format): the parts that a record is compared with. */

import { toUtf8 } from "../mail/charset.ts";
import { latin1, lineEnd } from "../primitives/bytes.ts";
import { attempt } from "../refused.ts";

/** The parts of a commit object that a record is compared with. */
export interface CommitFacts {
  readonly name: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** `Name <address>`. */
  readonly author: string;
  /** First line of the message. */
  readonly subject: string;
  /** In the commit's encoding. */
  readonly message: Buffer;
  /** False if the commit names another encoding. */
  readonly isUtf8: boolean;
}

const PERSON = /^(.*?) ?<([^<>\n]*)> (\d{1,15}) [+-]\d{4,}$/;

/**
 * @param name full name of the commit
 * @param raw the object as git stores it, without its header
 * @returns null if it has no tree, or no author as git writes one
 */
export function parseCommit(name: string, raw: Buffer): CommitFacts | null {
  const { fields, end } = headerOf(raw);
  const valuesOf = (field: string): string[] =>
    fields.filter(([one]) => one === field).map(([, value]) => value);
  const [tree] = valuesOf("tree");
  const [, author, email] = PERSON.exec(valuesOf("author")[0] ?? "") ?? [];
  if (tree === undefined || author === undefined) return null;
  const [encoding = "UTF-8"] = valuesOf("encoding");
  const message = raw.subarray(end);
  return {
    name,
    tree,
    parents: valuesOf("parent"),
    author: textIn(encoding, Buffer.from(`${author} <${email}>`, "latin1")),
    subject: textIn(encoding, message.subarray(0, lineEnd(message, 0))),
    message,
    isUtf8: /^utf-?8$/i.test(encoding),
  };
}

/** For people. Bytes that are not in the encoding, or in an unknown one, are taken for UTF-8. */
function textIn(encoding: string, bytes: Buffer): string {
  const read = attempt(() => toUtf8(bytes, encoding));
  return (read.ok ? read.value : bytes).toString("utf8");
}

/** The header's fields, one a line: a character a byte. Continuation lines, as of a signature, begin with a blank and are skipped. */
function headerOf(raw: Buffer): {
  readonly fields: readonly [string, string][];
  readonly end: number;
} {
  const fields: [string, string][] = [];
  for (let at = 0; at < raw.length;) {
    const end = lineEnd(raw, at);
    const line = latin1(raw.subarray(at, end));
    at = end + 1;
    if (line === "") return { fields, end: at };
    const blank = line.indexOf(" ");
    if (blank > 0) fields.push([line.slice(0, blank), line.slice(blank + 1)]);
  }
  return { fields, end: raw.length };
}
