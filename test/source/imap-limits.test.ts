/** Servers that send without end: all that is counted is what they get rid of before they are left. */

import { createServer, type Server, type Socket } from "node:net";
import { Writable } from "node:stream";
import type { ImapFlow } from "imapflow";
import { afterEach, describe, expect, test, vi } from "vitest";
import { PatchsigError } from "../../src/errors.ts";
import { boundsOf, MAX_UIDS } from "../../src/source/imap-limits.ts";
import { type Mailbox, readMailbox } from "../../src/source/imap.ts";
import { isReadFailure, type SourceItem } from "../../src/source/item.ts";
import { LONG } from "../support/long.ts";

const MIB = 1 << 20;
/** What the kernel and both ends hold of it. */
const BUFFERS = 16 * MIB;

type Answer = string | Buffer;
/** What a server says to a command, piece by piece; the last piece of `flood` again and again. */
interface Hostile {
  readonly on: RegExp;
  readonly flood: readonly Answer[];
}

const usual = (tag: string, command: string): string => {
  const answers: readonly (readonly [RegExp, string])[] = [
    [/^CAPABILITY/, "* CAPABILITY IMAP4rev1\r\n"],
    [/^NAMESPACE/, '* NAMESPACE (("" "/")) NIL NIL\r\n'],
    [/^LIST|^LSUB/, '* LIST () "/" INBOX\r\n'],
    [/^EXAMINE|^SELECT/, "* 3 EXISTS\r\n* OK [UIDVALIDITY 1]\r\n* OK [UIDNEXT 4]\r\n"],
    [/SEARCH/, "* SEARCH 1 2 3\r\n"],
    [/RFC822.SIZE/, [1, 2, 3].map((i) => `* ${i} FETCH (UID ${i} RFC822.SIZE 10)\r\n`).join("")],
  ];
  const said = answers.find(([on]) => on.test(command))?.[1] ?? "";
  return `${said}${tag} OK [CAPABILITY IMAP4rev1] done\r\n`;
};

let server: Server;
let sent = 0;

function serve({ on, flood }: Hostile): Promise<number> {
  sent = 0;
  server = createServer((socket: Socket) => {
    socket.on("error", () => undefined);
    const pour = (at: number): void => {
      if (socket.destroyed) return;
      const piece = flood[Math.min(at, flood.length - 1)]!;
      sent += piece.length;
      const more = socket.write(piece);
      if (more) setImmediate(pour, at + 1);
      else socket.once("drain", () => pour(at + 1));
    };
    if (on.test("greeting")) return pour(0);
    socket.write("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n");
    let held = "";
    socket.on("data", (chunk: Buffer) => {
      held += chunk.toString("latin1");
      for (let end = held.indexOf("\r\n"); end >= 0; end = held.indexOf("\r\n")) {
        const [tag = "", ...words] = held.slice(0, end).split(" ");
        held = held.slice(end + 2);
        const command = words.join(" ").toUpperCase();
        if (on.test(command)) return pour(0);
        socket.write(usual(tag, command));
      }
    });
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
  );
}

afterEach(() => {
  server?.close();
});

async function read(port: number): Promise<SourceItem[]> {
  const path = "INBOX";
  const mailbox: Mailbox = { protocol: "imap", host: "127.0.0.1", port, username: "a", path };
  const options = { password: "x", onLogin: () => Promise.resolve() };
  const pieces: SourceItem[] = [];
  for await (const some of readMailbox(mailbox, options, () => undefined)) pieces.push(...some);
  return pieces;
}

const A = Buffer.alloc(MIB, "A");
const ONES = Buffer.from("* 1 EXISTS\r\n".repeat(10_000));
const uids = Buffer.from(" 1234567".repeat(100_000));
const rows = Buffer.from("* 1 FETCH (UID 1 RFC822.SIZE 10)\r\n".repeat(10_000));
const literal = (size: number): string => `* 1 FETCH (UID 1 BODY[] {${size}}\r\n`;

/** What the server does, and how much it gets rid of. */
const CASES: readonly (readonly [string, Hostile, number])[] = [
  ["a greeting", { on: /greeting/, flood: ["* OK ", A] }, MIB],
  ["words after a greeting", { on: /greeting/, flood: ["* OK hi\r\n", ONES] }, MIB],
  ["text instead of an answer", { on: /EXAMINE|SELECT/, flood: [ONES] }, MIB],
  [
    "continuation requests",
    { on: /SEARCH/, flood: [Buffer.from(`+ ${"x".repeat(9999)}\r\n`)] },
    MAX_UIDS,
  ],
  ["found mails", { on: /SEARCH/, flood: ["* SEARCH", uids] }, MAX_UIDS],
  [
    "found mails, line by line",
    { on: /SEARCH/, flood: [`* SEARCH${" 1".repeat(5000)}\r\n`] },
    MAX_UIDS,
  ],
  ["sizes", { on: /RFC822.SIZE/, flood: [rows] }, MIB],
  ["a string", { on: /BODY/, flood: ['* 1 FETCH (UID 1 BODY[] "', A] }, MIB],
  ["a mail larger than announced", { on: /BODY/, flood: [literal(99 * MIB), A] }, MIB],
  [
    "mails that were not requested",
    { on: /BODY/, flood: [`${literal(9000)}${"A".repeat(9000)})\r\n`] },
    MIB,
  ],
  [
    "other literals",
    { on: /BODY/, flood: [`* 1 FETCH (UID 1 X {9000}\r\n${"A".repeat(9000)}`] },
    MIB,
  ],
  ["text at the end", { on: /LOGOUT/, flood: [ONES] }, MIB],
];

/** Seconds each, and like another one. */
const SLOW = new Set(["found mails, line by line", "words after a greeting"]);

test.each(CASES.filter(([what]) => LONG || !SLOW.has(what)))(
  "%s without end",
  async (_, hostile, most) => {
    const pieces = await read(await serve(hostile));
    const said = pieces.flatMap((piece) => (isReadFailure(piece) ? [piece.error.message] : []));
    const flood = ["INBOX at 127.0.0.1: the server sends more than was asked for"];
    // at the end all that there was is read
    if (hostile.on.test("LOGOUT")) expect(said).not.toContain(flood[0]);
    else expect(said).toEqual(flood);
    expect(sent).toBeLessThan(most + BUFFERS);
  },
);

describe("time limits", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  function stream(): {
    bounds: ReturnType<typeof boundsOf>;
    feed: (bytes: number) => void;
    said: string[];
  } {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const streamer = new Writable({ write: (_chunk, _encoding, next) => next() });
    const said: string[] = [];
    streamer.on("error", (error) => said.push(error.message));
    const bounds = boundsOf(
      { streamer } as unknown as ImapFlow,
      (why) => new PatchsigError("unreadable", why),
    );
    const feed = (bytes: number): void => {
      streamer.write(Buffer.alloc(bytes));
    };
    return { bounds, feed, said };
  }

  /** Lets seconds pass, with so many bytes in each. */
  async function pass(
    seconds: number,
    feed: (bytes: number) => void,
    bytes: number,
  ): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      if (bytes > 0) feed(bytes);
      await vi.advanceTimersByTimeAsync(1000);
    }
  }

  test.each([
    ["silence", 0, 59, 61],
    ["a byte now and then", 1, 29, 31],
    ["less than it should be", 4096, 55, 65],
  ])("%s", async (_, bytes, fine, late) => {
    const { bounds, feed, said } = stream();
    void bounds.answer(1 << 30, () => new Promise(() => undefined));
    await pass(fine, feed, bytes);
    expect(said).toEqual([]);
    await pass(late - fine, feed, bytes);
    expect(said).toEqual(["the server takes too long"]);
  });

  test("do not apply to an answer that keeps coming, nor run on after it", async () => {
    const { bounds, feed, said } = stream();
    let done: () => void = () => undefined;
    const answer = bounds.answer(1 << 30, () => new Promise<void>((resolve) => (done = resolve)));
    await pass(900, feed, 20_000);
    done();
    await answer;
    await pass(900, feed, 0);
    expect(said).toEqual([]);
  });

  test("a watch may last for ever, but its answers are bounded", async () => {
    const { bounds, feed, said } = stream();
    bounds.idle();
    await pass(3600, feed, 100);
    expect(said).toEqual([]);
    await pass(1, feed, 2 * MIB);
    expect(said).toEqual(["the server sends more than was asked for"]);
    bounds.end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
