/** What people answer to the bot. Pure: the text of a mail goes in, one wish comes out. */

export type Wish =
  | { readonly kind: "stop" }
  | { readonly kind: "pause" }
  | { readonly kind: "base"; readonly commit: string }
  /** Nothing that a program should act on. */
  | { readonly kind: "none" };

const STOP =
  /^(?:please )?(?:stop|unsubscribe|opt[- ]?out|no,? thanks?|no,? thank you|remove me)$/i;
const PAUSE = /^(?:please )?(?:not now|later|maybe later)$/i;
/** A whole commit name only: part of one may be another's tomorrow. */
const BASE = /^(?:the )?base(?:-commit)?(?: is|:)? ?`?([0-9a-f]{40}|[0-9a-f]{64})`?$/i;

/** Lines above the quoted text that are looked at: an answer is short. */
const MAX_LINES = 5;

/**
 * @param subject counts where the text says nothing: List-Unsubscribe sends a mail with a subject
 * @param text what a person reads of the mail, its first part
 */
export function wishIn(subject: string, text: string): Wish {
  for (const line of ownLines(text)) {
    const wish = wishOf(line);
    if (wish.kind !== "none") return wish;
  }
  // the subject of List-Unsubscribe says which letter it was
  return wishOf(plain(subject).replace(/^(stop) [0-9a-f]{32}$/i, "$1"));
}

/** The first lines that the writer wrote: not quoted, not empty, nothing below a signature. */
function ownLines(text: string): string[] {
  const lines: string[] = [];
  for (const raw of text.slice(0, 20_000).split(/\r?\n/)) {
    if (/^-- ?$/.test(raw) || /^-+ ?original message/i.test(raw) || lines.length >= MAX_LINES)
      break;
    const line = plain(raw);
    if (line === "" || /^[>|]/.test(line)) continue;
    // the line above a quotation: "On …, … wrote:"
    if (/^(?:on|am|le) .*:$/i.test(line)) continue;
    lines.push(line);
  }
  return lines;
}

function plain(line: string): string {
  return line
    .trim()
    .replace(/^["'“„`*]+|["'”“`*.!]+$/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

function wishOf(line: string): Wish {
  if (STOP.test(line)) return { kind: "stop" };
  if (PAUSE.test(line)) return { kind: "pause" };
  const [, commit] = BASE.exec(line) ?? [];
  return commit === undefined ? { kind: "none" } : { kind: "base", commit: commit.toLowerCase() };
}
