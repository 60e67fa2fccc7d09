/**
 * A connection to PostgreSQL that answers at once: who decides on keys must not be interrupted, so the store
 * is synchronous, and no client of PostgreSQL is. A thread owns the connection (postgres-worker.ts); this one
 * sleeps until it answers. That costs some ten microseconds, where a server in the same network takes
 * hundreds.
 */

import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { ServerAddress } from "./address.ts";

export interface LinkSettings {
  readonly address: ServerAddress;
  readonly password: string | null;
  /** Milliseconds until a connection has to be there. */
  readonly connectMs: number;
  /** Milliseconds until a statement has to be answered, if the server cannot see to that itself. */
  readonly answerMs: number;
  /** The server's settings for this session. */
  readonly session: Readonly<Record<string, string>>;
}

export type LinkRequest =
  | { readonly kind: "connect" | "end" }
  | {
      readonly kind: "query";
      readonly text: string;
      /** Names a statement that is prepared once; with null for values, there may be several, and no name. */
      readonly name: string;
      readonly values: readonly unknown[] | null;
    };

export interface RowSet {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly changes: number;
  /** As the server names it: "COMMIT". */
  readonly command: string;
}

export interface LinkFailure {
  /** SQLSTATE, or node's; "" if there is none. */
  readonly code: string;
  readonly message: string;
  /** The connection is gone, and with it its transaction. */
  readonly lost: boolean;
}

export type LinkAnswer =
  | { readonly ok: true; readonly results: readonly RowSet[] }
  | { readonly ok: false; readonly failure: LinkFailure };

/** What the server or the connection says; errors.ts has the words for it. */
export class PostgresError extends Error implements LinkFailure {
  override readonly name = "PostgresError";
  readonly code: string;
  readonly lost: boolean;

  constructor({ code, message, lost }: LinkFailure) {
    super(message);
    this.code = code;
    this.lost = lost;
  }
}

const WORKER = new URL("./postgres-worker.js", import.meta.url);

export class Link {
  readonly #settings: LinkSettings;
  readonly #worker: Worker;
  readonly #port;
  readonly #flag = new Int32Array(new SharedArrayBuffer(4));
  #lost = false;

  /** @throws PostgresError if it cannot be made */
  constructor(settings: LinkSettings, script: URL = WORKER) {
    this.#settings = settings;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(script, {
      workerData: { flag: this.#flag, port: port2, settings },
      transferList: [port2],
    });
    // a thread must not keep the program from its end
    this.#worker.unref();
    this.#port.unref();
    try {
      this.ask({ kind: "connect" }, settings.connectMs);
    } catch (error) {
      this.#terminate();
      throw error;
    }
  }

  /** It is of no use any more. */
  get lost(): boolean {
    return this.#lost;
  }

  /** @throws PostgresError */
  ask(request: LinkRequest, ms = this.#settings.answerMs): readonly RowSet[] {
    if (this.#lost) throw new PostgresError({ code: "LOST", message: "", lost: true });
    Atomics.store(this.#flag, 0, 0);
    // a thread has no origin, whatever the rule for windows says
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#port.postMessage(request);
    // the thread sees to the time itself, if it can: it may be gone, and so may the server's machine
    Atomics.wait(this.#flag, 0, 0, ms + GRACE_MS);
    const answer: LinkAnswer = receiveMessageOnPort(this.#port)?.message ?? NO_ANSWER;
    if (answer.ok) return answer.results;
    if (answer.failure.lost) this.#terminate();
    throw new PostgresError(answer.failure);
  }

  close(): void {
    if (this.#lost) return;
    try {
      this.ask({ kind: "end" }, CLOSE_MS);
    } catch {
      // then it is gone already
    }
    this.#terminate();
  }

  #terminate(): void {
    this.#lost = true;
    this.#port.close();
    void this.#worker.terminate();
  }
}

/** For the thread to begin. */
const GRACE_MS = 10_000;
const CLOSE_MS = 1000;
const NO_ANSWER: LinkAnswer = {
  ok: false,
  failure: { code: "ETIMEDOUT", message: "no answer", lost: true },
};
