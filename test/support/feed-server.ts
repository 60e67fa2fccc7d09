/** Servers of feeds, each in a process of its own: a test that waits for the program blocks its own. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { basename, dirname, join } from "node:path";
import { freePort } from "./port.ts";

export interface FeedServer {
  readonly url: string;
  readonly stop: () => void;
}

/** Serves a folder: `smart` with git http-backend, which `filter` lets leave out blobs; else its files. */
export function serveFolder(
  folder: string,
  kind: "smart" | "filter" | "dumb",
): Promise<FeedServer> {
  const settings = kind === "filter" ? { KEY: "uploadpack.allowFilter", VALUE: "true" } : null;
  const env = {
    ...process.env,
    ...(kind === "dumb" ? {} : { GIT_SMART: "1" }),
    ...(settings === null
      ? {}
      : {
          GIT_CONFIG_COUNT: "1",
          GIT_CONFIG_KEY_0: settings.KEY,
          GIT_CONFIG_VALUE_0: settings.VALUE,
        }),
  };
  const script = join(import.meta.dirname, "git-http.js");
  return started(spawn(process.execPath, [script, folder], { env }), (said) => said.trim());
}

/** Python's own web server. */
export function servePython(folder: string): Promise<FeedServer> {
  const code =
    "import http.server,functools,sys;s=http.server.ThreadingHTTPServer(('127.0.0.1',0)," +
    "functools.partial(http.server.SimpleHTTPRequestHandler,directory=sys.argv[1]));" +
    "print(s.server_port,flush=True);s.serve_forever()";
  return started(spawn("python3", ["-c", code, folder]), (said) => said.trim());
}

function started(child: ChildProcess, portIn: (said: string) => string): Promise<FeedServer> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the server ended")));
    child.stderr!.resume();
    child.stdout!.once("data", (bytes: Buffer) =>
      resolve({
        url: `http://127.0.0.1:${portIn(bytes.toString())}`,
        stop: () => child.kill("SIGKILL"),
      }),
    );
  });
}

/**
 * public-inbox-httpd, for the inbox that `newInbox` made: indexed for searches, and the address of it. It listens where
 * it is told, so a port is taken that was free just now.
 */
export async function serveQueries(inbox: string): Promise<FeedServer> {
  const home = dirname(inbox);
  const env = { ...process.env, HOME: home, PI_CONFIG: join(home, "config") };
  execFileSync(
    "git",
    ["config", "-f", join(home, "config"), "--unset", "publicinbox.list2.indexlevel"],
    {
      stdio: "ignore",
    },
  );
  execFileSync("public-inbox-index", ["-Lfull", "--reindex", inbox], { env, stdio: "ignore" });
  const port = await freePort();
  const child = spawn("public-inbox-httpd", ["-W0", "-l", `127.0.0.1:${port}`], { env });
  const url = `http://127.0.0.1:${port}/${basename(inbox)}`;
  while (child.exitCode === null) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answered) return { url, stop: () => child.kill("SIGKILL") };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("public-inbox-httpd ended");
}
