/** `patchsig bot run`: reads, decides and sends, until it is stopped. */

import { letterLine, roundLine, runBot } from "../../app/bot/run.ts";
import { EXIT } from "../../errors.ts";
import { command } from "../../options/command.ts";
import { flag } from "../../options/kinds.ts";
import { escapeText } from "../../report/escape.ts";
import { abortOnSignal } from "../../terminal/signals.ts";
import { out, reporter } from "../../terminal/terminal.ts";
import { CONFIG_OPTION } from "./common.ts";

export const runCommand = command({
  usage: "run",
  describe: "read the sources, decide, and send what is due",
  options: {
    config: CONFIG_OPTION,
    once: flag("one round only, for cron or a timer"),
  },
  async run({ config, once }) {
    const round = await runBot({
      config,
      once,
      // after the round: nothing is cut off
      stop: abortOnSignal(),
      reporter: reporter(),
      onLetter: (letter) => out(escapeText(letterLine(letter))),
    });
    if (round === null) return EXIT.ok;
    const { letters, sent } = round.done;
    // cron mails what it is told: without a terminal, a round that wrote and sent nothing is silent
    if (letters + sent > 0 || process.stdout.isTTY) out(escapeText(roundLine(round.done)));
    return round.failed ? EXIT.failed : EXIT.ok;
  },
});
