/** Blocking waits, for calls that cannot be asynchronous. */

/** Blocks this thread for this many milliseconds. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
