/**
 * Sends letters over SMTP (RFC 5321): nodemailer speaks it, this file says what an answer means.
 *
 * A server takes a letter when it has seen the end of the data and not before: if the connection is
 * lost earlier, it must cancel the transaction (RFC 5321 §4.1.1.10). So `onCommit` is called
 * between the last byte of the letter and the line with the dot.
 */

import { isAscii } from "node:buffer";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { dropCr } from "../mail/line-ends.ts";
import { inEncoding } from "../outgoing/encoding.ts";
import { hideSecret } from "../report/secret.ts";
import type { SmtpServer } from "./settings.ts";
import {
  type Connected,
  type Connecting,
  connectSmtp,
  type Patience,
  step,
} from "./smtp-connect.ts";
import {
  envelopeFault,
  type Letter,
  saidInOneLine,
  type SendOutcome,
  type Transport,
} from "./transport.ts";
import { type SmtpError, whyUnreached } from "./unreached.ts";

/** RFC 5321 §4.5.3.2 gives a server ten minutes to answer the end of the data. */
const PATIENCE: Patience = { connect: 60_000, answer: 600_000, letter: 1_200_000 };
const PIECE = 1 << 16;

export type SmtpOptions = Omit<Connecting, "patience"> & {
  readonly patience?: Partial<Patience>;
  /** Waits for so many milliseconds, between two connections of a server that limits the letters of each. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
};

/** A server's reply, fit to show and store. */
type ReplyText = (error: SmtpError) => string;

/** How far the handover of a letter got. */
interface Handover {
  /** Has some of the letter gone? */
  begun: boolean;
  /** May the server have it? */
  committed: boolean;
  /** What the caller's `onCommit` threw. */
  stopped: { readonly error: unknown } | null;
}

/**
 * Uses one connection for all letters, opened for the first; reconnects if it is lost. If a server
 * accepts only some recipients of a letter, the connection is closed before its first byte: none
 * gets it.
 */
export function smtpTransport(server: SmtpServer, options: SmtpOptions): Transport {
  const patience = { ...PATIENCE, ...options.patience };
  const words: ReplyText = (error) =>
    saidInOneLine(hideSecret(whyUnreached(error, server) ?? saidIn(error), options.password ?? ""));
  const wait = options.wait ?? sleep;
  /** Letters that this connection took. */
  let taken = 0;
  let connected: Connected | null = null;

  const attempt = async (
    letter: Letter,
    onCommit: () => void,
    progress: Handover,
  ): Promise<SendOutcome> => {
    try {
      if (connected === null || connected.connection.destroyed) {
        connected = await connectSmtp(server, { ...options, patience });
        taken = 0;
      }
    } catch (error) {
      return { kind: "outage", said: words(error as SmtpError) };
    }
    return handOver(connected, letter, onCommit, { patience, words }, progress);
  };

  const close = async (): Promise<void> => {
    const last = connected?.connection;
    connected = null;
    if (last === undefined || last.destroyed) return;
    await step(last, patience.connect, (done) => {
      last.once("end", () => done());
      last.quit();
    }).catch(() => undefined);
  };

  return {
    send: async (letter, onCommit) => {
      const fault = envelopeFault(letter);
      if (fault !== null) return { kind: "refused", said: fault };
      if (server.batchSize > 0 && taken >= server.batchSize) {
        await close();
        taken = 0;
        await wait(server.reloginDelay * 1000);
      }
      const used = connected?.connection.destroyed === false;
      const progress: Handover = { begun: false, committed: false, stopped: null };
      const outcome = await attempt(letter, onCommit, progress);
      // a server may end a connection after so many letters
      const again = used && outcome.kind === "outage" && !progress.committed;
      const last = again ? await attempt(letter, onCommit, progress) : outcome;
      if (last.kind === "sent") taken++;
      return last;
    },
    close,
  };
}

async function handOver(
  { connection, eightBits }: Connected,
  letter: Letter,
  onCommit: () => void,
  { patience, words }: { readonly patience: Patience; readonly words: ReplyText },
  progress: Handover,
): Promise<SendOutcome> {
  const bytes = withCrLf(eightBits ? letter.bytes : inSevenBits(letter.bytes));
  const envelope = {
    from: letter.sender,
    to: [...letter.recipients],
    // RFC 1870, RFC 6152: if the server supports it
    size: bytes.length,
    use8BitMime: bytes.some((byte) => byte > 127),
    // nodemailer's own account, see its type SMTPConnectionEnvelope
    rejectedErrors: [] as readonly SmtpError[],
  };
  // a generator is asked for a piece once the piece before is on its way
  const pieces = async function* (): AsyncGenerator<Buffer> {
    progress.begun = true;
    if (envelope.rejectedErrors.length > 0) throw new Error("refused for some of its recipients");
    for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
    try {
      onCommit();
    } catch (error) {
      progress.stopped = { error };
      throw new Error("stopped", { cause: error });
    }
    progress.committed = true;
  };
  const message = Readable.from(pieces(), { objectMode: false, highWaterMark: 1 });
  try {
    const info = await step<{ readonly response: string }>(connection, patience.letter, (done) =>
      connection.send(envelope, message, done),
    );
    const response = info?.response ?? "";
    // an answer before the end answers nothing that we asked
    if (progress.committed && digitOf({ response }) === 2)
      return { kind: "sent", said: words({ response } as SmtpError) };
    throw new Error(`unexpected reply: ${response}`);
  } catch (error) {
    const outcome = outcomeOf(
      error as SmtpError,
      envelope.rejectedErrors,
      progress.committed,
      words,
    );
    await settle(connection, error as SmtpError, { outcome, progress, patience });
    if (progress.stopped !== null) throw progress.stopped.error;
    return outcome;
  }
}

/**
 * Keeps the connection for the next letter if the server refused this one in good order. If it refused while the
 * letter was on its way, the rest would still follow, and might be taken.
 */
async function settle(
  connection: SMTPConnection,
  { responseCode, command }: SmtpError,
  {
    outcome: { kind },
    progress: { begun, committed },
    patience,
  }: { readonly outcome: SendOutcome; readonly progress: Handover; readonly patience: Patience },
): Promise<void> {
  const orderly =
    responseCode !== undefined &&
    command !== "CONN" &&
    begun === committed &&
    /^(refused|later)$/.test(kind);
  if (!orderly) return connection.close();
  await step(connection, patience.connect, (done) => connection.reset(done)).catch(() => {
    connection.close();
  });
}

function outcomeOf(
  error: SmtpError,
  refusals: readonly SmtpError[],
  committed: boolean,
  words: ReplyText,
): SendOutcome {
  // if MAIL FROM fails, so do all recipients
  const isSenders = error.command === "MAIL FROM";
  const refusal = refusals.find((one) => digitOf(one) === 5) ?? refusals[0];
  const cause = isSenders || refusal === undefined ? error : refusal;
  return {
    kind: isSenders ? kindForSender(error) : kindOf(cause, committed),
    said: words(cause),
  };
}

/** MAIL FROM fails for the size (RFC 1870 §6.1), or for the sender, who is always the same. */
function kindForSender({ responseCode }: SmtpError): SendOutcome["kind"] {
  if (responseCode === 452) return "later";
  // nodemailer itself checks the server's limit
  return responseCode === 552 || responseCode === undefined ? "refused" : "outage";
}

function kindOf(error: SmtpError, committed: boolean): SendOutcome["kind"] {
  // a lost connection's last reply answers nothing, except 421
  if (error.responseCode === 421) return "outage";
  const digit = error.command === "CONN" ? null : digitOf(error);
  if (digit === 5) return "refused";
  if (digit === 4) return "later";
  return committed ? "unknown" : "outage";
}

/** The first digit of a reply's code, which is the same in each line (RFC 5321 §4.2.1); else null. */
function digitOf({ response = "" }: { readonly response?: string }): number | null {
  const [code] = /^[2-5]\d\d/.exec(response) ?? [];
  const isSame = (line: string): boolean =>
    line.startsWith(code!) && /^(?:[- ]|\r?$)/.test(line.slice(3));
  return code !== undefined && response.split("\n").every(isSame) ? Number(code[0]) : null;
}

function saidIn({ message, response, recipient }: SmtpError): string {
  return recipient === undefined ? (response ?? message) : `${recipient}: ${response}`;
}

/** For a server without 8BITMIME (RFC 6152, section 3); the signed text stays the same. */
function inSevenBits(bytes: Buffer): Buffer {
  return isAscii(bytes) ? bytes : inEncoding(dropCr(bytes), "quoted-printable", "UTF-8");
}

function withCrLf(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").replace(/\r?\n/g, "\r\n"), "latin1");
}
