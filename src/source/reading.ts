/** Reads files and folders. Errors use the name that the user gave. */

import { lstatSync, readSync, statSync } from "node:fs";
import { PatchsigError, systemWords } from "../errors.ts";
import { pause } from "../pause.ts";
import type { OnRead } from "./item.ts";

const CHUNK = 1 << 20;

/** False also for what does not exist, or may not be looked at. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Does anything of this name exist, even a dangling link? */
export function isThere(path: string): boolean {
  return reading(path, () => lstatSync(path, { throwIfNoEntry: false })) !== undefined;
}

/**
 * Streams the rest of a file.
 *
 * @param total bytes, for `onRead`; 0 if nobody knows
 * @param from where to begin, in bytes; null to go on where the file stands, as a pipe has to
 * @throws PatchsigError "unreadable"
 */
export function* chunksOf(
  fd: number,
  name: string,
  onRead: OnRead,
  total: number,
  from: number | null = null,
): Generator<Buffer> {
  for (let done = from ?? 0; ;) {
    const chunk = readChunk(fd, name, from === null ? null : done);
    if (chunk.length === 0) return;
    done += chunk.length;
    onRead(done, total);
    yield chunk;
  }
}

/** All of standard input; null if it is more than `limit` bytes. */
export function readStdin(limit: number): Buffer | null {
  const pieces: Buffer[] = [];
  for (let size = 0; size <= limit;) {
    const chunk = readChunk(0, "-", null);
    if (chunk.length === 0) return Buffer.concat(pieces);
    pieces.push(chunk);
    size += chunk.length;
  }
  return null;
}

function readChunk(fd: number, name: string, at: number | null): Buffer {
  // the splitter keeps slices of what it was given, so every read has memory of its own
  const buffer = Buffer.allocUnsafe(CHUNK);
  return buffer.subarray(0, readSome(fd, name, buffer, at));
}

function readSome(fd: number, name: string, buffer: Buffer, at: number | null): number {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.length, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw unreadable(name, error);
      pause(5);
    }
  }
}

/** PatchsigError "not-found" or "unreadable" for what node throws. */
export function reading<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw unreadable(name, error);
  }
}

function unreadable(name: string, error: unknown): PatchsigError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT")
    return new PatchsigError("not-found", `no such file: ${name}`, { cause: error });
  if (code === "EACCES")
    return new PatchsigError("unreadable", `not allowed to read ${name}`, { cause: error });
  return new PatchsigError("unreadable", `cannot read ${name}: ${systemWords(error)}`, {
    cause: error,
  });
}
