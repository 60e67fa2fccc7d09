/** Runs programs that settings name, and reads what they say of a mail. */

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../places.ts";
import { answerOf } from "../../send/program.ts";

/** A command for the shell, and where it is run. */
export interface Asked {
  readonly command: string;
  readonly cwd: string;
}

/**
 * Each program gets the mail as a file, as git send-email gives it, and as its input, as b4 does.
 *
 * @returns what each said, in order
 * @throws PatchsigError "refused" if one fails
 */
export function askOfMail(mail: Buffer, programs: readonly Asked[]): string[] {
  if (programs.length === 0) return [];
  const folder = temporaryFolder("patchsig-send-");
  try {
    const file = join(folder, "0001.patch");
    writeFileSync(file, mail);
    return programs.map(({ command, cwd }) => answerOf(command, file, cwd));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
