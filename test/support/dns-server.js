/** A name server in a thread of its own: a test that waits for a program does nothing else. See dns.ts. */

import { createSocket } from "node:dgram";
import { parentPort, workerData } from "node:worker_threads";

const TXT = 16;
const BROKEN = 2;
const NOT_THERE = 3;
const { zone, asked } = workerData;
const counter = new Int32Array(asked);
const socket = createSocket("udp4");

socket.on("message", (query, from) => {
  const { name, type, end } = question(query);
  Atomics.add(counter, 0, 1);
  const texts = Object.hasOwn(zone, name) ? zone[name] : undefined;
  const code = texts === null ? BROKEN : texts === undefined ? NOT_THERE : 0;
  const answers = type === TXT ? (texts ?? []) : [];
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8580 | code, 2);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt32BE(0, 8);
  socket.send(
    Buffer.concat([header, query.subarray(12, end), ...answers.map(record)]),
    from.port,
    from.address,
  );
});
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
socket.bind(0, "127.0.0.1", () => parentPort.postMessage(socket.address().port));

function question(query) {
  const labels = [];
  let at = 12;
  for (; query[at] > 0; at += query[at] + 1)
    labels.push(query.toString("latin1", at + 1, at + 1 + query[at]));
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** A TXT record in strings of up to 255 bytes, of the name in the question. */
function record(text) {
  const parts = text.match(/[^]{1,255}/g) ?? [""];
  const data = Buffer.concat(
    parts.map((part) => Buffer.from(`${String.fromCharCode(part.length)}${part}`, "latin1")),
  );
  const head = Buffer.from([
    0xc0,
    12,
    0,
    TXT,
    0,
    1,
    0,
    0,
    0,
    60,
    data.length >> 8,
    data.length & 255,
  ]);
  return Buffer.concat([head, data]);
}
