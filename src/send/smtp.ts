/** Sending over SMTP (RFC 5321) with nodemailer's connection. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { MailServer } from "./settings.ts";
import { type Letter, type Outcome, said, type Transport } from "./transport.ts";

type SmtpServer = Extract<MailServer, { kind: "smtp" }>;

export interface Secrets {
  /** Asked for once there is a server to give it to. */
  readonly password: () => Promise<string>;
  /** Told whether the server took it. */
  readonly onLogin: (right: boolean) => Promise<void>;
}

/** How long a server may be silent, in milliseconds. */
const PATIENCE = 60_000;

/** What nodemailer throws. */
interface SmtpError {
  readonly message: string;
  readonly code?: string | undefined;
  readonly command?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly response?: string | undefined;
}

/** One connection for many letters, opened with the first one, and anew after anything went wrong. */
export function smtpTransport(server: SmtpServer, secrets: Secrets): Transport {
  let open: SMTPConnection | null = null;

  function close(): void {
    open?.close();
    open = null;
  }

  return {
    async send(letter, onCommit) {
      try {
        open ??= await connect(server, secrets);
      } catch (error) {
        return { kind: "outage", said: wordsOf(error as SmtpError) };
      }
      const outcome = await sendOver(open, letter, onCommit);
      if (outcome.kind !== "sent") close();
      return outcome;
    },
    close() {
      open?.quit();
      open = null;
    },
  };
}

async function connect(server: SmtpServer, secrets: Secrets): Promise<SMTPConnection> {
  const { host, port, security, user, domain, certificates } = server;
  const connection = new SMTPConnection({
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(domain === null ? {} : { name: domain }),
    ...(certificates === null ? {} : { tls: { ca: certificatesIn(certificates) } }),
    connectionTimeout: PATIENCE,
    greetingTimeout: PATIENCE,
    dnsTimeout: PATIENCE,
    socketTimeout: PATIENCE,
    maxResponseSize: 65_536,
  });
  await new Promise<void>((resolve, reject) => {
    connection.on("error", reject);
    connection.on("end", () => reject(new Error(`${host} closed the connection`)));
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  if (user !== null) await logIn(connection, user, secrets);
  return connection;
}

async function logIn(connection: SMTPConnection, user: string, secrets: Secrets): Promise<void> {
  try {
    const pass = await secrets.password();
    await new Promise<void>((resolve, reject) => {
      connection.on("end", () => reject(new Error("the server closed the connection")));
      connection.login({ user, pass, credentials: { user, pass } }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  } catch (error) {
    connection.close();
    // 535: these credentials are wrong (RFC 4954, 6); anything else says nothing of them
    if ((error as SmtpError).responseCode === 535) await secrets.onLogin(false);
    throw error;
  }
  await secrets.onLogin(true);
}

async function sendOver(
  connection: SMTPConnection,
  { sender, recipients, bytes }: Letter,
  onCommit: () => void,
): Promise<Outcome> {
  let committed = false;
  let fault: { readonly error: unknown } | null = null;
  const [first] = recipients;

  const done = new Promise<Outcome>((resolve) => {
    const lost = (error: SmtpError): void => resolve(afterError(error, committed));
    connection.once("error", lost);
    connection.once("end", () => lost(new Error("the server closed the connection")));

    async function* text(): AsyncGenerator<Buffer> {
      yield bytes;
      try {
        onCommit();
        committed = true;
      } catch (error) {
        // without the end of the data the server takes nothing
        fault = { error };
        connection.close();
        await new Promise(() => undefined);
      }
    }

    connection.send({ from: sender, to: [...recipients] }, Readable.from(text()), (error, info) => {
      if (error) return lost(error);
      const refused = info?.rejectedErrors?.find(
        (one) => (one as { recipient?: string }).recipient === first,
      );
      resolve(
        refused === undefined
          ? { kind: "sent", said: said(info?.response ?? "") }
          : afterError({ ...refused, message: refused.message, command: "RCPT TO" }, false),
      );
    });
  });
  const outcome = await done;
  if (fault !== null) throw (fault as { error: unknown }).error;
  return outcome;
}

/** @param committed the end of the data may have reached the server */
function afterError(error: SmtpError, committed: boolean): Outcome {
  const { responseCode = 0, command = "" } = error;
  const words = wordsOf(error);
  const isAnswer = responseCode >= 400;
  if (committed && !isAnswer) return { kind: "unknown", said: words };
  // of the sender and the connection it is not the letter's fault
  const ofLetter = committed || /^(?:RCPT|DATA)/.test(command);
  if (!isAnswer || !ofLetter) return { kind: "outage", said: words };
  return { kind: responseCode >= 500 ? "refused" : "later", said: words };
}

function wordsOf({ response, message, code }: SmtpError): string {
  return said(
    response ?? (code === undefined || message.includes(code) ? message : `${message} (${code})`),
  );
}

/** sendemail.smtpSSLCertPath is a file, or a folder of files. */
function certificatesIn(place: string): string[] {
  if (!statSync(place).isDirectory()) return [readFileSync(place, "utf8")];
  return readdirSync(place)
    .filter((name) => /\.(?:pem|crt|\d)$/.test(name))
    .map((name) => readFileSync(join(place, name), "utf8"));
}
