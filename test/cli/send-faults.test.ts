/**
 * Random lives of a series: whatever goes wrong on the way, somebody who goes on with `send --continue`,
 * and says of a mail in doubt what the list shows, gets all of it sent, once, in order.
 *
 * The program is the real one, on a terminal; server, TLS, kills and the full disk are real. What goes wrong
 * depends on the seed alone (SEED=n), where in the program a signal from outside meets it does not.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onTerminal } from "../../scripts/terminal.ts";
import { SendStore } from "../../src/store/send-store.ts";
import { certificate, type Certificate } from "../support/certificate.ts";
import { patchsig, PROGRAM } from "../support/cli.ts";
import {
  type FaultySmtp,
  faultySmtp,
  PASSWORD,
  SERVER_STEPS,
  type Trouble,
  USER,
} from "../support/faulty-smtp.ts";
import { newFolder } from "../support/folders.ts";
import { LONG } from "../support/long.ts";
import { freePort } from "../support/port.ts";
import { commit, git, newRepository, tryGit } from "../support/repo.ts";
import { SEED } from "../support/seed.ts";
import { check } from "../support/signing.ts";
import { requireTool } from "../support/tools.ts";

const KILL_AT = pathToFileURL(join(import.meta.dirname, "..", "support", "kill-at.js")).href;
/** RUNS=n makes more, or fewer. */
const RUNS = Number(process.env["RUNS"] ?? (LONG ? 500 : 2));
const SUBJECTS = ["0/3", "1/3", "2/3", "3/3"];

let trusted: Certificate;
let stranger: Certificate;
let server: FaultySmtp;
/** A clone with three commits on a branch, and a key. */
let template: string;
/** On a disk of its own where that may be made, so that it can be full. */
let disk: { readonly folder: string; readonly isSmall: boolean };
/** Steps of the program that kill-at.js counts in a run without trouble. */
let steps: number;
/** How often each kind of trouble met a run. */
const met: Record<string, number> = {};

function smallDisk(): typeof disk {
  const folder = newFolder();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder]);
  if (mounted.status !== 0)
    process.stderr.write("no full disk in these runs: that needs root and mount\n");
  return { folder, isSmall: mounted.status === 0 };
}

beforeAll(async () => {
  trusted = certificate();
  stranger = certificate();
  server = await faultySmtp(trusted);
  disk = smallDisk();
  template = newFolder();
  const origin = newRepository(newFolder());
  commit(origin, "first", { a: "1\n" });
  const work = join(template, "work");
  git(template, ["clone", "-q", origin, work]);
  git(work, ["switch", "-q", "-c", "topic", "origin/main"]);
  commit(work, "a: two", { a: "2\n" });
  // more than one piece of a letter, and more than a socket's buffer takes at once
  const lines = Array.from({ length: 4000 }, (_, i) => `line ${i} of a table that is long\n`);
  commit(work, "a: a table", { table: lines.join("") });
  commit(work, "a: three", { a: "3\n" });
  const home = join(template, "home");
  mkdirSync(home);
  expect(patchsig(["key", "generate", "-W"], { home }).status).toBe(0);
  writeFileSync(join(template, "cover"), "counting further\n\nOne is not enough.\n");
  const life = new Life(join(disk.folder, "count"));
  const file = join(newFolder(), "steps");
  await life.try({ name: "nothing", kill: 0, environment: { STEPS: file } });
  steps = Number(readFileSync(file, "utf8"));
  expect(steps).toBeGreaterThan(60);
  rmSync(life.folder, { recursive: true });
}, 120_000);

afterAll(async () => {
  await server.stop();
  if (disk.isSmall) spawnSync("umount", [disk.folder]);
  if (LONG) process.stderr.write(`met: ${JSON.stringify(met)}\n`);
});

/** What goes wrong in one attempt. */
interface Mishap {
  readonly name: string;
  readonly trouble?: Trouble;
  /** Where on the network the server seems to be. */
  readonly server?: Readonly<Record<string, string>>;
  /** SIGKILL before this step of kill-at.js. */
  readonly kill?: number;
  /** Bytes that are left on the disk. */
  readonly space?: number;
  /** Most blocks of 512 bytes that a file may have. */
  readonly fileSize?: number;
  /** The disk is full, a signal comes, when the server is at the planned place. */
  readonly meanwhile?: "fill" | "SIGKILL" | "SIGTERM" | "SIGINT" | "interrupt twice";
  /** Somebody else goes on at the same time. */
  readonly two?: boolean;
  /** A mail in doubt is left in doubt. */
  readonly later?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

type Chance = () => number;

function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const CODES = [421, 450, 451, 452, 550, 552, 554];

/** Each kind of mishap, and how to make one. */
function mishaps(chance: Chance, deadPort: number): readonly (() => Mishap)[] {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(chance() * of.length)]!;
  const upTo = (most: number): number => Math.floor(chance() * most);
  const step = (): (typeof SERVER_STEPS)[number] => pick(SERVER_STEPS);
  const wire = (does: NonNullable<Trouble["wire"]>["does"]): NonNullable<Trouble["wire"]> => {
    const from = pick(["client", "server"] as const);
    return { from, does, after: upTo(from === "server" ? 5000 : pick([3000, 8000, 200_000])) };
  };
  const at = (does: number | "hang up" | "silence", where = step()): Trouble => ({
    at: {
      step: where,
      does,
      passes: /^(?:from|to|data|answered)$/.test(where) ? upTo(4) : 0,
      taken: typeof does !== "number" && chance() < 0.5,
    },
  });
  const code = (): number => pick(CODES);
  const signal = (): NonNullable<Mishap["meanwhile"]> =>
    pick(["SIGKILL", "SIGKILL", "SIGTERM", "SIGINT", "interrupt twice"]);
  return [
    () => ({ name: "cut", trouble: { wire: wire(pick(["reset", "end"])) } }),
    () => ({ name: "cut", trouble: { wire: wire(pick(["reset", "end"])) } }),
    () => ({ name: "garbage", trouble: { wire: wire("garbage") } }),
    () => ({ name: "hangs up at a step", trouble: at("hang up") }),
    () => ({ name: "hangs up at the end", trouble: at("hang up", "data") }),
    () => ({
      name: "refuses",
      trouble: at(code(), pick(["connect", "auth", "from", "to", "data"])),
    }),
    () => ({ name: "refuses", trouble: at(code(), pick(["from", "to", "data"])) }),
    () => ({ name: "wrong password", trouble: at(535, "auth") }),
    () => ({ name: "slow", trouble: { slow: true, ...at(code(), "data") } }),
    () => ({ name: "silent, signal", trouble: at("silence"), meanwhile: signal() }),
    () => ({
      name: "silent at the end, signal",
      trouble: at("silence", "data"),
      meanwhile: signal(),
    }),
    () => ({
      name: "silent wire, signal",
      trouble: { wire: wire("silence") },
      meanwhile: signal(),
    }),
    () => ({ name: "answered, signal", trouble: at("silence", "answered"), meanwhile: signal() }),
    () => ({ name: "killed at a step", kill: 1 + upTo(steps) }),
    () => ({ name: "killed at a step", kill: 1 + upTo(steps) }),
    () => ({ name: "killed at a step, slow", kill: 1 + upTo(steps), trouble: { slow: true } }),
    () => ({ name: "no name", server: { smtpServer: `${"no-such-name-".repeat(6)}.invalid` } }),
    () => ({ name: "nobody listens", server: { smtpServerPort: String(deadPort) } }),
    () => ({ name: "certificate unknown", server: { smtpSSLCertPath: stranger.file } }),
    () => ({ name: "certificate of another", server: { smtpServer: "127.0.0.1" } }),
    () => ({ name: "no STARTTLS", trouble: { plain: true }, server: { smtpEncryption: "tls" } }),
    () => ({ name: "full disk", space: pick([0, 4096, 8192, upTo(60_000), upTo(400_000)]) }),
    () => ({ name: "full disk at the end", trouble: at("silence", "answered"), meanwhile: "fill" }),
    () => ({ name: "file too large", fileSize: pick([8, 64, upTo(900)]) }),
    () => ({ name: "two at once", two: true }),
    () => ({ name: "two at once, cut", two: true, trouble: { wire: wire("reset") } }),
    () => ({ name: "answered later", later: true }),
    () => ({ name: "nothing" }),
  ];
}

/** A submitter with a home, a repository, and a series to send. */
class Life {
  readonly folder: string;
  readonly #encryption: "tls" | "ssl";
  readonly #helper: boolean;
  #cancelled = false;

  constructor(folder: string, chance: Chance = () => 0) {
    this.folder = folder;
    this.#encryption = chance() < 0.6 ? "tls" : "ssl";
    this.#helper = chance() < 0.3;
    mkdirSync(folder);
    for (const name of ["home", "work"])
      cpSync(join(template, name), join(folder, name), { recursive: true });
    server.taken.length = 0;
  }

  get #work(): string {
    return join(this.folder, "work");
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** The batch that is open, as the program would read it; undefined if there is none. */
  batch() {
    const store = new SendStore(join(this.folder, "home", "patchsig", "outbox.db"), true);
    try {
      return store.open()[0];
    } finally {
      store.close();
    }
  }

  #settings({ server: elsewhere = {} }: Mishap): string {
    const file = join(template, "config");
    const settings: Record<string, string> = {
      smtpServer: "localhost",
      smtpServerPort: String(server.port(this.#encryption)),
      smtpEncryption: this.#encryption,
      smtpSSLCertPath: trusted.file,
      smtpUser: USER,
      ...(this.#helper ? {} : { smtpPass: PASSWORD }),
      ...elsewhere,
    };
    if (settings["smtpEncryption"] !== this.#encryption)
      settings["smtpServerPort"] = String(server.port("tls"));
    const lines = Object.entries(settings).map(([name, value]) => `\t${name} = ${value}\n`);
    const credentials = join(template, "credentials");
    const where = `${settings["smtpServer"]}%3a${settings["smtpServerPort"]}`;
    if (this.#helper) appendFileSync(credentials, `smtp://${USER}:${PASSWORD}@${where}\n`);
    const helper = `[credential]\n\thelper = store --file=${credentials}\n`;
    writeFileSync(file, `[sendemail]\n${lines.join("")}${this.#helper ? helper : ""}`);
    return file;
  }

  /** One start of the program, as a person would, who sees what waits; all that it showed. */
  async try(mishap: Mishap, words?: string): Promise<string> {
    const { meanwhile, space, trouble = {}, later = false } = mishap;
    const pidFile = join(template, "pid");
    rmSync(pidFile, { force: true });
    const env = { ...this.#environment(mishap) };
    const isBegun = this.batch() !== undefined;
    const args = words ?? (isBegun ? "--continue" : this.#first());
    const filler = join(disk.folder, "filler");
    if (space !== undefined) fill(filler, space);
    const onStep = (): void => {
      if (meanwhile === "fill") fill(filler, 0);
      else if (meanwhile === "interrupt twice") void interruptTwice();
      else if (meanwhile !== undefined) signal(meanwhile);
    };
    const signal = (name: NodeJS.Signals): void => {
      try {
        process.kill(Number(readFileSync(pidFile, "utf8")), name);
      } catch {
        // it has ended
      }
    };
    // two signals at once would be one
    const interruptTwice = async (): Promise<void> => {
      signal("SIGINT");
      await terminal.shows("once more stops at once").catch(() => undefined);
      signal("SIGINT");
    };
    server.plan({ ...trouble, onStep });
    const other = mishap.two === true ? this.#other(args, env) : null;
    const terminal = onTerminal(this.#command(args, mishap, pidFile), { cwd: this.#work, env });
    if (meanwhile === "SIGTERM" || meanwhile === "SIGINT")
      // it ends after this mail, whose server says nothing: so does somebody who waits
      void terminal
        .shows("once more stops at once")
        .then(() => signal("SIGKILL"))
        .catch(() => undefined);
    for (let asked = 1; ; asked++) {
      const isAsked = terminal.shows("(yes, no, later): ", asked).then(
        () => true,
        () => false,
      );
      if (!(await Promise.race([isAsked, terminal.finished().then(() => false)]))) break;
      terminal.type(`${later ? "later" : this.#truth(terminal.screen())}\r`);
    }
    const shown = await terminal.finished();
    await other;
    rmSync(filler, { force: true });
    server.plan({});
    await server.calm();
    this.#cancelled ||= args.startsWith("--cancel");
    return shown;
  }

  #environment({ kill, environment = {}, ...rest }: Mishap): Record<string, string> {
    return {
      ...environment,
      // a fault of ours shows its stack
      PATCHSIG_DEBUG: "1",
      XDG_DATA_HOME: join(this.folder, "home"),
      GIT_CONFIG_GLOBAL: this.#settings(rest),
      ...(kill === undefined ? {} : { KILL_AT: String(kill), KILL_SPAWNS: "1" }),
    };
  }

  #first(): string {
    return `topic --to list@example.org --cover '${join(template, "cover")}' --yes`;
  }

  #command(args: string, { kill, fileSize }: Mishap, pidFile: string): string {
    const node = `'${process.execPath}' ${kill === undefined ? "" : `--import '${KILL_AT}'`}`;
    const limit = fileSize === undefined ? "" : `ulimit -f ${fileSize};`;
    return `sh -c 'echo $$ >"${pidFile}"; ${limit} exec "$@"' - ${node} '${PROGRAM}' send ${args}; echo "status $?"`;
  }

  /** Somebody else, without a terminal. */
  async #other(args: string, env: Record<string, string>): Promise<void> {
    const child = spawn("sh", ["-c", `exec '${process.execPath}' '${PROGRAM}' send ${args}`], {
      cwd: this.#work,
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "ignore"],
    });
    await once(child, "close");
  }

  /** What the list shows of the mail that was asked about last. */
  #truth(screen: string): "yes" | "no" {
    const id = [...screen.matchAll(/^ {2}(<[^>\s]+>)\r?$/gm)].at(-1)?.[1];
    expect(id).toBeDefined();
    return idsOf(server.taken).includes(id!) ? "yes" : "no";
  }

  /** What is remembered of the version: Message-IDs; null before it was sent. */
  remembered(): string[] | null {
    const { status, stdout } = tryGit(this.#work, ["show", "refs/patchsig/series/topic:sent/v1"]);
    return status === 0 ? (stdout.toString().match(/<[^>\s]+>/g) ?? []) : null;
  }

  /** How many events say that it was sent. */
  sentEvents(): number {
    const log = tryGit(this.#work, ["log", "--format=%s", "refs/patchsig/series/topic"]);
    return log.stdout.toString().match(/^send v1:/gm)?.length ?? 0;
  }
}

function idsOf(mails: readonly Buffer[]): string[] {
  return mails.map((mail) => /^Message-ID: (<.*>)\r?$/im.exec(mail.toString("latin1"))![1]!);
}

const subjectsOf = (mails: readonly Buffer[]): string[] =>
  mails.map((mail) => /^Subject: \[PATCH (\d\/\d)\]/m.exec(mail.toString("latin1"))![1]!);

/** Leaves so many bytes on the disk. */
function fill(file: string, space: number): void {
  if (!disk.isSmall) return;
  const descriptor = openSync(file, "w");
  const reserve = `${file}.reserve`;
  writeFileSync(reserve, Buffer.alloc(space));
  for (const size of [65_536, 4096])
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(size));
    } catch {
      // it is full
    }
  closeSync(descriptor);
  rmSync(reserve);
}

/** The outbox says what is true, and nothing has overtaken anything. */
function outboxIsTrue(life: Life, about: string): void {
  const taken = idsOf(server.taken);
  expect(new Set(taken).size, `${about}: a mail was sent twice`).toBe(taken.length);
  expect(subjectsOf(server.taken), about).toEqual(SUBJECTS.slice(0, taken.length));
  const mails = life.batch()?.mails;
  if (mails === undefined) {
    expect([0, 4], about).toContain(life.cancelled ? 0 : taken.length);
    return;
  }
  const states = mails.map(({ messageId, state }) => ({
    state,
    isTaken: taken.includes(messageId),
  }));
  const said = `${about}: ${JSON.stringify(states)}`;
  for (const { state, isTaken } of states)
    if (state !== "in-doubt") expect(state === "sent", said).toBe(isTaken);
  const firstLeft = states.findIndex(({ state }) => state !== "sent");
  const after = firstLeft === -1 ? [] : states.slice(firstLeft + 1);
  expect(
    after.map(({ state }) => state).filter((state) => /sent|doubt/.test(state)),
    said,
  ).toEqual([]);
}

async function live(life: Life, chance: Chance): Promise<void> {
  const kinds = mishaps(chance, await freePort());
  const isPatient = chance() > 0.06;
  const story: string[] = [];
  let troubles = 1 + Math.floor(chance() * 4);
  for (let attempt = 0; attempt < 40; attempt++) {
    const mishap =
      troubles-- > 0 ? kinds[Math.floor(chance() * kinds.length)]!() : { name: "nothing" };
    met[mishap.name] = (met[mishap.name] ?? 0) + 1;
    const gaveUp = !isPatient && troubles === 0 && life.batch() !== undefined;
    story.push(gaveUp ? "cancel" : JSON.stringify(mishap));
    const shown = await life.try(
      gaveUp ? { name: "nothing" } : mishap,
      gaveUp ? "--cancel" : undefined,
    );
    story.push(shown);
    const about = story.join("\n");
    expect(shown, about).not.toContain(PASSWORD);
    expect(/^patchsig: (?!the disk is full)[^]*\n {4}at /m.exec(shown)?.[0], about).toBeUndefined();
    outboxIsTrue(life, about);
    const isOver = life.batch() === undefined && (server.taken.length > 0 || life.cancelled);
    if (!isOver) continue;
    const taken = idsOf(server.taken);
    if (!life.cancelled) expect(subjectsOf(server.taken), about).toEqual(SUBJECTS);
    for (const mail of server.taken.slice(1))
      expect(check(mail), about).toMatchObject({ signature: "good" });
    expect(life.sentEvents(), about).toBe(taken.length > 0 ? 1 : 0);
    if (taken.length > 0) expect(life.remembered()!.slice(0, taken.length), about).toEqual(taken);
    return;
  }
  expect.fail(`it never ends:\n${story.join("\n")}`);
}

describe.runIf(requireTool("openssl") && requireTool("script"))("whatever goes wrong", () => {
  test.each(Array.from({ length: RUNS }, (_, i) => i))(
    "life %i",
    { timeout: 300_000 },
    async (i) => {
      const chance = chanceOf(SEED + i * 7919);
      const life = new Life(join(disk.folder, String(i)), chance);
      await live(life, chance);
      expect(existsSync(life.folder)).toBe(true);
      rmSync(life.folder, { recursive: true });
    },
  );
});
