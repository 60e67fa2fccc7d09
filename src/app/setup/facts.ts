/**
 * What setup finds out by itself. Only the user's own settings count: those of the current
 * repository may be anybody's (git/scope.ts), and are only reported.
 */

import { realpathSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { isProgram } from "../../git/committed.ts";
import { type Config, configOf, REPOSITORY_SCOPES } from "../../git/config.ts";
import { hooksFolder, unvalidated } from "../../git/hooks.ts";
import { gitText } from "../../git/run.ts";
import { ownSettings } from "../../git/scope.ts";
import { hookState } from "../../store/hook-file.ts";
import { defaultKeyPath } from "../../store/key-path.ts";
import { editingSetting } from "../hook/edited-after.ts";
import { checkOnPath } from "../hook/setup.ts";
import { type MailReader, mailReaders } from "./readers.ts";
import { readRecord, type Role } from "./record.ts";

/** The hook in the current repository. */
export type HookFact =
  | { readonly kind: "nowhere" }
  | { readonly kind: "installed"; readonly path: string }
  | {
      readonly kind: "possible";
      readonly folder: string;
      readonly path: string;
      /** A hook that is there already: it is kept, and runs too. */
      readonly other: string | null;
    }
  /** Why setup cannot install it, and what to do. */
  | { readonly kind: "impossible"; readonly why: string; readonly hint: string };

export interface Facts {
  /** git's version. */
  readonly git: string;
  /** Author of commits, and signer; null if git would have to guess. */
  readonly name: string | null;
  readonly address: string | null;
  readonly sendEmail: SendEmailFacts;
  readonly readers: readonly MailReader[];
  /** The top of the current working tree; null outside of one. */
  readonly repository: string | null;
  readonly hook: HookFact;
  /** `patchsig.key`; null if it is not set. */
  readonly keySetting: string | null;
  /** The repository's own `patchsig.key`, which counts there; null if it sets none. */
  readonly keyHere: string | null;
  /** The default path of a key: a new one goes there. */
  readonly keyPath: string;
  /** `patchsig.dkim`; null if it is not set. */
  readonly dkim: string | null;
  /** `notes.rewriteRef`: the notes that follow a commit when git rewrites it. */
  readonly followingNotes: readonly string[];
  /** From an earlier run; or null. */
  readonly role: Role | null;
}

interface SendEmailFacts {
  readonly installed: boolean;
  /** Its server or program; null if it would look for sendmail. */
  readonly server: string | null;
  /** The setting by which it starts no hook, wherever it is set; null if none does. */
  readonly hookless: string | null;
  /** The setting by which one edits after the hook has signed, so that it refuses; null if none does. */
  readonly edits: string | null;
}

/**
 * @param local the repository's own settings are meant: they count as the user's
 * @throws PatchsigError "git-missing", "git-failed", "unreadable"
 */
export async function findFacts(local: boolean): Promise<Facts> {
  const cwd = process.cwd();
  const { env } = process;
  const version = await gitText(["--version"], { cwd });
  const { config, toplevel } = ownSettings(cwd);
  if (local && toplevel === null)
    throw new PatchsigError("usage", "--local needs a repository to be in");
  const mine = local ? config : withoutRepository(config);
  return {
    git: /\d[\w.]*/.exec(version)?.[0] ?? version,
    name: first(env["GIT_AUTHOR_NAME"], mine.string("author.name"), mine.string("user.name")),
    address: first(
      mine.string("patchsig.address"),
      env["GIT_AUTHOR_EMAIL"],
      mine.string("author.email"),
      mine.string("user.email"),
      env["EMAIL"],
    ),
    sendEmail: await sendEmailFacts(mine, config),
    readers: mailReaders(),
    repository: toplevel,
    hook: await hookFact(toplevel),
    keySetting: mine.path("patchsig.key"),
    keyHere: local ? null : onlyRepository(config).path("patchsig.key"),
    keyPath: defaultKeyPath(env),
    dkim: mine.string("patchsig.dkim"),
    followingNotes: mine.all("notes.rewriteRef"),
    role: readRecord().role,
  };
}

/** The first value that is set and not empty. */
function first(...values: readonly (string | null | undefined)[]): string | null {
  return values.find((value) => (value ?? "") !== "") ?? null;
}

/** The settings of the user and the system. */
function withoutRepository({ settings }: Config): Config {
  return configOf(settings.filter(({ scope }) => !REPOSITORY_SCOPES.has(scope)));
}

function onlyRepository({ settings }: Config): Config {
  return configOf(settings.filter(({ scope }) => REPOSITORY_SCOPES.has(scope)));
}

/** The value of a setting now, not as it was when the program started; of the user, or in the repository too. */
export function settingNow(name: string, local: boolean): string | null {
  const { config } = ownSettings(process.cwd());
  return (local ? config : withoutRepository(config)).string(name);
}

async function sendEmailFacts(config: Config, here: Config): Promise<SendEmailFacts> {
  const folder = await gitText(["--exec-path"], { cwd: process.cwd() });
  const identity = config.string("sendemail.identity");
  const set = (name: string): string | null =>
    (identity === null ? null : config.string(`sendemail.${identity}.${name}`)) ??
    config.string(`sendemail.${name}`);
  // a command may hold a password
  const program = set("sendmailCmd") === null ? null : "a program";
  return {
    installed: isProgram(join(folder, "git-send-email")),
    server: program ?? set("smtpServer"),
    hookless: unvalidated(here).usual,
    edits: await editingSetting(here),
  };
}

async function hookFact(toplevel: string | null): Promise<HookFact> {
  if (toplevel === null) return { kind: "nowhere" };
  const { folder, shared } = await hooksFolder(process.cwd());
  const { installed, path, other } = hookState(folder);
  if (installed) return { kind: "installed", path };
  if (shared)
    return impossible(
      `core.hooksPath makes all repositories use ${folder}`,
      "git patchsig hook install --global",
    );
  // a repository's settings can name any folder
  const common = await gitText(["rev-parse", "--git-common-dir"], { cwd: process.cwd() });
  if (![toplevel, resolve(common)].some((top) => isInside(folder, top)))
    return impossible(`its hooks lie outside of it, in ${folder}`, "git patchsig hook install");
  try {
    await checkOnPath();
  } catch (error) {
    if (!(error instanceof PatchsigError)) throw error;
    return impossible(error.message, error.hint ?? "");
  }
  return { kind: "possible", folder, path, other };
}

function impossible(why: string, hint: string): HookFact {
  return { kind: "impossible", why, hint };
}

/** Links followed; a path that does not exist yet is returned as it will be. */
function isInside(folder: string, top: string): boolean {
  const way = relative(realOf(top), realOf(folder));
  return way !== ".." && !way.startsWith(`..${sep}`) && !way.startsWith(sep);
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = resolve(path, "..");
    return parent === path ? path : join(realOf(parent), path.slice(parent.length));
  }
}
