/**
 * The program's own commands that findings and letters name, as people type them. Nothing else in
 * the core spells one, and test/commands.test.ts asks the program whether it has them.
 */
export const COMMANDS = {
  accept: "git patchsig trust accept",
  history: "git patchsig trust show",
  apply: "git patchsig am",
  applySigned: "git patchsig am --signed-only",
  prepare: "git patchsig format-patch",
  makeKey: "git patchsig key generate",
} as const;

/** Where in a hint such a command begins; -1 if there is none. */
export function commandAt(hint: string): number {
  return hint.indexOf("git patchsig ");
}
