/**
 * The mails of git format-patch, from git into the hands of who signs them, and on: as one mbox, or
 * as a file a patch. git writes into a folder of ours first, so that no unsigned or half-signed
 * series is ever left behind.
 */

import { isUtf8 } from "node:buffer";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { PatchsigError } from "../../errors.ts";
import { type Repository, runFormatPatch } from "../../git/repository.ts";
import { messages } from "../../mail/mbox.ts";
import { makeFolders, temporaryFolder } from "../../places.ts";
import { placeFile } from "../../store/replace-file.ts";
import { writing } from "../../store/whole-file.ts";
import type { Reporter } from "../reporter.ts";
import { commitOf } from "./mail-file.ts";
import type { PreparedSeries, PrepareSeries, Written } from "./prepare-series.ts";

interface WriteOptions {
  /** For git format-patch. */
  readonly args: readonly string[];
  readonly prepare: PrepareSeries;
  readonly say: Reporter["say"];
}

/** One mbox. PatchsigError: as git refuses, and as a mail cannot be signed. */
export async function seriesAsMbox(
  repository: Repository,
  { args, prepare, say }: WriteOptions,
): Promise<PreparedSeries & { readonly mbox: Buffer }> {
  const mbox = await runFormatPatch(repository, ["--stdout", ...args], say);
  const mails = messages(mbox, { keepCr: true });
  const prepared = await prepare(
    mails.map(({ bytes, offset }, i) => ({
      name: `patch ${i + 1}`,
      mail: whole(bytes),
      commit: commitOf(mbox.subarray(mbox.lastIndexOf(10, offset - 2) + 1, offset)),
    })),
  );
  const pieces: Buffer[] = [];
  let at = 0;
  for (const [i, { offset, size }] of mails.entries()) {
    const mail = prepared.signed.mails[i] ?? mbox.subarray(offset, offset + size);
    pieces.push(mbox.subarray(at, offset), mail);
    at = offset + size;
  }
  return { ...prepared, mbox: Buffer.concat([...pieces, mbox.subarray(at)]) };
}

/**
 * One file a patch, named by git, in a folder.
 *
 * @param asked the folder; null: that of format.outputDirectory, or the one where one stands
 * @returns the files, and those of them that are empty, as their commits are
 */
export async function seriesAsFiles(
  repository: Repository,
  asked: string | null,
  { args, prepare, say }: WriteOptions,
): Promise<PreparedSeries & { readonly files: string[]; readonly empty: string[] }> {
  const draftFolder = temporaryFolder("patchsig-");
  try {
    await runFormatPatch(repository, ["-o", draftFolder, ...args], say);
    const folder = asked ?? repository.config.path("format.outputdirectory") ?? "";
    const files = namesIn(draftFolder)
      .sort(byNumber)
      .map((name) => ({
        name: path.join(folder, name),
        ...fileOf(name, readFileSync(path.join(draftFolder, name))),
      }));
    const drafts = files.flatMap(({ name, top, mail }): Written[] =>
      mail === null ? [] : [{ name, mail, commit: commitOf(top) }],
    );
    const prepared = await prepare(drafts);
    const made = new Map(drafts.map(({ name }, i) => [name, prepared.signed.mails[i] ?? null]));
    const into = path.resolve(repository.cwd, folder);
    writing(into, () => makeFolders(into), "make");
    for (const { name, top, mail } of files) {
      const bytes = made.get(name) ?? mail ?? EMPTY;
      placeFile(path.join(into, path.basename(name)), Buffer.concat([top, bytes]));
    }
    return {
      ...prepared,
      files: files.map(({ name }) => name),
      // git writes a file of 0 bytes, and counts it
      empty: files.flatMap(({ name, mail }) => (mail === null ? [name] : [])),
    };
  } finally {
    rmSync(draftFolder, { recursive: true, force: true });
  }
}

/** git takes a title into a file's name as its commit has it, if that says UTF-16 and the like. */
function namesIn(folder: string): string[] {
  const names = readdirSync(folder, "buffer");
  const odd = names.find((name) => !isUtf8(name));
  if (odd === undefined) return names.map(String);
  throw new PatchsigError("refused", `git names a patch ${String(odd)}, which is not UTF-8`, {
    hint: "commit it again in UTF-8: git -c i18n.commitEncoding=UTF-8 commit --amend",
  });
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

function whole(bytes: Buffer | null): Buffer {
  if (bytes === null)
    throw new PatchsigError("too-large", "a patch is too large to be sent by mail");
  return bytes;
}
