/** Reads the test results in mails, and finds what they are worth here. */

import { dropCr } from "../../mail/line-ends.ts";
import { parseAuthor } from "../../mail/author.ts";
import { glimpse } from "../../mail/glimpse.ts";
import { createEagerVerifier, createVerifier, type Verifier } from "../../minisign/ed25519.ts";
import { PatchsigError } from "../../errors.ts";
import { attempt } from "../../refused.ts";
import { detailsIn, resultsIn } from "../../result/mail.ts";
import type { FlawedResult, FoundResult } from "../../result/found.ts";
import { worthOf } from "../../result/weigh.ts";
import { isReadFailure } from "../../source/item.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import { openSource } from "../sources/sources.ts";

/**
 * Yields all results in the mails of a source, in their order.
 *
 * @param named identities whose pinned keys count, although they were accepted for patches only
 * @throws PatchsigError as `mailsOfSource`
 */
export async function* resultsOfSource(
  source: string,
  trust: Pick<TrustStore, "results">,
  named: ReadonlySet<string>,
): AsyncGenerator<FoundResult | FlawedResult> {
  const verifier = createVerifier();
  for await (const mails of mailsOfSource(source))
    yield* await resultsAmong(mails, trust, named, verifier);
}

/** The mails of a source, some at a time. @throws PatchsigError if the source cannot be read; "too-large" for a mail */
export async function* mailsOfSource(source: string): AsyncGenerator<readonly MailAtPlace[]> {
  for await (const items of openSource(source, {}))
    yield items.map((item) => {
      if (isReadFailure(item)) throw item.error;
      const { bytes } = item;
      if (bytes === null)
        throw new PatchsigError("too-large", `${item.source}: the mail is too large`);
      return { source: item.source, bytes };
    });
}

/** The results in these mails, as `resultsOfSource` yields them. */
export async function resultsAmong(
  mails: readonly MailAtPlace[],
  trust: Pick<TrustStore, "results">,
  named: ReadonlySet<string>,
  verifier: Verifier,
): Promise<(FoundResult | FlawedResult)[]> {
  const read = await readAll(mails, verifier);
  return read.flatMap(({ source, bytes, readings }) =>
    readings.map((one) => {
      if (!one.ok) return { source, why: one.why };
      const { said, publicKey } = one.signed;
      const key = trust.results.of(said.by, publicKey);
      return {
        source,
        signed: one.signed,
        key,
        worth: worthOf(said, key, named),
        relayed: senderOf(bytes) !== said.by,
        details: said.details === null ? null : detailsIn(bytes, said.details),
      };
    }),
  );
}

/** A mail, and its place, for messages. */
export interface MailAtPlace {
  readonly source: string;
  readonly bytes: Buffer;
}

interface ReadResultMail extends MailAtPlace {
  readonly readings: ReturnType<typeof resultsIn>;
}

/**
 * Reads the results in mails. libuv's threads verify the signatures; if one is bad, all are verified again, one by
 * one.
 */
async function readAll(
  mails: readonly MailAtPlace[],
  verifier: Verifier,
): Promise<readonly ReadResultMail[]> {
  const by = (its: Verifier): ReadResultMail[] =>
    mails.map((mail) => ({ ...mail, readings: resultsIn(mail.bytes, its) }));
  const eager = createEagerVerifier();
  const found = by(eager);
  return (await eager.wasRight()) ? found : by(verifier);
}

/** The identity in From; null if there is no valid address. */
function senderOf(mail: Buffer): string | null {
  const read = attempt(() => parseAuthor(glimpse(dropCr(mail), "from")));
  return read.ok ? normaliseIdentity(read.value.email.toString("utf8")) : null;
}
