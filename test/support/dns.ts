/** A name server for tests. */

import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** TXT records by name; null: the server is at fault. Other names are not there. */
export type DnsZone = Readonly<Record<string, readonly string[] | null>>;

export interface NameServer {
  /** For `patchsig.dnsServer`. */
  readonly address: string;
  /** Questions so far. */
  asked(): number;
  close(): Promise<void>;
}

export async function openNameServer(zone: DnsZone): Promise<NameServer> {
  const asked = new SharedArrayBuffer(4);
  const worker = new Worker(new URL("./dns-server.js", import.meta.url), {
    workerData: { zone, asked },
  });
  const [port] = (await once(worker, "message")) as [number];
  return {
    address: `127.0.0.1:${port}`,
    asked: () => Atomics.load(new Int32Array(asked), 0),
    close: async () => void (await worker.terminate()),
  };
}
