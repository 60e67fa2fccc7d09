/**
 * `patchsig format-patch`: git format-patch with base information and signatures. Every option that
 * is not one of the few below goes to git as it stands.
 */

import { openHere } from "../../app/settings.ts";
import path from "node:path";
import { now } from "../../app/now.ts";
import { baseNotes, hazardNotes } from "../../app/sign/base-notes.ts";
import {
  gitArguments,
  planSeries,
  type PreparedSeries,
  seriesPreparer,
} from "../../app/sign/prepare-series.ts";
import { isUnmet, signedLines, signerAddress } from "../../app/sign/signing.ts";
import { seriesAsFiles, seriesAsMbox } from "../../app/sign/write-series.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { baseHazards } from "../../git/base-hazards.ts";
import { type Repository, runFormatPatch } from "../../git/repository.ts";
import type { SeriesRange } from "../../git/series-range.ts";
import { count } from "../../primitives/words.ts";
import { escapeText } from "../../report/escape.ts";
import { replaceFile } from "../../store/replace-file.ts";
import { command, type Command, type CommandStatus } from "../../options/command.ts";
import type { PasswordSettings } from "../../terminal/password.ts";
import { runCommand } from "../run-command.ts";
import { SIGNER_OPTIONS, userSigner } from "../signer.ts";
import { out, outFile, say } from "../../terminal/terminal.ts";
import { value } from "../../options/kinds.ts";

/** What help says. `takeWords` reads the words, since most of them are git's. */
const definition: Command = command({
  usage: "format-patch [options..]",
  describe: "git format-patch, with base information and signatures",
  words: {
    options: {
      describe:
        "as for git format-patch (git help format-patch); without a range: what is above the branch's upstream or, if it has none, on no remote",
      type: "string",
      array: true,
    },
  },
  options: {
    ...SIGNER_OPTIONS,
    base: value(
      "the base; without it, the newest commit below the series that a remote-tracking branch has",
    ),
    "no-base": { type: "boolean", describe: "record no base" },
  },
  run: () => EXIT.usage,
});

/** Our options, taken out of the command line, and what decides where the output goes. */
interface FormatPatchWords extends PasswordSettings {
  readonly key: string | undefined;
  readonly quiet: boolean;
  readonly help: boolean;
  /** `--stdout`, or the file of `--output`; else files in `folder`. */
  readonly target:
    | { readonly kind: "stdout" }
    | { readonly kind: "file"; readonly name: string }
    | { readonly kind: "folder"; readonly name: string | null };
  /** True if the user said who the From header names. */
  readonly from: boolean;
  /** For git. */
  readonly args: readonly string[];
}

type Valued = "key" | "passwordFd" | "passwordFile" | "folder" | "file";
type Flag = "help" | "stdout" | "quiet";

/** Options with a value that are ours, or that we have to know: [pattern, name]. */
const VALUED: readonly (readonly [RegExp, Valued])[] = [
  [/^--key$/, "key"],
  [/^--password-fd$/, "passwordFd"],
  [/^--password-file$/, "passwordFile"],
  // git takes any beginning of an option's name that is no other's
  [/^(?:-o|--output-d[a-z]*)$/, "folder"],
  [/^--output$/, "file"],
];

const FLAGS: readonly (readonly [RegExp, Flag])[] = [
  [/^(?:--help|-h)$/, "help"],
  [/^--stdout$/, "stdout"],
  [/^(?:--quiet|-q)$/, "quiet"],
];

export const formatPatchCommand = {
  definition: async (): Promise<Command> => definition,
  async run(args: string[]): Promise<CommandStatus> {
    const words = takeWords(args);
    if (words.help) return runCommand(definition, "format-patch", ["--help"]);
    const repository = await openHere();
    const plan = await planSeries(repository, words.args);
    if (plan.range.commits.length === 0) {
      // git says what is wrong with the range, or nothing where it is empty
      await runFormatPatch(repository, ["--stdout", ...plan.range.args], say);
      return nothingToWrite(plan.range);
    }
    // before the password: it is what will be signed
    if (!words.quiet) sayImplied(plan.range);
    const by = signerAddress();
    const gitArgs = await gitArguments(repository, plan, { by, from: words.from });
    const terms = { signer: () => userSigner(words), by, time: now() };
    const prepare = seriesPreparer(repository, plan, terms);
    const [{ signed, differences }, hazards] = await Promise.all([
      write(repository, words, { args: gitArgs, prepare, say }),
      words.quiet ? null : baseHazards(repository, plan.base, plan.range),
    ]);
    const unmet = isUnmet(signed) || differences.some(({ inFiles }) => inFiles);
    if (unmet || !words.quiet) {
      signedLines(signed, by).forEach(say);
      for (const { text } of differences) say(`note: ${text}`);
    }
    if (hazards !== null) {
      baseNotes(plan.base, repository.shallow).forEach(say);
      hazardNotes(plan.base, hazards).forEach(say);
    }
    return unmet ? EXIT.unmet : EXIT.ok;
  },
};

/** Which commits were taken, where the user did not say. */
function sayImplied({ implied, commits }: SeriesRange): void {
  if (implied !== null) say(`no range given: ${count(commits.length, "commit")} ${implied.which}`);
}

function nothingToWrite({ implied }: SeriesRange): void {
  if (implied === null) return say("patchsig: no commits in the range, so no patches");
  say(`patchsig: no range given, and no commits ${implied.which}, so no patches`);
  say("hint: name it: git patchsig format-patch origin/main..");
}

/** Where the words say that it goes. */
async function write(
  repository: Repository,
  { target, quiet }: FormatPatchWords,
  options: Parameters<typeof seriesAsMbox>[1],
): Promise<PreparedSeries> {
  if (target.kind === "folder") {
    const made = await seriesAsFiles(repository, target.name, options);
    if (quiet) return made;
    for (const name of made.empty) say(`note: ${name} is empty, as its commit is: leave it out`);
    out(made.files.map((name) => escapeText(name)));
    return made;
  }
  const made = await seriesAsMbox(repository, options);
  if (target.kind === "stdout") outFile(made.mbox);
  else replaceFile(path.resolve(repository.cwd, target.name), made.mbox);
  return made;
}

/** Ours are taken out; the rest goes to git in its order. */
function takeWords(args: readonly string[]): FormatPatchWords {
  const values: { [name in Valued]?: string } = {};
  const flags = new Set<Flag>();
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === "--") {
      rest.push(...args.slice(i));
      break;
    }
    const [, name, glued] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? /^(-o)(.+)$/s.exec(word) ?? [];
    const option = VALUED.find(([pattern]) => pattern.test(name ?? word));
    const flag = FLAGS.find(([pattern]) => pattern.test(word));
    if (option !== undefined) {
      const value = glued ?? args[++i];
      if (value === undefined) throw new PatchsigError("usage", `${word} needs a value`);
      values[option[1]] = value;
    } else if (flag !== undefined) flags.add(flag[1]);
    else rest.push(word);
  }
  const { key, passwordFd, passwordFile, folder, file } = values;
  return {
    key,
    passwordFd: passwordFd === undefined ? undefined : Number(passwordFd),
    passwordFile,
    quiet: flags.has("quiet"),
    help: flags.has("help"),
    target: targetOf(flags.has("stdout"), folder, file),
    from: rest.some((word) => /^--(?:no-)?from(?:=|$)/.test(word)),
    args: rest,
  };
}

function targetOf(
  stdout: boolean,
  folder: string | undefined,
  file: string | undefined,
): FormatPatchWords["target"] {
  if (stdout && folder !== undefined)
    throw new PatchsigError("usage", "--stdout and --output-directory exclude each other");
  if (stdout) return { kind: "stdout" };
  if (file !== undefined) return { kind: "file", name: file };
  return { kind: "folder", name: folder ?? null };
}
