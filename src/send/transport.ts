/** How to hand letters over, and the possible outcomes. */

import { escapeText, truncateTo } from "../report/escape.ts";

/** One mail with its envelope. */
export interface Letter {
  /** The envelope sender, who gets bounces; "" for nobody: `<>`. */
  readonly sender: string;
  /** At least one; all of them get it, or nobody does. */
  readonly recipients: readonly string[];
  /** The mail itself; lines end in LF or in CRLF. */
  readonly bytes: Buffer;
}

/** What came of a letter; `said` is one line, in the server's words if it said any. */
export type SendOutcome =
  /** Taken: the server is responsible for it now. */
  | { readonly kind: "sent"; readonly said: string }
  /** Not taken, and it never will be: the letter or a recipient is wrong. */
  | { readonly kind: "refused"; readonly said: string }
  /** Not taken now: try the same letter later. */
  | { readonly kind: "later"; readonly said: string }
  /** Not taken, and no other letter would be: there is no server, or it refuses us. */
  | { readonly kind: "outage"; readonly said: string }
  /** Handed over in full, but no reply came: it may have been taken. */
  | { readonly kind: "unknown"; readonly said: string };

export interface Transport {
  /**
   * Hands a letter over. One at a time.
   *
   * @param onCommit called at most once, at the last moment when the server cannot have taken the
   *   letter; later, it may have. If it throws, the letter is not taken, and `send` rejects with
   *   that error.
   */
  readonly send: (letter: Letter, onCommit: () => void) => Promise<SendOutcome>;
  /** Ends the connection, if there is one; `send` would open another. */
  readonly close: () => Promise<void>;
}

const MAX_SAID = 200;
/** Further characters are ignored. */
const MAX_READ = 4096;

/** Others' words, fit for a terminal and a database: one line of at most 200 columns. */
export function saidInOneLine(text: string): string {
  const lines = text.slice(0, MAX_READ).split(/[\r\n]+/);
  const line = lines.map((part) => part.trim()).filter((part) => part !== "");
  return truncateTo(escapeText(line.join(" ")), MAX_SAID);
}

/** An address that cannot become another SMTP line or a program's option. */
const ADDRESS = /^[^-\s<>\p{Cc}][^\s<>\p{Cc}]*$/u;

/** What is wrong with the envelope; null if nothing is. */
export function envelopeFault({ sender, recipients }: Letter): string | null {
  if (recipients.length === 0) return "nobody to send it to";
  const wrong = [...(sender === "" ? [] : [sender]), ...recipients].find((a) => !ADDRESS.test(a));
  return wrong === undefined ? null : saidInOneLine(`"${wrong}" is no address`);
}
