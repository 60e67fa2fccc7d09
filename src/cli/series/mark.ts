/** `patchsig series mark`: what was done with series, as the morning page of `web` shows it. */

import { isMarkState, markByHand, SNOOZE, untilIn } from "../../app/desk/mark.ts";
import { now } from "../../app/now.ts";
import { withUserTrust } from "../../app/trust/user-trust.ts";
import { PatchsigError } from "../../errors.ts";
import { command } from "../../options/command.ts";
import { optional, several, value } from "../../options/kinds.ts";
import { day } from "../../primitives/time.ts";
import { ours, type SafeText } from "../../report/escape.ts";
import { MARK_STATES, type SeriesMark } from "../../store/series-marks.ts";
import { out, reporter } from "../../terminal/terminal.ts";
import { typedMessageId } from "./links.ts";

export const markCommand = command({
  usage: "mark [state] [id..]",
  describe: "note what was done with series: waiting, snoozed, applied, dropped",
  words: {
    state: optional(`${MARK_STATES.join(", ")}; without any, all that is noted`),
    id: several("Message-IDs of mails of the series"),
  },
  options: {
    note: value("a few words to remember"),
    until: value("when a snoozed series comes back: 3.days, 2026-12-24 (default: 7.days)"),
  },
  run({ state, id: ids, note = "", until }) {
    if (state === undefined)
      return withUserTrust(true, (trust) => out(trust.seriesMarks().map(markLine)));
    if (!isMarkState(state))
      throw new PatchsigError("usage", `"${state}" is no state of a series`, {
        hint: `one of ${MARK_STATES.join(", ")}, then Message-IDs`,
      });
    if (ids.length === 0) throw new PatchsigError("usage", "of which series? name a mail of it");
    if (until !== undefined && state !== "snoozed")
      throw new PatchsigError("usage", "--until goes with snoozed");
    const at = now();
    const mark = { state, note, at, until: until === undefined ? at + SNOOZE : untilIn(until, at) };
    return withUserTrust(false, (trust) =>
      markByHand(trust, ids.map(typedMessageId), mark, reporter()),
    );
  },
});

/** `waiting  2026-11-28  <id>  asked for a test` */
function markLine({ messageId, state, note, at, until }: SeriesMark): SafeText {
  const end = until === 0 ? ours`` : ours` until ${day(until)}`;
  return ours`${state.padEnd(7)}  ${day(at)}  ${messageId}${end}${note === "" ? "" : `  ${note}`}`;
}
