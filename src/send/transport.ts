/** Hands letters to a server or a program. What the server says is data: nothing of it is thrown. */

export interface Letter {
  /** Envelope sender; "" is the null sender, to whom nothing comes back. */
  readonly sender: string;
  /** Of the first one the outcome speaks; the others are copies. */
  readonly recipients: readonly string[];
  readonly bytes: Buffer;
}

/** What became of a letter, and what the server said: one line. */
export interface Outcome {
  /**
   * sent · refused: for good · later: not this one now · outage: nothing can be sent now ·
   * unknown: the connection was lost when it may have been taken
   */
  readonly kind: "sent" | "refused" | "later" | "outage" | "unknown";
  readonly said: string;
}

export interface Transport {
  /**
   * @param onCommit called when all but the end of the letter has been handed over: before, it has
   *   surely not left, and after, it may have. If it throws, the letter is not sent, and `send` throws
   *   the same.
   */
  send(letter: Letter, onCommit: () => void): Promise<Outcome>;
  close(): void;
}

const MAX_SAID = 200;

/** What a server says, on one line and short. */
export function said(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, MAX_SAID);
}
