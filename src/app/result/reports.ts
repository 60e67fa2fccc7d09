/** Reads the report files of test tools. */

import { readFileSync, statSync } from "node:fs";
import { FormatError, PatchsigError } from "../../errors.ts";
import { readKcidb, readNipa } from "../../result/from/json.ts";
import { readJunit } from "../../result/from/junit.ts";
import { joined, MAX_REPORT, type Report, textOfReport } from "../../result/from/report.ts";
import { readTap } from "../../result/from/tap.ts";
import { reading, readStdin } from "../../source/reading.ts";

export type ReportFormat = "junit" | "tap" | "kcidb" | "nipa";

const READERS: Readonly<Record<ReportFormat, (text: string, test: string) => Report>> = {
  junit: readJunit,
  tap: readTap,
  kcidb: readKcidb,
  nipa: readNipa,
};

export interface ReportFile {
  readonly format: ReportFormat;
  /** `-` for standard input. */
  readonly name: string;
}

/** A report, and when the latest of its files was written, in seconds since the epoch; null if that is not known. */
export interface RunReport {
  readonly report: Report;
  readonly writtenAt: number | null;
}

/**
 * Reads the files of one run, and joins them.
 *
 * @param test the test that was run: KCIDB's JSON may hold others, too
 * @returns null without files
 * @throws PatchsigError "unreadable"; "refused" for a report that is not valid
 */
export function readReports(files: readonly ReportFile[], test: string): RunReport | null {
  if (files.length === 0) return null;
  const read = files.map(({ format, name }) => {
    const { bytes, writtenAt } = bytesOf(name);
    const report = explained(name, () => READERS[format](textOfReport(bytes), test));
    return { report, writtenAt };
  });
  const times = read.flatMap((one) => one.writtenAt ?? []);
  const report = explained(files[0]!.name, () => joined(read.map((one) => one.report)));
  return { report, writtenAt: times.length === read.length ? Math.max(...times) : null };
}

function explained<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const file = name === "-" ? "stdin" : name;
    throw new PatchsigError("refused", `${file}: ${error.message}`, { cause: error });
  }
}

function bytesOf(name: string): { bytes: Buffer; writtenAt: number | null } {
  if (name === "-") {
    const bytes = readStdin(MAX_REPORT);
    if (bytes === null) throw new PatchsigError("refused", "stdin: larger than 64 MiB");
    return { bytes, writtenAt: null };
  }
  const { size, mtimeMs } = reading(name, () => statSync(name));
  // looked at first, so that a gigabyte is not loaded
  if (size > MAX_REPORT) throw new PatchsigError("refused", `${name}: larger than 64 MiB`);
  const bytes = reading(name, () => readFileSync(name));
  return { bytes, writtenAt: Math.floor(mtimeMs / 1000) };
}
