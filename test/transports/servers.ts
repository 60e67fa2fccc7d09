/** Starts and waits for mail servers. Without vitest: scripts use it too. */

import { type ChildProcess, spawn } from "node:child_process";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds; for a test here and for its hooks. A machine may be slow. */
export const PATIENCE = 600_000;

/** Runs a program to its end; throws with its output if it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string | Buffer } = {},
): Promise<string> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  // not "close": a server that it started holds on to its output
  const status = await new Promise((resolve) => child.on("exit", resolve));
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${String(status)}\n${said}`);
  return said;
}

/** Resolves when a server listens there. */
export async function listening(port: number, host = "127.0.0.1"): Promise<void> {
  await until(
    () =>
      new Promise<boolean>((resolve) => {
        const socket = createConnection(port, host);
        socket.on("connect", () => (socket.destroy(), resolve(true)));
        socket.on("error", () => resolve(false));
      }),
    () => `nobody listens on port ${port}`,
  );
}

/** Waits for a state, however long it takes: the test's own limit ends it, and this at the latest. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  otherwise: () => string,
): Promise<void> {
  for (let tries = 0; tries < PATIENCE / 100; tries++) {
    if (await isSo()) return;
    await sleep(100);
  }
  throw new Error(otherwise());
}

/** Stops a server or a program, and waits for its end: its files will be removed. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.on("exit", resolve));
  child.kill();
  await gone;
}
