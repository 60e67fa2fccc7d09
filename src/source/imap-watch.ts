/**
 * Waiting for mail: a connection to an IMAP server that reports new mail (IDLE, RFC 2177), kept as long as
 * somebody waits. A server without IDLE is polled.
 */

import type { ImapFlow } from "imapflow";
import type { PatchsigError } from "../errors.ts";
import { boundsOf, MAX_ANSWER } from "./imap-limits.ts";
import { clientFor, imapError, type ImapLogin, logIn, type Mailbox } from "./imap.ts";

export interface WatchOptions extends ImapLogin {
  /**
   * Called with the reason if there is no connection, and the milliseconds until the next attempt. Must
   * not throw.
   */
  readonly onLost?: (error: PatchsigError, wait: number) => void;
}

export interface ImapWatch {
  /** Ends it at once: nothing is told any more, and no connection and no timer is left. */
  close(): void;
}

/** Until the next connection, in milliseconds: doubled each time, up to the last. */
const FIRST_WAIT = 5_000;
const LAST_WAIT = 600_000;
/** A connection that lasted this long was good. */
const LASTING = 60_000;
/** Servers end an IDLE after half an hour, middleboxes sooner. */
const IDLE = { disableAutoIdle: false, autoIdleDelay: 1_000, maxIdleTime: 300_000 };

/**
 * Opens the mailbox with EXAMINE, which changes nothing, and again whenever the connection is lost. Never
 * throws: `onLost` gets errors, and it tries again.
 *
 * @param onNews called when mails have come, and after each connecting, for what came before it; must
 * not throw
 */
export function watchMailbox(
  mailbox: Mailbox,
  options: WatchOptions,
  onNews: () => void,
): ImapWatch {
  let client: ImapFlow | null = null;
  let timer: NodeJS.Timeout | undefined;
  let wait = FIRST_WAIT;
  let closed = false;
  const onLogin = onChange(options.onLogin);

  function tell(): void {
    if (!closed) onNews();
  }

  /** The life of one connection. */
  async function hold(): Promise<void> {
    const began = performance.now();
    const one = clientFor(mailbox, options.password, IDLE);
    client = one;
    const bounds = boundsOf(one, (why) => imapError(new Error(why), mailbox, options.password));
    const lost = lossOf(one);
    one.on("exists", tell);
    let error: unknown;
    try {
      await bounds.answer(MAX_ANSWER, async () => {
        await logIn(one, { onLogin });
        await one.mailboxOpen(mailbox.path, { readOnly: true });
      });
      bounds.idle();
      tell();
      error = await lost;
    } catch (cause) {
      error = cause;
    }
    bounds.end();
    one.close();
    if (!closed) tryAgain(imapError(error, mailbox, options.password), performance.now() - began);
  }

  function tryAgain(error: PatchsigError, lasted: number): void {
    if (lasted > LASTING) wait = FIRST_WAIT;
    // who asks often with a wrong password is locked out
    if (error.code === "no-password") wait = LAST_WAIT;
    timer = setTimeout(() => void hold(), wait);
    options.onLost?.(error, wait);
    wait = Math.min(2 * wait, LAST_WAIT);
  }

  void hold();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      client?.close();
    },
  };
}

/** Tells the credential helpers when the server changes its answer. */
function onChange(tell: (right: boolean) => Promise<void>): (right: boolean) => Promise<void> {
  let last: boolean | null = null;
  return async (right) => {
    if (right === last) return;
    last = right;
    await tell(right);
  };
}

/** Resolves with what ends the connection. */
function lossOf(client: ImapFlow): Promise<unknown> {
  return new Promise((resolve) => {
    client.on("error", resolve);
    client.on("close", () => resolve(new Error("the server closed the connection")));
  });
}
