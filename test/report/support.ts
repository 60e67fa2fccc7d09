/** A good patch, as a record. */

import type { PatchResult } from "../../src/verify/result.ts";

export const PATCH: PatchResult = {
  type: "patch",
  source: "a.patch",
  messageId: "<1@example.org>",
  subject: "song: be loud",
  author: { name: "Alice", email: "alice@example.org" },
  signer: null,
  publicKey: null,
  signature: "good",
  trust: "known",
  key: null,
  vouched: null,
  changed: [],
  base: { status: "missing", commit: null, tree: null },
  series: null,
  findings: [],
  verdict: "pass",
};
