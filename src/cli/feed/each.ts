/** Does the same with several feeds: one that fails does not keep the others from it. */

import { EXIT, PatchsigError } from "../../errors.ts";
import type { CommandStatus } from "../../options/command.ts";
import { clearProgress, sayError } from "../../terminal/terminal.ts";

/**
 * Calls `work` for each; an error is printed with the feed's name, unless there is only one feed.
 *
 * @returns an alarm (1) before an error (3), as for `verify`
 * @throws what `work` throws, for a single feed; else only what is no PatchsigError
 */
export async function eachFeed(
  names: readonly string[],
  work: (name: string) => CommandStatus | Promise<CommandStatus>,
): Promise<CommandStatus> {
  const found = new Set<CommandStatus>();
  for (const name of names)
    try {
      found.add(await work(name));
    } catch (error) {
      if (!(error instanceof PatchsigError) || names.length === 1) throw error;
      clearProgress();
      const { code, message, hint } = error;
      sayError(new PatchsigError(code, `${name}: ${message}`, hint === undefined ? {} : { hint }));
      found.add(EXIT.failed);
    }
  return [EXIT.unmet, EXIT.failed].find((status) => found.has(status));
}
