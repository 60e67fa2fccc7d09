/** Verifies all records of a feed, results and reviews, by what is known of keys now. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { SignedDescription } from "../../feed/description.ts";
import type { KeyTally, VerifiedFeed } from "../../feed/followed.ts";
import { epochsOf } from "../../git/epochs.ts";
import { requireInbox } from "../../git/feed-write.ts";
import { createVerifier, type Verifier } from "../../minisign/ed25519.ts";
import { isFlawed } from "../../result/found.ts";
import type { ResultKey } from "../../result/weigh.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { mailsOfSource, resultsAmong, type MailAtPlace } from "../result/read.ts";
import { contradictions, descriptionsAmong, ownDescriptions } from "./checkpoints.ts";
import { followedFeed, followedFolder } from "./followed.ts";
import { reviewsInMail } from "./records.ts";

/**
 * @param name of a followed feed, or the folder of any feed
 * @throws PatchsigError "not-found" if there is neither
 */
export async function verifyFeed(
  name: string,
  trust: Pick<TrustStore, "results">,
): Promise<VerifiedFeed> {
  const isFolder = existsSync(name);
  const folder = isFolder ? resolve(name) : followedFolder(followedFeed(name).name);
  if (isFolder) requireInbox(folder);
  const keys = new Map<string, KeyTally>();
  let bad = 0;
  const verifier = createVerifier();
  for await (const mails of mailsOfSource(isFolder ? folder : `feed:${name}`))
    for (const one of await recordsIn(mails, trust, verifier)) {
      if (one === null) {
        bad++;
        continue;
      }
      const id = `${one.kind} ${one.publicKey} ${one.by} ${one.worth}`;
      const before = keys.get(id) ?? { ...one, records: 0 };
      keys.set(id, { ...before, records: before.records + 1 });
    }
  const epochs = epochsOf(folder) ?? [];
  const all: SignedDescription[] = [];
  for (const epoch of epochs) all.push(...(await descriptionsAmong(epoch, null)));
  const own = ownDescriptions(all, isFolder ? { keys: [], owner: null } : followedFeed(name));
  const found = await contradictions(own, epochs);
  return { name, keys: [...keys.values()], bad, contradictions: found };
}

type TalliedRecord = Omit<KeyTally, "records">;

/** The results, and then the reviews, in mails; null for each whose signature is not good. */
async function recordsIn(
  mails: readonly MailAtPlace[],
  trust: Pick<TrustStore, "results">,
  verifier: Verifier,
): Promise<(TalliedRecord | null)[]> {
  const results = (await resultsAmong(mails, trust, new Set(), verifier)).map((one) => {
    if (isFlawed(one)) return null;
    const { worth, source, signed } = one;
    const { publicKey, said } = signed;
    return { kind: "result" as const, publicKey, by: said.by, worth, first: source };
  });
  const reviews = mails.flatMap(({ source, bytes }) =>
    reviewsInMail(bytes, verifier).map((one) => {
      if (!one.ok) return null;
      const { publicKey, by } = one.review;
      const worth = worthOfReview(trust.results.of(by, publicKey));
      return { kind: "review" as const, publicKey, by, worth, first: source };
    }),
  );
  return [...results, ...reviews];
}

function worthOfReview({ revoked, state }: ResultKey): KeyTally["worth"] {
  if (revoked || state === "revoked") return "void";
  return state === "pinned" ? "counts" : "claims";
}
