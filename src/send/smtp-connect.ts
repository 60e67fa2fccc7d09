/** Connects to an SMTP server: certificates, TLS, the password, timeouts. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { connect as connectTcp, type LookupFunction, type Socket } from "node:net";
import { join } from "node:path";
import { type ConnectionOptions, createSecureContext } from "node:tls";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { PatchsigError } from "../errors.ts";
import { chooseMechanism, type Mechanism, TOKEN_END, tokenResponse } from "./sasl.ts";
import type { SmtpServer } from "./settings.ts";
import type { SmtpError } from "./unreached.ts";

/** Timeouts in milliseconds. */
export interface Patience {
  /** For a connection that is ready to take mail. */
  readonly connect: number;
  /** For a server that is silent. */
  readonly answer: number;
  /** For a whole letter, however often the server answers. */
  readonly letter: number;
}

export interface Connecting {
  /** null if there is none to give. */
  readonly password: string | null;
  /** Called with whether the server accepted the password; not called on other failures. */
  readonly onLogin: (right: boolean) => Promise<void>;
  readonly patience: Patience;
  /** Resolves a host name; default: as the system does it. */
  readonly lookup?: LookupFunction;
}

/** Most bytes of one reply: RFC 5321 allows 512 a line, and some servers list very much. */
const MAX_REPLY = 1 << 16;
/** Most bytes that a server may say in one step, such as a letter with all its recipients. */
const MAX_HEARD = 1 << 20;
/** Replies and empty lines that wait to be looked at; there is one reply to each of our commands. */
const MAX_WAITING = 1_000;
/** Milliseconds until the next address of a host is tried. */
const NEXT_ADDRESS = 1000;
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

/** "535: authentication credentials invalid" (RFC 4954 §6); any other reply is not about them. */
const WRONG_PASSWORD = 535;

export interface Connected {
  readonly connection: SMTPConnection;
  /** Does the server take bytes over 127 (8BITMIME, RFC 6152)? */
  readonly eightBits: boolean;
}

/** Rejects with a `SmtpError`, or a PatchsigError "unreadable" for missing certificates. */
export async function connectSmtp(
  server: SmtpServer,
  { password, onLogin, patience, lookup }: Connecting,
): Promise<Connected> {
  const { default: Connection } = await import("nodemailer/lib/smtp-connection");
  const tls = tlsOptions(server);
  const connection = bounded(Connection, {
    connection: await dial(server, patience.connect, lookup),
    host: server.host,
    port: server.port,
    secure: server.encryption === "ssl",
    requireTLS: server.encryption === "tls",
    // else nodemailer would use STARTTLS where offered, which git does not
    ignoreTLS: server.encryption === "none",
    ...(server.domain === null ? {} : { name: server.domain }),
    tls,
    customAuth: { [TOKEN]: loginByToken },
    connectionTimeout: patience.connect,
    greetingTimeout: patience.connect,
    socketTimeout: patience.answer,
    maxResponseSize: MAX_REPLY,
  });
  // each step learns of the error, too
  connection.on("error", () => undefined);
  let loggingIn = false;
  try {
    await step(connection, patience.connect, (done) => connection.connect(done));
    const offers = connection.lastServerResponse || "";
    if (server.login !== null && password !== null) {
      const mechanism = chooseMechanism(offers, server.login.mechanisms);
      const auth = authOf(mechanism, server, { user: server.login.user, password });
      loggingIn = true;
      await step(connection, patience.connect, (done) => connection.login(auth, done));
      await onLogin(true);
    }
    return { connection, eightBits: /^250[ -]8BITMIME\b/im.test(offers) };
  } catch (error) {
    connection.close();
    if (loggingIn && (error as SmtpError).responseCode === WRONG_PASSWORD) await onLogin(false);
    throw error;
  }
}

/**
 * A connection to the host, whose name the system looks up, as git does. nodemailer would ask DNS first,
 * even for "localhost": a password in plain text could then go to any machine that DNS names.
 */
function dial(
  { host, port, encryption, login }: SmtpServer,
  patience: number,
  lookup: LookupFunction | undefined,
): Promise<Socket> {
  const socket = connectTcp({
    host,
    port,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS,
    ...(lookup === undefined ? {} : { lookup }),
  });
  const mustBeHere = login !== null && encryption === "none";
  return new Promise<Socket>((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(tooSlow("no connection", patience)), patience);
    // of several addresses, why the first could not be reached
    const onError = (error: Error): void =>
      reject(error instanceof AggregateError ? error.errors[0] : error);
    socket.once("error", onError).once("connect", () => {
      clearTimeout(timer);
      if (mustBeHere && !LOOPBACK.test(socket.remoteAddress ?? ""))
        socket.destroy(
          new Error(`${host} is not this machine: no password goes there in plain text`),
        );
      else resolve(socket);
    });
    socket.once("close", () => clearTimeout(timer));
  });
}

function tooSlow(what: string, patience: number): Error {
  return Object.assign(new Error(`${what} after ${patience / 1000} seconds`), { code: "ESLOW" });
}

type Class = typeof SMTPConnection;

/**
 * nodemailer bounds one reply, but not how many come, nor empty lines. It looks at them one by one even when the
 * connection is closed, each for the price of all: what is left is thrown away.
 */
// oxlint-disable no-underscore-dangle -- its name for what takes the bytes; test/send/hostile.test.ts notices another
function bounded(Connection: Class, options: SMTPConnection.Options): SMTPConnection {
  interface Hearing extends SMTPConnection {
    _responseQueue: string[];
    _onData(bytes: Buffer): void;
  }
  const Base = Connection as unknown as new (of: SMTPConnection.Options) => Hearing;
  class Bounded extends Base {
    heard = 0;
    override _onData(bytes: Buffer): void {
      this.heard += bytes.length;
      if (this.heard <= MAX_HEARD) super._onData(bytes);
      if (this.heard <= MAX_HEARD && this._responseQueue.length <= MAX_WAITING) return;
      this._responseQueue = [];
      this.emit("error", new Error("the server says too much"));
      this.close();
    }
  }
  return new Bounded(options);
}
// oxlint-enable no-underscore-dangle

/** Not the mechanism's own name: nodemailer would take another one for XOAUTH2 without its own object. */
const TOKEN = "TOKEN";

function authOf(
  mechanism: Mechanism,
  { host, port }: SmtpServer,
  { user, password }: { readonly user: string; readonly password: string },
): SMTPConnection.AuthenticationType {
  const response = tokenResponse(mechanism, { host, port, user, token: password });
  if (response === null) return { user, pass: password, method: mechanism };
  return { user, pass: password, method: TOKEN, options: { mechanism, response } };
}

async function loginByToken(login: SMTPConnection.CustomAuthenticationContext): Promise<void> {
  const { mechanism, response } = login.auth.options as { mechanism: Mechanism; response: string };
  let reply = await login.sendCommand(`AUTH ${mechanism} ${response}`);
  if (reply.status === 334) reply = await login.sendCommand(TOKEN_END[mechanism] ?? "*");
  if (reply.status !== 235) throw new Error("Invalid login");
}

type Callback<T> = (error?: Error | null, value?: T) => void;

/**
 * Waits for `work` to call back; rejects if the connection is lost, or after `patience`
 * milliseconds, and then closes it.
 */
export function step<T>(
  connection: SMTPConnection,
  patience: number,
  work: (done: Callback<T>) => void,
): Promise<T | undefined> {
  Object.assign(connection, { heard: 0 });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      onError(tooSlow("no end", patience));
      connection.close();
    }, patience);
    // the caller may still learn why
    const onEnd = (): unknown => setImmediate(onError, new Error("the connection was closed"));
    const forget = (): void => {
      clearTimeout(timer);
      connection.removeListener("error", onError).removeListener("end", onEnd);
    };
    const onError = (error: Error): void => {
      forget();
      reject(error);
    };
    connection.once("error", onError).once("end", onEnd);
    work((error, value) => {
      forget();
      if (error instanceof Error) reject(error);
      else resolve(value);
    });
  });
}

/**
 * Reads the files of certificates that the settings name, before anything is sent.
 *
 * @throws PatchsigError "unreadable" if one is missing, or is none
 */
export function checkCertificates(server: SmtpServer): void {
  const options = tlsOptions(server);
  try {
    createSecureContext(options);
  } catch (cause) {
    const { cert = "", key } = server.client ?? {};
    throw new PatchsigError("unreadable", `no certificate and key: ${key ?? cert}`, {
      hint: "see sendemail.smtpSSLClientCert and smtpSSLClientKey",
      cause,
    });
  }
}

function tlsOptions({ encryption, certPath, client }: SmtpServer): ConnectionOptions {
  if (encryption === "none") return {};
  const trust =
    certPath === null
      ? {}
      : certPath === ""
        ? { rejectUnauthorized: false }
        : { ca: certificates(certPath) };
  if (client === null) return trust;
  const { cert, key } = client;
  return {
    ...trust,
    cert: fileOf(cert, "smtpSSLClientCert"),
    key: fileOf(key ?? cert, key === null ? "smtpSSLClientCert" : "smtpSSLClientKey"),
  };
}

function fileOf(path: string, setting: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadable(`cannot read ${path}`, setting, cause);
  }
}

/** In a folder, those that OpenSSL would use: named by hash (openssl-rehash(1)). */
function certificates(path: string): Buffer[] {
  const found = filesIn(path).filter((bytes) => bytes.includes("-----BEGIN "));
  if (found.length > 0) return found;
  throw unreadable(`no certificate in ${path}`, "smtpSSLCertPath; openssl rehash names them");
}

function filesIn(path: string): Buffer[] {
  try {
    if (!statSync(path).isDirectory()) return [readFileSync(path)];
    const names = readdirSync(path).filter((name) => /^[0-9a-f]{8}\.\d+$/.test(name));
    return names.map((name) => readFileSync(join(path, name)));
  } catch (cause) {
    throw unreadable(`cannot read the certificates in ${path}`, "smtpSSLCertPath", cause);
  }
}

function unreadable(message: string, setting: string, cause?: unknown): PatchsigError {
  return new PatchsigError("unreadable", message, { hint: `see sendemail.${setting}`, cause });
}
