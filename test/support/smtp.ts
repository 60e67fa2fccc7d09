/** An SMTP server on this machine that keeps what it gets. */

import { SMTPServer } from "smtp-server";

/**
 * Runs `send`, which is told the server's port.
 *
 * @returns the mails in the order in which they came
 */
export async function receive(send: (port: number) => Promise<void>): Promise<Buffer[]> {
  const mails: Buffer[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        mails.push(Buffer.concat(chunks));
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.server.address();
  try {
    await send(typeof address === "object" && address !== null ? address.port : 0);
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
  return mails;
}
