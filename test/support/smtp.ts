/** An SMTP server on this machine that keeps what it gets. */

import type { AddressInfo, Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

interface Received {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly bytes: Buffer;
}

export interface TestServer {
  readonly port: number;
  /** Completed mails in order, whatever was answered. */
  readonly mails: Received[];
  /** Number of connections so far. */
  readonly sockets: Socket[];
  /** Bytes of all mails, complete or not. */
  readonly seen: () => number;
  readonly stop: () => Promise<void>;
}

/** The answer to a complete mail: yes, yes in other words, no, or nothing at all. */
export type Answer = (
  mail: Received,
) => null | { readonly said: string } | Error | "hang up" | "silence";

/** An error for an answer, or for the callbacks of smtp-server. */
export function refusal(responseCode: number, words: string): Error {
  return Object.assign(new Error(words), { responseCode });
}

export async function startSmtp(
  options: SMTPServerOptions = {},
  answer: Answer = () => null,
): Promise<TestServer> {
  const mails: Received[] = [];
  const sockets: Socket[] = [];
  let seen = 0;
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    logger: false,
    closeTimeout: 20,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => {
        seen += chunk.length;
        chunks.push(chunk);
      });
      stream.on("error", () => undefined);
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const mail = {
          sender: mailFrom === false ? "" : mailFrom.address,
          recipients: rcptTo.map(({ address }) => address),
          bytes: Buffer.concat(chunks),
        };
        mails.push(mail);
        const said = answer(mail);
        if (said === "hang up") for (const socket of sockets) socket.destroy();
        else if (said instanceof Error) done(said);
        else if (said !== "silence") done(null, said?.said);
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  server.server.on("connection", (socket: Socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    sockets,
    seen: () => seen,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/**
 * Runs `send` with the server's port.
 *
 * @returns the mails in order of arrival
 */
export async function receive(send: (port: number) => Promise<void>): Promise<Buffer[]> {
  const server = await startSmtp();
  try {
    await send(server.port);
  } finally {
    await server.stop();
  }
  return server.mails.map(({ bytes }) => bytes);
}
