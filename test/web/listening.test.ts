/** Clients that are slow, or too many: they are shown out, and others are answered. */

import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type ServerLimits, startListening } from "../../src/web/listening.ts";

/** So long that a test that waits for it does not end. */
const LONG = 3_600_000;
/** Milliseconds: nothing more comes, however long it is waited for. */
const SHORT: ServerLimits = { connections: 100, header: 50, request: 50, check: 10, idle: LONG };

/** @param cancel called when `/endless` is sent no more */
async function listening(limits: ServerLimits, cancel = (): void => {}): Promise<number> {
  const answer = async (request: Request): Promise<Response> =>
    request.url.endsWith("/endless")
      ? new Response(
          new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(1 << 20)), cancel }),
        )
      : new Response(`read ${(await request.text()).length}`);
  const { port, close } = await startListening({ address: "127.0.0.1", port: 0 }, answer, limits);
  onTestFinished(close);
  return port;
}

function dial(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** All that it is answered, once the server has closed the connection. */
async function answered(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  // of what the client sends at the end, nothing is read: its answer may be lost
  const ended = new Promise((resolve) =>
    socket.once("close", resolve).on("error", () => undefined),
  );
  socket.on("data", (part) => parts.push(part));
  await ended;
  return Buffer.concat(parts).toString();
}

const TIMEOUT = /^HTTP\/1\.1 408 /;

test.each<[string, Partial<ServerLimits>, string]>([
  ["sends no word", { request: LONG }, ""],
  ["does not end its header", { request: LONG }, "GET / HTTP/1.1\r\nHost: x\r\n"],
  ["does not end its form", {}, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"],
])("a client that %s", async (_, limits, words) => {
  const socket = dial(await listening({ ...SHORT, ...limits }));
  socket.write(words);
  expect(await answered(socket)).toMatch(TIMEOUT);
});

test("a client that sends a byte now and then", async () => {
  const socket = dial(await listening({ ...SHORT, request: LONG }));
  socket.write("GET / HTTP/1.1\r\nX: ");
  const timer = setInterval(() => socket.write("x"), 5);
  onTestFinished(() => clearInterval(timer));
  expect(await answered(socket)).toMatch(/^$|^HTTP\/1\.1 408 /);
});

test("one more than there may be is closed; who is there is answered", async () => {
  const port = await listening({
    connections: 1,
    header: LONG,
    request: LONG,
    check: 10,
    idle: LONG,
  });
  const socket = dial(port);
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n");
  await new Promise((resolve) => socket.once("connect", resolve));
  expect(await answered(dial(port))).toBe("");
  socket.write("Connection: close\r\n\r\n");
  expect(await answered(socket)).toMatch(/^HTTP\/1\.1 200 [^]*read 0$/);
});

test("a client that does not read its answer", async () => {
  const limits = { ...SHORT, header: LONG, request: LONG, idle: 50 };
  await new Promise<void>((resolve, reject) => {
    listening(limits, resolve).then((port) => {
      const socket = dial(port).pause();
      socket.on("error", () => undefined);
      socket.write("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
    }, reject);
  });
});
