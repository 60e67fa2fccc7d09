/**
 * Has another process read and judge the mails of a page: lists are answered meanwhile, whatever is in the mails, and
 * what reading them takes of memory is given back.
 */

import type { ChildProcess } from "node:child_process";
import { PatchsigError } from "../../errors.ts";
import { errorIn, type SentFailure, startProcess } from "../other-process.ts";
import type { Details, DetailReader } from "./details.ts";
import type { DeskPlace } from "./stores.ts";

/** What the process is asked; the first message that it gets is a `DeskPlace`. */
export interface DetailJob {
  readonly what: keyof DetailReader;
  readonly args: readonly unknown[];
}

/** What it answers. */
export type DetailAnswer =
  | { readonly ok: true; readonly found: unknown }
  | { readonly ok: false; readonly failure: SentFailure };

export interface DetailLimits {
  /** Milliseconds for a page; then the process is ended. */
  readonly page: number;
  /** Pages that wait; further ones are refused. */
  readonly waiting: number;
  /** Milliseconds without a page after which the process is ended. */
  readonly idle: number;
  /** Megabytes of its heap. What it reads is beside that, and bounded by a page. */
  readonly heap: number;
}

const LIMITS: DetailLimits = { page: 30_000, waiting: 64, idle: 300_000, heap: 1_024 };

interface WaitingPage {
  readonly job: DetailJob;
  readonly resolve: (found: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Starts the process when a page is asked for, and again if it has ended. It gets one page at a time. */
export class DetailsElsewhere implements DetailReader {
  readonly #place: DeskPlace;
  readonly #script: URL;
  readonly #limits: DetailLimits;
  /** The oldest first: that one is being made if there is a process. */
  readonly #waiting: WaitingPage[] = [];
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    place: DeskPlace,
    script = new URL("./details-process.js", import.meta.url),
    limits = LIMITS,
  ) {
    this.#place = place;
    this.#script = script;
    this.#limits = limits;
    process.once("exit", () => this.#end());
  }

  readonly work: DetailReader["work"] = (...args) => this.#ask("work", args);
  readonly diff: DetailReader["diff"] = (...args) => this.#ask("diff", args);
  readonly mail: DetailReader["mail"] = (...args) => this.#ask("mail", args);
  readonly whole: DetailReader["whole"] = (...args) => this.#ask("whole", args);

  /** @throws PatchsigError what the work threw there; "too-large" if it takes too long, or too many pages wait */
  #ask<K extends keyof DetailReader>(what: K, args: unknown[]): ReturnType<Details[K]> {
    const answer = new Promise((resolve, reject) => {
      if (this.#waiting.length >= this.#limits.waiting) {
        const hint = "try again in a minute";
        reject(new PatchsigError("too-large", "too many pages are being made", { hint }));
        return;
      }
      this.#waiting.push({ job: { what, args }, resolve, reject });
      if (this.#waiting.length === 1) this.#next();
    });
    return answer as ReturnType<Details[K]>;
  }

  /** Begins the page that has waited longest. */
  #next(): void {
    clearTimeout(this.#timer);
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#timer = setTimeout(() => this.#end(), this.#limits.idle).unref();
      return;
    }
    this.#child ??= this.#started();
    this.#child.send(first.job, () => {});
    this.#timer = setTimeout(() => {
      this.#end();
      const why = `its mails take more than ${this.#limits.page / 1000} seconds`;
      const hint = "the command line has no such limit: git patchsig verify, git patchsig diff";
      this.#answer((one) => one.reject(new PatchsigError("too-large", why, { hint })));
    }, this.#limits.page);
  }

  #answer(give: (one: WaitingPage) => void): void {
    const first = this.#waiting.shift();
    if (first !== undefined) give(first);
    this.#next();
  }

  #started(): ChildProcess {
    const child = startProcess(this.#script, {
      execArgv: [`--max-old-space-size=${this.#limits.heap}`],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      // a group of its own, with the gits that it starts
      detached: true,
    });
    // a process that was ended has no say in what the next one does
    const isOurs = (): boolean => this.#child === child;
    let hasAnswered = false;
    const fail = (why: string, cause?: unknown): void => {
      if (!isOurs()) return;
      this.#child = null;
      // it may have ended before this page was asked for: the next one makes it, or fails by itself
      if (hasAnswered) return this.#next();
      const what = `the process that reads its mails ${why}`;
      this.#answer((one) => one.reject(new PatchsigError("fault", what, { cause })));
    };
    child.on("error", (cause) => fail(`did not start: ${cause.message}`, cause));
    child.on("close", (status, signal) => fail(`has ended: ${signal ?? `status ${status}`}`));
    child.on("message", (answer: DetailAnswer) => {
      if (!isOurs()) return;
      hasAnswered = true;
      this.#answer(({ resolve, reject }) =>
        answer.ok ? resolve(answer.found) : reject(errorIn(answer.failure)),
      );
    });
    child.send(this.#place, () => {});
    return child;
  }

  #end(): void {
    const child = this.#child;
    this.#child = null;
    // it may be busy for hours: it is not asked
    if (child?.pid !== undefined) killGroup(child.pid);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended already
  }
}
