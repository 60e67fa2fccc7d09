/** Writes replies to standard output, a file, or a folder. */

import { join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { isDirectory, isThere } from "../../source/reading.ts";
import { replaceFile } from "../../store/replace-file.ts";
import { writing } from "../../store/whole-file.ts";
import type { ReviewReply } from "./replies.ts";
import { makeFolders } from "../../places.ts";

/** To be called before a password is asked for. @throws PatchsigError "usage" if so many replies need a folder */
export function checkOutput(replies: number, output: string | undefined): void {
  if (replies < 2 || (output !== undefined && (isDirectory(output) || !isThere(output)))) return;
  throw new PatchsigError("usage", `${replies} replies, one to each patch, need a folder`, {
    hint: "-o replies",
  });
}

/**
 * @param output a file or folder; for several replies, a folder is made. Undefined for standard output
 * @param print writes to standard output
 * @returns the names of the files
 * @throws PatchsigError "unwritable" and others if a file cannot be written
 */
export function writeReplies(
  replies: readonly ReviewReply[],
  output: string | undefined,
  print: (bytes: Buffer) => void,
): readonly string[] {
  if (output === undefined) {
    for (const { mail } of replies) print(mail);
    return [];
  }
  if (replies.length > 1) writing(output, () => makeFolders(output), "make");
  const inFolder = isDirectory(output);
  return replies.map(({ index, mail }) => {
    const number = String(index).padStart(4, "0");
    const name = inFolder ? join(output, `review-${number}.eml`) : output;
    replaceFile(name, mail);
    return name;
  });
}
