/** Waiting for mail at a real server, which may go away. */

import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { CliError } from "../../src/errors.ts";
import { type Mailbox, parseMailbox } from "../../src/source/imap.ts";
import { type Watch, watchMailbox } from "../../src/source/imap-watch.ts";
import { HAS_DOVECOT, type ImapServer, startImap } from "../support/imap.ts";

const MAIL = "From: A <a@example.org>\nSubject: news\n\ntext\n";
const ROOT = join(import.meta.dirname, "..", "..");

let server: ImapServer;
let watch: Watch | null = null;
let delivered = 0;

const inbox = (port = server.port): Mailbox => parseMailbox(`imap://alice@127.0.0.1:${port}/INBOX`);

function deliver(): void {
  writeFileSync(join(server.maildir, "new", `${1_794_000_000 + delivered++}.M1P1.host`), MAIL);
}

/** What a watch says. */
interface Told {
  news: number;
  readonly logins: boolean[];
  readonly lost: [CliError["code"], number][];
}

function start(password = "secret", mailbox = inbox()): Told {
  const told: Told = { news: 0, logins: [], lost: [] };
  const onLogin = async (right: boolean): Promise<void> => void told.logins.push(right);
  const onLost = ({ code }: CliError, wait: number): void => void told.lost.push([code, wait]);
  watch = watchMailbox(mailbox, { password, onLogin, onLost }, () => told.news++);
  return told;
}

/** For as long as a test may take. */
const eventually = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: 500_000, interval: 20 });
const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

describe.runIf(HAS_DOVECOT)("IDLE", () => {
  beforeAll(async () => {
    server = await startImap();
  });
  afterAll(() => server?.stop());
  afterEach(() => watch?.close());

  test("tells at once, and of each mail that comes; nothing changes there", async () => {
    const told = start();
    await eventually(() => expect(told.news).toBe(1));
    deliver();
    await eventually(() => expect(told.news).toBe(2));
    deliver();
    await eventually(() => expect(told.news).toBe(3));
    expect(told).toEqual({ news: 3, logins: [true], lost: [] });
    expect(readdirSync(join(server.maildir, "cur"))).toEqual([]);
  });

  test("a server that was away is found again, and what came meanwhile is told", async () => {
    const told = start();
    await eventually(() => expect(told.news).toBe(1));
    await server.restart();
    await eventually(() => expect(told.news).toBe(2));
    expect(told).toMatchObject({ logins: [true], lost: [["unreadable", 5_000]] });
    deliver();
    await eventually(() => expect(told.news).toBe(3));
  });

  test("no server: asked again, later each time", async () => {
    const told = start("secret", inbox(1));
    const both = [5_000, 10_000].map((time) => ["unreadable", time]);
    await eventually(() => expect(told.lost).toEqual(both));
    expect(told).toMatchObject({ news: 0, logins: [] });
  });

  test("a wrong password is not tried again soon", async () => {
    const told = start("wrong");
    await eventually(() => expect(told.lost).toEqual([["no-password", 600_000]]));
    expect(told).toMatchObject({ news: 0, logins: [false] });
  });

  test("once it is closed nothing is told", async () => {
    const told = start();
    await eventually(() => expect(told.news).toBe(1));
    watch!.close();
    deliver();
    await wait(2_000);
    expect(told).toMatchObject({ news: 1, lost: [] });
  });

  test.each([
    ["while it connects", "secret", "after(0)"],
    ["while it waits for mail", "secret", "after(1500)"],
    ["while it waits for a server", "wrong", "after(1500)"],
  ])("closed %s, a process can end", async (_, password, when) => {
    const code = `
      const { watchMailbox } = await import("./dist/src/source/imap-watch.js");
      const { parseMailbox } = await import("./dist/src/source/imap.js");
      const after = (time) => new Promise((resolve) => setTimeout(resolve, time));
      const options = { password: ${JSON.stringify(password)}, onLogin: async () => {} };
      const mailbox = parseMailbox("imap://alice@127.0.0.1:${server.port}/INBOX");
      const watch = watchMailbox(mailbox, options, () => {});
      await ${when};
      watch.close();
      console.log("closed");`;
    const args = ["--input-type=module", "-e", code];
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    // a connection or a wait that is left over would keep it for minutes
    const timer = setTimeout(() => child.kill(), 100_000);
    expect(await ended).toBe(0);
    clearTimeout(timer);
  });
});
