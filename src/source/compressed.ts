/** Compressed files, recognised by their first bytes, not by name. */

import { spawn } from "node:child_process";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { PatchsigError } from "../errors.ts";

interface Format {
  readonly magic: string;
  /** The program that unpacks standard input; null if node does it. */
  readonly command: readonly [string, ...string[]] | null;
}

/** The tools' limits bound memory: no archive can demand a dictionary of gigabytes. */
const FORMATS: readonly Format[] = [
  { magic: "1f8b08", command: null },
  { magic: "fd377a585a00", command: ["xz", "-dcq", "--memlimit-decompress=128MiB"] },
  { magic: "28b52ffd", command: ["zstd", "-dcq", "--memory=128MB"] },
];
/** How many bytes identify a compressed file. */
export const MAGIC_BYTES = 6;
const CHUNK = 1 << 18;

/**
 * Streams a file's unpacked content; null if it is not compressed.
 *
 * @param head the first bytes of the file
 * @param chunks all of it, if this thread is to read it
 * @param fd the same, for a program that reads it
 * @throws PatchsigError "unreadable" while it is read: it is damaged, or cut off, or there is no such tool
 */
export function unpacked(
  head: Buffer,
  chunks: Iterable<Buffer>,
  fd: number,
  name: string,
): AsyncIterable<Buffer> | null {
  const format = FORMATS.find(({ magic }) => head.toString("hex").startsWith(magic));
  if (format === undefined) return null;
  return format.command === null ? gunzip(chunks, name) : run(format.command, fd, name);
}

async function* gunzip(chunks: Iterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const packed = Readable.from(chunks);
  const plain = createGunzip({ chunkSize: CHUNK });
  packed.on("error", (error) => plain.destroy(error));
  try {
    yield* packed.pipe(plain);
  } catch (cause) {
    throw cause instanceof PatchsigError ? cause : damaged(name, (cause as Error).message, cause);
  } finally {
    packed.destroy();
    plain.destroy();
  }
}

async function* run(
  [program, ...args]: readonly [string, ...string[]],
  fd: number,
  name: string,
): AsyncGenerator<Buffer> {
  const child = spawn(program, args, { stdio: [fd, "pipe", "pipe"] });
  let said = "";
  child.stderr!.on("data", (bytes: Buffer) => (said = (said + bytes.toString()).slice(0, 1000)));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("close", resolve);
    child.on("error", (cause) =>
      reject(
        new PatchsigError("unreadable", `cannot unpack ${name}: ${program} does not run`, {
          hint: `install ${program}`,
          cause,
        }),
      ),
    );
  });
  // read further below; until then nobody may take it for unhandled
  ended.catch(() => undefined);
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    if ((await ended) !== 0) throw damaged(name, said.split("\n")[0] ?? "");
  } finally {
    child.kill();
  }
}

function damaged(name: string, why: string, cause?: unknown): PatchsigError {
  return new PatchsigError("unreadable", `cannot unpack ${name}: ${why}`, { cause });
}
