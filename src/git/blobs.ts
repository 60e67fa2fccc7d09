/** One running `git cat-file --batch`: answers in order; of large objects, only the size. */

import { PatchsigError } from "../errors.ts";
import { LF } from "../primitives/bytes.ts";
import { type Piped, startGit } from "./piped.ts";
import { failure, type StartOptions } from "./run.ts";

export interface Blob {
  /** Null if it is over the size limit. */
  readonly bytes: Buffer | null;
  readonly size: number;
}

const HEADERS = {
  blob: /^[0-9a-f]{40,64} blob (\d{1,15})$/,
  commit: /^[0-9a-f]{40,64} commit (\d{1,15})$/,
} as const;
/** No header is longer, nor the answer for a missing object. */
const MAX_HEADER = 300;
/** Blobs to ask git for at a time. */
const AT_A_TIME = 64;
/** Characters kept of git's stderr. */
const MAX_SAID = 4000;

export class Blobs {
  readonly #child: Piped;
  readonly #output: AsyncIterator<Buffer>;
  readonly #maxBytes: number;
  readonly #header: RegExp;
  readonly #closed: Promise<unknown>;
  #rest: Buffer = Buffer.alloc(0);
  #said = "";

  /** @param type of all objects that will be asked for */
  constructor(place: StartOptions, maxBytes: number, type: keyof typeof HEADERS = "blob") {
    this.#maxBytes = maxBytes;
    this.#header = HEADERS[type];
    this.#child = startGit(place, ["cat-file", "--batch"]);
    this.#output = this.#child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#closed = new Promise((resolve) => this.#child.on("close", resolve).on("error", resolve));
    this.#child.stderr.on("data", (bytes: Buffer) => {
      this.#said = (this.#said + bytes.toString()).slice(0, MAX_SAID);
    });
  }

  /** Asks for blobs by full names; at most some hundred may be outstanding. */
  ask(names: readonly string[]): void {
    this.#child.stdin.write(names.map((name) => `${name}\n`).join(""));
  }

  /**
   * The next object that was asked for; null if it is missing.
   *
   * @throws PatchsigError "git-failed" with git's words: it could not read this one, and exited
   */
  async take(): Promise<Blob | null> {
    // mostly all of it has come: waiting for what is here takes longer than reading it
    const header = this.#lineHere() ?? (await this.#line());
    const [, digits] = this.#header.exec(header) ?? [];
    if (digits === undefined) {
      if (header.endsWith(" missing")) return null;
      throw new PatchsigError("git-failed", `git cat-file: ${header.slice(0, 80)}`);
    }
    const size = Number(digits);
    const isHere = size <= this.#maxBytes && size < this.#rest.length;
    const bytes = isHere ? this.#rest.subarray(0, size) : await this.#bytes(size);
    if (isHere) this.#rest = this.#rest.subarray(size + 1);
    else await this.#bytes(1);
    return { bytes, size };
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }

  async #more(): Promise<Buffer> {
    const { done, value } = await this.#output.next();
    if (done !== true) return value;
    await this.#closed;
    throw failure(["cat-file"], this.#said || "it ended early");
  }

  async #line(): Promise<string> {
    for (;;) {
      const line = this.#lineHere();
      if (line !== null) return line;
      if (this.#rest.length > MAX_HEADER)
        throw new PatchsigError("git-failed", "git cat-file: no header");
      this.#rest = Buffer.concat([this.#rest, await this.#more()]);
    }
  }

  /** The next line; null if its end has not come yet. */
  #lineHere(): string | null {
    const end = this.#rest.indexOf(LF);
    if (end < 0) return null;
    const line = this.#rest.toString("latin1", 0, end);
    this.#rest = this.#rest.subarray(end + 1);
    return line;
  }

  /** Takes `size` bytes; null if that is over the limit. */
  async #bytes(size: number): Promise<Buffer | null> {
    const pieces: Buffer[] = [];
    let left = size;
    while (left > 0) {
      if (this.#rest.length === 0) this.#rest = await this.#more();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      if (size <= this.#maxBytes) pieces.push(piece);
    }
    if (size > this.#maxBytes) return null;
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }
}

/**
 * Some blobs, or commits, by their full names, in turn: as large as mails can be, only one of them need be in memory.
 * Those that are missing or too large are left out.
 *
 * @throws PatchsigError "git-failed"
 */
export async function* eachBlob(
  names: readonly string[],
  place: StartOptions,
  maxBytes: number,
  type: keyof typeof HEADERS = "blob",
): AsyncGenerator<readonly [name: string, bytes: Buffer]> {
  if (names.length === 0) return;
  const blobs = new Blobs(place, maxBytes, type);
  try {
    for (let at = 0; at < names.length; at += AT_A_TIME) {
      const some = names.slice(at, at + AT_A_TIME);
      blobs.ask(some);
      for (const name of some) {
        const bytes = (await blobs.take())?.bytes;
        if (bytes !== null && bytes !== undefined) yield [name, bytes];
      }
    }
  } finally {
    blobs.close();
  }
}

/** `eachBlob`, all of them together: for few, or small ones. */
export async function readBlobs(
  names: readonly string[],
  place: StartOptions,
  maxBytes: number,
  type: keyof typeof HEADERS = "blob",
): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  // a copy, to free the larger chunk it came in
  for await (const [name, bytes] of eachBlob(names, place, maxBytes, type))
    found.set(name, Buffer.from(bytes));
  return found;
}
