/** `patchsig hook install`, `uninstall` and `status`. */

import {
  hindering,
  hookStatus,
  installForAll,
  installHere,
  uninstallForAll,
  uninstallHere,
} from "../../app/hook/setup.ts";
import { hindranceLines, installedLines, removedLines, statusLines } from "../../app/hook/words.ts";
import { EXIT } from "../../errors.ts";
import { command, type CommandGroup } from "../../options/command.ts";
import { flag } from "../../options/kinds.ts";
import { escapeText } from "../../report/escape.ts";
import { out, say } from "../../terminal/terminal.ts";
import { JSON_OPTION, printRecord } from "../json.ts";

const GLOBAL_OPTION = {
  global: flag("for the repositories that this user makes and clones from now on, and this one"),
} as const;

const installCommand = command({
  usage: "install",
  describe: "sign whatever git send-email sends from this repository",
  options: GLOBAL_OPTION,
  async run({ global }) {
    const done = await (global ? installForAll() : installHere());
    installedLines(done).forEach(say);
    for (const line of hindranceLines(await hindering())) say(`but ${line}`);
  },
});

const uninstallCommand = command({
  usage: "uninstall",
  describe: "remove the hook, and restore what was there",
  options: GLOBAL_OPTION,
  async run({ global }) {
    const lines = removedLines(global ? await uninstallForAll() : [await uninstallHere()]);
    (lines.length === 0 ? ["it is not installed"] : lines).forEach(say);
  },
});

const statusCommand = command({
  usage: "status",
  describe: "say whether git send-email signs here",
  options: { json: JSON_OPTION },
  async run({ json }) {
    const status = await hookStatus();
    const hindrances = await hindering();
    if (json) {
      const { installed, signs, scope, path, other } = status;
      const { usual, identities, edits } = hindrances;
      const unvalidated = [usual ?? [], identities.map(({ key }) => key)].flat();
      printRecord("hook", { installed, signs, scope, path, other, unvalidated, edits });
    } else out(statusLines(status, hindrances).map((line) => escapeText(line)));
    return status.signs ? EXIT.ok : EXIT.unmet;
  },
});

export const hookSetup: CommandGroup = {
  usage: "hook",
  describe: "let git send-email sign by itself",
  question: "hook: install, uninstall or status?",
  commands: [installCommand, uninstallCommand, statusCommand],
};
