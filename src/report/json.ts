/** Newline-delimited JSON records (docs/schema/verify.md). */

import type {
  NoteResult,
  PatchResult,
  SeriesResult,
  SummaryResult,
  UnreadResult,
} from "../verify/result.ts";

/** One record, one line, LF at the end. JSON's own escapes keep every control character inside. */
export function formatRecord(
  record:
    | PatchResult
    | NoteResult
    | SeriesResult
    | SummaryResult
    | UnreadResult
    | { readonly type: string },
): string {
  // U+2028 and U+2029 are line ends to some readers, and bidi controls could fake a line on screen
  const text = JSON.stringify(record).replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${text}\n`;
}
