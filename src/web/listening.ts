/** Listens for browsers, within limits, so that slow or many clients do not keep others out. */

import { serve, type ServerType } from "@hono/node-server";
import type { AddressInfo } from "node:net";
import { PatchsigError } from "../errors.ts";

export interface ServerLimits {
  /** Most connections at a time; further ones are closed at once. */
  readonly connections: number;
  /** Milliseconds that a client may take for the header of a request. */
  readonly header: number;
  /** Milliseconds that a client may take for a whole request. */
  readonly request: number;
  /** Milliseconds between two checks of these times. */
  readonly check: number;
  /** Milliseconds without a byte, of an answer too, after which a connection is closed. */
  readonly idle: number;
}

const LIMITS: ServerLimits = {
  connections: 512,
  header: 10_000,
  request: 30_000,
  check: 5_000,
  idle: 120_000,
};

/**
 * @param port 0 for any free port
 * @returns the port, and a function that closes it
 * @throws PatchsigError "unwritable" if the port is taken, or may not be used
 */
export function startListening(
  { address, port }: { readonly address: string; readonly port: number },
  fetch: Parameters<typeof serve>[0]["fetch"],
  { connections, header, request, check, idle }: ServerLimits = LIMITS,
): Promise<{ readonly port: number; readonly close: () => void }> {
  const serverOptions = {
    headersTimeout: header,
    requestTimeout: request,
    connectionsCheckingInterval: check,
  };
  return new Promise((resolve, reject) => {
    const server: ServerType = serve(
      { fetch, hostname: address, port, serverOptions },
      (info: AddressInfo) => resolve({ port: info.port, close: () => void server.close() }),
    );
    server.maxConnections = connections;
    server.setTimeout(idle);
    server.on("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? "is in use"
          : `cannot be used (${error.code ?? error.message})`;
      reject(
        new PatchsigError("unwritable", `port ${port} of ${address} ${why}`, {
          hint: "choose another one: --port N",
        }),
      );
    });
  });
}
