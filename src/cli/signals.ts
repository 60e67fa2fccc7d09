/** Ends in an orderly way when asked to, so that temporary folders go too. */

import { constants } from "node:os";

/** From here on SIGINT, SIGTERM and SIGHUP end the process as `process.exit` does. */
export function endOnSignal(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
