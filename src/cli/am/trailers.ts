/** What `am` says and asks about trailers. */

import type { OfferOptions, TrailerOffer } from "../../app/apply/trailers.ts";
import type { Checked } from "../../verify/result.ts";
import type { Series } from "../../verify/series.ts";
import {
  type AmTrailers,
  amTrailersSetting,
  linkMaskSetting,
  trailerSettings,
} from "../../app/trailers/settings.ts";
import { count } from "../../primitives/words.ts";
import { ours, type SafeText } from "../../report/escape.ts";
import { renderReplies, renderWrittenIn } from "../../report/replies.ts";
import { renderSeries } from "../../report/text.ts";
import type { Reporter } from "../../app/reporter.ts";
import { askYesOrNo, canAsk } from "../../terminal/questions.ts";
import { outputStyle } from "../../terminal/terminal.ts";
import { flag } from "../../options/kinds.ts";

export const TRAILER_OPTIONS = {
  trailers: { type: "boolean", describe: "add the trailers of replies (default: ask)" },
  "sloppy-trailers": flag("also those that somebody sent in another's name"),
  link: flag("add a Link to each mail, by patchsig.linkMask", "l"),
} as const;

export interface TrailerValues {
  readonly trailers?: boolean | undefined;
  readonly sloppyTrailers: boolean;
  readonly link: boolean;
  readonly signedOnly: boolean;
}

interface AmOffer extends OfferOptions {
  readonly add: AmTrailers;
}

/**
 * What to look for, and whether to add it. Lines in a patch's own mail, which anybody may have written, are taken only if the user
 * asks for trailers in this very run.
 */
export function offerOptions(values: TrailerValues): AmOffer {
  const { trailers } = values;
  return {
    add: trailers === undefined ? amTrailersSetting() : trailers ? "yes" : "no",
    trailers: trailerSettings(),
    sloppy: values.sloppyTrailers,
    inMail: trailers === true && !values.signedOnly,
    linkMask: values.link ? linkMaskSetting() : null,
  };
}

/** Whether to add them: by option, by setting, or by asking if somebody is there. Says it if not. */
export async function wantsTrailers(
  { count: offered }: TrailerOffer,
  { add, quiet }: { readonly add: AmTrailers; readonly quiet: boolean },
  say: Reporter["say"],
): Promise<boolean> {
  if (offered === 0 || add === "no") return false;
  if (add === "yes") return true;
  const what = count(offered, "trailer");
  if (!quiet && canAsk()) return askYesOrNo(ours`add ${what}?`);
  say(`${what} in replies, not added: --trailers adds them`);
  return false;
}

/** The series, and below it what could be added. */
export function trailerOfferLines(
  { result, members }: Series<unknown>,
  offer: TrailerOffer,
): SafeText[] {
  const style = outputStyle();
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
export function trailerHints({ members }: Series<Checked>, values: TrailerValues): string[] {
  const isAdded = members.some(({ payload }) => payload.addedLines.length > 0);
  return isAdded && values.trailers !== true
    ? ["hint: --trailers applies what was signed, with the trailers that were added to it"]
    : [];
}
