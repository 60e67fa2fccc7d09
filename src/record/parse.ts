/**
 * Reads the records in notes (docs/record.md). Whoever can push may have written a note: a record that is not
 * exactly as `formatNote` writes one is not read.
 */

import { LF, lineEnd } from "../primitives/bytes.ts";
import { parseInstant } from "../primitives/time.ts";
import {
  type CommitRecord,
  MAGIC,
  MAX_DIFF,
  MAX_LINES,
  MAX_RESULTS_BYTES,
  MAX_REVIEWS_BYTES,
  MAX_VALUE,
  type RecordedSignature,
} from "./record.ts";

/** The records of one note. A note has several where git joined notes: in a merge, or when commits were squashed. */
export interface NoteReading {
  readonly records: readonly CommitRecord[];
  /** Why the rest of the note was not read, in a few words; null if all of it was. */
  readonly problem: string | null;
}

/** Records of one note. */
const MAX_RECORDS = 64;
/** Bytes of a line: a trailer's line is the longest, with two values of up to four bytes a character. */
const MAX_LINE = 2 * 4 * MAX_VALUE + 200;
/** Bytes of a line of an attestation, which may hold a subject as long as a mail's header. */
const MAX_SIGNED_LINE = 256 << 10;
/** Lines of an attestation, and of a signature. */
const TEXT_LINES = 5;
const MINISIG_LINES = 4;

class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/**
 * @param note the blob
 * @returns the records before the first thing that cannot be read; never throws
 */
export function parseRecords(note: Buffer): NoteReading {
  const reader = new LineReader(note);
  const records: CommitRecord[] = [];
  try {
    reader.skipEmptyLines();
    if (reader.isAtEnd) throw new Unreadable("the note is empty");
    while (!reader.isAtEnd) {
      if (records.length === MAX_RECORDS) throw new Unreadable(`more than ${MAX_RECORDS} records`);
      records.push(readRecord(reader));
      reader.skipEmptyLines();
    }
    return { records, problem: null };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { records, problem: error.message };
  }
}

class LineReader {
  readonly #text: Buffer;
  #at = 0;

  constructor(text: Buffer) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  skipEmptyLines(): void {
    while (this.#text[this.#at] === LF) this.#at++;
  }

  /** The next line, without its LF. A last line without an LF is refused: the note was cut short. */
  line(maxBytes = MAX_LINE): string {
    const end = lineEnd(this.#text, this.#at);
    if (end === this.#text.length || end - this.#at > maxBytes)
      throw new Unreadable("it is cut short, or no record");
    const line = this.#text.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return line;
  }

  /** The value of the next line, which must be a `name: value`. */
  field<T>(name: string, read: (text: string) => T | null): T {
    const line = this.line();
    const found = line.startsWith(`${name}: `) ? read(line.slice(name.length + 2)) : null;
    if (found === null) throw new Unreadable(`${name}: is not as it is written`);
    return found;
  }

  /** The values of the next lines, as long as they have this name. */
  fields<T>(name: string, read: (text: string) => T | null): T[] {
    const values: T[] = [];
    while (this.#text.toString("latin1", this.#at, this.#at + name.length + 2) === `${name}: `) {
      if (values.length === MAX_LINES) throw new Unreadable(`too many lines ${name}:`);
      values.push(this.field(name, read));
    }
    return values;
  }

  emptyLine(): void {
    if (this.line() !== "") throw new Unreadable("no empty line where there should be one");
  }

  /** The bytes of the next `count` lines. */
  lines(count: number): Buffer {
    const start = this.#at;
    for (let i = 0; i < count; i++) this.line(MAX_SIGNED_LINE);
    return this.#text.subarray(start, this.#at);
  }

  /** Skips an empty line, and returns the `length` bytes after it; null for null. */
  part(length: number | null): Buffer | null {
    if (length === null) return null;
    this.emptyLine();
    const bytes = this.#text.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new Unreadable("it is cut short");
    this.#at += length;
    return bytes;
  }
}

function readRecord(reader: LineReader): CommitRecord {
  const magic = reader.line();
  if (magic !== MAGIC)
    throw new Unreadable(
      /^patchsig-record-v\d+$/.test(magic) ? `${magic}: of a newer patchsig` : "not a record",
    );
  const commit = reader.field("commit", matching(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/));
  const verdict = reader.field("verdict", oneOf(["pass", "warn", "fail"]));
  const signer = reader.field("signer", orNone(matching(/^[!-~]{3,254}$/))).value;
  const trust = reader.field("trust", orNone(oneOf(STATES)));
  const firstSeen = reader.field("key-since", orNone(parseInstant));
  const patches = reader.field("key-patches", orNone(number));
  const vouched = reader.field("vouched", orNone(matching(VALUE)));
  const messageId = reader.field("message-id", orNone(matching(VALUE)));
  const appliedBy = reader.field("applied-by", matching(VALUE));
  const appliedAt = reader.field("applied-at", parseInstant);
  const findings = reader.fields("finding", findingOf);
  const trailers = reader.fields("trailer", trailerOf);
  const length = reader.field("diff-bytes", orNone(number)).value;
  const reviews = reader.field("review-bytes", orNone(number)).value;
  if (length !== null && (length > MAX_DIFF || signer === null))
    throw new Unreadable("diff-bytes: is not as it is written");
  if (reviews !== null && (reviews > MAX_REVIEWS_BYTES || signer === null))
    throw new Unreadable("review-bytes: is not as it is written");
  const resultBytes = reader.field("result-bytes", orNone(number)).value;
  if (resultBytes !== null && resultBytes > MAX_RESULTS_BYTES)
    throw new Unreadable("result-bytes: is not as it is written");
  const signed = signer === null ? null : { signer, ...readSignature(reader, length, reviews) };
  return {
    commit,
    verdict,
    trust: trust.value,
    key:
      firstSeen.value === null || patches.value === null
        ? null
        : { firstSeen: firstSeen.value, patches: patches.value },
    vouched: vouched.value,
    messageId: messageId.value ?? "",
    appliedBy,
    appliedAt,
    findings,
    trailers,
    signed,
    results: reader.part(resultBytes),
  };
}

function readSignature(
  reader: LineReader,
  diffBytes: number | null,
  reviewBytes: number | null,
): Omit<RecordedSignature, "signer"> {
  reader.emptyLine();
  const text = reader.lines(TEXT_LINES);
  const minisig = reader.lines(MINISIG_LINES);
  const diff = reader.part(diffBytes);
  return { text, minisig, diff, reviews: reader.part(reviewBytes) };
}

const STATES = [
  "pinned",
  "endorsed",
  "known",
  "first-use",
  "changed",
  "replaced",
  "revoked",
  "result-only",
] as const;
const SEVERITIES = ["info", "warn", "fail"] as const;
const PROOFS = ["proven", "diff", "vouched", "none"] as const;
/** As `formatNote` writes a value: no control or invisible characters. */
const VALUE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]{1,1000}$/u;

type ReadValue<T> = (text: string) => T | null;

function matching(pattern: RegExp): ReadValue<string> {
  return (text) => (pattern.test(text) ? text : null);
}

function oneOf<const T extends string>(all: readonly T[]): ReadValue<T> {
  return (text) => all.find((one) => one === text) ?? null;
}

/** `-` for none. */
function orNone<T>(read: ReadValue<T>): ReadValue<{ readonly value: T | null }> {
  return (text) => {
    if (text === "-") return { value: null };
    const value = read(text);
    return value === null ? null : { value };
  };
}

function number(text: string): number | null {
  return /^(?:0|[1-9]\d{0,11})$/.test(text) ? Number(text) : null;
}

function findingOf(text: string): CommitRecord["findings"][number] | null {
  const [, severity = "", code = "", message = ""] =
    /^(\S+) ([a-z0-9-]{1,60}) (.+)$/.exec(text) ?? [];
  const known = oneOf(SEVERITIES)(severity);
  return known === null || !VALUE.test(message) ? null : { severity: known, code, message };
}

function trailerOf(text: string): CommitRecord["trailers"][number] | null {
  const [, word = "", key = "", messageId = "", line = ""] =
    /^(\S+) (-|RW[A-Za-z0-9+/]{54}) (\S+) (.+)$/.exec(text) ?? [];
  const proof = oneOf(PROOFS)(word);
  if (proof === null || !VALUE.test(messageId) || !VALUE.test(line)) return null;
  return {
    line,
    proof,
    messageId: messageId === "-" ? "" : messageId,
    publicKey: key === "-" ? null : key,
  };
}
