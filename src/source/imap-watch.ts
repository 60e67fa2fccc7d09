/** Waits for mails in a mailbox: the server tells of them (IDLE, RFC 2177; else it is asked now and then). */

import type { ImapFlow } from "imapflow";
import { clientFor, type ImapOptions, logIn, type Mailbox } from "./imap.ts";

/** After a lost connection, in milliseconds: twice as long each time. */
const FIRST_WAIT = 5_000;
const LONGEST_WAIT = 600_000;
/** Servers may end an IDLE after half an hour. */
const IDLE_TIME = 20 * 60_000;

export interface MailboxWatch {
  /** Ends it at once; nothing of it keeps the process alive. */
  close(): void;
}

/**
 * Calls `onNews` whenever mails may have come: when the server says so, and after each connection.
 * What goes wrong is tried again; nothing is thrown.
 */
export function watchMailbox(
  mailbox: Mailbox,
  options: Pick<ImapOptions, "password" | "onLogin">,
  onNews: () => void,
): MailboxWatch {
  let client: ImapFlow | null = null;
  let timer: NodeJS.Timeout | undefined;
  let wait = FIRST_WAIT;
  let closed = false;

  async function connect(): Promise<void> {
    const opened = clientFor(mailbox, options.password, { maxIdleTime: IDLE_TIME });
    client = opened;
    opened.on("error", () => undefined);
    opened.on("exists", onNews);
    opened.on("close", retry);
    try {
      await logIn(opened, options);
      await opened.mailboxOpen(mailbox.path, { readOnly: true });
      wait = FIRST_WAIT;
      onNews();
    } catch {
      opened.close();
      // a connection that never was has no end
      retry();
    }
  }

  function retry(): void {
    client?.removeAllListeners("close");
    client = null;
    clearTimeout(timer);
    if (closed) return;
    timer = setTimeout(() => void connect(), wait);
    wait = Math.min(LONGEST_WAIT, 2 * wait);
  }

  void connect();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      client?.close();
    },
  };
}
