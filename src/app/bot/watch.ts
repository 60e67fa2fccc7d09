/** Waits for the next round: a while, or until a mailbox has news. */

import { credentialFor } from "../secrets.ts";
import { imapLoginOf, parseMailbox } from "../../source/imap.ts";
import { isMailboxUrl } from "../../source/url.ts";
import { type ImapWatch as MailboxWatch, watchMailbox } from "../../source/imap-watch.ts";

export interface SourceWatch {
  /** Resolves after so many seconds, or as soon as there may be mails, or when it is to end. */
  news(seconds: number, ending: AbortSignal): Promise<void>;
  close(): void;
}

/** @param sources as the bot's file names them: those on IMAP servers tell of mails by themselves */
export function watchSources(sources: readonly string[]): SourceWatch {
  let wake: (() => void) | null = null;
  // what came while nobody was waiting is news as well
  let missed = false;
  const onNews = (): void => {
    missed = true;
    wake?.();
  };
  const watching = sources.filter(isMailboxUrl).map((source) => watchOne(source, onNews));

  return {
    news(seconds, ending) {
      if (missed || ending.aborted) {
        missed = false;
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          ending.removeEventListener("abort", done);
          wake = null;
          missed = false;
          resolve();
        };
        const timer = setTimeout(done, seconds * 1000);
        ending.addEventListener("abort", done);
        wake = done;
      });
    },
    close: () => {
      for (const stop of watching) stop();
    },
  };
}

/** A server that cannot be asked is asked again in the next round: that one says what is wrong. */
function watchOne(url: string, onNews: () => void): () => void {
  const mailbox = parseMailbox(url);
  let closed = false;
  let watch: MailboxWatch | null = null;
  credentialFor(imapLoginOf(mailbox)).then(
    (credential) => {
      if (!closed) watch = watchMailbox(mailbox, credential, onNews);
    },
    () => undefined,
  );
  return () => {
    closed = true;
    watch?.close();
  };
}
