/** What the hook's commands say of it. */

import type { HookStatus, Hindrances, Installation, Installed, Removal } from "./setup.ts";

/** Where the hook is now, and what became of one that was there. */
export function installedLines(done: Installation): string[] {
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

/** Settings by which git does not start the hook, or the hook refuses. */
export function hindranceLines({ usual, identities, edits }: Hindrances): string[] {
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

/** None if there was nothing to remove. */
export function removedLines(removals: readonly Removal[]): string[] {
  return removals.flatMap(({ folder, found, unset, left }) => [
    ...(left ? [`${folder} holds other files too: they are left`] : []),
    ...(unset === null ? [] : [`uninstalled: ${unset} is unset`]),
    ...(unset === "init.templateDir"
      ? ["where a repository has the hook: git patchsig hook uninstall"]
      : []),
    ...(unset === null && found && !left ? [`uninstalled: ${folder} is as before`] : []),
  ]);
}

export function statusLines(status: HookStatus, hindrances: Hindrances): string[] {
  const { installed, other, otherSigns, isOldForm } = status;
  const theirs = !installed
    ? "another hook"
    : otherSigns
      ? "signs too, and runs last"
      : "runs first";
  return [
    signsLine(status),
    ...(installed ? hindranceLines(hindrances) : []),
    ...(other === null ? [] : [`${theirs}: ${other}`]),
    ...(isOldForm
      ? [
          "an older version made it, and it slows git down: git patchsig hook install --global replaces it",
        ]
      : []),
  ];
}

function signsLine({ installed, signs, scope, path }: HookStatus): string {
  if (!installed) return "git send-email does not sign here: git patchsig hook install";
  if (!signs) return `git send-email does not sign here, though the hook is there: ${path}`;
  return `git send-email signs ${scope === "global" ? "everywhere" : "here"}: ${path}`;
}
