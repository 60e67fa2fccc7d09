/** Waiting for mail at a real server, which may go away. */

import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { PatchsigError } from "../../src/errors.ts";
import { type Mailbox, parseMailbox } from "../../src/source/imap.ts";
import { type ImapWatch, watchMailbox } from "../../src/source/imap-watch.ts";
import { HAS_DOVECOT, type ImapServer, startImap } from "../support/imap.ts";

const MAIL = "From: A <a@example.org>\nSubject: news\n\ntext\n";
const ROOT = join(import.meta.dirname, "..", "..");

let server: ImapServer;
let watch: ImapWatch | null = null;
let delivered = 0;

const inbox = (port = server.port): Mailbox => parseMailbox(`imap://alice@127.0.0.1:${port}/INBOX`);

function deliver(): void {
  writeFileSync(join(server.maildir, "new", `${1_794_000_000 + delivered++}.M1P1.host`), MAIL);
}

/** What a watch says. */
interface Told {
  news: number;
  readonly logins: boolean[];
  readonly lost: [PatchsigError["code"], number][];
}

function start(password = "secret", mailbox = inbox()): Told {
  const told: Told = { news: 0, logins: [], lost: [] };
  const onLogin = async (right: boolean): Promise<void> => void told.logins.push(right);
  const onLost = ({ code }: PatchsigError, wait: number): void => void told.lost.push([code, wait]);
  watch = watchMailbox(mailbox, { password, onLogin, onLost }, () => told.news++);
  return told;
}

/** For as long as a test may take. A clock that is not the real one goes on by as much as is waited. */
const eventually = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: 500_000, interval: 20 });

/** What a watch waits for from here on comes by `vi.advanceTimersByTimeAsync`. */
function stopTheClock(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
}

describe.runIf(HAS_DOVECOT)("IDLE", () => {
  beforeAll(async () => {
    server = await startImap();
  });
  afterAll(() => server?.stop());
  afterEach(() => {
    watch?.close();
    vi.useRealTimers();
  });

  test("reports at once, and for each new mail; the mailbox is not changed", async () => {
    const told = start();
    await eventually(() => expect(told.news).toBe(1));
    deliver();
    await eventually(() => expect(told.news).toBe(2));
    deliver();
    await eventually(() => expect(told.news).toBe(3));
    expect(told).toEqual({ news: 3, logins: [true], lost: [] });
    expect(readdirSync(join(server.maildir, "cur"))).toEqual([]);
  });

  test("reconnects to a server that was down, and reports new mail since", async () => {
    const told = start();
    await eventually(() => expect(told.news).toBe(1));
    stopTheClock();
    await server.restart();
    await eventually(() => expect(told.lost).toEqual([["unreadable", 5_000]]));
    await vi.advanceTimersByTimeAsync(5_000);
    await eventually(() => expect(told.news).toBe(2));
    expect(told).toMatchObject({ logins: [true], lost: [["unreadable", 5_000]] });
    deliver();
    await eventually(() => expect(told.news).toBe(3));
  });

  test("no server: retries with growing delays", async () => {
    stopTheClock();
    const told = start("secret", inbox(1));
    const waits = [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000];
    for (const [i, time] of waits.entries()) {
      await eventually(() => expect(told.lost[i]).toEqual(["unreadable", time]));
      await vi.advanceTimersByTimeAsync(time - 1_000);
      expect(told.lost).toHaveLength(i + 1);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(told).toMatchObject({ news: 0, logins: [] });
  });

  test("a wrong password is not retried soon", async () => {
    const told = start("wrong");
    await eventually(() => expect(told.lost).toEqual([["no-password", 600_000]]));
    expect(told).toMatchObject({ news: 0, logins: [false] });
  });

  test("reports nothing after it is closed", async () => {
    const told = start();
    await eventually(() => expect(told.news).toBe(1));
    watch!.close();
    // who still waits is told
    const other = start();
    await eventually(() => expect(other.news).toBe(1));
    deliver();
    await eventually(() => expect(other.news).toBe(2));
    expect(told).toMatchObject({ news: 1, lost: [] });
  });

  test.each([
    ["while it connects", "secret", "connecting", 0],
    ["while it waits for mail", "secret", "news", 2],
    ["while it waits for a server", "wrong", "lost", 1],
  ])("closed %s, it lets the process end", async (_, password, what, count) => {
    const code = `
      const { watchMailbox } = await import("./dist/src/source/imap-watch.js");
      const { parseMailbox } = await import("./dist/src/source/imap.js");
      const told = { connecting: 0, news: 0, lost: 0 };
      const tell = (what) => {
        told[what]++;
        console.log(what);
        if (told[${JSON.stringify(what)}] >= ${count}) watch.close();
      };
      const options = {
        password: ${JSON.stringify(password)},
        onLogin: async () => {},
        onLost: () => tell("lost"),
      };
      const mailbox = parseMailbox("imap://alice@127.0.0.1:${server.port}/INBOX");
      const watch = watchMailbox(mailbox, options, () => tell("news"));
      tell("connecting");`;
    const args = ["--input-type=module", "-e", code];
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    // the first are told of what there was, the second of what comes while it waits
    child.stdout.on("data", (words: Buffer) => {
      if (words.includes("news")) deliver();
    });
    // a connection or a wait that is left over would keep it for minutes
    const timer = setTimeout(() => child.kill(), 500_000);
    expect(await ended).toBe(0);
    clearTimeout(timer);
  });
});
