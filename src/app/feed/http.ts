/** Asks web servers that nobody need trust: answers are bounded in size, and silence is not waited out forever. */

import { PatchsigError } from "../../errors.ts";
import { Pace, type FeedPatience, PATIENCE_HINT } from "../../feed/patience.ts";
import { harmless, redirected } from "../../feed/url.ts";
import { gitConfig } from "../settings.ts";

/** A server's answer. */
export interface WebAnswer {
  readonly status: number;
  readonly ok: boolean;
  /** The address that answered, after redirects. */
  readonly place: string;
  /**
   * The server says that it has only a part of the archive (`X-Archive-Coverage: partial`, as kernel.org's mirrors
   * do).
   */
  readonly partial: boolean;
  /**
   * The content, as it comes. The caller reads it to its end, or calls `return`.
   *
   * @throws PatchsigError "unreadable" if it is cut off, or if the server stops sending or sends too slowly (`Pace`)
   */
  readonly body: AsyncGenerator<Buffer>;
}

/**
 * Gets a whole file.
 *
 * @param most bytes
 * @param terms how long and how slowly the server may send
 * @returns null if the server does not have it
 * @throws PatchsigError "unreadable" if the server cannot be reached, or is busy or broken; "too-large"
 */
export async function getBounded(
  url: string,
  most: number,
  terms = patience(),
): Promise<Buffer | null> {
  const { ok, status, body } = await ask(url, "GET", terms);
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
 * @param terms how long and how slowly the server may send
 * @throws PatchsigError "unreadable" if the server cannot be reached, or a redirect must not be followed
 */
export async function ask(url: string, method = "GET", terms = patience()): Promise<WebAnswer> {
  const controller = new AbortController();
  const { signal } = controller;
  const { silence } = terms;
  /** Milliseconds that we waited for the server; the caller's own time does not count. */
  let waited = 0;
  const waitFor = async <T>(work: Promise<T>): Promise<T> => {
    const began = Date.now();
    const timer = setTimeout(() => controller.abort(), silence * 1000);
    try {
      return await work;
    } catch (cause) {
      throw unreachable(
        url,
        signal.aborted ? `it said nothing for ${silence} seconds` : null,
        cause,
      );
    } finally {
      clearTimeout(timer);
      waited += Date.now() - began;
    }
  };
  /** Passes the bytes on, and throws if they come too slowly. */
  async function* inTime(parts: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
    const pace = new Pace(terms, waited);
    let size = 0;
    for await (const part of parts) {
      size += part.length;
      const flaw = pace.flaw(waited, size);
      if (flaw !== null)
        throw new PatchsigError("unreadable", `${url} ${flaw}`, { hint: PATIENCE_HINT });
      yield part;
    }
  }
  // each redirect is checked: after one unencrypted hop, an attacker could choose all the others
  let [place, how]: [string, string] = [url, method];
  for (let hops = 0; hops <= MAX_HOPS; hops++) {
    const answer = await waitFor(fetch(place, { method: how, signal, redirect: "manual" }));
    const { status, ok } = answer;
    const location = REDIRECTS.has(status) ? answer.headers.get("location") : null;
    const partial = /^\s*partial\b/i.test(answer.headers.get("x-archive-coverage") ?? "");
    if (location === null)
      return { status, ok, place, partial, body: inTime(bodyOf(answer, waitFor)) };
    await answer.body?.cancel();
    const next = redirected(place, location);
    if (next === null) {
      const where = harmless(location).slice(0, MAX_SHOWN);
      throw unreachable(url, `it redirects to ${where}, which is not https`, null);
    }
    place = next;
    // as browsers do: only 307 and 308 keep the method
    if (![307, 308].includes(status)) how = "GET";
  }
  throw unreachable(url, "it redirects too often", null);
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_HOPS = 20;
/** Characters of a server's redirect in a message. */
const MAX_SHOWN = 200;

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

/** How long and how slowly a server may send, by git's settings; git's own fetches obey http.lowSpeedTime, too. */
export function patience(): FeedPatience {
  return {
    silence: positive("http.lowSpeedTime", 60),
    speed: positive("http.lowSpeedLimit", 1_000),
  };
}

function positive(setting: string, usual: number): number {
  const said = Number(gitConfig().string(setting) ?? usual);
  return Number.isInteger(said) && said > 0 ? said : usual;
}
