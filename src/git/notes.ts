/** Notes of a ref of their own (git-notes(1)): all read at once, and several written by one git. */

import { PatchsigError } from "../errors.ts";
import type { Repository } from "./repository.ts";
import { failure, git, runGit } from "./run.ts";

/** Where records are. */
export const NOTES_REF = "refs/notes/patchsig";

/** A note on a commit. */
export interface NewNote {
  /** Full name. */
  readonly commit: string;
  readonly text: Buffer;
}

const ENTRY = /^100644 blob ([0-9a-f]+)\t([0-9a-f/]+)$/;
/** Bytes of the list: of some millions of notes. */
const MAX_LIST = 1 << 30;

/**
 * The blob of each commit's note, by the commit's full name; none if nobody has written one.
 *
 * @param from a ref, or a commit of one; never read as an option
 * @throws PatchsigError "usage" for another ref that is not there
 */
export async function readNotes(
  repository: Repository,
  from: string = NOTES_REF,
): Promise<ReadonlyMap<string, string>> {
  if (from.startsWith("-")) throw new PatchsigError("usage", `${from} names no notes`);
  const options = { cwd: repository.cwd, maxBytes: MAX_LIST };
  const args = ["ls-tree", "-r", "-z", "--full-tree", from];
  const { status, stdout } = await runGit(args, options);
  const notes = new Map<string, string>();
  if (status !== 0 && from === NOTES_REF) return notes;
  if (status !== 0) throw new PatchsigError("usage", `${from} names no notes`);
  for (const line of stdout.toString("latin1").split("\0")) {
    const [, blob, path] = ENTRY.exec(line) ?? [];
    // git spreads many notes over folders
    if (blob !== undefined) notes.set(path!.replaceAll("/", ""), blob);
  }
  return notes;
}

/** Another git may write notes at the same time. */
const ATTEMPTS = 5;

/**
 * Writes notes, in one commit of the ref; a note that a commit has already is replaced.
 *
 * @param subject of that commit
 * @throws PatchsigError "git-failed"; nothing is written then
 */
export async function writeNotes(
  repository: Repository,
  notes: readonly NewNote[],
  subject: string,
): Promise<void> {
  if (notes.length === 0) return;
  const { cwd } = repository;
  const committer = (await git(["var", "GIT_COMMITTER_IDENT"], { cwd })).toString().trimEnd();
  for (let attempt = 1; ; attempt++) {
    const tip = await runGit(["rev-parse", "--verify", "--quiet", `${NOTES_REF}^{commit}`], {
      cwd,
    });
    const from = tip.status === 0 ? `from ${tip.stdout.toString().trimEnd()}\n` : "";
    const { status, stderr } = await runGit(
      ["fast-import", "--quiet", "--date-format=raw", "--done"],
      {
        cwd,
        purpose: "work",
        input: streamOf(notes, committer, subject, from),
      },
    );
    if (status === 0) return;
    if (attempt === ATTEMPTS || !MOVED.test(stderr)) throw failure(["fast-import"], stderr);
  }
}

/** The ref is no longer what it was. */
const MOVED = /not updating|cannot lock ref|Unable to lock/i;

/** For git-fast-import(1): everything is counted, so that no byte of a note can be a command. */
function streamOf(
  notes: readonly NewNote[],
  committer: string,
  subject: string,
  from: string,
): Buffer {
  const data = (bytes: Buffer): Buffer[] => [
    Buffer.from(`data ${bytes.length}\n`),
    bytes,
    Buffer.from("\n"),
  ];
  return Buffer.concat([
    Buffer.from(`commit ${NOTES_REF}\ncommitter ${committer}\n`),
    ...data(Buffer.from(subject)),
    Buffer.from(from),
    ...notes.flatMap(({ commit, text }) => [Buffer.from(`N inline ${commit}\n`), ...data(text)]),
    Buffer.from("done\n"),
  ]);
}

/** Who commits here: `Name <address>`. */
export async function committerOf({ cwd }: Repository): Promise<string> {
  const ident = (await git(["var", "GIT_COMMITTER_IDENT"], { cwd })).toString();
  if (!ident.includes("<")) throw new PatchsigError("git-failed", "git var: no committer");
  return ident.slice(0, ident.lastIndexOf(">") + 1);
}
