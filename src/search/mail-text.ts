/**
 * The text of a mail that can be searched: as people read it, not by git's rules, since nothing is proven by it. No mail
 * is refused, and the text kept of one is bounded. Pure.
 */

import type { BodyPart } from "../mail/parts.ts";
import { parseAuthor } from "../mail/author.ts";
import { parseDate } from "../mail/date.ts";
import { type HeaderField, readFields } from "../mail/fields.ts";
import { messageIds, nameOfMail, referencesOf } from "../mail/message-id.ts";
import type { ReadableMail } from "../mail/readable.ts";
import { innerPart } from "../mail/reply-text.ts";
import { decodeWords } from "../mail/rfc2047.ts";
import { messageToUtf8 } from "../mail/charset.ts";
import { decodeBody } from "../mail/transfer.ts";
import { attempt } from "../refused.ts";
import type { TextField } from "./query.ts";

/** What the index searches of a mail. */
export interface SearchableMail {
  /** With its angle brackets: see `nameOfMail`. */
  readonly messageId: string;
  /** Message-IDs of the mails that it answers, the direct parent last. */
  readonly references: readonly string[];
  /** From the fields Date and (the last server's) Received, in seconds since the epoch; null without the field. */
  readonly date: number | null;
  readonly received: number | null;
  /** From the field From, decoded. */
  readonly from: { readonly name: string; readonly email: string };
  /** The names in List-Id's angle brackets, lower case. */
  readonly lists: readonly string[];
  readonly words: Readonly<Record<TextField, string>>;
}

/** Bytes of a mail's text; what follows is not searched. */
const MAX_TEXT = 256 << 10;
/** Characters of a header field: some mails go to hundreds of people. */
const MAX_FIELD = 32_000;
const MAX_LISTS = 16;
const MAX_FILES = 2_000;

/** Never throws: what cannot be decoded is searched as it stands. */
export function searchableMail(mail: ReadableMail): SearchableMail {
  const fields = readFields(mail.plain);
  const raw = (name: string): string => fields.find((one) => one.name === name)?.value ?? "";
  const text = (name: string): string => readable(valuesOf(fields, name));
  const { author, email } = parseAuthor(unfolded(raw("from")));
  return {
    messageId: nameOfMail(messageIds(raw("message-id"))[0] ?? "", mail.raw),
    references: referencesOf(raw("references"), raw("in-reply-to")),
    date: parseDate(unfolded(raw("date"))),
    received: parseDate(unfolded(raw("received")).split(";").at(-1)!),
    from: { name: author.toString("utf8"), email: email.toString("utf8") },
    lists: listsIn(fields),
    words: {
      subject: text("subject"),
      sender: text("from"),
      recipient: text("to"),
      copied: text("cc"),
      ...sorted(textOf(mail)),
    },
  };
}

function valuesOf(fields: readonly HeaderField[], name: string): string {
  const values = fields.filter((one) => one.name === name).map(({ value }) => value);
  return unfolded(values.join(" "));
}

function unfolded(value: string): string {
  const text = value.slice(0, MAX_FIELD);
  // most values have nothing but single blanks
  return (/[\r\n\t]| {2}/.test(text) ? text.replaceAll(/[\r\n\t ]+/g, " ") : text).trim();
}

/** Only printable ASCII and tabs. */
const IS_PLAIN = /^[\t-~]*$/;

/** Decodes RFC 2047 words. @param value in latin1: each character is one byte */
function readable(value: string): string {
  if (IS_PLAIN.test(value) && !value.includes("=?")) return value;
  const bytes = Buffer.from(value, "latin1");
  const words = attempt(() => decodeWords(bytes));
  return (words.ok ? words.value : bytes).toString("utf8");
}

function listsIn(fields: readonly HeaderField[]): string[] {
  const lists = fields
    .filter(({ name }) => name === "list-id")
    .slice(0, MAX_LISTS)
    .flatMap(({ value }) => /<([^<>\s]{1,200})>/.exec(value)?.[1]?.toLowerCase() ?? []);
  return [...new Set(lists)];
}

/** All text parts of a mail except HTML; if there are none, HTML without its tags. */
function textOf({ plain: mail, parts, text }: ReadableMail): string {
  // the usual mail has a single text, which is decoded already; not if it is format=flowed, which joins lines
  if (parts?.length === 1 && text !== null && !parts[0]!.flow.flowed)
    return text.toString("utf8", 0, MAX_TEXT);
  const read = parts === null ? null : attempt(() => textOfParts(mail, parts));
  if (read?.ok) return read.value.slice(0, MAX_TEXT);
  const end = mail.indexOf("\n\n");
  return end < 0 ? "" : mail.toString("utf8", end, end + MAX_TEXT);
}

function textOfParts(mail: Buffer, parts: readonly BodyPart[]): string {
  const leaves = parts.flatMap((part) => innerPart(mail, part) ?? []);
  const plain = leaves.filter(({ type }) => type.startsWith("text/") && type !== "text/html");
  if (plain.length > 0) return plain.map((part) => decoded(mail, part)).join("\n");
  return leaves
    .filter(({ type }) => type === "text/html")
    .map((part) => withoutTags(decoded(mail, part)))
    .join("\n");
}

function decoded(mail: Buffer, { start, end, encoding, charset }: BodyPart): string {
  const bytes = mail.subarray(start, Math.min(end, start + 2 * MAX_TEXT));
  return messageToUtf8(decodeBody(bytes, encoding), charset).toString("utf8", 0, MAX_TEXT);
}

/**
 * HTML without tags, scripts and styles, in one pass. The end of an element that never ends is searched for once, not
 * from each of its beginnings, so a hostile mail takes no longer.
 */
function withoutTags(html: string): string {
  const tag = /<(style\b|script\b)?[^<>]*>/gi;
  const ending = /<\/(?:style|script)\b[^<>]*>/gi;
  const texts: string[] = [];
  let [at, isEnding] = [0, true];
  for (let found = tag.exec(html); found !== null; found = tag.exec(html)) {
    texts.push(html.slice(at, found.index));
    at = tag.lastIndex;
    if (found[1] === undefined || !isEnding) continue;
    ending.lastIndex = at;
    isEnding = ending.test(html);
    if (isEnding) at = tag.lastIndex = ending.lastIndex;
  }
  return [...texts, html.slice(at)].join(" ");
}

/** The fields that come from a mail's text. */
type BodyWords = Pick<
  SearchableMail["words"],
  "body" | "quoted" | "files" | "removed" | "added" | "hunks" | "context" | "preimage" | "postimage"
>;

/** Lines that name a diff's files: old and new name, which differ in a rename. */
const FILE = /^(?:diff --git a\/(.+) b\/(.+)|\+\+\+ b\/(.+)|--- a\/(.+))$/;
const INDEX = /^index ([0-9a-f]{7,64})\.\.([0-9a-f]{7,64})(?: \d+)?$/;
const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@ ?(.*)$/;

/** First characters of the lines of a diff outside its hunks. */
const HEADS = new Set(["d", "+", "-", "i", "@"]);

/** Sorts lines into fields: a person's own words, quoted ones, and those of a diff. Binary data is left out. */
function sorted(text: string): BodyWords {
  const lines = new SortedLines();
  for (const line of text.split("\n")) lines.take(line.endsWith("\r") ? line.slice(0, -1) : line);
  return lines.words();
}

class SortedLines {
  readonly #lines: Record<"body" | "quoted" | "removed" | "added" | "hunks" | "context", string[]> =
    { body: [], quoted: [], removed: [], added: [], hunks: [], context: [] };
  readonly #names: Record<"files" | "preimage" | "postimage", Set<string>> = {
    files: new Set(),
    preimage: new Set(),
    postimage: new Set(),
  };
  #isBinary = false;
  /** How many old and new lines of the current hunk are still to come. */
  #old = 0;
  #new = 0;

  take(line: string): void {
    if (this.#inHunk(line)) return;
    if (line.startsWith(">")) {
      this.#lines.quoted.push(line);
      return;
    }
    if (HEADS.has(line[0] ?? "") && line.length < MAX_FIELD && this.#isHead(line)) return;
    if (line === "GIT binary patch") this.#isBinary = true;
    if (!this.#isBinary) this.#lines.body.push(line);
  }

  #inHunk(line: string): boolean {
    const first = line === "" ? " " : line[0];
    if (this.#old + this.#new > 0) {
      const field = first === "+" ? "added" : first === "-" ? "removed" : "context";
      if (field !== "context" || first === " ") {
        if (field !== "added") this.#old--;
        if (field !== "removed") this.#new--;
        this.#lines[field].push(line.slice(1));
        return true;
      }
    }
    // `\ No newline at end of file`
    if (first !== "\\") this.#old = this.#new = 0;
    return false;
  }

  /** Reads a line that may belong to a diff's header. @returns true if it must not count as the person's words */
  #isHead(line: string): boolean {
    if (line.startsWith("diff --git ")) this.#isBinary = false;
    for (const name of FILE.exec(line)?.slice(1) ?? []) this.#add("files", name);
    const [, before, after] = INDEX.exec(line) ?? [];
    this.#add("preimage", before);
    this.#add("postimage", after);
    const hunk = HUNK.exec(line);
    if (hunk === null) return false;
    const [, old = "1", fresh = "1", context = ""] = hunk;
    [this.#old, this.#new] = [Number(old), Number(fresh)];
    this.#lines.hunks.push(context);
    return true;
  }

  #add(field: "files" | "preimage" | "postimage", name: string | undefined): void {
    if (name !== undefined && this.#names[field].size < MAX_FILES) this.#names[field].add(name);
  }

  words(): BodyWords {
    const all = Object.entries({ ...this.#lines, ...this.#names });
    return Object.fromEntries(
      all.map(([field, found]) => [field, [...found].join("\n")]),
    ) as BodyWords;
  }
}
