/**
 * Has another process bring the index up to date: this one goes on answering meanwhile, and does not grow by what
 * reading an archive takes.
 */

import { PatchsigError } from "../../errors.ts";
import { errorIn, type SentFailure, startProcess } from "../other-process.ts";
import type { Progress, Reporter } from "../reporter.ts";
import type { IndexCounts } from "./update.ts";

/** What the other process is to do. */
export interface UpdateJob {
  /** As for `openUserIndex`. */
  readonly only: readonly string[] | null;
  readonly sources: readonly string[];
  /** Whether anybody watches the progress. */
  readonly isWatched: boolean;
}

/** What it sends; `done` or `failed` is the last. */
export type UpdateNews =
  | { readonly what: "said"; readonly line: string }
  | { readonly what: "progress"; readonly values: Parameters<Progress> }
  | { readonly what: "portion"; readonly counts: IndexCounts }
  | { readonly what: "done"; readonly counts: IndexCounts }
  | { readonly what: "unread"; readonly failure: SentFailure }
  | { readonly what: "failed"; readonly failure: SentFailure };

const SCRIPT = new URL("./update-process.js", import.meta.url);

/**
 * As `updateUserIndex`, in a process of its own.
 *
 * @throws PatchsigError as that; "fault" if the process cannot be started, or was ended
 */
export function updateElsewhere(
  job: UpdateJob,
  reporter: Reporter,
  onPortion: (counts: IndexCounts) => void,
): Promise<IndexCounts> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void =>
      reject(new PatchsigError("fault", `the process that reads new mails ${why}`, { cause }));
    // a debugger listens on one port only
    const child = startProcess(SCRIPT, {
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.on("error", (cause) => fail(`did not start: ${cause.message}`, cause));
    child.on("close", (status, signal) => fail(`has ended: ${signal ?? `status ${status}`}`));
    child.on("message", (news: UpdateNews) => {
      if (news.what === "said") reporter.say(news.line);
      else if (news.what === "progress") reporter.progress?.(...news.values);
      else if (news.what === "unread") reporter.sayError(errorIn(news.failure) as PatchsigError);
      else if (news.what === "failed") reject(errorIn(news.failure));
      else if (news.what === "portion") onPortion(news.counts);
      else resolve(news.counts);
    });
    child.send(job, () => {});
  });
}
