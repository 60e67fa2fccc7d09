/** The entry point: finds the command, loads only that, and maps errors to exit statuses. */

import { PatchsigError, EXIT, type ExitStatus, FormatError, systemWords } from "../errors.ts";
import { escapeLines, ours, type SafeText } from "../report/escape.ts";
import {
  type Command,
  type CommandGroup,
  type CommandStatus,
  isGroup,
  nameOf,
} from "../options/command.ts";
import { runCommand } from "./run-command.ts";
import { closeScreen, saySafe, out, say, sayError } from "../terminal/terminal.ts";

/** A command whose options are not ours to parse. */
interface RawCommand {
  /** For help and the manual. */
  readonly definition: () => Promise<Command | CommandGroup>;
  readonly run: (args: string[]) => Promise<CommandStatus>;
}

interface CommandEntry {
  readonly describe: string;
  readonly load: () => Promise<Command | CommandGroup | RawCommand>;
}

/** All of them, in the order of the help. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  setup: {
    describe: "begin: your key, the hook, and a check that all works",
    load: async () => (await import("./commands/setup.ts")).setupCommand,
  },
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
    load: async () => (await import("./commands/sign.ts")).signCommand,
  },
  hook: {
    describe: "let git send-email sign by itself",
    load: async () => (await import("./commands/hook.ts")).hookCommand,
  },
  verify: {
    describe: "show who signed each patch, and what changed since",
    load: async () => (await import("./commands/verify.ts")).verifyCommand,
  },
  am: {
    describe: "verify, then apply exactly what was verified",
    load: async () => (await import("./commands/am.ts")).amCommand,
  },
  send: {
    describe: "send a branch or a pull request as a signed series",
    load: async () => (await import("./commands/send.ts")).sendCommand,
  },
  series: {
    describe: "the series in some mails, and their versions: list, link, unlink",
    load: async () => (await import("./commands/series.ts")).seriesCommand,
  },
  review: {
    describe: "verify patches, and write a reply with your signed review",
    load: async () => (await import("./commands/review.ts")).reviewCommand,
  },
  ack: {
    describe: "the same with your Acked-by",
    load: async () => (await import("./commands/review.ts")).ackCommand,
  },
  search: {
    describe: "find mails, patches and test results",
    load: async () => (await import("./commands/search.ts")).searchCommand,
  },
  tested: {
    describe: "was this tree tested elsewhere?",
    load: async () => (await import("./commands/tested.ts")).testedCommand,
  },
  web: {
    describe: "look at series, patches, keys and tests in a browser",
    load: async () => (await import("./commands/web.ts")).webCommand,
  },
  result: {
    describe: "what a test run came to: sign, show, export",
    load: async () => (await import("./commands/result.ts")).resultCommand,
  },
  diff: {
    describe: "compare two versions of a series, patch by patch",
    load: async () => (await import("./commands/diff.ts")).diffCommand,
  },
  log: {
    describe: "commits with who signed them, and what am recorded",
    load: async () => (await import("./commands/log.ts")).logCommand,
  },
  "check-commit": {
    describe: "are commits still what was signed?",
    load: async () => (await import("./commands/check-commit.ts")).checkCommitCommand,
  },
  trailers: {
    describe: "add the trailers of replies to the commits that were sent",
    load: async () => (await import("./commands/trailers.ts")).trailersCommand,
  },
  base: {
    describe: "the tree that a series was made against: show, check, guess",
    load: async () => (await import("./commands/base.ts")).baseCommand,
  },
  attestation: {
    describe: "print the signed text of a mail, for minisign to check",
    load: async () => (await import("./commands/attestation.ts")).attestationCommand,
  },
  trust: {
    describe: "whose key is which: look, accept, rotate, endorse, revoke",
    load: async () => (await import("./commands/trust.ts")).trustCommand,
  },
  feed: {
    describe: "a feed of patches, reviews and test results, as a public-inbox",
    load: async () => (await import("./commands/feed.ts")).feedCommand,
  },
  bot: {
    describe: "suggest signing and bases to a list's authors, rarely",
    load: async () => (await import("./commands/bot.ts")).botCommand,
  },
};

const MANUAL: readonly SafeText[] = [
  ours`usage: patchsig <command> [options]      (also: git patchsig <command>)`,
  ours``,
  ...Object.entries(COMMANDS).map(([name, { describe }]) => ours`  ${name.padEnd(14)}${describe}`),
  ours``,
  ours`patchsig --no-pager <command> prints without a pager.`,
  ours`patchsig help <command> says more. exit status: 0 all met the policy,`,
  ours`1 something did not, 2 wrong usage, 3 could not do it.`,
];

export function isRaw(command: Command | CommandGroup | RawCommand): command is RawCommand {
  return !("usage" in command);
}

async function run(args: string[], paged = true): Promise<CommandStatus> {
  const [name, ...rest] = args;
  if (name === "--no-pager" || name === "-P") return run(rest, false);
  if (name === undefined) {
    saySafe(MANUAL);
    return EXIT.usage;
  }
  if (["--help", "-h", "help"].includes(name)) {
    const named = rest.filter((word) => !word.startsWith("-"));
    return named.length === 0 ? out(MANUAL) : run([...named, "--help"]);
  }
  if (["--version", "-v", "-V", "version"].includes(name)) {
    const { VERSION } = await import("./version.ts");
    return out(ours`patchsig ${VERSION}`);
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined)
    throw name.startsWith("-") ? await noOption(name) : await noCommand(name);
  const command = await entry.load();
  if (isRaw(command)) return command.run(rest);
  return runCommand(command, name, rest, paged);
}

const OPTIONS = ["help", "version", "no-pager"];

async function noOption(name: string): Promise<PatchsigError> {
  const { didYouMean, similar } = await import("../options/similar.ts");
  const like = similar(name.replace(/^-+/, ""), OPTIONS).map((option) => `--${option}`);
  return new PatchsigError("usage", `unknown option: ${name}`, {
    hint: didYouMean(like) ?? "patchsig --help says what there is",
  });
}

async function noCommand(name: string): Promise<PatchsigError> {
  return new PatchsigError("usage", `no such command: ${name}`, {
    hint: (await meant(name)) ?? "patchsig --help lists them",
  });
}

/** Commands that are like a word, or those of a group that are called so: `show`, `trust show`. */
async function meant(word: string): Promise<string | undefined> {
  const { didYouMean, similar } = await import("../options/similar.ts");
  const like = similar(word, Object.keys(COMMANDS));
  if (like.length > 0) return didYouMean(like);
  const inGroups: string[] = [];
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    const loaded = await load();
    const command = isRaw(loaded) ? await loaded.definition() : loaded;
    if (isGroup(command) && command.commands.some((c) => nameOf(c) === word))
      inGroups.push(`${name} ${word}`);
  }
  return didYouMean(inGroups);
}

/** Prints the error, and returns its exit status. */
function report(error: unknown): ExitStatus {
  if (error instanceof PatchsigError) {
    sayError(error);
    return error.exit;
  }
  if (error instanceof FormatError) {
    say(`patchsig: ${error.message}`);
    return EXIT.failed;
  }
  const system = error as NodeJS.ErrnoException;
  if (system.code === "ENOSPC") say("patchsig: the disk is full");
  else if (system.path !== undefined) say(`patchsig: ${system.path}: ${systemWords(error)}`);
  else say(`patchsig: ${system.message ?? String(error)}`);
  if (process.env["PATCHSIG_DEBUG"] && system.stack !== undefined)
    saySafe(escapeLines(system.stack));
  return EXIT.failed;
}

/**
 * Runs a command line, and prints its error if it fails.
 *
 * @param args the words after the program's name
 */
export async function main(args: string[]): Promise<void> {
  try {
    process.exitCode = (await run(args)) ?? EXIT.ok;
  } catch (error) {
    process.exitCode = report(error);
  }
  await closeScreen();
}
