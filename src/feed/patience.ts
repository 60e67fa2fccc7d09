/** How long to wait for a server that nobody need trust, and how slowly it may send. Pure. */

export interface FeedPatience {
  /** Seconds that the server may send nothing. */
  readonly silence: number;
  /** Bytes a second that it has to send on average, over `longRun`. */
  readonly speed: number;
}

export const PATIENCE_HINT =
  "git's settings http.lowSpeedTime (seconds) and http.lowSpeedLimit (bytes a second) say when to give up";

/** How many times `silence` the long run is: a git server may work on its answer for minutes. */
const LONG_RUN = 10;

/** The time over which the speed is measured, in milliseconds. */
export function longRun({ silence }: FeedPatience): number {
  return LONG_RUN * silence * 1000;
}

/** Watches the speed of one answer: a server that sends a byte now and then is never silent, and never done. */
export class Pace {
  readonly #patience: FeedPatience;
  /** The start of the current measurement, and how many bytes had come by then. */
  #since: number;
  #before: number;

  /**
   * @param now milliseconds, on any clock
   * @param bytes that had come by then
   */
  constructor(patience: FeedPatience, now: number, bytes = 0) {
    this.#patience = patience;
    [this.#since, this.#before] = [now, bytes];
  }

  /**
   * @param bytes that have come by now
   * @returns what is wrong, in words, if too little came in the long run; else null
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

  /** Begins a new measurement. */
  restart(now: number, bytes: number): void {
    [this.#since, this.#before] = [now, bytes];
  }
}
