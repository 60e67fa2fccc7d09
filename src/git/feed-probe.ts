/** Asks a server whether there is a repository at an address, and what the server can do. */

import { PatchsigError } from "../errors.ts";
import { type ServerAbilities, serverAbilities } from "../feed/capabilities.ts";
import { spawnGit } from "./run.ts";
import { newTransfer } from "./stop.ts";

export interface Probe extends ServerAbilities {
  /** The newest commit; null if there is none yet. */
  readonly head: string | null;
}

/** Settings by which git gives up on a web server that sends nothing for so many seconds. */
export function patientSettings(seconds: number): string[] {
  return ["http.lowSpeedLimit=1", `http.lowSpeedTime=${Math.ceil(seconds)}`];
}

/** Bytes of what git and the server say. */
const MAX_SAID = 1 << 20;

/**
 * @param address checked by the caller (feed/url.ts)
 * @param patience seconds that the server may send nothing
 * @returns null if git finds no repository there
 * @throws PatchsigError "git-missing"; "too-large" if the server sends without end; "unreadable" if it does not answer, or
 *   answers that it is busy or broken
 */
export function probe(address: string, patience: number): Promise<Probe | null> {
  return new Promise((resolve, reject) => {
    const { env: mark, stop } = newTransfer();
    const env = { ...mark, GIT_TRACE_PACKET: "1", GIT_TERMINAL_PROMPT: "0" };
    const settings = ["protocol.version=2", ...patientSettings(patience)];
    const words = settings.flatMap((setting) => ["-c", setting]);
    const child = spawnGit([...words, "ls-remote", "--", address, "HEAD"], {
      cwd: "/",
      elsewhere: true,
      purpose: "fetch",
      env,
    });
    const [out, trace]: [Buffer[], Buffer[]] = [[], []];
    let size = 0;
    let silent = false;
    const timer = setTimeout(() => {
      silent = true;
      stop("SIGKILL");
    }, patience * 1000);
    const take = (into: Buffer[]) => (bytes: Buffer) => {
      size += bytes.length;
      timer.refresh();
      if (size > MAX_SAID) stop("SIGKILL");
      else into.push(bytes);
    };
    child.stdin.end();
    child.stdout.on("data", take(out));
    child.stderr.on("data", take(trace));
    child.on("error", (cause) =>
      reject(new PatchsigError("git-missing", "cannot start git", { cause })),
    );
    // a busy or broken server says nothing about whether the repository exists
    const failed = (): void => {
      const [, busy] = /returned error: (429|5\d\d)$/m.exec(textOf(trace)) ?? [];
      if (busy === undefined) return resolve(null);
      reject(new PatchsigError("unreadable", `${address}: the server answers ${busy}`));
    };
    child.on("close", (status) => {
      clearTimeout(timer);
      if (silent) return reject(new PatchsigError("unreadable", `${address} does not answer`));
      if (size > MAX_SAID)
        return reject(new PatchsigError("too-large", `${address} sends without end`));
      if (status !== 0) return failed();
      const head = /^([0-9a-f]{40,64})\tHEAD$/m.exec(textOf(out))?.[1];
      resolve({ head: head ?? null, ...serverAbilities(textOf(trace)) });
    });
  });
}

function textOf(parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString("latin1");
}
