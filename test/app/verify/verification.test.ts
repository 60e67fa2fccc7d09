/** How far a source is read is known when the mails are judged, and not before. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { newTally, verifyMails } from "../../../src/app/verify/verification.ts";
import { openSources } from "../../../src/app/sources/sources.ts";
import { openTrustStore } from "../../../src/store/trust-store.ts";
import { DEFAULT_POLICY } from "../../../src/verify/policy.ts";
import { formatPatch, mbox, newFolder, newSubmission } from "../../cli/support.ts";

test("no cursor moves past mails whose verdicts are not reported yet", async () => {
  const file = mbox(...formatPatch(newSubmission().work));
  const store = openTrustStore({ file: join(newFolder(), "trust.db") });
  const tally = newTally();
  const seen: number[] = [];
  try {
    const mails = verifyMails(
      openSources([file], { cursorOf: () => null }),
      {
        policies: { general: DEFAULT_POLICY, overrides: [] },
        devKeyrings: [],
        signedOnly: false,
        plainAm: null,
        dkim: null,
        dryRun: false,
        jobs: 1,
        keep: null,
      },
      store,
      tally,
    );
    for await (const one of mails) {
      expect(one).toMatchObject({ kind: "patch", mail: { payload: null } });
      seen.push(tally.cursors.size);
    }
  } finally {
    store.close();
  }
  expect(seen).toEqual([0, 0, 0]);
  expect([...tally.cursors.keys()]).toEqual([`mbox ${file}`]);
});
