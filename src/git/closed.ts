/**
 * On whose terms git runs. A repository's settings, attributes, hooks and remotes can start programs
 * and connect to servers, and the repository may be anybody's: an unpacked archive, a bare one that
 * lies in a cloned project. So git is started for a purpose, and gets what that needs.
 *
 *     read      looks at what is there: starts nothing, connects to nobody. What is meant unless said
 *     settings  the same for git config and its like, which would repeat settings of ours
 *     work      in the user's own working tree, where git am and checkout run hooks and filters as
 *               they always do there. Objects that are not here are not fetched: names of them come
 *               from mails
 *     fetch     the user has asked for it: from servers, but from no program that a remote names
 */
export type Purpose = "read" | "settings" | "work" | "fetch";

type Environment = Readonly<Record<string, string | undefined>>;

/** Of a partial clone only what is here counts. */
const NO_LAZY_FETCH = { GIT_NO_LAZY_FETCH: "1" };

/** Commits as they are, and nothing written or started on the way. */
const LOOKING: Environment = {
  ...NO_LAZY_FETCH,
  // an older git knows only this: no protocol is allowed, so nothing can be fetched
  GIT_ALLOW_PROTOCOL: "",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_GRAFT_FILE: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_PAGER: "cat",
  GIT_EXTERNAL_DIFF: undefined,
};

const SERVERS = "file:git:http:https:ssh";

const NO_PROGRAMS = ["core.hooksPath=/dev/null", "core.fsmonitor=false"];

const AS_IT_IS = [
  ...NO_PROGRAMS,
  "core.attributesFile=/dev/null",
  "core.pager=cat",
  "core.splitIndex=false",
  "core.untrackedCache=false",
  "index.sparse=false",
  "log.showSignature=false",
];

const TERMS: Readonly<
  Record<Purpose, { readonly env: Environment; readonly config: readonly string[] }>
> = {
  read: { env: LOOKING, config: AS_IT_IS },
  settings: { env: LOOKING, config: [] },
  work: { env: NO_LAZY_FETCH, config: [] },
  fetch: { env: NO_LAZY_FETCH, config: NO_PROGRAMS },
};

/** What says which repository git means: for one that is named, the user's own does not count. */
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
];

/** Diffs by git alone: no program makes them, and none makes text of binary files. */
export const PLAIN_DIFF = ["--no-ext-diff", "--no-textconv", "--no-color"] as const;

/**
 * @param outer the environment of this process
 * @param elsewhere git is to find the repository by the folder it runs in, whatever `outer` says
 * @returns the whole environment, and arguments that come before git's command
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
    args: config.flatMap((setting) => ["-c", setting]),
  };
}
