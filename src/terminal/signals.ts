/** Exits in an orderly way on signals, so that temporary folders are removed. */

import { constants } from "node:os";
import { closeScreen } from "./terminal.ts";

/** From here on SIGINT, SIGTERM and SIGHUP end the process as `process.exit` does. */
export function endOnSignal(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      void closeScreen().finally(() => process.exit(128 + constants.signals[signal]));
    });
}
