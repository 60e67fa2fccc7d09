/**
 * A mailbox on an IMAP server (RFC 9051), by its URL (RFC 5092):
 *
 *     imaps://alice@imap.example.org/INBOX        TLS
 *     imap://alice@imap.example.org/lists/net     STARTTLS, always; plain only on this machine
 *
 * Opened with EXAMINE, and mails are fetched with PEEK: nothing changes there, no flag either.
 */

import { ImapFlow, type ImapFlowOptions } from "imapflow";
import { PatchsigError } from "../errors.ts";
import { hideSecret } from "../report/secret.ts";
import { type Fetched, fetchMails, type Line } from "./imap-fetch.ts";
import { type Bounds, boundsOf, MAX_ANSWER, MAX_UIDS, PATIENCE, PIECES } from "./imap-limits.ts";
import type { CursorOf, OnRead, SourceItem, SourceItems } from "./item.ts";
import { shownUrl } from "./url.ts";

export interface Mailbox {
  readonly protocol: "imap" | "imaps";
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly path: string;
}

export interface ImapLogin {
  readonly password: string;
  /** Called with whether the server accepted the password. */
  readonly onLogin: (right: boolean) => Promise<void>;
}

export interface ImapOptions extends ImapLogin {
  /** Mails that came in before are passed over; seconds since the epoch, and days to the server. */
  readonly since?: number | undefined;
  /** What the cursor of this name says; without it all mails are read. */
  readonly cursorOf?: CursorOf | undefined;
}

const PORTS = { imap: 143, imaps: 993 } as const;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;
/** Mails that are asked for at a time. */
const AT_A_TIME = 50;
/** Most unreadable mails that are requested again the next time; with more, the server is at fault. */
const MAX_UNREAD = 100;
/** Most reconnections. A mail at which the server hangs up costs two. */
const MAX_AGAIN = 10;
/** Most characters of a server's words. */
const MAX_WORDS = 300;

/** PatchsigError "usage" if it is no such URL. */
export function parseMailbox(text: string): Mailbox {
  const wrong = (why: string): PatchsigError =>
    new PatchsigError("usage", `${shownUrl(text)}: ${why}`, {
      hint: "as in imaps://alice@imap.example.org/INBOX",
    });
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong("no URL");
  }
  const protocol = url.protocol === "imaps:" ? "imaps" : "imap";
  if (url.password !== "") throw wrong("a password does not belong into a URL");
  if (url.username === "") throw wrong("it names no user");
  let username: string;
  let path: string;
  try {
    username = decodeURIComponent(url.username);
    path = decodeURIComponent(url.pathname.slice(1));
  } catch {
    throw wrong("it is not URL-quoted");
  }
  if (path === "") throw wrong("it names no mailbox");
  const port = url.port === "" ? PORTS[protocol] : Number(url.port);
  return { protocol, host: url.hostname, port, username, path };
}

/** Whose password is needed, and where: `host` is with `:PORT` if that is not the usual one. */
export function imapLoginOf({ protocol, host, port, username }: Mailbox): {
  readonly protocol: string;
  readonly host: string;
  readonly username: string;
} {
  return { protocol, host: port === PORTS[protocol] ? host : `${host}:${port}`, username };
}

/** The mails in the order of their UIDs, in which they came to the mailbox. */
export async function* readMailbox(
  mailbox: Mailbox,
  options: ImapOptions,
  onRead: OnRead,
): SourceItems {
  const name = urlOf(mailbox);
  const { cursorOf, since } = options;
  const line = new MailboxLine(mailbox, options);
  try {
    const { uidValidity, exists } = await line.open();
    const place = `${name};UIDVALIDITY=${uidValidity}`;
    const done = new ReadUids(cursorOf?.(name) ?? null, uidValidity);
    const uids = await wanted(line, done, since, exists);
    const itemOf = (one: Fetched): SourceItem => {
      const source = `${place}/;UID=${one.uid}`;
      done.add(one.uid, "why" in one);
      if ("why" in one) return { source, error: line.fault(`mail ${one.uid}: ${one.why}`) };
      const { bytes, size } = one;
      const mail = { source, bytes, size };
      return cursorOf === undefined ? mail : { ...mail, cursor: { name, value: done.cursor() } };
    };
    for (let at = 0; at < uids.length; at += AT_A_TIME) {
      const some = uids.slice(at, at + AT_A_TIME);
      for await (const mails of fetchMails(line, some)) {
        yield mails.map(itemOf);
        if (done.unread > MAX_UNREAD)
          throw line.fault(`more than ${MAX_UNREAD} mails cannot be read`);
      }
      onRead(at + some.length, uids.length);
    }
    await line.answer(MAX_ANSWER, () => line.client().logout());
  } catch (error) {
    yield [{ source: name, error: imapError(error, mailbox, options.password) }];
  } finally {
    line.close();
  }
}

/** How far a mailbox was read: up to a UID, except for some before it. */
class ReadUids {
  #last = 0;
  readonly #missing = new Set<number>();
  readonly #validity: bigint;
  /** Mails that could not be read now. */
  unread = 0;

  /** @param cursor ignored if it is another mailbox's, or the mailbox was recreated */
  constructor(cursor: string | null, validity: bigint) {
    this.#validity = validity;
    const [of, last = "", missing = ""] = (cursor ?? "").split(" ");
    if (of !== String(validity)) return;
    this.#last = Number(last);
    for (const uid of missing.split(",").filter((word) => word !== ""))
      this.#missing.add(Number(uid));
  }

  has(uid: number): boolean {
    return uid <= this.#last && !this.#missing.has(uid);
  }

  /** What is to be read, as a UID set; null for all. */
  rest(): string | null {
    return this.#last === 0 ? null : [...this.#missing, `${this.#last + 1}:*`].join();
  }

  add(uid: number, unread: boolean): void {
    this.#last = Math.max(this.#last, uid);
    if (!unread) return void this.#missing.delete(uid);
    this.#missing.add(uid);
    this.unread++;
  }

  /** Mails that are gone are not missing. */
  keep(uids: readonly number[]): void {
    const there = new Set(uids);
    for (const uid of this.#missing) if (!there.has(uid)) this.#missing.delete(uid);
  }

  cursor(): string {
    return [this.#validity, this.#last, [...this.#missing].join()].join(" ").trimEnd();
  }
}

async function wanted(
  line: MailboxLine,
  done: ReadUids,
  since: number | undefined,
  exists: number,
): Promise<number[]> {
  const rest = done.rest();
  const found = await line.search({
    ...(rest === null ? { all: true } : { uid: rest }),
    ...(since === undefined ? {} : { since: new Date(since * 1000) }),
  });
  const there = Math.min(exists, line.exists());
  if (rest === null && since === undefined && found.length < there)
    throw line.fault(`the server has ${there} mails and finds ${found.length}`);
  if (since === undefined) done.keep(found);
  // "*" is the last mail, even if that comes before the first number
  return found.filter((uid) => !done.has(uid)).sort((a, b) => a - b);
}

/** A connection to the mailbox. Keeps the server's words for its refusals. */
class MailboxLine implements Line {
  readonly #mailbox: Mailbox;
  readonly #options: ImapOptions;
  #client: ImapFlow | null = null;
  #bounds: Bounds | null = null;
  #validity: bigint | null = null;
  #again = 0;
  #refused = "";

  constructor(mailbox: Mailbox, options: ImapOptions) {
    this.#mailbox = mailbox;
    this.#options = options;
  }

  async open(): Promise<{ readonly uidValidity: bigint; readonly exists: number }> {
    const client = clientFor(this.#mailbox, this.#options.password, {
      logger: {
        debug: () => undefined,
        info: () => undefined,
        error: () => undefined,
        // imapflow says no more than "false" of some refusals
        warn: ({ err }: { err?: ServerError }) =>
          (this.#refused = err?.responseText ?? this.#refused),
      },
    });
    // imapflow tells of a lost connection twice; a call that waits throws it as well
    client.on("error", () => undefined);
    this.#client = client;
    this.#bounds = boundsOf(client, (why) => this.fault(why));
    const { uidValidity, exists } = await this.answer(MAX_ANSWER, async () => {
      await logIn(client, this.#options);
      return client.mailboxOpen(this.#mailbox.path, { readOnly: true });
    });
    if (typeof uidValidity !== "bigint") throw this.fault("the server gives no UIDVALIDITY");
    if (this.#validity !== null && this.#validity !== uidValidity)
      throw this.fault("it was made anew while it was read");
    this.#validity = uidValidity;
    return { uidValidity, exists };
  }

  client(): ImapFlow {
    return this.#client!;
  }

  answer<T>(bytes: number, ask: () => Promise<T>): Promise<T> {
    return this.#bounds!.answer(bytes, ask);
  }

  exists(): number {
    const { mailbox } = this.client();
    return mailbox === false ? 0 : mailbox.exists;
  }

  async search(query: Parameters<ImapFlow["search"]>[0]): Promise<number[]> {
    const search = (): ReturnType<ImapFlow["search"]> => this.client().search(query, { uid: true });
    const found = await this.answer(MAX_UIDS, search);
    if (Array.isArray(found)) return found;
    throw this.fault(this.#words(this.#refused || "the server does not search it"));
  }

  refusal(error: unknown): string | null {
    const { responseStatus, responseText, code } = error as ServerError;
    if (code === "ETHROTTLE" || !/^(?:NO|BAD)$/.test(responseStatus ?? "")) return null;
    return this.#words(responseText ?? `the server says ${responseStatus}`);
  }

  #words(text: string): string {
    return wordsOf(text, this.#options.password);
  }

  async again(error: unknown): Promise<string> {
    // a server that does not keep its bounds
    if (error instanceof PatchsigError) throw error;
    // who is silent would be silent again, for as long
    const { code } = error as ServerError;
    if (code === "ETIMEOUT" || code === "ETHROTTLE" || ++this.#again > MAX_AGAIN) throw error;
    this.close();
    await this.open();
    return reasonOf(error, this.#options.password);
  }

  close(): void {
    this.#bounds?.end();
    this.#client?.close();
  }

  fault(why: string): PatchsigError {
    return new PatchsigError(
      "unreadable",
      `${this.#mailbox.path} at ${this.#mailbox.host}: ${why}`,
    );
  }
}

/** A client that is not connected yet. It does not idle unless the options say so. */
export function clientFor(
  { protocol, host, port, username }: Mailbox,
  pass: string,
  options: Partial<ImapFlowOptions> = {},
): ImapFlow {
  const secure = protocol === "imaps";
  return new ImapFlow({
    host,
    port,
    secure,
    // otherwise somebody in the middle could get the password in plain text
    ...(secure ? {} : { doSTARTTLS: !LOOPBACK.test(host) }),
    auth: { user: username, pass },
    logger: false,
    disableAutoIdle: true,
    ...PIECES,
    connectionTimeout: PATIENCE,
    greetingTimeout: PATIENCE,
    socketTimeout: PATIENCE,
    ...options,
  });
}

/**
 * Connects. Throws what imapflow does. If a server asks for no password (a PREAUTH greeting, which imapflow
 * does not keep), nothing is approved: it may be any server.
 */
export async function logIn(client: ImapFlow, options: Pick<ImapLogin, "onLogin">): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    if (isWrongPassword(error as ServerError)) await options.onLogin(false);
    throw error;
  }
  if (client.greeting !== undefined) await options.onLogin(true);
}

/** What imapflow throws, as far as it is used. */
interface ServerError extends Error {
  readonly code?: string;
  /** A command was refused: NO or BAD, and the server's words. */
  readonly responseStatus?: string;
  readonly responseText?: string;
  /** In brackets before the words (RFC 5530). */
  readonly serverResponseCode?: string;
  /** The words with which the server hung up. */
  readonly reason?: string;
  readonly authenticationFailed?: boolean;
}

/** Other refusals are not about the password: a busy server, a locked account (RFC 5530). */
function isWrongPassword({ responseStatus, serverResponseCode }: ServerError): boolean {
  return responseStatus === "NO" && serverResponseCode?.toUpperCase() === "AUTHENTICATIONFAILED";
}

/** As RFC 5092 writes it. */
function urlOf(mailbox: Mailbox): string {
  const { protocol, host } = imapLoginOf(mailbox);
  const path = mailbox.path.split("/").map(encodeURIComponent).join("/");
  return `${protocol}://${encodeURIComponent(mailbox.username)}@${host}/${path}`;
}

/** PatchsigError "no-password" or "unreadable" for what imapflow throws, without the password. */
export function imapError(error: unknown, mailbox: Mailbox, password: string): PatchsigError {
  if (error instanceof PatchsigError) return error;
  const { host, username, path } = mailbox;
  const why = reasonOf(error, password);
  const { authenticationFailed, responseStatus } = error as ServerError;
  if (isWrongPassword(error as ServerError))
    return new PatchsigError(
      "no-password",
      `${host} rejects this password for ${username}: ${why}`,
      {
        cause: error,
      },
    );
  if (authenticationFailed === true && responseStatus !== undefined)
    return new PatchsigError("unreadable", `${host} does not let ${username} log in: ${why}`, {
      hint: "the stored password is kept; git credential reject removes it",
      cause: error,
    });
  return new PatchsigError("unreadable", `${path} at ${host}: ${why}`, { cause: error });
}

/** imapflow's codes for a connection that the other side has ended. */
const HUNG_UP = /^(?:NoConnection|EConnectionClosed|ClosedAfterConnect.*|ECONNRESET|EPIPE)$/;

function reasonOf(error: unknown, password: string): string {
  const words = (text: string): string => wordsOf(text, password);
  const { code = "", message, responseText, reason } = error as ServerError;
  if (responseText !== undefined) return words(responseText);
  if (HUNG_UP.test(code)) return words(`the server hung up${reason ? `: ${reason}` : ""}`);
  return words(code === "" ? message : `${message} (${code})`);
}

function wordsOf(text: string, password: string): string {
  return hideSecret(text, password).slice(0, MAX_WORDS).trim();
}
