/** Programs on a terminal of their own, as script(1) makes it, with somebody who types. */

import { spawn } from "node:child_process";

export interface Terminal {
  /** Waits until the terminal has shown `text` so many times; fails if it never will. */
  shows(text: string, times?: number): Promise<void>;
  /** Types it as it is: `\r` is the return key, `\u0003` Ctrl-C. */
  type(text: string): void;
  /** What it has shown so far. */
  screen(): string;
  /** Everything that the terminal showed, once the shell is done; line ends are LF. */
  finished(): Promise<string>;
}

/** Milliseconds without the awaited text: the program waits for something else. */
const FOREVER = 120_000;

interface TerminalOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The command sees `env` alone, not what this process has besides. */
  readonly clean?: boolean;
}

/** Runs a command of the shell. Tests call requireTool("script") before. */
export function onTerminal(command: string, options: TerminalOptions = {}): Terminal {
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: {
      ...(options.clean === true ? {} : process.env),
      SHELL: "/bin/sh",
      ...options.env,
    },
  });
  let screen = "";
  let ended = false;
  child.stdout.on("data", (chunk: Buffer) => (screen += chunk.toString("utf8")));
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  void closed.then(() => (ended = true));
  return {
    async shows(text, times = 1) {
      const start = Date.now();
      while (screen.split(text).length <= times) {
        if (ended || Date.now() - start > FOREVER) {
          child.kill();
          throw new Error(`it does not show ${JSON.stringify(text)}:\n${screen}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    screen: () => screen,
    type: (text) => void child.stdin.write(text),
    async finished() {
      await closed;
      // a line that was there for a moment, and erased
      return screen.replaceAll("\r\n", "\n").replace(/[^\n]*\r\x1b\[K/g, "");
    },
  };
}
