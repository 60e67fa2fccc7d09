/** Test results with what their keys are worth now. */

import type { TestResult } from "../../result/text.ts";
import { type ResultWorth, worthOf } from "../../result/weigh.ts";
import type { StoredResult } from "../../store/index-sql.ts";
import type { TrustStore } from "../../store/trust-store.ts";

export interface DeskResult {
  readonly said: TestResult;
  readonly worth: ResultWorth;
  readonly publicKey: string;
  /** Of the mail that brought it. */
  readonly messageId: string;
}

export function deskResults(rows: readonly StoredResult[], trust: TrustStore): DeskResult[] {
  return rows.map(({ said: json, publicKey, messageId }) => {
    const said = JSON.parse(json) as TestResult;
    return {
      said,
      worth: worthOf(said, trust.results.of(said.by, publicKey)),
      publicKey,
      messageId,
    };
  });
}
