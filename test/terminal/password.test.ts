import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { passwordSource } from "../../src/terminal/password.ts";
import { onTerminal, type Terminal } from "../../scripts/terminal.ts";
import { requireTool } from "../support/tools.ts";
import { temporaryDirectory } from "../minisign/support.ts";

function file(content: string | Buffer, mode = 0o600): string {
  const path = join(temporaryDirectory(), "passwords");
  writeFileSync(path, content, { mode });
  return path;
}

const fromFile = (content: string | Buffer, mode?: number) =>
  passwordSource({ passwordFile: file(content, mode) });

describe("from a file or descriptor", () => {
  test("one line per question, in order", async () => {
    const path = file("first\nsecond\r\nthird");
    const descriptor = openSync(path, "r");
    for (const source of [
      passwordSource({ passwordFile: path }),
      passwordSource({ passwordFd: descriptor }),
    ]) {
      expect((await source.ask("")).toString()).toBe("first");
      expect((await source.askNew("")).toString()).toBe("second");
      expect((await source.ask("")).toString()).toBe("third");
      await expect(source.ask("")).rejects.toMatchObject({ code: "no-password" });
    }
    closeSync(descriptor);
  });

  test("input after the line is left for the next reader", async () => {
    const descriptor = openSync(file("password\nFrom: mail"), "r");
    const password = await passwordSource({ passwordFd: descriptor }).ask("");
    expect(password.toString()).toBe("password");
    const rest = Buffer.alloc(20);
    expect(rest.toString("utf8", 0, readSync(descriptor, rest))).toBe("From: mail");
    closeSync(descriptor);
  });

  test("a password that stock minisign would cut is refused", async () => {
    const longest = Buffer.alloc(1023, "x");
    expect(await fromFile(longest).ask("")).toEqual(longest);
    for (const bad of [Buffer.alloc(1024, "x"), "a\0b\n", "a\rb\n"]) {
      await expect(fromFile(bad).ask("")).rejects.toMatchObject({ code: "bad-password" });
    }
    const descriptor = openSync(file(Buffer.alloc(5000, "x")), "r");
    const source = passwordSource({ passwordFd: descriptor });
    await expect(source.ask("")).rejects.toMatchObject({ code: "bad-password" });
    closeSync(descriptor);
  });

  test("an empty one is accepted for an existing key, never for a new one", async () => {
    expect(await fromFile("\n").ask("")).toHaveLength(0);
    await expect(fromFile("\n").askNew("")).rejects.toMatchObject({ code: "bad-password" });
  });

  test("a file that others can read, a missing file, a closed descriptor", async () => {
    await expect(fromFile("x\n", 0o644).ask("")).rejects.toMatchObject({ code: "lax-mode" });
    const missing = passwordSource({ passwordFile: "/nonexistent/file" });
    await expect(missing.ask("")).rejects.toMatchObject({ code: "not-found" });
    const closed = passwordSource({ passwordFd: 987_654 });
    await expect(closed.ask("")).rejects.toMatchObject({ code: "no-password" });
  });

  test("wrong usage", () => {
    const both = { passwordFd: 0, passwordFile: "x" };
    for (const settings of [both, { passwordFd: NaN }, { passwordFd: -1 }, { passwordFd: 1.5 }]) {
      expect(() => passwordSource(settings)).toThrow(expect.objectContaining({ code: "usage" }));
    }
  });
});

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Asks on the terminal; writes what came to the file `answer`, and the mail from its stdin. */
const ASKER = `
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { passwordSource } from "./src/terminal/password.js";
const [how, answer] = process.argv.slice(2);
const modes = () => execFileSync("sh", ["-c", "exec 2> /dev/null; stty -g < /dev/tty || true"], { encoding: "utf8" });
writeFileSync(answer + ".pid", String(process.pid));
const before = modes();
let result;
try {
  result = (await passwordSource({})[how]("password: ")).toString("utf8");
} catch (error) {
  result = error.code + (error.hint === undefined ? "" : ": " + error.hint);
}
// node puts the terminal back when it ends: long before that it is to be used again
const restored = modes() === before;
writeFileSync(answer, JSON.stringify({ result, restored, mail: readFileSync(0, "utf8") }));
`;

describe.runIf(requireTool("script"))("on a terminal", () => {
  let built: string;
  beforeAll(() => {
    built = mkdtempSync(join(tmpdir(), "patchsig-test-"));
    const settings = {
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        rootDir: ROOT,
        outDir: built,
        typeRoots: [join(ROOT, "node_modules/@types")],
      },
      include: [],
      files: [join(ROOT, "src/terminal/password.ts")],
    };
    writeFileSync(join(built, "tsconfig.json"), JSON.stringify(settings));
    writeFileSync(join(built, "package.json"), '{"type":"module"}');
    symlinkSync(join(ROOT, "node_modules"), join(built, "node_modules"));
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    const run = spawnSync(tsc, ["-p", join(built, "tsconfig.json")], { encoding: "utf8" });
    expect(run.stdout).toBe("");
    writeFileSync(join(built, "asker.js"), ASKER);
  });
  afterAll(() => rmSync(built, { recursive: true, force: true }));

  interface Session extends Terminal {
    readonly answer: string;
  }

  /** Run the asker on a terminal of its own, with a mail on its stdin; then say if the terminal is as before. */
  function start(how: "ask" | "askNew"): Session {
    const directory = temporaryDirectory();
    const answer = join(directory, "answer");
    writeFileSync(join(directory, "mail"), "From: the mail\n");
    const command =
      `before=$(stty -g < /dev/tty); node ${join(built, "asker.js")} ${how} ${answer} < ${join(directory, "mail")}; ` +
      `echo "status $?"; [ "$before" = "$(stty -g < /dev/tty)" ] && echo restored`;
    return { ...onTerminal(command), answer };
  }

  const said = (session: Session): unknown => JSON.parse(readFileSync(session.answer, "utf8"));

  test("no echo, line editing, and stdin is untouched", async () => {
    const session = start("ask");
    await session.shows("password: ");
    session.type("nonsense\u0015sécres\u007f\u007f\u007f\u007f\u007fecret\r");
    const screen = await session.finished();
    expect(said(session)).toEqual({ result: "secret", restored: true, mail: "From: the mail\n" });
    expect(screen).not.toMatch(/nons|cret/);
    expect(screen).toContain("restored");
  });

  test.each([
    ["the same", "secret\rsecret\r", "secret"],
    ["not the same", "secret\rsecrex\r", "bad-password"],
  ])("a new one is asked for twice: %s", async (_name, typed, result) => {
    const session = start("askNew");
    await session.shows("password: ");
    session.type(typed);
    const screen = await session.finished();
    expect(screen).toContain("the same again: ");
    expect(said(session)).toMatchObject({ result });
    expect(screen).toContain("restored");
  });

  test.each([
    ["empty", "\r", "bad-password: --no-password makes a key without one"],
    ["too long", `${"x".repeat(1024)}\r`, "bad-password"],
  ])("a new one is refused at the first prompt: %s", async (_name, typed, result) => {
    const session = start("askNew");
    await session.shows("password: ");
    session.type(typed);
    const screen = await session.finished();
    expect(screen).not.toContain("the same again: ");
    expect(said(session)).toMatchObject({ result });
    expect(screen).toContain("restored");
  });

  test("end of input", async () => {
    const session = start("ask");
    await session.shows("password: ");
    session.type("\u0004");
    expect(await session.finished()).toContain("restored");
    expect(said(session)).toMatchObject({
      result: expect.stringMatching(/^no-password: /),
      restored: true,
    });
  });

  test("Ctrl-C ends it as SIGINT does, and the terminal is restored", async () => {
    const session = start("ask");
    await session.shows("password: ");
    session.type("half\u0003");
    const screen = await session.finished();
    expect(screen).toContain("status 130");
    expect(screen).toContain("restored");
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGQUIT", 131],
  ] as const)("%s ends it, and the terminal is restored", async (signal, status) => {
    const session = start("ask");
    await session.shows("password: ");
    process.kill(Number(readFileSync(`${session.answer}.pid`, "utf8")), signal);
    const screen = await session.finished();
    expect(screen).toContain(`status ${status}`);
    expect(screen).toContain("restored");
  });

  test("without a terminal, the error says what to do", () => {
    const answer = join(temporaryDirectory(), "answer");
    // setsid: a session without a terminal
    const args = ["-w", "node", join(built, "asker.js"), "ask", answer];
    const run = spawnSync("setsid", args, { input: "", encoding: "utf8" });
    expect(run.stderr).toBe("");
    const hint = "no-password: give it with --password-fd N or --password-file FILE";
    expect(JSON.parse(readFileSync(answer, "utf8"))).toMatchObject({ result: hint });
  });
});
