/** Newline-delimited JSON records (docs/schema/verify.md). */

import type {
  StatementMail,
  PatchResult,
  SeriesResult,
  SummaryResult,
  UnreadResult,
} from "../verify/result.ts";
import { escapeJson, type SafeText } from "./escape.ts";

/** One record, one line, without a line end. */
export function formatRecord(
  record:
    | PatchResult
    | StatementMail
    | SeriesResult
    | SummaryResult
    | UnreadResult
    | { readonly type: string },
): SafeText {
  return escapeJson(record);
}
