/**
 * What git may do. A repository's settings, attributes, hooks and remotes can start programs and
 * connect to servers, and the repository may be anybody's: an unpacked archive, a bare one in a
 * cloned project. So git is started for a purpose, and gets only what that needs.
 *
 *     read      the default: reads what is there, starts nothing, connects to nobody
 *     settings  the same for git config and its like, which would list our own settings
 *     write     writes refs and objects, and starts nothing
 *     work      in the user's working tree: git am, checkout and hook run hooks and filters as always.
 *               Missing objects are not fetched: their names come from mails
 *     fetch     the user asked for it: from servers, but not through a program that a remote names
 */
export type Purpose = "read" | "settings" | "write" | "work" | "fetch";

type Environment = Readonly<Record<string, string | undefined>>;

/** Fetch nothing into a partial clone. */
const NO_LAZY_FETCH = { GIT_NO_LAZY_FETCH: "1" };

/** What git says is read, so it has to be in English. */
const ENGLISH = { LC_ALL: "C" };

/** Commits unreplaced; nothing written, nothing started. */
const LOOKING: Environment = {
  ...NO_LAZY_FETCH,
  ...ENGLISH,
  // for an older git: allow no protocol, so that it can fetch nothing
  GIT_ALLOW_PROTOCOL: "",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_GRAFT_FILE: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_PAGER: "cat",
  GIT_EXTERNAL_DIFF: undefined,
  // a file for git config alone, which other commands of git never read
  GIT_CONFIG: undefined,
};

const SERVERS = "file:git:http:https:ssh";

const NO_PROGRAMS = ["core.hooksPath=/dev/null", "core.fsmonitor=false"];

const AS_IT_IS = [
  ...NO_PROGRAMS,
  "core.attributesFile=/dev/null",
  "core.pager=cat",
  "core.splitIndex=false",
  "core.untrackedCache=false",
  "diff.orderFile=/dev/null",
  "index.sparse=false",
  "log.showSignature=false",
  // else git writes names of commits, too, in an encoding such as UTF-16
  "i18n.logOutputEncoding=UTF-8",
];

const TERMS: Readonly<
  Record<Purpose, { readonly env: Environment; readonly config: readonly string[] }>
> = {
  read: { env: LOOKING, config: AS_IT_IS },
  settings: { env: LOOKING, config: [] },
  write: { env: LOOKING, config: AS_IT_IS },
  work: { env: NO_LAZY_FETCH, config: [] },
  fetch: { env: { ...NO_LAZY_FETCH, ...ENGLISH }, config: NO_PROGRAMS },
};

/**
 * Whether git may run hooks, such as reference-transaction. git 2.54 and later run those that settings name, too,
 * whatever core.hooksPath is: they have to be switched off by their names.
 */
export function movesRefs(purpose: Purpose): boolean {
  return purpose === "write" || purpose === "fetch";
}

/** Lists the settings of hooks, for `hooksOff`. */
export const LIST_HOOKS = ["config", "--null", "--name-only", "--get-regexp", "^hook\\..+\\."];

/**
 * Variables that switch off the hooks of these settings. Options could not (`-c` cuts a name at its "="), nor could
 * `hook.<event>.enabled`: git 2.54 does not know it, and later ones ignore it where a hook has an event's name.
 *
 * @param keys `hook.<name>.event` and the like
 * @param outer the environment that these are added to
 */
export function hooksOff(keys: readonly string[], outer: Environment): Record<string, string> {
  const names = new Set(keys.map((key) => key.slice(0, key.lastIndexOf("."))));
  if (names.size === 0) return {};
  const from = Number(outer["GIT_CONFIG_COUNT"] ?? 0) || 0;
  const pairs = [...names].flatMap((name, i) => [
    [`GIT_CONFIG_KEY_${from + i}`, `${name}.enabled`],
    [`GIT_CONFIG_VALUE_${from + i}`, "false"],
  ]);
  return { ...Object.fromEntries(pairs), GIT_CONFIG_COUNT: String(from + names.size) };
}

/** Variables that choose the repository: ignored where we name one. */
const WHICH_REPOSITORY = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_COMMON_DIR",
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_NAMESPACE",
  "GIT_PREFIX",
  "GIT_SHALLOW_FILE",
  "GIT_REPLACE_REF_BASE",
  "GIT_REFERENCE_BACKEND",
];

/** A repository that we name is meant, also where the user's setting wants bare ones to be named. */
const NAMED = "safe.bareRepository=all";

/** Diffs by git alone: no external diff, no textconv. */
export const PLAIN_DIFF = ["--no-ext-diff", "--no-textconv", "--no-color"] as const;

/**
 * @param outer the environment of this process
 * @param elsewhere git finds the repository by its working directory, whatever `outer` says
 * @returns the whole environment, and arguments to put before git's command
 */
export function termsOf(
  purpose: Purpose,
  outer: NodeJS.ProcessEnv,
  elsewhere: boolean,
): { readonly env: NodeJS.ProcessEnv; readonly args: readonly string[] } {
  const { env, config } = TERMS[purpose];
  const without = elsewhere ? Object.fromEntries(WHICH_REPOSITORY.map((n) => [n, undefined])) : {};
  const servers =
    purpose === "fetch" ? { GIT_ALLOW_PROTOCOL: outer["GIT_ALLOW_PROTOCOL"] ?? SERVERS } : {};
  return {
    env: { ...outer, ...without, ...env, ...servers },
    args: [...config, ...(elsewhere ? [NAMED] : [])].flatMap((setting) => ["-c", setting]),
  };
}
