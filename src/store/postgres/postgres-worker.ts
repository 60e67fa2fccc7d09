/** The thread that owns a connection: it does what link.ts asks for, one thing after the other. */

import { Client, type QueryArrayConfig, type QueryArrayResult, type types } from "pg";
import { parentPort, type MessagePort, workerData } from "node:worker_threads";
import type { LinkAnswer, LinkFailure, LinkSettings, LinkRequest, RowSet } from "./link.ts";

const { flag, port, settings } = workerData as {
  readonly flag: Int32Array<SharedArrayBuffer>;
  readonly port: MessagePort;
  readonly settings: LinkSettings;
};

let client: Client | null = null;
let lost = false;

function answer(given: LinkAnswer): void {
  port.postMessage(given);
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
}

async function connect(): Promise<void> {
  const { address, password, connectMs, session } = settings;
  client = new Client({
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    // said, so that NODE_TLS_REJECT_UNAUTHORIZED does not count
    ssl: address.tls === null ? false : { ...address.tls, rejectUnauthorized: true },
    // asked only if the server wants one; without it the package would look for files itself
    password: () => {
      if (password !== null) return password;
      throw Object.assign(new Error("no password"), { code: "NO_PASSWORD" });
    },
    enableChannelBinding: true,
    application_name: "patchsig",
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    options: Object.entries(session)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(" "),
    types: { getTypeParser: parserOf as typeof types.getTypeParser },
  });
  client.on("error", () => (lost = true));
  client.on("end", () => (lost = true));
  await client.connect();
}

/** By the numbers that PostgreSQL has for its types: bytea, and integers of 2, 4 and 8 bytes. */
const BYTES = 17;
const INTEGERS = new Set([20, 21, 23]);

/** Numbers are whole and below 2^53; digests are bytes; all else is text. */
function parserOf(type: number): (text: string) => unknown {
  if (type === BYTES) return (text) => Buffer.from(text.slice("\\x".length), "hex");
  return INTEGERS.has(type) ? Number : (text) => text;
}

async function query({ name, text, values }: LinkRequest & { kind: "query" }): Promise<RowSet[]> {
  if (client === null) throw Object.assign(new Error("not connected"), { code: "LOST" });
  const given = {
    text,
    rowMode: "array",
    ...(values === null ? {} : { name, values: [...values] }),
  };
  const results = (await client.query(given as QueryArrayConfig)) as unknown;
  return [results].flat().map((one) => {
    const { fields, rows, rowCount, command } = one as QueryArrayResult<unknown[]>;
    return { columns: fields.map((field) => field.name), rows, changes: rowCount ?? 0, command };
  });
}

function failure(error: unknown): LinkFailure {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  // of these the server says that it ends the connection, or there never was one
  const isLost = lost || !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P0|25P03|28|3D)/.test(code);
  return { code, message: message.slice(0, 300), lost: isLost };
}

async function carryOut(request: LinkRequest): Promise<RowSet[]> {
  if (request.kind === "connect") await connect();
  else if (request.kind === "query") return query(request);
  else await client?.end();
  return [];
}

port.on("message", (request: LinkRequest) => {
  carryOut(request).then(
    (results) => answer({ ok: true, results }),
    (error: unknown) => answer({ ok: false, failure: failure(error) }),
  );
});
// keeps nothing alive that has ended
parentPort?.unref();
