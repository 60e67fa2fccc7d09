/**
 * A client of the ssh-agent protocol (draft-ietf-sshm-ssh-agent; OpenSSH's PROTOCOL.agent), for
 * Ed25519 keys alone. The agent is another program: its answers are bounded in size and time,
 * and its signatures are verified before use.
 */

import { createConnection, type Socket } from "node:net";
import { PatchsigError, FormatError } from "../errors.ts";
import { createVerifier } from "../minisign/ed25519.ts";
import { formatSshKey, parseSshKey, SSH_ED25519 } from "../ssh/key.ts";
import { Reader, string, uint32 } from "../ssh/wire.ts";
import { message } from "./message.ts";

/** Numbers of the protocol's messages. */
const REQUEST = { identities: 11, sign: 13, remove: 18, addConstrained: 25 } as const;
const ANSWER = { failure: 5, success: 6, identities: 12, signature: 14 } as const;
const CONSTRAIN_LIFETIME = 1;

/** OpenSSH's own limit (AGENT_MAX_LEN). */
const MAX_ANSWER = 256 * 1024;
const SIGNATURE_BYTES = 64;

/**
 * Milliseconds. A signature may wait for a person: a PIN, a touch, a question. So may the list, if
 * the agent is locked.
 */
export interface TimeLimits {
  readonly answer: number;
  readonly signature: number;
}
const TIME_LIMITS: TimeLimits = { answer: 60_000, signature: 120_000 };
/** Milliseconds before the user is told of the wait. */
const SILENCE = 2_000;

/** An Ed25519 key in the agent. */
export interface AgentKey {
  /** 32 bytes. */
  readonly point: Buffer;
  /** Whatever its owner wrote; escape it before printing. */
  readonly comment: string;
}

/** A key that patchsig cannot sign with. */
export interface OtherKey {
  /** As SSH calls it: `ssh-rsa`, `sk-ssh-ed25519@openssh.com` … Escape it before printing. */
  readonly type: string;
  readonly comment: string;
  /** The public key, in SSH's format. */
  readonly blob: Buffer;
}

/** The agent's keys, each once. */
export interface AgentIdentities {
  readonly keys: readonly AgentKey[];
  /** Keys that are not Ed25519. */
  readonly others: readonly OtherKey[];
}

interface WaitingRequest {
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: PatchsigError) => void;
}

/** A connection to an agent. One request at a time; `close` when done. Errors are PatchsigErrors. */
export class SshAgent {
  readonly #socket: Socket;
  readonly #limits: TimeLimits;
  readonly #onSilence: () => void;
  readonly #verifier = createVerifier(4);
  #received: Buffer = Buffer.alloc(0);
  #waiting: WaitingRequest | null = null;
  #broken: PatchsigError | null = null;

  /**
   * @param path of its socket (SSH_AUTH_SOCK)
   * @param onSilence called once if an answer is slow: the agent may be asking somebody
   * @param limits how long to wait for it
   */
  constructor(path: string, onSilence: () => void, limits: TimeLimits = TIME_LIMITS) {
    this.#limits = limits;
    this.#onSilence = once(onSilence);
    this.#socket = createConnection({ path });
    this.#socket.on("data", (bytes: Buffer) => this.#take(bytes));
    this.#socket.on("error", (cause) => this.#fail(noAgent(`does not answer at ${path}`, cause)));
    this.#socket.on("close", () => this.#fail(failed("hung up")));
  }

  close(): void {
    this.#fail(failed("was let go"));
  }

  /** The Ed25519 keys that it holds. */
  async listIdentities(): Promise<AgentIdentities> {
    const answer = await this.#ask(message(REQUEST.identities), this.#limits.answer);
    return this.#read(answer, ANSWER.identities, "to list its keys", (reader) => {
      const keys: AgentKey[] = [];
      const others: OtherKey[] = [];
      const count = reader.uint32();
      for (let i = 0; i < count; i++) {
        const blob = reader.string();
        const point = parseSshKey(blob);
        const comment = reader.string().toString("utf8");
        if (point === null) others.push({ type: typeOf(blob), comment, blob });
        // an agent that proxies others may list a key twice
        else if (!keys.some((key) => key.point.equals(point) && key.comment === comment))
          keys.push({ point, comment });
      }
      return { keys, others };
    });
  }

  /** The Ed25519 signature (64 bytes) of these bytes, verified. */
  async sign(point: Buffer, data: Uint8Array): Promise<Buffer> {
    const request = message(
      REQUEST.sign,
      ...string(formatSshKey(point)),
      ...string(data),
      uint32(0),
    );
    const answer = await this.#ask(request, this.#limits.signature);
    const signature = this.#read(answer, ANSWER.signature, "to sign with this key", (reader) => {
      const blob = new Reader(reader.string());
      const name = blob.text();
      const bytes = blob.string();
      blob.end();
      if (name !== SSH_ED25519 || bytes.length !== SIGNATURE_BYTES)
        throw new FormatError("of another kind");
      return Buffer.from(bytes);
    });
    if (!this.#verifier.verifyStrict(point, data, signature))
      throw failed("made a signature that does not verify");
    return signature;
  }

  /**
   * Adds a key for `seconds`.
   *
   * @param seed 32 bytes
   */
  async add(seed: Uint8Array, point: Buffer, comment: string, seconds: number): Promise<void> {
    const secret = Buffer.alloc(seed.length + point.length);
    secret.set(seed);
    secret.set(point, seed.length);
    const request = message(
      REQUEST.addConstrained,
      ...string(SSH_ED25519),
      ...string(point),
      ...string(secret),
      ...string(comment),
      Buffer.from([CONSTRAIN_LIFETIME]),
      uint32(seconds),
    );
    secret.fill(0);
    try {
      const answer = await this.#ask(request, this.#limits.signature);
      this.#read(answer, ANSWER.success, "to take the key", () => undefined);
    } finally {
      request.fill(0);
    }
  }

  /** Removes a key. */
  async remove(point: Buffer): Promise<void> {
    const request = message(REQUEST.remove, ...string(formatSshKey(point)));
    const answer = await this.#ask(request, this.#limits.answer);
    this.#read(answer, ANSWER.success, "to forget the key", () => undefined);
  }

  /** The body of an answer, which must have this type. */
  #read<T>(answer: Buffer, type: number, what: string, read: (reader: Reader) => T): T {
    try {
      const reader = new Reader(answer);
      const found = reader.byte();
      if (found === ANSWER.failure) throw failed(`refuses ${what}`);
      if (found !== type) throw new FormatError("of another type");
      const value = read(reader);
      reader.end();
      return value;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const broken = failed(`gave an answer that is ${error.message}`);
      this.#fail(broken);
      throw broken;
    }
  }

  #ask(request: Buffer, limit: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== null) return reject(this.#broken);
      const word = setTimeout(this.#onSilence, SILENCE);
      const end = setTimeout(() => this.#fail(tooLate(limit)), limit);
      const settled = (): void => {
        clearTimeout(word);
        clearTimeout(end);
      };
      this.#waiting = {
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      this.#socket.write(request);
    });
  }

  /** Takes received bytes: they must be one answer to a request, and no more. */
  #take(bytes: Buffer): void {
    if (this.#waiting === null) return this.#fail(failed("talks without being asked"));
    this.#received = Buffer.concat([this.#received, bytes]);
    if (this.#received.length < 4) return;
    const length = this.#received.readUInt32BE();
    if (length === 0 || length > MAX_ANSWER)
      return this.#fail(failed(`announces an answer of ${length} bytes`));
    if (this.#received.length < 4 + length) return;
    if (this.#received.length > 4 + length) return this.#fail(failed("says more than was asked"));
    const answer = this.#received.subarray(4);
    this.#received = Buffer.alloc(0);
    const { resolve } = this.#waiting;
    this.#waiting = null;
    resolve(answer);
  }

  /** Ends the connection; the first reason counts. */
  #fail(error: PatchsigError): void {
    this.#broken ??= error;
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#socket.destroy();
    waiting?.reject(this.#broken);
  }
}

function failed(what: string): PatchsigError {
  return new PatchsigError("agent-failed", `the ssh-agent ${what}`);
}

function tooLate(limit: number): PatchsigError {
  return new PatchsigError(
    "agent-failed",
    `the ssh-agent did not answer within ${limit / 1000} s`,
    {
      hint: "it may be waiting for you, or be locked: ssh-add -l",
    },
  );
}

/** The first string of a key in SSH's format; "" if it has none. */
function typeOf(blob: Buffer): string {
  try {
    return new Reader(blob).text().slice(0, 80);
  } catch (error) {
    if (error instanceof FormatError) return "";
    throw error;
  }
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}

function noAgent(what: string, cause?: unknown): PatchsigError {
  return new PatchsigError("no-agent", `the ssh-agent ${what}`, {
    hint: "eval $(ssh-agent) starts one",
    cause,
  });
}

/** The agent of the environment. PatchsigError "no-agent" if SSH_AUTH_SOCK is not set. */
export function sshAgentOf(
  environment: Readonly<Record<string, string | undefined>>,
  onSilence: () => void,
): SshAgent {
  const path = environment["SSH_AUTH_SOCK"] ?? "";
  if (path === "")
    throw new PatchsigError("no-agent", "no ssh-agent: SSH_AUTH_SOCK is not set", {
      hint: "eval $(ssh-agent) starts one",
    });
  return new SshAgent(path, onSilence);
}
