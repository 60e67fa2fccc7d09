/** Decides whether `am` adds trailers: by the user's options and settings, or by asking; and shows them. */

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

/** The user's options about trailers. */
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
 * Which trailers to look for, and whether to add them. Anybody may have added lines to a patch's own mail: they are
 * taken only if the user gives --trailers, not by a setting.
 *
 * @throws PatchsigError "usage" for a setting that is not valid
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
 * Whether to add the trailers: by option, by setting, or by asking. If there is nobody to ask, they are not added, and
 * that is said.
 *
 * @param questions null to ask nobody
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

/** Shows the series, and below it the trailers that can be added. */
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

/** A hint for series that failed because somebody added trailers to the mails; else []. */
export function trailerHints({ members }: Series<Checked>, values: TrailerWishes): string[] {
  const isAdded = members.some(({ payload }) => payload.addedLines.length > 0);
  return isAdded && values.trailers !== true
    ? ["hint: --trailers applies what was signed, with the trailers that were added"]
    : [];
}
