/** What `verify` prints of a run: text, JSON records, or nothing. */

import type { RunResult, VerifyEvent } from "../../app/verify/run.ts";
import { PatchsigError } from "../../errors.ts";
import { formatRecord } from "../../report/json.ts";
import { renderReplies } from "../../report/replies.ts";
import { renderTests } from "../../report/tests.ts";
import {
  isUnsignedSeries,
  namesNoBase,
  renderNote,
  renderOdd,
  renderSeries,
  standsOut,
} from "../../report/text.ts";
import {
  renderBaseless,
  renderPassedOver,
  renderRequired,
  renderSigners,
  renderTotals,
} from "../../report/totals.ts";
import type { ReadFailure } from "../../source/item.ts";
import type { StatementMail, UnreadResult } from "../../verify/result.ts";
import { summaryOf } from "../../verify/totals.ts";
import { blockPrinter, out, outputStyle, sayError } from "../../terminal/terminal.ts";

/** Series after which nobody remembers how it began: the end says who signed. */
const LONG_RUN = 20;

export interface Printer {
  readonly show: (record: VerifyEvent) => void;
  readonly end: (run: RunResult) => void;
}

/** What --json, --summary and --quiet ask for. */
interface Wanted {
  readonly json: boolean;
  readonly summary: boolean;
  readonly quiet: boolean;
}

/** PatchsigError "usage" if more than one way to print is asked for. */
export function printerFor({ json, summary, quiet }: Wanted): Printer {
  if ([json, summary, quiet].filter(Boolean).length > 1)
    throw new PatchsigError("usage", "--json, --summary and --quiet exclude each other", {
      hint: json ? "the last record of --json is the summary" : "give one of them",
    });
  if (json) return printJson();
  return quiet ? printErrors() : printText(summary);
}

function printErrors(): Printer {
  return {
    show(record) {
      if (record.kind === "unread") sayError(record.unread.error);
    },
    end: () => undefined,
  };
}

function printJson(): Printer {
  return {
    show(record) {
      out(formatRecord(recordOf(record)));
      if (record.kind === "unread") sayError(record.unread.error);
    },
    end: (run) => out(formatRecord(summaryOf(run.totals, run))),
  };
}

function recordOf(event: VerifyEvent): { readonly type: string } {
  if (event.kind === "unread") return unreadRecord(event.unread);
  if (event.kind !== "series" || event.tests === null) return event.result;
  return Object.assign({}, event.result, { tests: event.tests });
}

function unreadRecord({ source, error: { code, message, hint = "" } }: ReadFailure): UnreadResult {
  return { type: "unread", source, code, message, hint };
}

/** @param summary only what stands out, and the totals also of a single series */
function printText(summary: boolean): Printer {
  const style = outputStyle();
  const print = blockPrinter();
  let baseless = 0;
  return {
    show(record) {
      if (record.kind === "unread") sayError(record.unread.error);
      else if (record.kind === "note" && record.result.read && !(summary && isQuiet(record.result)))
        print(renderNote(record.result, style));
      else if (record.kind === "series") {
        const { result, patches } = record;
        if (isUnsignedSeries(patches) && namesNoBase(result)) baseless++;
        // of unsigned ones, an archive has too many to say more
        const said = isUnsignedSeries(patches) ? undefined : result.replies;
        const replies = said === undefined ? [] : renderReplies(said, result.total, style);
        const tests = record.tests === null ? [] : renderTests(record.tests, style);
        if (!summary) print([...renderSeries(result, patches, style), ...replies, ...tests]);
        else if (standsOut(result, patches)) print(renderOdd(result, patches, style));
      }
    },
    end(run) {
      const totals = run.series > 1 || summary ? renderTotals(run.totals, run, style) : [];
      const required = renderRequired(run.totals, style);
      print([...totals, ...required, ...renderBaseless(baseless, run.series, style)], "block");
      if (run.passedOver > 0) print(renderPassedOver(run.passedOver, style), "block");
      if (run.series > LONG_RUN && run.totals.signed > 0) print(renderSigners(run.totals, style));
    },
  };
}

/** True for statements that change nothing. */
function isQuiet({ findings }: StatementMail): boolean {
  return findings.every(
    ({ code, severity }) => severity === "info" && code !== "statement-applied",
  );
}
