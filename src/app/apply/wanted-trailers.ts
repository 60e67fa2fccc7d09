/** Which trailers `am` adds: what the user wants of them, what is shown, and whether they are added. */

import { count } from "../../primitives/words.ts";
import { ours, type SafeText } from "../../report/escape.ts";
import { renderReplies, renderWrittenIn } from "../../report/replies.ts";
import { renderSeries, type Style } from "../../report/text.ts";
import type { Checked } from "../../verify/result.ts";
import type { Series } from "../../verify/series.ts";
import type { Questions } from "../questions.ts";
import type { Reporter } from "../reporter.ts";
import {
  type AmTrailers,
  amTrailersSetting,
  linkMaskSetting,
  trailerSettings,
} from "../trailers/settings.ts";
import type { OfferOptions, TrailerOffer } from "./trailers.ts";

/** What the user says of trailers. */
export interface TrailerWishes {
  readonly trailers?: boolean | undefined;
  readonly sloppyTrailers: boolean;
  readonly link: boolean;
  readonly signedOnly: boolean;
}

export interface WantedTrailers extends OfferOptions {
  readonly add: AmTrailers;
}

/**
 * What to look for, and whether to add it. Anybody may have written the lines in a patch's own mail: they
 * are taken only if the user asks for trailers in this very run.
 *
 * @throws PatchsigError "usage" for settings that are wrong
 */
export function wantedTrailers(values: TrailerWishes): WantedTrailers {
  const { trailers } = values;
  return {
    add: trailers === undefined ? amTrailersSetting() : trailers ? "yes" : "no",
    trailers: trailerSettings(),
    sloppy: values.sloppyTrailers,
    inMail: trailers === true && !values.signedOnly,
    linkMask: values.link ? linkMaskSetting() : null,
  };
}

/**
 * Whether to add them: by option, by setting, or by asking if somebody is there. Says it if not.
 *
 * @param questions null if nobody is to be asked
 */
export async function wantsTrailers(
  { count: offered }: TrailerOffer,
  add: AmTrailers,
  questions: Questions | null,
  say: Reporter["say"],
): Promise<boolean> {
  if (offered === 0 || add === "no") return false;
  if (add === "yes") return true;
  const what = count(offered, "trailer");
  if (questions?.canAsk() === true) return questions.askYesOrNo(ours`add ${what}?`);
  say(`${what} in replies, not added: --trailers adds them`);
  return false;
}

/** The series, and below it what could be added. */
export function trailerOfferLines(
  { result, members }: Series<unknown>,
  offer: TrailerOffer,
  style: Style,
): SafeText[] {
  const { total } = result;
  return [
    ...renderSeries(
      result,
      members.map((member) => member.result),
      style,
    ),
    ...(offer.replies === null ? [] : renderReplies(offer.replies, total, style)),
    ...renderWrittenIn({ ...offer, total }, style),
  ];
}

/** The way out, if all that is wrong is that somebody added trailers to the mails. */
export function trailerHints({ members }: Series<Checked>, values: TrailerWishes): string[] {
  const isAdded = members.some(({ payload }) => payload.addedLines.length > 0);
  return isAdded && values.trailers !== true
    ? ["hint: --trailers applies what was signed, with the trailers that were added to it"]
    : [];
}
