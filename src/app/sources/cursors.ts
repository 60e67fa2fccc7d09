/** Cursors that are no longer needed. */

import { PatchsigError } from "../../errors.ts";
import { hasBothFolders, maildirPrefix, mailsIn } from "../../source/maildir.ts";

/**
 * The cursors of mails that are gone from these maildirs; other sources have only one, and keep it. An
 * unreadable maildir gives none.
 *
 * @param cursorsBelow the names of cursors that are kept and begin so
 */
export function goneCursors(
  sources: readonly string[],
  cursorsBelow: (prefix: string) => readonly string[],
): string[] {
  return sources.filter(hasBothFolders).flatMap((maildir) => {
    try {
      return goneFrom(maildir, cursorsBelow);
    } catch (error) {
      if (error instanceof PatchsigError) return [];
      throw error;
    }
  });
}

function goneFrom(maildir: string, cursorsBelow: (prefix: string) => readonly string[]): string[] {
  const prefix = maildirPrefix(maildir);
  const own = cursorsBelow(prefix).filter((name) => !name.includes("/", prefix.length));
  const missing = (names: readonly string[]): string[] => {
    if (names.length === 0) return [];
    const there = mailsIn(maildir);
    return names.filter((name) => !there.has(name.slice(prefix.length)));
  };
  // a folder in which files are renamed while it is listed may hide one, but hardly twice
  return missing(missing(own));
}
