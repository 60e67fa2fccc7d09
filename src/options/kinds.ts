/** The kinds of words and options that commands have: in a definition, a line each. */

interface Named {
  readonly describe: string;
  /** The short name. */
  readonly alias?: string;
}

/** `--flag`, or nothing. */
export function flag(
  describe: string,
  alias?: string,
): Named & { readonly type: "boolean"; readonly default: boolean } {
  return { ...named(describe, alias), type: "boolean", default: false };
}

/** `--option VALUE`. */
export function value(
  describe: string,
  alias?: string,
): Named & { readonly type: "string"; readonly requiresArg: true } {
  return { ...named(describe, alias), type: "string", requiresArg: true };
}

/** `--option NUMBER`. */
export function number(
  describe: string,
  alias?: string,
): Named & { readonly type: "number"; readonly requiresArg: true } {
  return { ...named(describe, alias), type: "number", requiresArg: true };
}

/** `--option VALUE`, which can be given again. */
export function repeated(
  describe: string,
  alias?: string,
): Named & {
  readonly type: "string";
  readonly array: true;
  readonly nargs: 1;
  readonly requiresArg: true;
} {
  // one value an option: as a plain array, yargs would take the words behind it too
  return { ...named(describe, alias), type: "string", array: true, nargs: 1, requiresArg: true };
}

/** A word that may be left out: `show [file]`. */
export function optional(describe: string): Named & { readonly type: "string" } {
  return { describe, type: "string" };
}

/** A word that has to be there: `show <identity>`. */
export function required(
  describe: string,
): Named & { readonly type: "string"; readonly demandOption: true } {
  return { describe, type: "string", demandOption: true };
}

/** Any number of words; without any, these: `sign [file..]`. */
export function several(
  describe: string,
  ...instead: string[]
): Named & { readonly type: "string"; readonly array: true; readonly default: string[] } {
  return { describe, type: "string", array: true, default: instead };
}

function named(describe: string, alias: string | undefined): Named {
  return alias === undefined ? { describe } : { describe, alias };
}
