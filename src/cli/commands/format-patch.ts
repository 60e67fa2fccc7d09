/**
 * `patchsig format-patch`: git format-patch with base information and signatures. Every option that
 * is not one of the few below goes to git as it stands. git writes into a folder of ours first, so
 * that no unsigned or half-signed series is ever left behind.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { PatchsigError, EXIT } from "../../errors.ts";
import { temporaryFolder } from "../../places.ts";
import { shellCommand } from "../../primitives/shell.ts";
import { type BaseChoice, chooseBase } from "../../git/base.ts";
import { baseHazards, type Hazards } from "../../git/base-hazards.ts";
import { addBaseLines, baseLines, writesBase } from "../../git/base-lines.ts";
import { addBaseTree, publicTree } from "../../git/base-tree.ts";
import { otherAuthors, signerIdent } from "../../git/ident.ts";
import { openRepository, type Repository, runFormatPatch } from "../../git/repository.ts";
import { type SeriesRange, seriesRange } from "../../git/series-range.ts";
import { messages } from "../../mail/mbox.ts";
import { escapeText, ours } from "../../report/escape.ts";
import { placeFile, replaceFile } from "../../store/replace-file.ts";
import { count } from "../../primitives/words.ts";
import type { PasswordSettings } from "../password.ts";
import { openSigner } from "../../app/sign/signer.ts";
import { differences, type MadeFrom } from "../compare-commits.ts";
import {
  type Draft,
  isUnmet,
  reportSigned,
  type Signed,
  signDrafts,
  signerAddress,
} from "../../app/sign/signing.ts";
import { out, outFile, say } from "../terminal.ts";
import { now } from "../../app/now.ts";

const HELP = ours`patchsig format-patch [options of git format-patch] [<since> | <range>]

git format-patch, plus the base commit and one signature a patch.

  --key FILE            the secret key, or ssh:NAME of one that ssh-agent holds
                        (default: patchsig.key of git config)
  --password-fd N       read the key's password from this file descriptor
  --password-file FILE  read it from this file (mode 0600)
  --base COMMIT         the base; without it, the newest commit below the series
                        that a remote-tracking branch has. --no-base: none

all else is git's: git help format-patch`;

/** Our options, taken out of the command line, and what decides where the output goes. */
interface Words extends PasswordSettings {
  readonly key?: string;
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

/** Options with a value that are ours, or that we have to know: [pattern, name]. */
const VALUED: readonly (readonly [
  RegExp,
  "key" | "passwordFd" | "passwordFile" | "folder" | "file",
])[] = [
  [/^--key$/, "key"],
  [/^--password-fd$/, "passwordFd"],
  [/^--password-file$/, "passwordFile"],
  // git takes any beginning of an option's name that is no other's
  [/^(?:-o|--output-d[a-z]*)$/, "folder"],
  [/^--output$/, "file"],
];

export const formatPatchCommand = {
  async run(args: string[]): Promise<void> {
    const words = takeWords(args);
    if (words.help) return out(HELP);
    const repository = await openRepository(process.cwd());
    const range = await seriesRange(repository, words.args);
    const base = await chooseBase(repository, { explicit: range.base, range });
    if (range.commits.length === 0) {
      // git says what is wrong with the range, or nothing where it is empty
      await runFormatPatch(repository, ["--stdout", ...range.args], say);
      return say("patchsig: no commits in the range, so no patches");
    }
    const by = signerAddress();
    const from = words.from ? [] : await fromOption(repository, range, by);
    const signer = await openSigner(words);
    try {
      const own = writesBase(repository);
      const gitArgs = [...(own ? baseOption(base) : []), ...from, ...range.args];
      const lines =
        own || base.kind === "none" ? null : await baseLines(repository, base, range.commits);
      const tree = publicTree(repository, base);
      const notes: string[] = [];
      const sign = async (drafts: readonly Written[]): Promise<Signed> => {
        const amended = withTree(withLines(drafts, lines), base, tree);
        const signed = await signDrafts(amended, {
          signer,
          by,
          time: now(),
          base: base.kind === "none" ? null : base.commit,
          inOrder: true,
        });
        // a cover letter that is still to be written is not signed, but has its lines
        const mails = amended.map(({ mail }, i) => (mail === drafts[i]!.mail ? null : mail));
        const madeFrom = signed.mails.flatMap((mail, i): MadeFrom[] => {
          const { name, commit } = drafts[i]!;
          return mail === null || commit === null ? [] : [{ name, mail, commit }];
        });
        for (const patch of madeFrom)
          for (const { text, inFiles } of await differences(repository, patch, range.paths)) {
            notes.push(`note: ${text}`);
            if (inFiles) process.exitCode = EXIT.unmet;
          }
        return { ...signed, mails: signed.mails.map((mail, i) => mail ?? mails[i] ?? null) };
      };
      const signed =
        words.target.kind === "folder"
          ? await intoFolder(repository, words.target.name, gitArgs, words.quiet, sign)
          : await intoOne(repository, words.target, gitArgs, sign);
      if (isUnmet(signed)) process.exitCode = EXIT.unmet;
      if (words.quiet) return;
      reportSigned(signed, by);
      for (const text of notes) say(text);
      const hazards = await baseHazards(repository, base, range);
      for (const text of [...baseNotes(base, repository.shallow), ...hazardNotes(base, hazards)])
        say(text);
    } finally {
      signer.wipe();
    }
  },
};

function takeWords(args: readonly string[]): Words {
  const values: { [name in (typeof VALUED)[number][1]]?: string } = {};
  const rest: string[] = [];
  let quiet = false;
  let help = false;
  let stdout = false;
  let from = false;
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === "--") {
      rest.push(...args.slice(i));
      break;
    }
    const [, name, glued] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? /^(-o)(.+)$/s.exec(word) ?? [];
    const option = VALUED.find(([pattern]) => pattern.test(name ?? word));
    if (option !== undefined) {
      const value = glued ?? args[++i];
      if (value === undefined) throw new PatchsigError("usage", `${word} needs a value`);
      values[option[1]] = value;
      continue;
    }
    if (word === "--help" || word === "-h") help = true;
    else if (word === "--stdout") stdout = true;
    else if (word === "--quiet" || word === "-q") quiet = true;
    else {
      if (/^--(?:no-)?from(?:=|$)/.test(word)) from = true;
      rest.push(word);
    }
  }
  const { key, passwordFd, passwordFile, folder, file } = values;
  if (stdout && folder !== undefined)
    throw new PatchsigError("usage", "--stdout and --output-directory exclude each other");
  const target: Words["target"] = stdout
    ? { kind: "stdout" }
    : file !== undefined
      ? { kind: "file", name: file }
      : { kind: "folder", name: folder ?? null };
  return {
    ...(key === undefined ? {} : { key }),
    ...(passwordFd === undefined ? {} : { passwordFd: Number(passwordFd) }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    quiet,
    help,
    target,
    from,
    args: rest,
  };
}

/**
 * A patch by somebody else must name its sender, who is the signer: git then writes From for the
 * sender and puts the author on top of the body. Only where the user has not decided that.
 */
async function fromOption(
  repository: Repository,
  range: SeriesRange,
  by: string,
): Promise<string[]> {
  if (repository.config.string("format.from") !== null) return [];
  if (!(await otherAuthors(repository, range.commits, by))) return [];
  return [`--from=${await signerIdent(repository, by)}`];
}

function baseOption(base: BaseChoice): string[] {
  return base.kind === "none" ? [] : [`--base=${base.commit}`];
}

/** In the first mail, where git writes them: a cover letter or the first patch. */
function withLines(drafts: readonly Draft[], lines: string | null): readonly Draft[] {
  if (lines === null) return drafts;
  return drafts.map((draft, i) =>
    i === 0 ? { ...draft, mail: addBaseLines(draft.mail, lines) } : draft,
  );
}

function withTree(
  drafts: readonly Draft[],
  base: BaseChoice,
  tree: string | null,
): readonly Draft[] {
  if (tree === null || base.kind === "none") return drafts;
  const { commit } = base;
  return drafts.map((draft) => ({ ...draft, mail: addBaseTree(draft.mail, commit, tree) }));
}

/** A patch as git wrote it, and the full name of its commit; null if git does not say it. */
interface Written extends Draft {
  readonly commit: string | null;
}

const FROM_COMMIT = /^From ([0-9a-f]{40}|[0-9a-f]{64}) Mon Sep 17 00:00:00 2001\r?\n$/;

/** The commit that git names in the From line of a patch. Only zeros are none: `--zero-commit`. */
function commitOf(fromLine: Buffer): string | null {
  const name = FROM_COMMIT.exec(fromLine.toString("latin1"))?.[1] ?? null;
  return name === null || /^0+$/.test(name) ? null : name;
}

/** One mbox, to stdout or into a file. */
async function intoOne(
  repository: Repository,
  target: { readonly kind: "stdout" } | { readonly kind: "file"; readonly name: string },
  args: readonly string[],
  sign: (drafts: readonly Written[]) => Promise<Signed>,
): Promise<Signed> {
  const mbox = await runFormatPatch(repository, ["--stdout", ...args], say);
  const mails = messages(mbox, { keepCr: true });
  const signed = await sign(
    mails.map(({ bytes, offset }, i) => ({
      name: `patch ${i + 1}`,
      mail: whole(bytes),
      commit: commitOf(mbox.subarray(mbox.lastIndexOf(10, offset - 2) + 1, offset)),
    })),
  );
  const pieces: Buffer[] = [];
  let at = 0;
  for (const [i, { offset, size }] of mails.entries()) {
    pieces.push(mbox.subarray(at, offset), signed.mails[i] ?? mbox.subarray(offset, offset + size));
    at = offset + size;
  }
  const bytes = Buffer.concat([...pieces, mbox.subarray(at)]);
  if (target.kind === "stdout") outFile(bytes);
  else replaceFile(path.resolve(repository.cwd, target.name), bytes);
  return signed;
}

/** One file a patch, named by git. */
async function intoFolder(
  repository: Repository,
  asked: string | null,
  args: readonly string[],
  quiet: boolean,
  sign: (drafts: readonly Written[]) => Promise<Signed>,
): Promise<Signed> {
  const draftFolder = temporaryFolder("patchsig-");
  try {
    await runFormatPatch(repository, ["-o", draftFolder, ...args], say);
    const names = readdirSync(draftFolder).sort(byNumber);
    const folder = asked ?? repository.config.path("format.outputdirectory") ?? "";
    const files = names.map((name) => fileOf(name, readFileSync(path.join(draftFolder, name))));
    const drafts = files.flatMap(({ top, mail }, i): Written[] => {
      const name = path.join(folder, names[i]!);
      if (mail !== null) return [{ name, mail, commit: commitOf(top) }];
      // git writes a file of 0 bytes, and counts it
      if (!quiet) say(`note: ${name} is empty, as its commit is: leave it out`);
      return [];
    });
    const signed = await sign(drafts);
    const made = new Map(drafts.map(({ name }, i) => [name, signed.mails[i] ?? null]));
    const into = path.resolve(repository.cwd, folder);
    makeFolder(into);
    for (const [i, name] of names.entries()) {
      const { top, mail } = files[i]!;
      const bytes = made.get(path.join(folder, name)) ?? mail ?? EMPTY;
      placeFile(path.join(into, name), Buffer.concat([top, bytes]));
    }
    if (!quiet) out(names.map((name) => escapeText(path.join(folder, name))));
    return signed;
  } finally {
    rmSync(draftFolder, { recursive: true, force: true });
  }
}

const EMPTY = Buffer.alloc(0);

/** What stands above the mail in a file, its From line, and the mail; null if there is none. */
function fileOf(name: string, bytes: Buffer): { top: Buffer; mail: Buffer | null } {
  const [mail, ...more] = messages(bytes, { keepCr: true });
  if (more.length > 0)
    throw new PatchsigError(
      "refused",
      `${name}: git am would cut it in two at a line of its message`,
      {
        hint: 'a line such as "From x Mon Sep 17 00:00:00 2001" must be indented',
      },
    );
  if (mail === undefined) return { top: bytes, mail: null };
  return { top: bytes.subarray(0, mail.offset), mail: whole(mail.bytes) };
}

/** `v2-0010-x.patch` after `v2-0009-x.patch`, and 10 after 9 with --numbered-files. */
function byNumber(a: string, b: string): number {
  const number = (name: string): number => Number(/^(?:v\S*?-)?(\d+)/.exec(name)?.[1] ?? 0);
  return number(a) - number(b) || (a < b ? -1 : 1);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new PatchsigError("unwritable", `cannot make the directory ${folder}`, { cause });
  }
}

function whole(bytes: Buffer | null): Buffer {
  if (bytes === null)
    throw new PatchsigError("too-large", "a patch is too large to be sent by mail");
  return bytes;
}

/** What receivers will miss, and the command that mends it. */
function baseNotes(base: BaseChoice, shallow: boolean): string[] {
  if (base.kind === "public") return [];
  if (base.kind === "none") {
    if (base.why === "none was wanted") return [];
    const mend = shallow ? ["hint: git fetch --unshallow, then write the patches again"] : [];
    return [`note: no base commit recorded: ${base.why}`, ...mend];
  }
  const lines = [`note: nobody else has the base commit: ${base.why}`];
  if (base.newestPublic !== null) {
    lines.push(`hint: the newest one that they have: --base=${base.newestPublic.slice(0, 12)}`);
  } else if (shallow) {
    lines.push("hint: git fetch --unshallow, then write the patches again");
  } else if (base.via === "parent") {
    lines.push(
      "hint: git remote add origin <url> && git fetch origin, then write the patches again",
    );
  }
  return lines;
}

/** What else may keep the patches from applying, and the command that mends it. */
function hazardNotes(base: BaseChoice, { merges, behind }: Hazards): string[] {
  const onto = base.kind === "public" ? base.remoteRef : base.kind === "private" ? base.commit : "";
  const rebase = `hint: ${shellCommand("git rebase", onto)}, then write the patches again`;
  const notes: string[] = [];
  if (merges > 0)
    notes.push(`note: ${count(merges, "merge")} among the commits: they become no patch`);
  if (behind > 0) notes.push(`note: ${onto} is ${count(behind, "commit")} further than the base`);
  return notes.length === 0 ? [] : [...notes, rebase];
}
