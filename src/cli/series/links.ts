/** `patchsig series link` and `unlink`: what the user says of series, remembered. */

import { now } from "../../app/now.ts";
import { withUserTrust } from "../../app/trust/user-trust.ts";
import { PatchsigError } from "../../errors.ts";
import { type Command, command } from "../../options/command.ts";
import { ours } from "../../report/escape.ts";
import { out, say } from "../../terminal/terminal.ts";
import { flag, several } from "../../options/kinds.ts";

const MESSAGE_ID = /^<?([^<>\s]{1,498}@[^<>\s]{1,498})>?$/;

/** With its brackets. */
export function typedMessageId(word: string): string {
  const [, id] = MESSAGE_ID.exec(word) ?? [];
  if (id === undefined)
    throw new PatchsigError("usage", `${word} is not a Message-ID`, {
      hint: "as in 20261124.1-alice@example.org, of any mail of the series",
    });
  return `<${id}>`;
}

function linkingCommand(name: string, together: boolean, describe: string): Command {
  return command({
    usage: `${name} [id..]`,
    describe,
    words: {
      id: several("Message-IDs of two mails, one of each; without any, all that is remembered"),
    },
    options: {
      forget: flag("forget what was said of these two"),
    },
    run({ id, forget }) {
      const [a, b, ...more] = id.map(typedMessageId);
      const isPair = a !== undefined && b !== undefined && more.length === 0 && a !== b;
      if (!isPair && (id.length > 0 || forget))
        throw new PatchsigError("usage", "name two mails, one of each series");
      return withUserTrust(!isPair, (store) => {
        if (!isPair) {
          const all = store.seriesLinks().filter((link) => link.together === together);
          return out(all.map((link) => ours`${link.a} ${link.b}`));
        }
        if (!forget) return store.putSeriesLink({ a, b, together }, now());
        if (!store.dropSeriesLink({ a, b })) say("nothing was said of these two");
      });
    },
  });
}

export const linkCommand = linkingCommand("link", true, "say that two series are versions of one");
export const unlinkCommand = linkingCommand("unlink", false, "say that two series are not");
