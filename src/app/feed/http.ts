/** Asks web servers that nobody need trust: answers are bounded in size, and silence is not waited out forever. */

import { PatchsigError } from "../../errors.ts";
import { redirected } from "../../feed/url.ts";
import { gitConfig } from "../settings.ts";

/** A server's answer. */
export interface WebAnswer {
  readonly status: number;
  readonly ok: boolean;
  /**
   * The server says that it has only a part of the archive (`X-Archive-Coverage: partial`, as kernel.org's mirrors
   * do).
   */
  readonly partial: boolean;
  /**
   * The content, as it comes. The caller reads it to its end, or calls `return`.
   *
   * @throws PatchsigError "unreadable" if it is cut off, or the server stops sending
   */
  readonly body: AsyncGenerator<Buffer>;
}

/**
 * Gets a whole file.
 *
 * @param most bytes
 * @param seconds that the server may send nothing
 * @returns null if the server does not have it
 * @throws PatchsigError "unreadable" if the server cannot be reached, or is busy or broken; "too-large"
 */
export async function getBounded(
  url: string,
  most: number,
  seconds = patience(),
): Promise<Buffer | null> {
  const { ok, status, body } = await ask(url, "GET", seconds);
  const parts: Buffer[] = [];
  let size = 0;
  try {
    if (isBusy(status)) throw unreachable(url, `the server answers ${status}`, null);
    if (!ok) return null;
    for await (const part of body) {
      size += part.length;
      if (size > most) throw new PatchsigError("too-large", `${url} is larger than patchsig reads`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  } finally {
    await body.return(undefined);
  }
}

/**
 * Sends a request without a body. Follows redirects, but none from https to http.
 *
 * @param seconds that the server may send nothing
 * @throws PatchsigError "unreadable" if the server cannot be reached, or a redirect must not be followed
 */
export async function ask(url: string, method = "GET", seconds = patience()): Promise<WebAnswer> {
  const controller = new AbortController();
  const { signal } = controller;
  /** Bounds the time that we wait for the server, not what the caller takes for the bytes. */
  const waitFor = async <T>(work: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => controller.abort(), seconds * 1000);
    try {
      return await work;
    } catch (cause) {
      throw unreachable(
        url,
        signal.aborted ? `it said nothing for ${seconds} seconds` : null,
        cause,
      );
    } finally {
      clearTimeout(timer);
    }
  };
  // each redirect is checked: after one unencrypted hop, an attacker could choose all the others
  let [place, how]: [string, string] = [url, method];
  for (let hops = 0; hops <= MAX_HOPS; hops++) {
    const answer = await waitFor(fetch(place, { method: how, signal, redirect: "manual" }));
    const { status, ok } = answer;
    const location = REDIRECTS.has(status) ? answer.headers.get("location") : null;
    const partial = /^\s*partial\b/i.test(answer.headers.get("x-archive-coverage") ?? "");
    if (location === null) return { status, ok, partial, body: bodyOf(answer, waitFor) };
    await answer.body?.cancel();
    const next = redirected(place, location);
    if (next === null) throw unreachable(url, "it redirects to something other than https", null);
    place = next;
    // as browsers do: only 307 and 308 keep the method
    if (![307, 308].includes(status)) how = "GET";
  }
  throw unreachable(url, "it redirects too often", null);
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_HOPS = 20;

async function* bodyOf(
  answer: Response,
  waitFor: <T>(work: Promise<T>) => Promise<T>,
): AsyncGenerator<Buffer> {
  if (answer.body === null) return;
  const reader = answer.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  try {
    for (;;) {
      const { done, value } = await waitFor(reader.read());
      if (done) return;
      yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  } finally {
    // fails if the answer was cut off: then there is nothing to cancel
    await reader.cancel().catch(() => undefined);
  }
}

/** The server is broken, or limits our requests: its answer says nothing about whether the file exists. */
function isBusy(status: number): boolean {
  return status === 429 || status >= 500;
}

/** System errors in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "no name server answers: is there a network?",
  ECONNREFUSED: "nothing listens there",
  ENETUNREACH: "there is no network",
  EHOSTUNREACH: "that host cannot be reached",
};

function unreachable(url: string, why: string | null, cause: unknown): PatchsigError {
  const { cause: reason } = (cause ?? {}) as { cause?: { code?: string; message?: string } };
  const { code, message } = reason ?? {};
  const said = why ?? REASONS[code ?? ""] ?? code ?? message ?? null;
  return new PatchsigError("unreadable", `cannot read ${url}${said === null ? "" : `: ${said}`}`, {
    cause,
  });
}

/** Seconds that a server may send nothing: git's setting http.lowSpeedTime, which git's own fetches obey too. */
export function patience(): number {
  const said = Number(gitConfig().string("http.lowSpeedTime") ?? PATIENCE);
  return Number.isInteger(said) && said > 0 ? said : PATIENCE;
}

const PATIENCE = 60;
