// The processes that are killed run the built program: `npm run build` first.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  drain,
  type DrainOptions,
  retryDelay,
  type DrainResult,
} from "../../../src/app/send/outbox-run.ts";
import { PatchsigError } from "../../../src/errors.ts";
import type { Transport } from "../../../src/send/transport.ts";
import { openDatabase, type OpenDatabase } from "../../../src/store/database.ts";
import { openOutbox, type Outbox } from "../../../src/store/outbox.ts";
import { transportTo } from "../../send/support.ts";
import { newFolder } from "../../support/folders.ts";
import { LOOSE, newLetter, OUTBOX_SCHEMA } from "../../support/outbox.ts";
import { freePort } from "../../support/port.ts";
import { type Answer, refusal, startSmtp, type TestServer } from "../../support/smtp.ts";

const NOW = 1_800_000_000;
const NOTHING: DrainResult = {
  sent: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
  waiting: 0,
  outage: null,
};

let file: string;
let db: OpenDatabase["db"];
let outbox: Outbox;
const servers: TestServer[] = [];
beforeEach(() => {
  file = join(newFolder(), "bot.db");
  ({ db } = openDatabase(OUTBOX_SCHEMA, { file }));
  outbox = openOutbox(db, LOOSE);
});
afterEach(async () => {
  db.close();
  for (const server of servers.splice(0)) await server.stop();
});

async function start(...args: Parameters<typeof startSmtp>): Promise<TestServer> {
  const server = await startSmtp(...args);
  servers.push(server);
  return server;
}

function add(...names: string[]): void {
  const when = { now: NOW, notBefore: NOW, expiresAt: NOW + 100_000 };
  for (const name of names) outbox.add(newLetter(name, { about: name }), when);
}

const idOf = (mail: Buffer): string => /<(.*)>/.exec(mail.toString())![1]!;
const got = ({ mails }: TestServer): string[] => mails.map(({ bytes }) => idOf(bytes));
const rows = (): unknown[] =>
  db
    .prepare("select message_id, state, attempts, next_at - ? from outbox order by id")
    .raw()
    .all(NOW);

function run(
  to: number | (() => Promise<Transport>),
  options: Partial<DrainOptions> = {},
): Promise<DrainResult> {
  const connect = typeof to === "number" ? async () => transportTo(to) : to;
  return drain(outbox, connect, {
    now: () => NOW,
    allowed: () => "send",
    wasSent: async () => expect.fail("nothing is in doubt"),
    stop: new AbortController().signal,
    ...options,
  });
}

/** Refuses those of these names, at the end of the letter. */
const refusing =
  (codes: Record<string, number>): Answer =>
  ({ bytes }) => {
    const code = codes[idOf(bytes)];
    return code === undefined ? null : refusal(code, "no");
  };

test("a minute, then twice as long each time, up to four hours", () => {
  expect([0, 1, 2, 7, 8, 2000].map(retryDelay)).toEqual([60, 120, 240, 7680, 14_400, 14_400]);
});

test("each letter expires on its own", async () => {
  const server = await start({}, refusing({ b: 554, c: 451 }));
  add("a", "b", "c", "d");
  expect(await run(server.port)).toEqual({ ...NOTHING, sent: 2, failed: 1, waiting: 1 });
  expect(got(server)).toEqual(["a", "b", "c", "d"]);
  expect(server.sockets).toHaveLength(1);
  const after = [
    ["a", "sent", 0, 0],
    ["b", "failed", 0, 0],
    ["c", "queued", 1, 60],
    ["d", "sent", 0, 0],
  ];
  expect(rows()).toEqual(after);
  // nothing is due yet
  expect(await run(server.port)).toEqual({ ...NOTHING, waiting: 1 });
  await run(server.port, { now: () => NOW + 60 });
  expect(rows()[2]).toEqual(["c", "queued", 2, 180]);
  expect(got(server)).toEqual(["a", "b", "c", "d", "c"]);
});

test("the decision is made just before sending: send, keep, cancel, expire", async () => {
  const server = await start();
  add("a", "b", "c");
  outbox.add(newLetter("old"), { now: NOW - 9, notBefore: NOW - 9, expiresAt: NOW });
  const allowed: DrainOptions["allowed"] = ({ messageId }) => {
    if (messageId === "a") return "wait";
    return messageId === "b" ? { cancel: "answered" } : "send";
  };
  const tally = await run(server.port, { allowed });
  expect(tally).toEqual({ ...NOTHING, sent: 1, cancelled: 1, expired: 1, waiting: 1 });
  expect(rows().map((row) => (row as string[])[1])).toEqual([
    "queued",
    "cancelled",
    "sent",
    "expired",
  ]);
  expect(got(server)).toEqual(["c"]);
});

test("without a due letter there is no connection", async () => {
  add("a");
  const connect = vi.fn();
  expect(await run(connect, { allowed: () => "wait" })).toEqual({ ...NOTHING, waiting: 1 });
  expect(connect).not.toHaveBeenCalled();
});

test("no letter is started after stop", async () => {
  const stop = new AbortController();
  const server = await start({}, () => {
    stop.abort();
    return null;
  });
  add("a", "b");
  expect(await run(server.port, { stop: stop.signal })).toEqual({
    ...NOTHING,
    sent: 1,
    waiting: 1,
  });
  expect(got(server)).toEqual(["a"]);
});

describe("an outage", () => {
  const held = [
    ["a", "queued", 1, 60],
    ["b", "queued", 0, 60],
  ];

  test("no server: ends the run, and counts as an attempt for the first letter only", async () => {
    add("a", "b");
    const tally = await run(await freePort());
    expect(tally).toEqual({
      ...NOTHING,
      waiting: 2,
      outage: expect.stringContaining("connection refused"),
    });
    expect(rows()).toEqual(held);
  });

  test("no password", async () => {
    add("a", "b");
    const connect = (): Promise<never> =>
      Promise.reject(new PatchsigError("no-password", "no password"));
    expect(await run(connect)).toEqual({ ...NOTHING, waiting: 2, outage: "no password" });
    expect(rows()).toEqual(held);
  });

  test("wrong settings are not an outage", async () => {
    add("a");
    const error = new PatchsigError("usage", "no port");
    await expect(run(() => Promise.reject(error))).rejects.toBe(error);
    expect(rows()).toEqual([["a", "queued", 0, 0]]);
  });

  test("no answer: the letter is in doubt until the next run", async () => {
    const server = await start({}, () => "hang up");
    add("a", "b");
    expect(await run(server.port)).toMatchObject({ waiting: 2, outage: expect.any(String) });
    expect(rows()).toEqual([
      ["a", "in-doubt", 0, 0],
      ["b", "queued", 0, 60],
    ]);
  });
});

describe("a letter in doubt", () => {
  const settle = async (answer: boolean | null | "wait") => {
    const server = await start();
    add("a");
    outbox.doubt(1, NOW - 30);
    const wasSent = vi.fn(async () => answer);
    const tally = await run(server.port, { wasSent });
    expect(wasSent).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ messageId: "a", doubtAt: NOW - 30 }),
    );
    return [tally.sent, tally.waiting, got(server), rows().flat()[1]];
  };

  test.each([
    [true, [1, 0, [], "sent"]],
    [false, [1, 0, ["a"], "sent"]],
    [null, [1, 0, [], "sent"]],
    ["wait", [0, 1, [], "in-doubt"]],
  ] as const)("was it sent? %s", async (answer, expected) => {
    expect(await settle(answer)).toEqual(expected);
  });

  test("a letter that may be lost is reported", async () => {
    await settle(null);
    const said = db.prepare("select said from outbox").pluck().get();
    expect(said).toBe("nobody can say whether it was sent, so it is not sent again");
  });
});

test("a letter cancelled while the connection is made is not sent", async () => {
  const server = await start({
    onRcptTo: (_address, _session, done) => {
      outbox.cancel("a", NOW, "answered");
      done();
    },
  });
  add("a", "b");
  expect(await run(server.port)).toEqual({ ...NOTHING, sent: 1 });
  expect(got(server)).toEqual(["b"]);
});

describe("kill -9", () => {
  const WORKER = fileURLToPath(new URL("outbox-worker.js", import.meta.url));
  const STEPS = ["before sending", "before the end", "at the end", "after the answer"];

  test.each(STEPS)("%s: each letter is sent once", { retry: 0 }, async (step) => {
    const server = await start();
    add("a", "b");
    const to = { kind: "smtp", host: "127.0.0.1", port: server.port, encryption: "none" };
    const plain = { login: null, domain: null, certPath: null, client: null, batchSize: 0 };
    const input = { file, schema: OUTBOX_SCHEMA, server: { ...to, ...plain }, now: NOW, step };
    const worker = spawn(process.execPath, [WORKER, JSON.stringify(input)], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    expect((await once(worker, "exit"))[1]).toBe("SIGKILL");
    // what the server had to say of it has been said
    for (const socket of server.sockets) if (!socket.closed) await once(socket, "close");
    const isOver = step === "after the answer";
    // the server had the letter but for its end, and forgot it
    expect(server.seen() > 0).toBe(step !== "before sending");
    expect(got(server)).toEqual(isOver ? ["a"] : []);
    const inDoubt = isOver || step === "at the end";
    expect(outbox.inDoubt().map(({ messageId }) => messageId)).toEqual(inDoubt ? ["a"] : []);

    const wasSent = async ({ messageId }: { messageId: string }): Promise<boolean> =>
      got(server).includes(messageId);
    expect(await run(server.port, { wasSent })).toEqual({ ...NOTHING, sent: 2 });
    expect(got(server)).toEqual(["a", "b"]);
  });
});
