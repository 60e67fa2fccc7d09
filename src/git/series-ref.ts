/**
 * What is remembered of a branch's series, in the repository itself: `refs/patchsig/series/<branch>`,
 * a commit for each event (docs/sending.md, "What is remembered"). A version that was sent is a
 * parent of its event, so git keeps its commits.
 */

import { FormatError, PatchsigError } from "../errors.ts";
import {
  formatSent,
  formatSeriesSettings,
  MAX_SENT_VERSIONS,
  MAX_STATE_FILE,
  parseSent,
  parseSeriesSettings,
  type SeriesState,
} from "../outgoing/state.ts";
import { readBlobs } from "./blobs.ts";
import type { Repository } from "./repository.ts";
import { git, gitLines, gitText, runGit } from "./run.ts";

const SERIES_REFS = "refs/patchsig/series/";

/** A state, and the commit that it was read from: what a change of it must still find. */
export interface StoredState {
  readonly state: SeriesState;
  readonly commit: string;
}

/** The ref of a branch's series. @param branch its short name */
export function seriesRef(branch: string): string {
  return `${SERIES_REFS}${branch}`;
}

/** The branches of which something is remembered, by name. */
export async function branchesWithState(repository: Repository): Promise<string[]> {
  const list = ["for-each-ref", "--format=%(refname)", SERIES_REFS];
  const refs = await gitLines(list, { cwd: repository.cwd });
  return refs.map((ref) => ref.slice(SERIES_REFS.length));
}

const ENTRY =
  /^100644 blob ([0-9a-f]{40,64}) +([0-9]{1,9})\t(series|cover|changes|changelog|sent\/v[1-9][0-9]{0,3})$/;
const MAX_LISTING = (MAX_SENT_VERSIONS + 10) * 200;

/**
 * What is remembered of a branch's series; null if nothing is.
 *
 * @throws PatchsigError "unreadable" if the ref holds something else
 */
export async function readState(
  repository: Repository,
  branch: string,
): Promise<StoredState | null> {
  const commit = await readRef(repository, branch);
  if (commit === null) return null;
  return { commit, state: await stateIn(repository, seriesRef(branch), commit) };
}

/** The commit that a branch's state is at. */
async function readRef({ cwd }: Repository, branch: string): Promise<string | null> {
  const named = ["rev-parse", "--verify", "--quiet", `${seriesRef(branch)}^{commit}`];
  return (await gitLines(named, { cwd }))[0] ?? null;
}

/** The state just after a version was sent; null if it never was. PatchsigError "unreadable" */
export async function stateWhenSent(
  repository: Repository,
  branch: string,
  version: number,
): Promise<SeriesState | null> {
  const ref = seriesRef(branch);
  const log = ["log", "--first-parent", "-1", "--format=%H", ref, "--", `sent/v${version}`];
  const [commit] = await gitLines(log, { cwd: repository.cwd });
  return commit === undefined ? null : stateIn(repository, ref, commit);
}

/** @param ref for messages */
async function stateIn(repository: Repository, ref: string, commit: string): Promise<SeriesState> {
  const options = { cwd: repository.cwd };
  const listed = await git(["ls-tree", "-r", "-l", "-z", "--full-tree", commit], {
    ...options,
    maxBytes: MAX_LISTING,
  });
  const broken = (why: string): PatchsigError =>
    new PatchsigError("unreadable", `${ref} is not a series' state: ${why}`, {
      hint: `git log -p ${ref} shows it; git update-ref -d ${ref} forgets it`,
    });
  const files = listed
    .toString()
    .split("\0")
    .slice(0, -1)
    .map((line) => {
      const [, blob, size, name] = ENTRY.exec(line) ?? [];
      if (blob === undefined || name === undefined) throw broken("it has a file of another kind");
      if (Number(size) > MAX_STATE_FILE) throw broken(`${name} is too large`);
      return { name, blob };
    });
  if (files.length > MAX_SENT_VERSIONS) throw broken("it has too many files");
  const names = files.map(({ blob }) => blob);
  const blobs = await readBlobs(names, options, MAX_STATE_FILE);
  const texts = new Map(files.map(({ name, blob }) => [name, blobs.get(blob)?.toString() ?? ""]));
  try {
    return stateOf(texts);
  } catch (error) {
    if (error instanceof FormatError) throw broken(error.message);
    throw error;
  }
}

function stateOf(texts: ReadonlyMap<string, string>): SeriesState {
  const sent = [...texts].flatMap(([name, text]) =>
    name.startsWith("sent/v") ? [parseSent(Number(name.slice("sent/v".length)), text)] : [],
  );
  return {
    settings: parseSeriesSettings(texts.get("series") ?? ""),
    cover: texts.get("cover") ?? "",
    changes: texts.get("changes") ?? "",
    changelog: texts.get("changelog") ?? "",
    sent: sent.sort((a, b) => a.version - b.version),
  };
}

/** An event in the life of a series. */
export interface StateEvent {
  /** One line: what happened. */
  readonly message: string;
  /** The commit that was sent, which is kept with it; null if none was. */
  readonly tip: string | null;
}

/**
 * Writes a branch's state, if it is still the one that was read.
 *
 * @param before the commit that it was read from; null if there was none
 * @returns the new commit
 * @throws PatchsigError "refused" if it has changed since; "git-failed"
 */
export async function writeState(
  repository: Repository,
  branch: string,
  { before, state, event }: { before: string | null; state: SeriesState; event: StateEvent },
): Promise<string> {
  const options = { cwd: repository.cwd, purpose: "work" } as const;
  const ref = seriesRef(branch);
  const ident = await gitText(["var", "GIT_COMMITTER_IDENT"], options);
  const { message, tip } = event;
  const { status, stderr } = await runGit(["fast-import", "--quiet", "--date-format=raw"], {
    ...options,
    input: [
      `commit ${ref}\ncommitter ${ident}\n${data(`${message}\n`)}`,
      before === null ? "" : `from ${before}\n`,
      tip === null ? "" : `merge ${tip}\n`,
      "deleteall\n",
      ...filesOf(state).map(([name, text]) => `M 100644 inline ${name}\n${data(text)}`),
      "done\n",
    ].join(""),
  });
  const [now] = await gitLines(["rev-parse", "--verify", "--quiet", ref], options);
  if (status === 0 && now !== undefined) return now;
  if (now === (before ?? undefined))
    throw new PatchsigError("git-failed", `cannot write ${ref}`, {
      hint: stderr.split("\n")[0] ?? "",
    });
  throw new PatchsigError(
    "refused",
    `the series of ${branch} was changed by somebody else just now`,
    {
      hint: "run it again",
    },
  );
}

/** fast-import's form of bytes: their number, then they. */
function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

/** Names and texts; what is empty has no file. */
function filesOf({ settings, cover, changes, changelog, sent }: SeriesState): [string, string][] {
  const texts: [string, string][] = [
    ["series", formatSeriesSettings(settings)],
    ["cover", cover],
    ["changes", changes],
    ["changelog", changelog],
    ...sent.map((one): [string, string] => [`sent/v${one.version}`, formatSent(one)]),
  ];
  return texts.filter(([, text]) => text !== "");
}

/**
 * Gives a branch's state to another one, or forgets it: in one step.
 *
 * @param to null: nobody has it then
 * @returns the commit that it was at
 * @throws PatchsigError "not-found" if there is none; "exists" if `to` has one
 */
export async function moveState(
  repository: Repository,
  from: string,
  to: string | null,
): Promise<string> {
  const stored = await readRef(repository, from);
  if (stored === null)
    throw new PatchsigError("not-found", `nothing is remembered of ${from}`, {
      hint: "git patchsig series show --all lists what is",
    });
  if (to !== null && (await readRef(repository, to)) !== null)
    throw new PatchsigError("exists", `the series of ${to} is known already`, {
      hint: `git patchsig series drop ${to} forgets it`,
    });
  const create = to === null ? "" : `create ${seriesRef(to)} ${stored}\n`;
  await git(["update-ref", "--stdin"], {
    cwd: repository.cwd,
    purpose: "work",
    input: `${create}delete ${seriesRef(from)} ${stored}\n`,
  });
  return stored;
}

/** Pushes a branch's state to a remote. PatchsigError "git-failed" with what git says. */
export async function pushState(
  repository: Repository,
  branch: string,
  remote: string,
): Promise<void> {
  const ref = seriesRef(branch);
  await git(["push", "--quiet", "--", remote, `${ref}:${ref}`], {
    cwd: repository.cwd,
    purpose: "work",
  });
}
