/**
 * Where passwords come from: the terminal (never standard input, which may be the mail), a file
 * descriptor or a file. Never an argument or an environment variable: other programs see those.
 */

import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { ReadStream } from "node:tty";
import { PatchsigError } from "../errors.ts";
import { pause } from "../pause.ts";
import { MAX_PASSWORD_BYTES } from "../minisign/secret-key.ts";
import { readPrivateFile } from "../store/key-file.ts";
import { showMoment } from "./terminal.ts";

const NO_PASSWORD_HINT = "give it with --password-fd N or --password-file FILE";

/** The options of every command that may need a password, for yargs. */
export const passwordOptions = {
  "password-fd": {
    type: "number",
    requiresArg: true,
    describe: "read passwords from this file descriptor, one a line",
  },
  "password-file": {
    type: "string",
    requiresArg: true,
    describe: "read passwords from this file (mode 0600), one a line",
  },
} as const;

/** The values of `passwordOptions`. */
export interface PasswordSettings {
  readonly passwordFd?: number | undefined;
  readonly passwordFile?: string | undefined;
}

/** All functions resolve to bytes that the caller wipes, without a line end. */
export interface PasswordSource {
  /** The password of something that exists; may be empty. */
  readonly ask: (prompt: string) => Promise<Buffer>;
  /** A new password: asked twice on a terminal. PatchsigError "bad-password" if empty or not the same. */
  readonly askNew: (prompt: string) => Promise<Buffer>;
}

/**
 * A source of passwords. A descriptor or file gives its lines in order, one per question.
 * PatchsigError: "no-password" if there is no terminal to ask on or no line left, "bad-password"
 * for what no key file can have, and readPrivateFile's.
 */
export function passwordSource(settings: PasswordSettings): PasswordSource {
  const { passwordFd, passwordFile } = settings;
  if (passwordFd !== undefined && passwordFile !== undefined) {
    throw new PatchsigError("usage", "--password-fd and --password-file cannot be combined");
  }
  if (passwordFd !== undefined) {
    if (!Number.isSafeInteger(passwordFd) || passwordFd < 0) {
      throw new PatchsigError("usage", "--password-fd wants the number of a file descriptor");
    }
    return linesSource(() => readLine(passwordFd));
  }
  if (passwordFile !== undefined) return linesSource(lineReader(passwordFile));
  return terminalSource();
}

function linesSource(next: () => Buffer | null): PasswordSource {
  async function ask(): Promise<Buffer> {
    const line = next();
    if (line === null) throw new PatchsigError("no-password", "no password was given");
    return checked(line.at(-1) === 0x0d ? line.subarray(0, -1) : line);
  }
  return { ask, askNew: async () => notEmpty(await ask()) };
}

function terminalSource(): PasswordSource {
  return {
    async ask(prompt) {
      const [password] = await askTerminal([prompt], checked);
      showMoment();
      return password!;
    },
    async askNew(prompt) {
      const prompts = [prompt, "the same again: "];
      const [password, again] = await askTerminal(prompts, (line) => notEmpty(checked(line)));
      const same = password!.equals(again!);
      again!.fill(0);
      if (!same) {
        password!.fill(0);
        throw new PatchsigError("bad-password", "the passwords differ");
      }
      showMoment();
      return password!;
    },
  };
}

/** Refuse what stock minisign could not take: it cuts passwords at NUL, CR and byte 1023. */
function checked(password: Buffer): Buffer {
  const reason =
    password.length > MAX_PASSWORD_BYTES
      ? `longer than ${MAX_PASSWORD_BYTES} bytes`
      : password.includes(0) || password.includes(0x0d)
        ? "with a NUL or CR in it"
        : null;
  if (reason === null) return password;
  password.fill(0);
  throw new PatchsigError("bad-password", `a password cannot be ${reason}`);
}

function notEmpty(password: Buffer): Buffer {
  if (password.length > 0) return password;
  throw new PatchsigError("bad-password", "the password is empty", {
    hint: "--no-password makes a key without one",
  });
}

/**
 * Read up to a line feed, or null at the end. Byte by byte, so that what follows is left for
 * whoever reads the descriptor next: with --password-fd 0 the mail may come after the password.
 */
export function readLine(descriptor: number): Buffer | null {
  const line = Buffer.alloc(MAX_PASSWORD_BYTES + 1);
  let length = 0;
  while (length < line.length) {
    if (readByte(descriptor, line, length) === 0) {
      return length === 0 ? null : line.subarray(0, length);
    }
    if (line[length] === 0x0a) return line.subarray(0, length);
    length++;
  }
  return line;
}

function readByte(descriptor: number, buffer: Buffer, at: number): number {
  for (;;) {
    try {
      return readSync(descriptor, buffer, at, 1, null);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") {
        throw new PatchsigError("no-password", `cannot read file descriptor ${descriptor}`, {
          cause: error,
        });
      }
      // a pipe that another program made non-blocking, with nothing in it yet
      pause(10);
    }
  }
}

/** The lines of a private file, one per call; the first call reads the file. */
function lineReader(path: string): () => Buffer | null {
  let rest: Buffer | undefined;
  return () => {
    rest ??= readPrivateFile(path);
    if (rest.length === 0) return null;
    const end = rest.indexOf(0x0a);
    const line = end === -1 ? rest : rest.subarray(0, end);
    rest = end === -1 ? rest.subarray(rest.length) : rest.subarray(end + 1);
    return line;
  };
}

/** The bytes that keys send in raw mode. */
const KEY = {
  interrupt: 3,
  end: 4,
  backspace: 8,
  lineFeed: 10,
  return: 13,
  clear: 21,
  delete: 127,
};

/** Signals that end the program: the terminal has to be put back first. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** Returns the line, or throws why it cannot be the answer; the next question is then not asked. */
type Accept = (line: Buffer) => Buffer;

/**
 * Show each prompt on the terminal and read a line without echo. One session for all of them:
 * what is typed ahead is not lost.
 */
async function askTerminal(prompts: readonly string[], accept: Accept): Promise<Buffer[]> {
  let descriptor: number;
  try {
    descriptor = openSync("/dev/tty", "r+");
  } catch (error) {
    throw new PatchsigError(
      "no-password",
      "a password is needed, and there is no terminal to ask on",
      {
        hint: NO_PASSWORD_HINT,
        cause: error,
      },
    );
  }
  // a second one: the stream closes its own
  const screen = openSync("/dev/tty", "w");
  const keys = new ReadStream(descriptor);
  const handlers = SIGNALS.map((signal) => {
    const handler = (): void => dieOf(signal);
    process.once(signal, handler);
    return { signal, handler };
  });

  function restore(): void {
    keys.setRawMode(false);
    for (const { signal, handler } of handlers) process.off(signal, handler);
  }

  /** Restore the terminal, then end as the signal would have ended the program. */
  function dieOf(signal: NodeJS.Signals): void {
    try {
      restore();
      writeSync(screen, "\n");
    } finally {
      process.kill(process.pid, signal);
      // reached only if someone else handles the signal: then at least the question ends
      keys.destroy(new Error("interrupted"));
    }
  }

  try {
    keys.setRawMode(true);
    return await readLines(keys, prompts, accept, {
      show: (text) => writeSync(screen, text),
      interrupt: () => dieOf("SIGINT"),
    });
  } finally {
    restore();
    keys.destroy();
    closeSync(screen);
  }
}

function readLines(
  keys: ReadStream,
  prompts: readonly string[],
  accept: Accept,
  terminal: { show(text: string): void; interrupt(): void },
): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const lines: Buffer[] = [];
    let line = Buffer.alloc(MAX_PASSWORD_BYTES + 1);
    let length = 0;

    /** Take one byte; true once the last line is complete. Throws why there is no answer. */
    function take(byte: number): boolean {
      if (byte === KEY.interrupt) {
        terminal.interrupt();
        throw unanswered("interrupted");
      }
      if (byte === KEY.end && length === 0) {
        terminal.show("\n");
        throw unanswered("no password was given");
      }
      if (byte === KEY.return || byte === KEY.lineFeed) {
        terminal.show("\n");
        lines.push(accept(line.subarray(0, length)));
        line = Buffer.alloc(MAX_PASSWORD_BYTES + 1);
        length = 0;
        const prompt = prompts[lines.length];
        if (prompt === undefined) return true;
        terminal.show(prompt);
      } else if (byte === KEY.backspace || byte === KEY.delete) {
        // one character: the bytes that continue it in UTF-8, and its first
        while (length > 1 && (line[length - 1]! & 0xc0) === 0x80) length--;
        length = Math.max(0, length - 1);
      } else if (byte === KEY.clear) {
        length = 0;
      } else if (length < line.length) {
        line[length++] = byte;
      }
      return false;
    }

    function stop(error: unknown): void {
      for (const secret of [line, ...lines]) secret.fill(0);
      reject(error);
    }

    keys.on("data", (chunk: Buffer) => {
      try {
        if (chunk.some(take)) resolve(lines);
      } catch (error) {
        stop(error);
      } finally {
        chunk.fill(0);
      }
    });
    keys.on("end", () => stop(unanswered("no password was given")));
    keys.on("error", () => stop(unanswered("the terminal went away")));
    terminal.show(prompts[0]!);
  });
}

function unanswered(why: string): PatchsigError {
  return new PatchsigError("no-password", why, { hint: NO_PASSWORD_HINT });
}
