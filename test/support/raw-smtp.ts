/** An SMTP server that says what a test wants, also what no server would. */

import { type AddressInfo, createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";

export interface RawClient {
  /** The next line, without its end; null once the client has gone. */
  readonly line: () => Promise<string | null>;
  /** Says it; false if the client does not listen any more. */
  readonly say: (text: string | Buffer) => Promise<boolean>;
  /** Reads a letter up to its dot; null if the client went before. */
  readonly letter: () => Promise<string | null>;
  /** TLS from here on. */
  readonly secure: (key: Buffer, cert: Buffer) => void;
}

export interface RawServer {
  readonly port: number;
  /** Waits until all connections so far have ended. */
  readonly quiet: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** @param talk one connection, from its beginning; it is closed when this is done */
export async function rawSmtp(
  talk: (client: RawClient) => Promise<unknown>,
  address = "127.0.0.1",
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const talks: Promise<unknown>[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const end = (): unknown => socket.destroy();
    talks.push(talk(clientOf(socket)).then(end, end));
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const stop = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  const quiet = async (): Promise<void> => void (await Promise.all(talks));
  return { port: (server.address() as AddressInfo).port, quiet, stop };
}

function clientOf(plain: Socket): RawClient {
  let socket: Socket = plain;
  let [heard, gone] = ["", false];
  let wake = (): void => undefined;
  const listen = (): void => {
    socket.on("data", (bytes: Buffer) => ((heard += bytes.toString("latin1")), wake()));
    for (const end of ["end", "close", "error"]) socket.on(end, () => ((gone = true), wake()));
  };
  const upTo = async (end: string): Promise<string | null> => {
    for (let from = 0; ;) {
      const at = heard.indexOf(end, from);
      if (at !== -1) {
        const text = heard.slice(0, at);
        heard = heard.slice(at + end.length);
        return text;
      }
      if (gone) return null;
      from = Math.max(0, heard.length - end.length);
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  listen();
  return {
    line: () => upTo("\r\n"),
    letter: () => upTo("\r\n.\r\n"),
    say: (text) =>
      new Promise((resolve) => {
        if (gone) return resolve(false);
        // called with an error if the socket closes before
        socket.write(text, (error) => resolve(error === undefined || error === null));
      }),
    secure: (key, cert) => {
      socket.removeAllListeners("data");
      socket = new TLSSocket(socket, { isServer: true, key, cert });
      listen();
    },
  };
}
