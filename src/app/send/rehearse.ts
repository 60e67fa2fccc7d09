/** Chooses encodings that survive: each mail goes through what transports do to mails, and is verified again. */

import { PatchsigError } from "../../errors.ts";
import { createVerifier, type Verifier } from "../../minisign/ed25519.ts";
import { encodingFault, isTransferEncoding, TRANSFER_ENCODINGS } from "../../outgoing/encoding.ts";
import {
  dangersOf,
  encodeToSurvive,
  type EncodedMail,
  type EncodingWish,
  type Survives,
} from "../../outgoing/rehearse.ts";
import { type Lookup, settingsOf } from "../../send/settings.ts";
import { checkMail } from "../../verify/check.ts";
import type { Checked } from "../../verify/result.ts";

/** `sendemail.transferEncoding` and `assume8bitEncoding`. @throws PatchsigError "usage" for other words */
export function encodingWish(config: Lookup): EncodingWish {
  const setting = settingsOf(config);
  const word = setting.string("transferEncoding") ?? "auto";
  const charset = setting.string("assume8bitEncoding") ?? "UTF-8";
  if (!/^[\w.:+-]{1,40}$/.test(charset))
    throw new PatchsigError("usage", `sendemail.assume8bitEncoding is "${charset}": no charset`);
  if (word === "auto") return { encoding: null, charset };
  if (isTransferEncoding(word)) return { encoding: word, charset };
  throw new PatchsigError(
    "usage",
    `sendemail.transferEncoding is "${word}": not one of auto, ${TRANSFER_ENCODINGS.join(", ")}`,
  );
}

/** Mails as they leave, and notes about them, one line each. */
export interface Rehearsed {
  readonly mails: readonly Buffer[];
  readonly notes: readonly string[];
}

export interface RehearseOptions {
  readonly wish: EncodingWish;
  /** Subjects, for messages. */
  readonly titles: readonly string[];
  /** Also try what only broken servers do. */
  readonly dangers: boolean;
}

/** @throws PatchsigError "refused" if a mail cannot be sent in the encoding that is wished */
export function rehearse(
  mails: readonly Buffer[],
  { wish, titles, dangers }: RehearseOptions,
): Rehearsed {
  const verifier = rememberingOne();
  const tried = mails.map((mail, i) => {
    if (wish.encoding !== null) refuseFault(titles[i]!, encodingFault(mail, wish.encoding), wish);
    const survives = survival(mail, verifier);
    const encoded = encodeToSurvive(mail, wish, survives);
    return { encoded, survives };
  });
  const all = tried.map(({ encoded }) => encoded);
  return {
    mails: all.map(({ mail }) => mail),
    notes: [
      ...encodedNotes(all, wish),
      ...all.flatMap(({ weak }, i) =>
        weak.map((name) => `${titles[i]}: would not survive: ${name}`),
      ),
      ...(dangers ? dangerNotes(tried, wish.charset) : []),
    ],
  };
}

function refuseFault(title: string, why: string | null, { encoding }: EncodingWish): void {
  if (why === null) return;
  throw new PatchsigError("refused", `${title}: cannot be sent as ${encoding}: ${why}`, {
    hint: "git -c sendemail.transferEncoding=auto patchsig send",
  });
}

/** Notes on mails that are sent in another encoding. */
function encodedNotes(all: readonly EncodedMail[], wish: EncodingWish): string[] {
  if (wish.encoding !== null) return [];
  return (["quoted-printable", "base64"] as const).flatMap((encoding) => {
    const count = all.filter((one) => one.encoding === encoding).length;
    return count === 0
      ? []
      : [`${count} of ${all.length} sent as ${encoding}, to arrive unchanged`];
  });
}

function dangerNotes(
  tried: readonly { readonly encoded: EncodedMail; readonly survives: Survives }[],
  charset: string,
): string[] {
  const found = new Map<string, number>();
  for (const { encoded, survives } of tried)
    for (const { change, helps } of dangersOf(encoded, charset, survives)) {
      const way =
        helps === null ? "no encoding helps" : `sendemail.transferEncoding=${helps} helps`;
      const line = `${change}: ${way}`;
      found.set(line, (found.get(line) ?? 0) + 1);
    }
  if (found.size === 0) return ["all of it would survive broken servers, too"];
  return [...found].map(([line, times]) => `${times} of ${tried.length} would not survive ${line}`);
}

/** As good as before: the signature holds, and nothing else is wrong that was right. */
function survival(mail: Buffer, verifier: Verifier): Survives {
  const before = checkMail(mail, verifier);
  // an unsigned mail has nothing to lose
  if (before.signature !== "good") return () => true;
  const known = faults(before);
  return (arrived) => {
    const after = checkMail(arrived, verifier);
    return after.signature === "good" && faults(after).every((code) => known.includes(code));
  };
}

function faults({ findings }: Checked): string[] {
  return findings.filter(({ severity }) => severity === "fail").map(({ code }) => code);
}

/** Checks each signature once: a mail that arrives unchanged has the same signed text. */
function rememberingOne(): Verifier {
  const verifier = createVerifier(1);
  let last: { key: string; good: boolean } = { key: "", good: false };
  return {
    verifyStrict(publicKey, message, signature) {
      const key = [publicKey, signature, message]
        .map((part) => Buffer.from(part).toString("latin1"))
        .join("\0");
      if (last.key !== key)
        last = { key, good: verifier.verifyStrict(publicKey, message, signature) };
      return last.good;
    },
  };
}
