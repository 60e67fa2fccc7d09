/** `patchsig hook install`, `uninstall` and `status`. */

import {
  hindering,
  type Hindrances,
  hookStatus,
  installForAll,
  installHere,
  type Installation,
  type Removal,
  uninstallForAll,
  uninstallHere,
} from "../../app/hook/setup.ts";
import { EXIT } from "../../errors.ts";
import { escapeText } from "../../report/escape.ts";
import { formatRecord } from "../../report/json.ts";
import { command, type CommandGroup } from "../../options/command.ts";
import { out, say } from "../../terminal/terminal.ts";

const GLOBAL_OPTION = {
  global: { type: "boolean", default: false, describe: "for all repositories of this user" },
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
  switch (done.kind) {
    case "already":
      return [`signs in every repository already: ${done.folder}`];
    case "hook": {
      const { path, kept, keptSigns } = done;
      const both = keptSigns ? "signs too, and runs last" : "runs first";
      return [
        `git send-email signs from now on: ${path}`,
        ...(kept === null ? [] : [`the hook that was there ${both}: ${kept}`]),
      ];
    }
    case "shared":
      return [
        "git send-email signs from now on, in every repository: core.hooksPath is now",
        done.folder,
        "all other hooks run as before; repositories that set core.hooksPath themselves",
        "do not sign",
        ...done.kept.map((one) => `another program's hook is kept, and runs first: ${one}`),
      ];
  }
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
    removedLines(await (global ? uninstallForAll() : uninstallHere())).forEach(say);
  },
});

function removedLines({ folder, found, unset, left }: Removal): string[] {
  return [
    ...(left ? [`${folder} holds other files too: they are left`] : []),
    unset
      ? "uninstalled: core.hooksPath is unset"
      : found
        ? `uninstalled: ${folder} is as before`
        : "it is not installed",
  ];
}

const statusCommand = command({
  usage: "status",
  describe: "say whether git send-email signs here",
  options: { json: { type: "boolean", default: false, describe: "one line of JSON" } },
  async run({ json }) {
    const { installed, signs, scope, path, other, otherSigns, overwritten } = await hookStatus();
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
        overwritten,
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
      ...overwritten.map(
        (one) => `not ours any more, so that no repository's own hook runs: ${one}`,
      ),
      ...(overwritten.length > 0
        ? ["git patchsig hook install --global mends that, and keeps both"]
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
