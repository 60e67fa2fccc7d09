/** Waiting without letting anything else run, for calls that cannot be asynchronous. */

/** Stops this thread for so many milliseconds. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
