/** X-Developer-Signatures as information: findings that never improve a verdict. */

import { dropCr } from "../mail/line-ends.ts";
import { type DevResult, type DevTools, verifyDevsig } from "../devsig/verify.ts";
import { type Finding, finding } from "../findings.ts";
import type { Checked } from "./result.ts";

/** The mail with a finding for each X-Developer-Signature that it has. */
export function withDevsig(mail: Buffer, checked: Checked, tools: DevTools): Checked {
  const { view, diff, findings } = checked;
  if (view === null || view.headers.developerSignature === "") return checked;
  return {
    ...checked,
    findings: [...findings, ...verifyDevsig(dropCr(mail), view, diff, tools).map(devsigFinding)],
  };
}

function devsigFinding({ outcome, identity, algorithm, detail }: DevResult): Finding {
  const whose = `X-Developer-Signature${identity === "" ? "" : ` of ${identity}`}`;
  const how = algorithm === null ? "" : ` (${algorithm})`;
  switch (outcome) {
    case "good":
      return finding("devsig-good", `${whose}: good (${algorithm}, key from ${detail})`);
    case "bad":
      return finding("devsig-bad", `${whose}: bad${how}: ${detail}`);
    case "unknown-key":
      return finding("devsig-unknown-key", `${whose}: unknown key (${detail})`);
    case "unsupported":
      return finding("devsig-unsupported", `${whose}: not checked${how}: ${detail}`);
  }
}
