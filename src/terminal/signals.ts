/** Ends in an orderly way on signals: temporary folders are removed, and what has begun is finished. */

import { constants } from "node:os";
import { closeScreen } from "./terminal.ts";

const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** From here on SIGINT, SIGTERM and SIGHUP end the process as `process.exit` does. */
export function endOnSignal(): void {
  for (const signal of ENDING)
    process.once(signal, () => {
      void closeScreen().finally(() => process.exit(128 + constants.signals[signal]));
    });
}

/** The first signal asks for an end; once more, it ends the process at once. */
export function abortOnSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ENDING) process.once(signal, () => controller.abort());
  return controller.signal;
}
