/**
 * Limits on what a server may send, and how slowly: each answer may be as large as requested. imapflow
 * bounds a line and a literal; a server could send any number of them, slowly.
 */

import type { Writable } from "node:stream";
import type { PatchsigError } from "../errors.ts";
import type { ImapFlow, ImapFlowOptions } from "imapflow";
import { MAX_MESSAGE_BYTES } from "../mail/limits.ts";

/** Bytes of an answer without mails, including what servers send unasked. */
export const MAX_ANSWER = 1 << 20;
/** Bytes of a list of UIDs, about two million: it is one line. */
export const MAX_UIDS = 16 << 20;
/** How long a server may be silent, in milliseconds. */
export const PATIENCE = 60_000;
/** How long an answer may take, and the bytes a second at which it may take longer. */
const DELAY = 30_000;
const RATE = 8 << 10;
/** Without a request: this many bytes in this many milliseconds. */
const IDLING = { bytes: MAX_ANSWER, time: 300_000 };

/** For imapflow, of what comes in one piece. */
export const PIECES = {
  maxLineLength: MAX_UIDS,
  maxLiteralSize: MAX_MESSAGE_BYTES,
  maxResponseSize: MAX_MESSAGE_BYTES + MAX_ANSWER,
  maxResponseTokens: 100_000,
  // a megabyte of it can be a gigabyte
  disableCompression: true,
} as const satisfies Partial<ImapFlowOptions>;

export interface Bounds {
  /** Asks, and waits for an answer of so many bytes at most. */
  answer<T>(bytes: number, ask: () => Promise<T>): Promise<T>;
  /** From now on there are no requests: the server reports new mail. */
  idle(): void;
  /** No timer is left. */
  end(): void;
}

/** Ends the connection with an error if the server exceeds the limits. */
export function boundsOf(client: ImapFlow, fault: (why: string) => PatchsigError): Bounds {
  // where all that comes goes through, TLS or not
  const { streamer } = client as unknown as { readonly streamer: Writable };
  const pass = streamer.write.bind(streamer);
  let left = MAX_ANSWER;
  let received = 0;
  let began = 0;
  let timer: NodeJS.Timeout | undefined;
  let failure: PatchsigError | null = null;

  function fail(why: string): void {
    failure = fault(why);
    streamer.destroy(failure);
  }

  streamer.write = (chunk: Buffer): boolean => {
    received += chunk.length;
    if (received <= left) return pass(chunk);
    fail("the server sends more than was asked for");
    return false;
  };

  function start(bytes: number, then: () => void, time: number): void {
    clearTimeout(timer);
    [left, received, began] = [bytes, 0, performance.now()];
    timer = setTimeout(then, time);
  }

  function look(): void {
    const allowed = received === 0 ? PATIENCE : DELAY + (received / RATE) * 1000;
    const rest = began + allowed - performance.now();
    if (rest > 0) timer = setTimeout(look, Math.min(rest, DELAY));
    else fail("the server takes too long");
  }

  const idle = (): void => start(IDLING.bytes, idle, IDLING.time);
  return {
    async answer(bytes, ask) {
      start(bytes, look, DELAY);
      try {
        return await ask();
      } catch (error) {
        // imapflow says of some that there is no connection
        throw failure ?? error;
      } finally {
        clearTimeout(timer);
      }
    },
    idle,
    end: () => clearTimeout(timer),
  };
}
