/** The figures of a row, and how they are printed: in 80 columns, or one record per line. */

import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { VERSION } from "../src/cli/version.ts";

export interface Figure {
  /** The name that `--only` takes. */
  readonly row: string;
  readonly what: string;
  readonly value: number;
  readonly unit: "x" | "/s" | "MB" | "MiB" | "MB/s" | "s" | "";
  readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
  /** The raw figures behind the value, one per line. */
  readonly raw: readonly string[];
}

/**
 * A number with three significant digits, or rounded to an integer, with commas: `0.912`, `5,434`.
 */
export function number(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

export function megabytes(bytes: number): number {
  return bytes / 1e6;
}

/** The machine and versions that the figures hold for. */
export function machine(): string {
  const [first, ...others] = cpus();
  const memory = /^MemTotal:\s*(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  const gigabytes = Math.round(Number(memory) / (1 << 20));
  return `${others.length + 1} × ${first?.model}, ${gigabytes} GB, node ${process.version}, patchsig ${VERSION}`;
}

function goalText(goal: Figure["goal"]): string {
  if (goal === undefined) return "";
  return "atMost" in goal ? `<= ${number(goal.atMost)}` : `>= ${number(goal.atLeast)}`;
}

function isMet({ value, goal }: Figure): boolean {
  if (goal === undefined) return true;
  return "atMost" in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** One aligned line, and the raw figures below it. */
export function formatFigure(figure: Figure): string {
  const { what, value, unit, goal, raw } = figure;
  const verdict = goal === undefined ? "" : isMet(figure) ? "met" : "MISSED";
  const row = `${what.padEnd(46)}${`${number(value)} ${unit}`.padStart(13)}`;
  const lines = [`${row}${goalText(goal).padStart(10)}  ${verdict}`.trimEnd()];
  return [...lines, ...raw.map((line) => `    ${line}`), ""].join("\n");
}

export const HEADING = `${"what".padEnd(46)}${"value".padStart(13)}${"goal".padStart(10)}`;

export function formatJson(figure: Figure): string {
  const record = figure.goal === undefined ? figure : { ...figure, met: isMet(figure) };
  return `${JSON.stringify({ type: "figure", ...record })}\n`;
}
