/**
 * Fetches mails from an opened mailbox: each one, or why the server does not give it. A mail that it
 * refuses, or at which it hangs up, does not stop the others.
 */

import type { FetchMessageObject, FetchQueryObject, ImapFlow } from "imapflow";
import { MAX_MESSAGE_BYTES } from "../mail/limits.ts";
import { MAX_ANSWER } from "./imap-limits.ts";

export type Fetched =
  /** `bytes` is null if it is larger than what is read. */
  | { readonly uid: number; readonly bytes: Buffer | null; readonly size: number }
  /** Why it could not be read: the server's words where there are any. */
  | { readonly uid: number; readonly why: string };

/** A connection with an open mailbox, and another one if it is lost. */
export interface Line {
  client(): ImapFlow;
  /** Asks, and waits for an answer of so many bytes at most; throws a PatchsigError if more comes. */
  answer<T>(bytes: number, ask: () => Promise<T>): Promise<T>;
  /**
   * What the server refused; null if the error is none of its refusals.
   */
  refusal(error: unknown): string | null;
  /**
   * Connects anew. Gives what had happened, as words.
   *
   * @throws `error`, or a new one, if that is of no use
   */
  again(error: unknown): Promise<string>;
}

/** Bytes of mails that are requested at a time, or one larger mail. */
const PORTION = 4 << 20;
const NO_ROW = "the server says nothing of it, as if it had been deleted";
const NO_TEXT = "the server lists it, but sends no text";

/**
 * First their sizes, then, in portions, those that are not too large. Mails from before an error are
 * yielded before it is thrown.
 */
export async function* fetchMails(
  line: Line,
  uids: readonly number[],
): AsyncGenerator<readonly Fetched[]> {
  const sizes: FetchedMails<number> = new Map();
  await collect(line, uids, { size: true }, ({ size }) => size, sizes, 0);
  let portion: number[] = [];
  let held = 0;
  for (const uid of uids) {
    portion.push(uid);
    held += isSmall(sizes.get(uid)) ? (sizes.get(uid) as number) : 0;
    if (held < PORTION) continue;
    yield* fetchPortion(line, portion, sizes);
    [portion, held] = [[], 0];
  }
  if (portion.length > 0) yield* fetchPortion(line, portion, sizes);
}

/** The result for each mail, or why there is none. */
type FetchedMails<T> = Map<number, T | string>;

function isSmall(size: number | string | undefined): boolean {
  return typeof size === "number" && size <= MAX_MESSAGE_BYTES;
}

async function* fetchPortion(
  line: Line,
  uids: readonly number[],
  sizes: FetchedMails<number>,
): AsyncGenerator<readonly Fetched[]> {
  const small = uids.filter((uid) => isSmall(sizes.get(uid)));
  const sources: FetchedMails<Buffer> = new Map();
  // some servers are not exact
  const said = small.reduce((sum, uid) => sum + (sizes.get(uid) as number), 0);
  const read = (uid: number): Fetched => {
    const [size, source] = [sizes.get(uid)!, sources.get(uid)];
    if (typeof size === "string") return { uid, why: size };
    if (!isSmall(size)) return { uid, bytes: null, size };
    return typeof source === "string" ? { uid, why: source } : { uid, bytes: source!, size };
  };
  try {
    if (small.length > 0) await collect(line, small, { source: true }, sourceOf, sources, 2 * said);
  } catch (error) {
    // no cursor after a missing mail: the next run reads again from there
    const missing = small.find((uid) => !sources.has(uid));
    yield uids.slice(0, missing === undefined ? 0 : uids.indexOf(missing)).map(read);
    throw error;
  }
  yield uids.map(read);
}

/** NIL is no text (RFC 9051, nstring): imapflow gives `false` for it. */
function sourceOf({ source }: FetchMessageObject): Buffer | undefined {
  return Buffer.isBuffer(source) ? source : undefined;
}

/** Fetches these mails together, then each missing one alone. */
async function collect<T>(
  line: Line,
  uids: readonly number[],
  query: FetchQueryObject,
  pick: (row: FetchMessageObject) => T | undefined,
  found: FetchedMails<T>,
  bytes: number,
): Promise<void> {
  const ask = async (some: readonly number[]): Promise<string> => {
    let why = NO_ROW;
    const rows = async (): Promise<void> => {
      for await (const row of line.client().fetch(some.join(), query, { uid: true })) {
        if (!some.includes(row.uid)) continue;
        const value = pick(row);
        if (value === undefined) why = NO_TEXT;
        else found.set(row.uid, value);
      }
    };
    try {
      await line.answer(MAX_ANSWER + bytes, rows);
      return why;
    } catch (error) {
      return line.refusal(error) ?? (await line.again(error));
    }
  };
  await ask(uids);
  for (const uid of uids.filter((one) => !found.has(one))) {
    const why = await ask([uid]);
    if (!found.has(uid)) found.set(uid, why);
  }
}
