/** `patchsig trust log`: the history of keys, the newest first, like git log. */

import { withUserTrust } from "../../app/trust/user-trust.ts";
import { PatchsigError, EXIT } from "../../errors.ts";
import { ours } from "../../report/escape.ts";
import { renderEvent } from "../../report/trust-log.ts";
import { MAX_CHANGED } from "../../store/trust-transitions.ts";
import { out, say } from "../../terminal/terminal.ts";
import { identityOf } from "./common.ts";
import { command } from "../../options/command.ts";
import { JSON_OPTION, printRecord } from "../json.ts";
import { number, optional } from "../../options/kinds.ts";

export const trustLogCommand = command({
  usage: "log [identity]",
  paged: true,
  describe: "what happened to keys and why, the newest first",
  words: {
    identity: optional("a mail address; without it, all"),
  },
  options: {
    "max-count": number("at most this many entries", "n"),
    json: JSON_OPTION,
  },
  run: ({ identity, maxCount, json }) =>
    withUserTrust(true, (trust) => {
      const most = maxCount ?? Infinity;
      if (Number.isNaN(most) || most < 0)
        throw new PatchsigError("usage", "--max-count needs a number that is not negative");
      const of = identity === undefined ? null : identityOf(identity);
      const events = of === null ? trust.log() : trust.events(of).toReversed();
      let shown = 0;
      for (const event of events) {
        if (shown++ >= most) break;
        if (json) printRecord("event", event);
        else out(shown > 1 ? [ours``, ...renderEvent(event)] : renderEvent(event));
      }
      if (of !== null && trust.changedKeys(of) >= MAX_CHANGED)
        say(`of keys that are not theirs, only the newest ${MAX_CHANGED} are kept`);
      if (of !== null && shown === 0 && trust.show(of) === null)
        throw new PatchsigError("not-found", `nothing is known about ${of}`, {
          exit: EXIT.unmet,
        });
    }),
});
