/** How long a server is waited for that nobody vouches for, and how slowly it may send. */

export interface FeedPatience {
  /** For how long it may say nothing, in seconds. */
  readonly silence: number;
  /** What it has to send in the long run, in bytes a second. */
  readonly speed: number;
}

export const PATIENCE_HINT =
  "git's settings http.lowSpeedTime (seconds) and http.lowSpeedLimit (bytes a second) say when it is given up";

/** The long run: so many times as long as it may say nothing. A git server works on its answer for minutes. */
const LONG_RUN = 10;

/** Milliseconds. */
export function longRun({ silence }: FeedPatience): number {
  return LONG_RUN * silence * 1000;
}

/** Watches one answer. A server that sends a byte now and then is never silent, and never ends. */
export class Pace {
  readonly #patience: FeedPatience;
  /** When the last look was, and what had come by then. */
  #since: number;
  #before: number;

  /** @param now milliseconds, on any clock */
  constructor(patience: FeedPatience, now: number, bytes = 0) {
    this.#patience = patience;
    [this.#since, this.#before] = [now, bytes];
  }

  /**
   * @param bytes that came until now
   * @returns in words what is wrong, once too little came in the long run
   */
  flaw(now: number, bytes: number): string | null {
    const { speed } = this.#patience;
    const time = now - this.#since;
    if (time < longRun(this.#patience)) return null;
    const came = bytes - this.#before;
    this.restart(now, bytes);
    if (came * 1000 >= speed * time) return null;
    return came <= 0 ? "stopped sending" : `sends less than ${speed} bytes a second`;
  }

  /** As if it had begun to send only now. */
  restart(now: number, bytes: number): void {
    [this.#since, this.#before] = [now, bytes];
  }
}
