/** What the base commands have in common. */

import { EXIT, type ExitStatus } from "../../errors.ts";
import { ours, type SafeText } from "../../report/escape.ts";
import { formatRecord } from "../../report/json.ts";
import type { Finding } from "../../findings.ts";
import type { SeriesBase } from "../../app/base/series-base.ts";
import { clearProgress, out } from "../terminal.ts";

export const SOURCES = {
  describe: "mbox, mail, patch file, directory, maildir, or - for stdin",
  type: "string",
  array: true,
  default: ["-"],
} as const;

export const REPOSITORY = {
  type: "string",
  requiresArg: true,
  default: ".",
  describe: "the repository to look in; nothing in it is changed",
} as const;

export const JSON_OPTION = {
  type: "boolean",
  default: false,
  describe: "one record a line",
} as const;

/** A base that is wanting is said before what could not be looked at. */
export function exitStatus(met: boolean, faults: number): ExitStatus {
  if (!met) return EXIT.unmet;
  return faults > 0 ? EXIT.failed : EXIT.ok;
}

/** Findings about bases, of the series and its mails, each once. */
export function allBaseFindings({ outline, patches }: SeriesBase): Finding[] {
  const all = [...patches.flatMap(({ findings }) => findings), ...outline.findings];
  const about = all.filter(({ code }) => /^(?:base|prerequisite)/.test(code));
  return about.filter(
    (one, i) => about.findIndex((f) => f.code === one.code && f.message === one.message) === i,
  );
}

/** Prints the record of a series: the fields that all have, then those of the command. */
export function printBaseRecord(type: string, series: SeriesBase, more: object): void {
  const { outline, claim, messageId } = series;
  const record = {
    type,
    messageId,
    subject: outline.subject,
    version: outline.version,
    total: outline.total,
    complete: outline.complete,
    base: claim.base,
    signed: claim.signed,
    changeId: claim.lines.changeId,
    ...more,
  };
  out(formatRecord(record));
}

/** Prints blocks of lines, an empty one between two. */
export function printBlocks(): (lines: readonly SafeText[]) => void {
  let blocks = 0;
  return (lines) => {
    clearProgress();
    out(blocks++ > 0 ? [ours``, ...lines] : lines);
  };
}
