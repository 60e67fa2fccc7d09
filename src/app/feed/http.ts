/** Answers of web servers that nobody vouches for: bounded, and not waited for without end. */

import { PatchsigError } from "../../errors.ts";
import { redirected } from "../../feed/url.ts";
import { gitConfig } from "../settings.ts";

/** What a server says. */
export interface WebAnswer {
  readonly status: number;
  readonly ok: boolean;
  /** It says that it has a part of the archive only (`X-Archive-Coverage: partial`, as kernel.org's local mirrors). */
  readonly partial: boolean;
  /**
   * Its bytes, as they come; to be read to the end, or `return`ed.
   *
   * @throws PatchsigError "unreadable" if it is cut off, or the server falls silent
   */
  readonly body: AsyncGenerator<Buffer>;
}

/**
 * The bytes of an answer; null if the server has nothing there.
 *
 * @throws PatchsigError "unreadable" if it cannot be reached; "too-large"
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
 * Redirects are followed, but not from https to http.
 *
 * @param seconds how long a server may say nothing
 * @throws PatchsigError "unreadable"
 */
export async function ask(url: string, method = "GET", seconds = patience()): Promise<WebAnswer> {
  const controller = new AbortController();
  const { signal } = controller;
  /** What is done with a server's bytes does not count. */
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
  // hop by hop: what leads through a place without encryption could lead anywhere from there
  let [place, how]: [string, string] = [url, method];
  for (let hops = 0; hops <= MAX_HOPS; hops++) {
    const answer = await waitFor(fetch(place, { method: how, signal, redirect: "manual" }));
    const { status, ok } = answer;
    const location = REDIRECTS.has(status) ? answer.headers.get("location") : null;
    const partial = /^\s*partial\b/i.test(answer.headers.get("x-archive-coverage") ?? "");
    if (location === null) return { status, ok, partial, body: bodyOf(answer, waitFor) };
    await answer.body?.cancel();
    const next = redirected(place, location);
    if (next === null) throw unreachable(url, "it leads to no web server with encryption", null);
    place = next;
    // as browsers do: what was asked is asked again of 307 and 308 alone
    if (![307, 308].includes(status)) how = "GET";
  }
  throw unreachable(url, "it leads in circles", null);
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
    // an answer that was cut off has nothing more to cancel
    await reader.cancel().catch(() => undefined);
  }
}

/** Nothing is known of what is there: the server is in trouble, or has had enough of us. */
function isBusy(status: number): boolean {
  return status === 429 || status >= 500;
}

/** In words, for those that people meet. */
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

/** How long a server may say nothing, in seconds: git's own setting, which counts for its fetches, too. */
export function patience(): number {
  const said = Number(gitConfig().string("http.lowSpeedTime") ?? PATIENCE);
  return Number.isInteger(said) && said > 0 ? said : PATIENCE;
}

const PATIENCE = 60;
