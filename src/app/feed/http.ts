/** Small answers of web servers, bounded. */

import { PatchsigError } from "../../errors.ts";

const TIMEOUT_MS = 60_000;

/**
 * The bytes of an answer; null if the server has nothing there.
 *
 * @throws PatchsigError "unreadable" if it cannot be reached; "too-large"
 */
export async function getBounded(url: string, most: number): Promise<Buffer | null> {
  const answer = await ask(url, { redirect: "follow" });
  if (!answer.ok) {
    await answer.body?.cancel();
    return null;
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > most) throw new PatchsigError("too-large", `${url} is larger than patchsig reads`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** @throws PatchsigError "unreadable" */
export async function ask(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (cause) {
    const { cause: reason } = cause as { cause?: { code?: string } };
    const why = reason?.code === undefined ? "" : ` (${reason.code})`;
    throw new PatchsigError("unreadable", `cannot reach ${url}${why}`, { cause });
  }
}
