/** Test results for pages, with what their keys are worth now. */

import type { TestResult } from "../../result/text.ts";
import type { ResultWorth } from "../../result/weigh.ts";
import type { StoredResult } from "../../store/index-sql.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { withdrawals } from "../feed/followed.ts";
import { weigher } from "../result/known.ts";

export interface DeskResult {
  readonly said: TestResult;
  /** `withdrawn`: the feed that brought it has taken it back. */
  readonly worth: ResultWorth | "withdrawn";
  readonly publicKey: string;
  /** The Message-ID of the mail that brought it. */
  readonly messageId: string;
}

/** Weighs results from the index, in their order. */
export function deskResults(rows: readonly StoredResult[], trust: TrustStore): DeskResult[] {
  const weigh = weigher(trust);
  const isWithdrawn = withdrawals();
  return rows.map((row) => {
    const said = JSON.parse(row.said) as TestResult;
    const { publicKey, messageId } = row;
    const { worth } = weigh({ ...row, said });
    return { said, worth: isWithdrawn(row) ? "withdrawn" : worth, publicKey, messageId };
  });
}
