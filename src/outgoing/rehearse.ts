/** Finds the encoding in which a mail survives transport, and what it would not survive. Pure. */

import {
  encodingFault,
  inEncoding,
  TRANSFER_ENCODINGS,
  type TransferEncoding,
} from "./encoding.ts";
import { JOURNEYS, SPOILING } from "./transports.ts";

/** Is this mail, as it would arrive, as good as the one that was written? */
export type Survives = (arrived: Buffer) => boolean;

export interface EncodedMail {
  readonly mail: Buffer;
  readonly encoding: TransferEncoding;
  /** Names of usual changes by transports that this mail would not survive. */
  readonly weak: readonly string[];
}

/** How mails are to be sent: `sendemail.transferEncoding`, and `sendemail.assume8bitEncoding`. */
export interface EncodingWish {
  /** Null: the plainest that survives. */
  readonly encoding: TransferEncoding | null;
  readonly charset: string;
}

/** The mail in the given encoding, else in the plainest that survives what transports usually do. */
export function encodeToSurvive(
  mail: Buffer,
  { encoding, charset }: EncodingWish,
  survives: Survives,
): EncodedMail {
  let best: EncodedMail | null = null;
  for (const one of encoding === null ? TRANSFER_ENCODINGS : [encoding]) {
    if (encoding === null && encodingFault(mail, one) !== null) continue;
    const encoded = inEncoding(mail, one, charset);
    const weak = weakPoints(encoded, survives);
    if (best === null || weak.length < best.weak.length)
      best = { mail: encoded, encoding: one, weak };
    if (weak.length === 0) break;
  }
  return best!;
}

/** Nearly all mails survive all changes at once; only for others is it found out which they do not survive. */
function weakPoints(mail: Buffer, survives: Survives): string[] {
  return JOURNEYS.flatMap((journey) => {
    if (survives(journey.reduce((arrived, { apply }) => apply(arrived), mail))) return [];
    const weak = journey.filter(({ apply }) => !survives(apply(mail))).map(({ name }) => name);
    return weak.length > 0 ? weak : [journey.map(({ name }) => name).join(", ")];
  });
}

/** Changes that only damage mails, and the encoding that helps; null if none does. */
export interface Danger {
  readonly change: string;
  readonly helps: TransferEncoding | null;
}

/** What broken transports do that an encoded mail would not survive. */
export function dangersOf({ mail }: EncodedMail, charset: string, survives: Survives): Danger[] {
  return SPOILING.flatMap(({ name, apply }) => {
    if (survives(apply(mail))) return [];
    const helps = (["quoted-printable", "base64"] as const).find((one) =>
      survives(apply(inEncoding(mail, one, charset))),
    );
    return [{ change: name, helps: helps ?? null }];
  });
}
