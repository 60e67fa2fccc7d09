/** Pages of `patchsig web`, as a browser gets them from the program. */

import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { median, type Workplace } from "./run.ts";

/** What is new is looked for first. */
const FIRST_LOOK_MS = 3000;
/** Between two pages while mails are indexed. */
const PAUSE_MS = 200;

export class WebServer {
  readonly #program: ChildProcess;
  readonly #address: string;
  /** When the program was started, of `performance.now()`. */
  readonly #began: number;

  private constructor(program: ChildProcess, address: string, began: number) {
    this.#program = program;
    this.#address = address;
    this.#began = began;
  }

  static async start(place: Workplace, source: string): Promise<WebServer> {
    const began = performance.now();
    const program = place.start(["web", "--port", "0", source]);
    const [address = ""] = await new Promise<string[]>((resolve) => {
      createInterface({ input: program.stdout! }).once("line", (line) => resolve([line]));
    });
    return new WebServer(program, address, began);
  }

  async get(path: string): Promise<void> {
    const answer = await fetch(new URL(path, this.#address));
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    await answer.text();
  }

  /** Seconds from the start of the program until this page is there. */
  async first(path: string): Promise<number> {
    await this.get(path);
    return (performance.now() - this.#began) / 1000;
  }

  /** Seconds that this page takes: a median. */
  async time(path: string, rounds: number): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const start = performance.now();
      await this.get(path);
      times.push((performance.now() - start) / 1000);
    }
    return median(times);
  }

  /** Waits until it has looked once for what is new. */
  async settled(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, FIRST_LOOK_MS));
  }

  /** Waits until the index is made, and asks for a page again and again. @returns the seconds of the slowest */
  async indexed(path: string): Promise<number> {
    let slowest = 0;
    await this.settled();
    while (this.#isIndexing()) {
      slowest = Math.max(slowest, await this.time(path, 1));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return slowest;
  }

  /** Whether it has a process that reads mails. */
  #isIndexing(): boolean {
    const { pid } = this.#program;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    return children.some((child) => {
      const file = `/proc/${child}/cmdline`;
      return existsSync(file) && readFileSync(file, "utf8").includes("update-process");
    });
  }

  /** The most that it held, in bytes. */
  peak(): number {
    const status = readFileSync(`/proc/${this.#program.pid}/status`, "utf8");
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  stop(): void {
    this.#program.kill();
  }
}
