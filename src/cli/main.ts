/** The entry: finds the command, loads it and nothing else, maps what went wrong to exit statuses. */

import yargs, { type CommandModule } from "yargs";
import { CliError, EXIT, FormatError } from "../errors.ts";
import { escapeText } from "../report/escape.ts";
import { note, out } from "./terminal.ts";
import { VERSION } from "./version.ts";

// yargs has it, its types do not
declare module "yargs" {
  interface Argv<T> {
    usageConfiguration(settings: { "hide-types": boolean }): Argv<T>;
  }
}

/** A command whose options are not ours to parse. */
export interface RawCommand {
  run(args: string[]): Promise<void>;
}

interface Entry {
  readonly describe: string;
  readonly load: () => Promise<CommandModule | RawCommand>;
}

const COMMANDS: Record<string, Entry> = {
  key: {
    describe: "make, import and show the key you sign with",
    load: async () => (await import("./commands/key.ts")).keyCommand,
  },
  "format-patch": {
    describe: "git format-patch, with base information and signatures",
    load: async () => (await import("./commands/format-patch.ts")).formatPatchCommand,
  },
  sign: {
    describe: "sign or re-sign patch files, mails, an mbox",
    load: async () => (await import("./commands/sign.ts")).signCommand as CommandModule,
  },
  verify: {
    describe: "say of each patch who signed it and what changed since",
    load: async () => (await import("./commands/verify.ts")).verifyCommand as CommandModule,
  },
  am: {
    describe: "verify, then apply exactly what was verified",
    load: async () => (await import("./commands/am.ts")).amCommand as CommandModule,
  },
  attestation: {
    describe: "print the signed text of a mail, for minisign to check",
    load: async () =>
      (await import("./commands/attestation.ts")).attestationCommand as CommandModule,
  },
  trust: {
    describe: "list, show and accept remembered keys",
    load: async () => (await import("./commands/trust.ts")).trustCommand,
  },
};

const MANUAL = `usage: patchsig <command> [options]      (also: git patchsig <command>)

${Object.entries(COMMANDS)
  .map(([name, { describe }]) => `  ${name.padEnd(14)}${describe}`)
  .join("\n")}

patchsig <command> --help says more. exit status: 0 all met the policy,
1 something did not, 2 wrong usage, 3 could not do it.
`;

function isRaw(command: CommandModule | RawCommand): command is RawCommand {
  return "run" in command;
}

async function run(args: string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name === undefined) {
    note(MANUAL);
    process.exitCode = EXIT.usage;
    return;
  }
  if (["--help", "-h", "help"].includes(name)) return out(MANUAL);
  if (["--version", "-V", "version"].includes(name)) return out(`patchsig ${VERSION}\n`);
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined)
    throw new CliError("usage", `no such command: ${name}`, { hint: "patchsig --help lists them" });
  const command = await entry.load();
  if (isRaw(command)) return command.run(rest);
  await yargs(afterDashes(args))
    .scriptName("patchsig")
    .command(command)
    .strict()
    .demandCommand(1, "")
    .version(false)
    .help()
    .alias("help", "h")
    .usageConfiguration({ "hide-types": true })
    .wrap(Math.min(80, process.stdout.columns || 80))
    .parserConfiguration({ "parse-numbers": false })
    .middleware(lastOneCounts, true)
    .exitProcess(false)
    .fail((message, error) => {
      // a handler's own error comes as `error`, a wrong flag as `message`
      if (error instanceof Error && !("name" in error && error.name === "YError")) throw error;
      const text = (message ?? error?.message ?? "").replace(/\n[\s\S]*/, "");
      throw new CliError("usage", usageText(name, text, rest), {
        hint: `patchsig ${name} --help says what it takes`,
      });
    })
    .parseAsync();
}

/** Of an option that is given twice, the last one counts, as in git; yargs makes a list of it. */
function lastOneCounts(argv: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(argv)) {
    if (Array.isArray(value) && !LISTS.has(name)) argv[name] = value.at(-1);
  }
}

/** What may hold many: the words themselves, and the files and sources of commands. */
const LISTS: ReadonlySet<string> = new Set(["_", "file", "source", "dev-keyring", "devKeyring"]);

/**
 * Words after `--` are names, whatever they begin with. yargs would not take them for positionals
 * at all, so they are given to it as paths, without the dashes.
 */
function afterDashes(args: readonly string[]): string[] {
  const cut = args.indexOf("--");
  if (cut < 0) return [...args];
  const names = args.slice(cut + 1).map((word) => (/^-./.test(word) ? `./${word}` : word));
  return [...args.slice(0, cut), ...names];
}

/** What yargs complains of, in the words that were typed. */
function usageText(name: string, text: string, words: readonly string[]): string {
  const [, kind, first = ""] = /^(Unknown|Not enough) [^:]*: ([^,]*)/.exec(text) ?? [];
  if (kind === undefined)
    return text === "" ? `${name} needs more words` : text.charAt(0).toLowerCase() + text.slice(1);
  if (kind === "Not enough")
    return text.includes("non-option")
      ? `${name} ${words[0] ?? ""} needs more words`
      : `${first.length > 1 ? "--" : "-"}${first} needs a value`;
  const typed = words.map((word) => word.replace(/=.*/s, ""));
  if (typed.includes(`--${first}`)) return `unknown option: --${first}`;
  if (typed.some((word) => /^-[^-]/.test(word) && word.includes(first)))
    return `unknown option: -${first}`;
  return words[0] === first ? `no such command: ${name} ${first}` : `one word too many: ${first}`;
}

/** One line, its hint, and the status that belongs to it. */
function report(error: unknown): void {
  if (error instanceof CliError) {
    note(`patchsig: ${escapeText(error.message)}\n`);
    if (error.hint !== undefined) note(`hint: ${escapeText(error.hint)}\n`);
    process.exitCode = error.exit;
    return;
  }
  if (error instanceof FormatError) {
    note(`patchsig: ${escapeText(error.message)}\n`);
    process.exitCode = EXIT.failed;
    return;
  }
  const system = error as NodeJS.ErrnoException;
  if (system.code === "ENOSPC") note("patchsig: the disk is full\n");
  else note(`patchsig: ${escapeText(system.message ?? String(error))}\n`);
  if (process.env["PATCHSIG_DEBUG"] && system.stack !== undefined) note(`${system.stack}\n`);
  process.exitCode = EXIT.failed;
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  report(error);
}
