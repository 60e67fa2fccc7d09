import { createServer } from "node:net";

/** Below the kernel's ephemeral ports, any of which may be taken at any moment. */
const FIRST = 15_000;
const LAST = 30_000;
/** Test files that run at the same time; each has ports of its own. */
const WORKERS = 16;

let next = FIRST + Math.floor((Math.random() * (LAST - FIRST)) / WORKERS) * WORKERS;

/** A free port on this machine, for a server that needs to be given one. */
export async function freePort(): Promise<number> {
  for (;;) {
    next = next + WORKERS < LAST ? next + WORKERS : FIRST;
    const port = next + (Number(process.env["VITEST_POOL_ID"] ?? 0) % WORKERS);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
