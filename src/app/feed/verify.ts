/** Verifies all records of a feed again, against the keys as they are known now. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { KeyTally, VerifiedFeed } from "../../feed/followed.ts";
import { epochsOf } from "../../git/epochs.ts";
import { requireInbox } from "../../git/feed-write.ts";
import { isFlawed } from "../../result/found.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { resultsOfSource } from "../result/read.ts";
import { contradictions, descriptionsAmong } from "./checkpoints.ts";
import { followedFeed, followedFolder } from "./followed.ts";

/**
 * @param name of a feed that is followed, or the folder of one
 * @throws PatchsigError "not-found"
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
  for await (const one of resultsOfSource(isFolder ? folder : `feed:${name}`, trust, new Set())) {
    if (isFlawed(one)) {
      bad++;
      continue;
    }
    const { publicKey, said } = one.signed;
    const id = `${publicKey} ${said.by} ${one.worth}`;
    const { worth, source } = one;
    const before = keys.get(id) ?? { publicKey, by: said.by, worth, records: 0, first: source };
    keys.set(id, { ...before, records: before.records + 1 });
  }
  const epochs = epochsOf(folder) ?? [];
  const found: string[] = [];
  for (const epoch of epochs)
    for (const one of await descriptionsAmong(epoch, null))
      found.push(...(await contradictions(one, epochs)));
  return { name, keys: [...keys.values()], bad, contradictions: found };
}
