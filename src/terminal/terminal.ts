/**
 * The only place that writes to the terminal. Results go to stdout, messages to stderr; colour only on a
 * terminal (NO_COLOR and TERM=dumb turn it off). Everything written is SafeText, which src/report has
 * escaped.
 */

import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { type PatchsigError, EXIT } from "../errors.ts";
import { pause } from "../pause.ts";
import {
  displayWidth,
  escapeLines,
  escapeText,
  ours,
  type SafeText,
  truncateTo,
  wrapTo,
} from "../report/escape.ts";
import type { Progress, Reporter } from "../app/reporter.ts";
import type { Style } from "../report/text.ts";

/** Where output goes to in place of the terminal: a pager. */
export interface Screen {
  readonly fd: number;
  /** Resolves when nobody looks at it any more. */
  readonly close: () => Promise<void>;
}

let opener: (() => Screen | null) | null = null;
let screen: Screen | null = null;
let closing: Promise<void> | null = null;

/** From here on, the first output opens a screen for it. */
export function useScreen(open: () => Screen | null): void {
  opener = open;
}

/** What is printed now is all. Resolves at once if there is no screen. */
export function closeScreen(): Promise<void> {
  clearProgress();
  opener = null;
  closing ??= screen?.close() ?? Promise.resolve();
  return closing.then(() => {
    screen = closing = null;
  });
}

/** The terminal, or the screen in its place: for errors too, if they would go to the same terminal. */
function target(fd: 1 | 2): number {
  if (fd === 1 && opener !== null) {
    clearProgress();
    screen = opener();
    opener = null;
  }
  return screen !== null && (fd === 1 || isatty(2)) ? screen.fd : fd;
}

function write(to: 1 | 2, text: string | Buffer): void {
  // somebody has ended it, and looks at what there is
  if (closing !== null) return;
  const fd = target(to);
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      // a pipe that node made non-blocking is full: wait for its reader
      if (code === "EAGAIN") pause(5);
      // the reader is gone, as with `| head`: the rest was not printed, so this is not a success
      else if (code === "EPIPE") process.exit(EXIT.failed);
      else throw error;
    }
  }
}

/** Writes lines to stdout. */
export function out(lines: SafeText | readonly SafeText[]): void {
  // nothing to print is no reason for a pager
  if (lines.length === 0 && typeof lines !== "string") return;
  clearProgress();
  write(1, withEnds(lines));
}

/** Writes blocks of lines to stdout, an empty line between two; rows stand together. */
export function blockPrinter(): (lines: readonly SafeText[], kind?: "row" | "block") => void {
  let before: "row" | "block" | null = null;
  return (lines, kind = lines.length === 1 ? "row" : "block") => {
    if (lines.length === 0) return;
    const isApart = before === "block" || (before === "row" && kind === "block");
    out(isApart ? [ours``, ...lines] : lines);
    before = kind;
  };
}

/**
 * Writes a file to stdout: signed text, mails. A pipe or a file gets it byte for byte, since its signature
 * depends on that; on a terminal it is escaped.
 */
export function outFile(bytes: Buffer): void {
  clearProgress();
  write(1, process.stdout.isTTY ? escapeLines(bytes) : bytes);
}

/** Writes lines to stderr. */
export function saySafe(lines: SafeText | readonly SafeText[]): void {
  clearProgress();
  write(2, withEnds(lines));
}

function withEnds(lines: SafeText | readonly SafeText[]): string {
  return typeof lines === "string" ? `${lines}\n` : lines.map((line) => `${line}\n`).join("");
}

/** Shows a question on stderr; the answer is typed behind it. */
export function showPrompt(text: SafeText): void {
  clearProgress();
  write(2, text);
}

/** Width and colour of the terminal on stdout; 80 columns if it is not a terminal. */
export function outputStyle(): Style {
  const { stdout, env } = process;
  const wanted = Number(env["COLUMNS"]);
  const columns = stdout.isTTY
    ? stdout.columns
    : Number.isInteger(wanted) && wanted > 0
      ? wanted
      : 80;
  const color = stdout.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return { columns: Math.max(40, columns || 80), color };
}

/**
 * Writes a line to stderr, escaped: it may quote others. A screen breaks a line that is too long within a
 * word; so it is broken before, except for a hint: it may be a command to be copied.
 */
export function say(line: string): void {
  const text = escapeText(line);
  const isWhole = !isatty(2) || line.startsWith("hint: ");
  saySafe(isWhole ? text : wrapTo(text, process.stderr.columns || 80));
}

/** Says on a terminal what is waited for, where nothing would be seen. */
export function sayWaiting(names: readonly string[]): void {
  if (names.includes("-") && isatty(0))
    say("reading from the terminal, up to Ctrl-D; or name files");
}

/** Prints an error and its hint. */
export function sayError({ message, hint }: PatchsigError): void {
  say(`patchsig: ${message}`);
  if (hint !== undefined) say(`hint: ${hint}`);
}

let shown = false;
let last = 0;

/** Sends the application's messages to stderr, with a progress bar on a terminal. */
export function reporter(): Reporter {
  return { say, sayError, progress: process.stderr.isTTY ? showProgress : null };
}

/** A progress bar, at most ten times a second, for work of more than a second. */
function showProgress(...[what, done, total, began]: Parameters<Progress>): void {
  const now = Date.now();
  if (screen !== null || now - began < 1000 || now - last < 100) return;
  last = now;
  const line = progressLine(what, done, total, (now - began) / 1000, process.stderr.columns || 80);
  write(2, `\r\x1b[K${line}`);
  shown = true;
}

/**
 * Progress on one line: one that the terminal breaks could not be written over.
 *
 * @param what,done,total as of Progress
 * @param seconds since the work began
 */
export function progressLine(
  what: string,
  done: number,
  total: number,
  seconds: number,
  columns: number,
): SafeText {
  const width = 24;
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const bar = total > 0 ? `[${"#".repeat(Math.floor(share * width)).padEnd(width, ".")}] ` : "";
  const left = share > 0 ? timeLeft(seconds / share - seconds) : "";
  const room = columns - 1;
  const words = ours`${what}${left}`;
  if (bar.length + displayWidth(words) <= room) return ours`${bar}${words}`;
  if (displayWidth(words) <= room) return words;
  return ours`${truncateTo(escapeText(what), room - left.length)}${left}`;
}

/** In words; "" where so little is done that nobody can tell. */
function timeLeft(seconds: number): string {
  if (seconds > MOST_FORETOLD) return "";
  return seconds < 100 ? `, ${Math.ceil(seconds)} s left` : `, ${Math.ceil(seconds / 60)} min left`;
}

const MOST_FORETOLD = 12 * 60 * 60;

/** Until the next line: making a key of a password takes a second or more, on purpose. */
export function showMoment(): void {
  if (!process.stderr.isTTY || screen !== null) return;
  write(2, ours`one moment …`);
  shown = true;
}

export function clearProgress(): void {
  if (shown) write(2, "\r\x1b[K");
  shown = false;
}
