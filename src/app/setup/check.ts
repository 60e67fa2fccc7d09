/**
 * Signs a mail and verifies it, as receivers will; nothing is kept, and the trust database is not
 * touched.
 */

import { randomBytes } from "node:crypto";
import { PatchsigError } from "../../errors.ts";
import { SEED_BYTES } from "../../minisign/ed25519.ts";
import { formatPublicKeyText } from "../../minisign/public-key.ts";
import type { SecretKey } from "../../minisign/secret-key.ts";
import type { MinisignSigner } from "../../minisign/signature.ts";
import { openTrustStore } from "../../store/trust-store.ts";
import type { SourceItem } from "../../source/item.ts";
import { DEFAULT_POLICY } from "../../verify/policy.ts";
import type { PatchResult } from "../../verify/result.ts";
import { now } from "../now.ts";
import { signEachSeries, signerIdentity } from "../sign/signing.ts";
import { newTally, verifyMails } from "../verify/verification.ts";
import { mailDate } from "../../primitives/time.ts";

/** The line that is changed, to see that this is detected. */
const LINE = "+signed, verified and thrown away";

const PATCH = `
It is never sent.
---
 check.txt | 1 +
 1 file changed, 1 insertion(+)

diff --git a/check.txt b/check.txt
new file mode 100644
index 0000000..1234567
--- /dev/null
+++ b/check.txt
@@ -0,0 +1 @@
${LINE}
-- 
patchsig setup
`;

/**
 * Signs a mail with this key, verifies it, and checks that a changed line is detected.
 *
 * @param signer null for a temporary key: somebody who only verifies has none
 * @param address the sender of the mail
 * @throws PatchsigError "fault" if one of these checks fails, and what signing throws
 */
export async function checkBySigning(
  signer: MinisignSigner | null,
  address: string,
): Promise<void> {
  const by = signerIdentity(address);
  const header = `From: ${by}\nDate: ${mailDate(now())}\nSubject: [PATCH] check: a throw-away mail\n`;
  const draft = { name: "the throw-away mail", mail: Buffer.from(header + PATCH) };
  const throwAway = signer === null ? await throwAwayKey() : null;
  const its = signer ?? throwAway!;
  try {
    const options = { signer: its, by, time: now(), base: undefined, inOrder: false };
    const [signed] = (await signEachSeries([draft], options)).mails;
    const good = await verified(signed!);
    const key = formatPublicKeyText(its.publicKey);
    if (good === null || good.verdict === "fail" || good.publicKey !== key)
      throw fault("a mail that was just signed does not verify");
    const changed = signed!.toString("latin1").replace(LINE, `${LINE}, not`);
    const bad = await verified(Buffer.from(changed, "latin1"));
    if (bad?.verdict !== "fail") throw fault("a changed line is not noticed");
  } finally {
    throwAway?.wipe();
  }
}

async function throwAwayKey(): Promise<SecretKey> {
  const { generateSecretKey } = await import("../../minisign/generate.ts");
  const seed = randomBytes(SEED_BYTES);
  const key = generateSecretKey(seed);
  seed.fill(0);
  return key;
}

async function verified(mail: Buffer): Promise<PatchResult | null> {
  const memory = openTrustStore({ file: ":memory:" });
  try {
    const options = {
      policies: { general: { ...DEFAULT_POLICY, require: "signature" as const }, overrides: [] },
      dryRun: false,
      devKeyrings: [],
      signedOnly: false,
      plainAm: null,
      dkim: null,
      jobs: 1,
      keep: null,
    };
    for await (const seen of verifyMails(only(mail), options, memory, newTally()))
      if (seen.kind === "patch") return seen.mail.result;
    return null;
  } finally {
    memory.close();
  }
}

async function* only(mail: Buffer): AsyncGenerator<readonly SourceItem[]> {
  yield [{ source: "the throw-away mail", bytes: mail, size: mail.length }];
}

function fault(what: string): PatchsigError {
  return new PatchsigError("fault", `setup's check failed: ${what}`, {
    hint: "this is an error of patchsig: please report it",
  });
}
