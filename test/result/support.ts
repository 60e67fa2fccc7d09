/** What comes of a report, in a line. */

import { outcomeOf, type Report } from "../../src/result/from/report.ts";

/** `fail: 1 fail, 2 pass` */
export function said(report: Report): string {
  const { result, counts } = outcomeOf(report);
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return `${result}: ${some.map(([name, count]) => `${count} ${name}`).join(", ")}`;
}

export const paths = (report: Report): string[] => report.cases.map(({ path }) => path);
