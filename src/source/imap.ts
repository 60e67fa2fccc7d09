/**
 * A mailbox on an IMAP server (RFC 9051), by its URL (RFC 5092):
 *
 *     imaps://alice@imap.example.org/INBOX        TLS
 *     imap://alice@imap.example.org/lists/net     STARTTLS, always; plain only on this machine
 *
 * Opened with EXAMINE, and mails are fetched with PEEK: nothing changes there, no flag either.
 */

import { ImapFlow, type ImapFlowOptions } from "imapflow";
import { CliError } from "../errors.ts";
import { MAX_MESSAGE_BYTES } from "../mail/limits.ts";
import type { CursorOf, OnRead, Piece, Pieces } from "./piece.ts";

export interface Mailbox {
  readonly protocol: "imap" | "imaps";
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly path: string;
}

export interface ImapLogin {
  readonly password: string;
  /** Told whether the server took the password. */
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
/** Mails that are asked for at a time, and their bytes: or one mail that has more. */
const AT_A_TIME = 50;
const PORTION = 4 << 20;
/** How long a server may be silent, in milliseconds. */
const PATIENCE = 60_000;

/** CliError "usage" if it is no such URL. */
export function parseMailbox(text: string): Mailbox {
  const wrong = (why: string): CliError =>
    new CliError("usage", `${text}: ${why}`, {
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
export function loginOf({ protocol, host, port, username }: Mailbox): {
  readonly protocol: string;
  readonly host: string;
  readonly username: string;
} {
  return { protocol, host: port === PORTS[protocol] ? host : `${host}:${port}`, username };
}

/** The mails in the order of their UIDs, in which they came to the mailbox. */
export async function* readMailbox(mailbox: Mailbox, options: ImapOptions, onRead: OnRead): Pieces {
  const client = clientFor(mailbox, options.password);
  // imapflow tells of a lost connection twice; a call that waits throws it as well
  client.on("error", () => undefined);
  const name = urlOf(mailbox);
  try {
    await logIn(client, options);
    const { uidValidity } = await client.mailboxOpen(mailbox.path, { readOnly: true });
    const place = `${name};UIDVALIDITY=${uidValidity}`;
    const { cursorOf, since } = options;
    const uids = await wanted(client, {
      since,
      after: lastUid(cursorOf?.(name) ?? null, uidValidity),
    });
    for (let at = 0; at < uids.length; at += AT_A_TIME) {
      const some = uids.slice(at, at + AT_A_TIME);
      for await (const mails of fetchMails(client, some)) {
        yield mails.map(({ uid, bytes, size }): Piece => {
          const mail = { source: `${place}/;UID=${uid}`, bytes, size };
          const value = `${uidValidity} ${uid}`;
          return cursorOf === undefined ? mail : { ...mail, cursor: { name, value } };
        });
      }
      onRead(at + some.length, uids.length);
    }
    await client.logout();
  } catch (error) {
    yield [{ source: name, error: explained(error, mailbox) }];
  } finally {
    client.close();
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
    // else whoever sits between could have the password in plain text
    ...(secure ? {} : { doSTARTTLS: !LOOPBACK.test(host) }),
    auth: { user: username, pass },
    logger: false,
    disableAutoIdle: true,
    maxLiteralSize: MAX_MESSAGE_BYTES,
    connectionTimeout: PATIENCE,
    greetingTimeout: PATIENCE,
    socketTimeout: PATIENCE,
    ...options,
  });
}

/** Connects. Throws what imapflow does. */
export async function logIn(client: ImapFlow, options: Pick<ImapLogin, "onLogin">): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    if ((error as { authenticationFailed?: boolean }).authenticationFailed === true)
      await options.onLogin(false);
    throw error;
  }
  await options.onLogin(true);
}

/** The UID after which to go on; 0 if the mailbox is another one by now. */
function lastUid(cursor: string | null, uidValidity: bigint): number {
  const [validity, uid] = (cursor ?? "").split(" ");
  return validity === String(uidValidity) ? Number(uid) : 0;
}

async function wanted(
  client: ImapFlow,
  { since, after }: { readonly since: number | undefined; readonly after: number },
): Promise<number[]> {
  const query = {
    ...(after > 0 ? { uid: `${after + 1}:*` } : { all: true }),
    ...(since === undefined ? {} : { since: new Date(since * 1000) }),
  };
  const found = (await client.search(query, { uid: true })) || [];
  // "*" is the last mail, even if that comes before the first number
  return found.filter((uid) => uid > after).sort((a, b) => a - b);
}

interface Fetched {
  readonly uid: number;
  readonly bytes: Buffer | null;
  readonly size: number;
}

/** First how large they are, then, in portions, those that are not too large. */
async function* fetchMails(
  client: ImapFlow,
  uids: readonly number[],
): AsyncGenerator<readonly Fetched[]> {
  const sizes = new Map<number, number>();
  for (const { uid, size } of await client.fetchAll(uids.join(), { size: true }, { uid: true }))
    sizes.set(uid, size ?? 0);
  // what is in none of them has gone since the search
  let portion: number[] = [];
  let held = 0;
  for (const uid of uids.filter((one) => sizes.has(one))) {
    portion.push(uid);
    const size = sizes.get(uid)!;
    held += size > MAX_MESSAGE_BYTES ? 0 : size;
    if (held < PORTION) continue;
    yield await fetchPortion(client, portion, sizes);
    [portion, held] = [[], 0];
  }
  if (portion.length > 0) yield await fetchPortion(client, portion, sizes);
}

async function fetchPortion(
  client: ImapFlow,
  uids: readonly number[],
  sizes: ReadonlyMap<number, number>,
): Promise<Fetched[]> {
  const small = uids.filter((uid) => sizes.get(uid)! <= MAX_MESSAGE_BYTES);
  const sources = new Map<number, Buffer>();
  if (small.length > 0)
    for await (const { uid, source } of client.fetch(small.join(), { source: true }, { uid: true }))
      if (source !== undefined) sources.set(uid, source);
  return uids.flatMap((uid) => {
    const size = sizes.get(uid)!;
    const source = sources.get(uid);
    if (source === undefined && size <= MAX_MESSAGE_BYTES) return [];
    return [{ uid, bytes: source ?? null, size }];
  });
}

/** As RFC 5092 writes it. */
function urlOf(mailbox: Mailbox): string {
  const { protocol, host } = loginOf(mailbox);
  const path = mailbox.path.split("/").map(encodeURIComponent).join("/");
  return `${protocol}://${encodeURIComponent(mailbox.username)}@${host}/${path}`;
}

/** CliError "no-password" or "unreadable" for what imapflow throws. */
export function explained(error: unknown, { host, username, path }: Mailbox): CliError {
  if (error instanceof CliError) return error;
  const { code, authenticationFailed, message, responseText } = error as {
    code?: string;
    authenticationFailed?: boolean;
    message: string;
    responseText?: string;
  };
  if (authenticationFailed === true)
    return new CliError("no-password", `${host} does not take this password for ${username}`, {
      cause: error,
    });
  const why = responseText ?? (code === undefined ? message : `${message} (${code})`);
  return new CliError("unreadable", `${path} at ${host}: ${why}`, { cause: error });
}
