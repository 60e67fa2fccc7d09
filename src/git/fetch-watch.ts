/** Watches a fetch, and aborts it when it brings too much, too little, or nothing but words. */

import { PatchsigError } from "../errors.ts";
import { Pace, type FeedPatience, PATIENCE_HINT } from "../feed/patience.ts";
import { folderSize } from "./feed-write.ts";

interface FetchLimits {
  readonly address: string;
  /** Bytes that the objects may have on disk. */
  readonly maxBytes: number;
  readonly patience: FeedPatience;
  readonly onProgress?: ((stage: string, done: number, total: number) => void) | undefined;
}

/** How often to look at the size on disk. */
const WATCH_MS = 200;
/** Bytes that git and the server may say in a fetch: git itself says little more than once a second. */
const MAX_SAID = 1 << 20;

export class FetchWatch {
  readonly #objects: string;
  readonly #limits: FetchLimits;
  readonly #controller = new AbortController();
  readonly #pace: Pace;
  readonly #timer: NodeJS.Timeout;
  #resolved = 0;
  #said = 0;

  /** @param objects the folder of the repository's objects; looked at until `end` */
  constructor(objects: string, limits: FetchLimits) {
    this.#objects = objects;
    this.#limits = limits;
    this.#pace = new Pace(limits.patience, Date.now(), folderSize(objects));
    this.#timer = setInterval(() => this.check(), WATCH_MS);
  }

  /** Aborted with a PatchsigError: "too-large"; "unreadable" for a server that is not worth waiting for. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  check(): void {
    const { address, maxBytes } = this.#limits;
    const size = folderSize(this.#objects);
    const flaw = this.#pace.flaw(Date.now(), size);
    if (size > maxBytes)
      this.#abort("too-large", `${address} is larger than --max allows`, LARGE_HINT);
    else if (flaw !== null) this.#abort("unreadable", `${address} ${flaw}`, PATIENCE_HINT);
  }

  /** @param stage in git's words */
  onProgress(stage: string, done: number, total: number): void {
    // resolving deltas is our own work, after all has come: it may restart the clock, at most a hundred times
    const share = stage === "resolving" ? Math.floor((100 * done) / total) : 0;
    if (share > this.#resolved) this.#pace.restart(Date.now(), folderSize(this.#objects));
    this.#resolved = Math.max(this.#resolved, share);
    this.#limits.onProgress?.(stage, done, total);
  }

  /** @param bytes of what git said, with what the server said */
  onSaid(bytes: number): void {
    this.#said += bytes;
    if (this.#said > MAX_SAID)
      this.#abort("unreadable", `${this.#limits.address} sends words without end`);
  }

  #abort(code: "too-large" | "unreadable", message: string, hint?: string): void {
    this.#controller.abort(new PatchsigError(code, message, hint === undefined ? {} : { hint }));
  }
}

const LARGE_HINT = "--since or --headers-only bring less; --max SIZE allows more";
