/** `patchsig hook install`, `uninstall` and `status`. */

import {
  hindering,
  type Hindrances,
  hookStatus,
  installForAll,
  installHere,
  type Installation,
  type Installed,
  type Removal,
  uninstallForAll,
  uninstallHere,
} from "../../app/hook/setup.ts";
import { EXIT } from "../../errors.ts";
import { escapeText } from "../../report/escape.ts";
import { formatRecord } from "../../report/json.ts";
import { command, type CommandGroup } from "../../options/command.ts";
import { out, say } from "../../terminal/terminal.ts";
import { flag } from "../../options/kinds.ts";
import { JSON_OPTION } from "../json.ts";

const GLOBAL_OPTION = {
  global: flag("for the repositories that this user makes and clones from now on, and this one"),
} as const;

const installCommand = command({
  usage: "install",
  describe: "sign whatever git send-email sends from this repository",
  options: GLOBAL_OPTION,
  async run({ global }) {
    const done = await (global ? installForAll() : installHere());
    const but = hindrances(await hindering()).map((text) => `but ${text}`);
    for (const line of [...installedLines(done), ...but]) say(line);
  },
});

function installedLines(done: Installation): string[] {
  if (done.kind === "already") return [`signs in every repository already: ${done.folder}`];
  if (done.kind === "hook") return hookLines("git send-email signs from now on", done);
  const { template, here, replaced } = done;
  return [
    ...hookLines("git send-email signs from now on in new repositories and clones", template),
    ...(here === null ? [] : hookLines("and here", here)),
    ...(replaced === null ? [] : removedLines([replaced])),
    "in each other repository that is there: git patchsig hook install",
  ];
}

function hookLines(what: string, { path, kept, keptSigns }: Installed): string[] {
  const both = keptSigns ? "signs too, and runs last" : "runs first";
  return [
    `${what}: ${path}`,
    ...(kept === null ? [] : [`the hook that was there ${both}: ${kept}`]),
  ];
}

function hindrances({ usual, identities, edits }: Hindrances): string[] {
  return [
    ...(usual === null ? [] : [`git send-email starts no hook: ${usual} is false`]),
    ...identities.map(
      ({ identity, key }) =>
        `with --identity=${identity} git send-email starts no hook: ${key} is false`,
    ),
    ...(edits === null
      ? []
      : [`this git lets you edit after signing, so that nothing is sent: ${edits} is true`]),
  ];
}

const uninstallCommand = command({
  usage: "uninstall",
  describe: "remove the hook, and restore what was there",
  options: GLOBAL_OPTION,
  async run({ global }) {
    const removed = global ? await uninstallForAll() : [await uninstallHere()];
    const lines = removedLines(removed);
    for (const line of lines.length === 0 ? ["it is not installed"] : lines) say(line);
  },
});

function removedLines(removals: readonly Removal[]): string[] {
  return removals.flatMap(({ folder, found, unset, left }) => [
    ...(left ? [`${folder} holds other files too: they are left`] : []),
    ...(unset === null ? [] : [`uninstalled: ${unset} is unset`]),
    ...(unset === "init.templateDir"
      ? ["where a repository has the hook: git patchsig hook uninstall"]
      : []),
    ...(unset === null && found && !left ? [`uninstalled: ${folder} is as before`] : []),
  ]);
}

const statusCommand = command({
  usage: "status",
  describe: "say whether git send-email signs here",
  options: { json: JSON_OPTION },
  async run({ json }) {
    const { installed, signs, scope, path, other, otherSigns, isOldForm } = await hookStatus();
    const hindered = await hindering();
    if (json) {
      const { usual, identities, edits } = hindered;
      const unvalidated = [usual ?? [], identities.map(({ key }) => key)].flat();
      const record = {
        type: "hook",
        installed,
        signs,
        scope,
        path,
        other,
        unvalidated,
        edits,
      };
      out(formatRecord(record));
      return signs ? EXIT.ok : EXIT.unmet;
    }
    const lines = [
      !installed
        ? "git send-email does not sign here: git patchsig hook install"
        : signs
          ? `git send-email signs ${scope === "global" ? "everywhere" : "here"}: ${path}`
          : `git send-email does not sign here, though the hook is there: ${path}`,
      ...(installed ? hindrances(hindered) : []),
      ...(other === null
        ? []
        : [
            `${!installed ? "another hook" : otherSigns ? "signs too, and runs last" : "runs first"}: ${other}`,
          ]),
      ...(isOldForm
        ? [
            "an older version made it, and it slows git down: git patchsig hook install --global replaces it",
          ]
        : []),
    ];
    out(lines.map((line) => escapeText(line)));
    return signs ? EXIT.ok : EXIT.unmet;
  },
});

export const hookSetup: CommandGroup = {
  usage: "hook",
  describe: "let git send-email sign by itself",
  question: "hook: install, uninstall or status?",
  commands: [installCommand, uninstallCommand, statusCommand],
};
