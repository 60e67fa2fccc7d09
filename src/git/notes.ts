/** git notes (git-notes(1)) on a ref of their own: one git reads the whole list, and one writes several notes. */

import { PatchsigError } from "../errors.ts";
import type { Repository } from "./repository.ts";
import { failure, git, runGit } from "./run.ts";

/** The ref of the notes with records. */
export const NOTES_REF = "refs/notes/patchsig";

/** A note on a commit. */
export interface NewNote {
  /** Full name of the commit. */
  readonly commit: string;
  readonly text: Buffer;
}

const ENTRY = /^100644 blob ([0-9a-f]+)\t([0-9a-f/]+)$/;
/** Bytes of `git ls-tree`'s output: enough for some millions of notes. */
const MAX_LIST = 1 << 30;

/**
 * Lists notes.
 *
 * @param from a ref with notes, or a commit of such a ref; a word that begins with `-` is refused, since git
 *   would take it for an option
 * @returns the name of each note's blob, by the full name of its commit; empty if the usual ref does not exist
 * @throws PatchsigError "usage" if `from` is given and cannot be read
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
    // where notes are many, git splits names into folders: ab/cd…
    if (blob !== undefined) notes.set(path!.replaceAll("/", ""), blob);
  }
  return notes;
}

/** Tries, since another git may write notes at the same time. */
const ATTEMPTS = 5;

/**
 * Writes notes, as one commit on the ref. A note that a commit already has is replaced.
 *
 * @param subject of the commit on the ref
 * @throws PatchsigError "git-failed"; then nothing was written
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
        // what it says is read
        env: { LC_ALL: "C" },
        input: streamOf(notes, committer, subject, from),
      },
    );
    if (status === 0) return;
    if (attempt === ATTEMPTS || !MOVED.test(stderr)) throw failure(["fast-import"], stderr);
  }
}

/** git's words when the ref has moved, or is locked; the last ones of reftables. */
const MOVED = /not updating|cannot lock ref|Unable to lock|reftable: transaction/i;

/** A stream for git-fast-import(1). All data has its length in front, so no byte of a note can become a command. */
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

/**
 * Who commits here: `Name <address>`.
 *
 * @throws PatchsigError "usage" if git does not know
 */
export async function committerOf({ cwd }: Repository): Promise<string> {
  const args = ["var", "GIT_COMMITTER_IDENT"];
  const { status, stdout, stderr } = await runGit(args, { cwd });
  const ident = stdout.toString();
  if (status === 0 && ident.includes("<")) return ident.slice(0, ident.lastIndexOf(">") + 1);
  throw new PatchsigError("usage", `no committer: ${failure(args, stderr).message}`, {
    hint: "git config --global user.name NAME; git config --global user.email ADDRESS",
  });
}
