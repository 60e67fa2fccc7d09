/** Asks a server whether there is a repository at an address, and what the server can do. */

import { PatchsigError } from "../errors.ts";
import { type ServerAbilities, serverAbilities } from "../feed/capabilities.ts";
import { longRun, type FeedPatience, PATIENCE_HINT } from "../feed/patience.ts";
import { notStarted, spawnGit } from "./run.ts";
import { newTransfer } from "./stop.ts";

/** What a server says about a repository. */
export interface Probe extends ServerAbilities {
  /** The newest commit; null if there is none yet. */
  readonly head: string | null;
}

/**
 * Settings by which git gives up on a web server that sends nothing, and follows no redirect: git would follow one from
 * https to http, and there an attacker could choose where the next one leads.
 */
export function webSettings({ silence }: FeedPatience): string[] {
  const patient = ["http.lowSpeedLimit=1", `http.lowSpeedTime=${Math.ceil(silence)}`];
  return [...patient, "http.followRedirects=false"];
}

/** A redirect in the words of git, and of `probe`. */
const REDIRECT = /(?:returned error:|the server answers) 30[12378]$/;

/** Whether an error says that the server redirects. */
export function isRedirect(error: unknown): boolean {
  return error instanceof PatchsigError && REDIRECT.test(error.message);
}

/** Bytes of what git and the server say: it lists all of its refs, and GIT_TRACE_PACKET repeats them. */
const MAX_SAID = 8 << 20;

/**
 * @param address checked by the caller (feed/url.ts)
 * @param patience how long the server may send nothing; in all, it may take the long run (`longRun`)
 * @returns null if git finds no repository there
 * @throws PatchsigError "git-missing"; "too-large" if the server sends without end; "unreadable" if it does not
 *   answer, or answers that it is busy or broken, or redirects (`isRedirect`)
 */
export function probe(address: string, patience: FeedPatience): Promise<Probe | null> {
  return new Promise((resolve, reject) => {
    const { env: mark, stop } = newTransfer();
    const env = { ...mark, GIT_TRACE_PACKET: "1", GIT_TERMINAL_PROMPT: "0" };
    const settings = ["protocol.version=2", ...webSettings(patience)];
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
    const giveUp = (): void => {
      silent = true;
      stop("SIGKILL");
    };
    const began = Date.now();
    const timer = setTimeout(giveUp, patience.silence * 1000);
    const take = (into: Buffer[]) => (bytes: Buffer) => {
      size += bytes.length;
      timer.refresh();
      if (Date.now() - began > longRun(patience)) giveUp();
      else if (size > MAX_SAID) stop("SIGKILL");
      else into.push(bytes);
    };
    child.stdin.end();
    child.stdout.on("data", take(out));
    child.stderr.on("data", take(trace));
    child.on("error", (cause) => reject(notStarted(cause, "/")));
    // a busy or broken server, or a redirect, says nothing about whether the repository exists
    const failed = (): void => {
      const said = textOf(trace);
      const [, busy] = /returned error: (30[12378]|429|5\d\d)$/m.exec(said) ?? [];
      const [, ...unreached] = UNREACHED.exec(said) ?? [];
      const why = unreached.find((words) => words !== undefined);
      const wrong = busy === undefined ? why : `the server answers ${busy}`;
      if (wrong === undefined) return resolve(null);
      reject(new PatchsigError("unreadable", `cannot read ${address}: ${wrong}`));
    };
    child.on("close", (status) => {
      clearTimeout(timer);
      if (silent)
        return reject(
          new PatchsigError("unreadable", `${address} does not answer`, { hint: PATIENCE_HINT }),
        );
      if (size > MAX_SAID)
        return reject(new PatchsigError("too-large", `${address} sends without end`));
      if (status !== 0) return failed();
      const head = /^([0-9a-f]{40,64})\tHEAD$/m.exec(textOf(out))?.[1];
      const abilities = serverAbilities(textOf(trace));
      // a web server with files alone says it by the names of objects
      const sha256 = abilities.sha256 || head?.length === 64;
      resolve({ head: head ?? null, ...abilities, sha256 });
    });
  });
}

/** What git and ssh say if they did not reach the server, or were not let in: what is there, nobody knows. */
const UNREACHED =
  /^(?:ssh: (.+?)\r?|fatal: (unable to look up .+)|\S+\[\d+: \S+\]: errno=(.+)|(Host key verification failed)\.\r?|.*: (Permission denied) \(.+)$/m;

function textOf(parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString("latin1");
}
