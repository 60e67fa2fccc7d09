// The processes that are killed run the built program: `npm run build` first.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  type BatchResult,
  type BatchRun,
  batchToContinue,
  cancelBatch,
  sendBatch,
} from "../../../src/app/send/batch.ts";
import { takeLock } from "../../../src/store/lock.ts";
import { SEND_SCHEMA, SendStore } from "../../../src/store/send-store.ts";
import { transportTo } from "../../send/support.ts";
import { newFolder } from "../../support/folders.ts";
import { LONG } from "../../support/long.ts";
import { freePort } from "../../support/port.ts";
import { SEED } from "../../support/seed.ts";
import { type Answer, refusal, startSmtp, type TestServer } from "../../support/smtp.ts";

const NOW = 1_800_000_000;
const BATCH = { repository: "/r/.git", branch: "topic", version: 2, identity: "", memo: "tip" };

let file: string;
let store: SendStore;
const servers: TestServer[] = [];
beforeEach(() => {
  file = join(newFolder(), "outbox.db");
  store = new SendStore(file);
});
afterEach(async () => {
  store.close();
  for (const server of servers.splice(0)) await server.stop();
});

async function start(...args: Parameters<typeof startSmtp>): Promise<TestServer> {
  const server = await startSmtp(...args);
  servers.push(server);
  return server;
}

const mailsOf = (...names: string[]) =>
  names.map((name) => ({
    messageId: `<${name}@x>`,
    title: `[PATCH] ${name}`,
    sender: "alice@example.org",
    recipients: ["list@example.org"],
    bytes: Buffer.from(`Message-ID: <${name}@x>\n\n${name}\n`),
  }));
const add = (...names: string[]): number => store.add(BATCH, mailsOf(...names), NOW);
const nameOf = (bytes: Buffer): string => /<(.*)@x>/.exec(bytes.toString())![1]!;
const got = ({ mails }: TestServer): string[] => mails.map(({ bytes }) => nameOf(bytes));
const states = ({ mails }: Pick<BatchResult, "mails">): string =>
  mails.map(({ title, state }) => `${title.slice(8)} ${state}`).join(", ");
const batch = () => store.open()[0]!;

function send(id: number, port: number, more: Partial<BatchRun> = {}): Promise<BatchResult> {
  return sendBatch(store, id, {
    connect: async () => transportTo(port),
    now: () => NOW,
    wasSent: async () => expect.fail("nothing is in doubt"),
    onOutcome: () => undefined,
    stop: new AbortController().signal,
    ...more,
  });
}

/** Answers to mails by name, used up one after the other. */
const answering =
  (answers: Record<string, (Error | "hang up" | null)[]>): Answer =>
  ({ bytes }) =>
    answers[nameOf(bytes)]?.shift() ?? null;

test("a batch leaves in order, and ends", async () => {
  const server = await start();
  const id = add("a", "b", "c");
  const said = vi.fn();
  const result = await send(id, server.port, { onOutcome: said });
  expect(states(result)).toBe("a sent, b sent, c sent");
  expect(result).toMatchObject({ ended: true, why: null });
  expect(got(server)).toEqual(["a", "b", "c"]);
  expect(said.mock.calls.map(([{ title }, { kind }]) => `${title} ${kind}`)).toEqual([
    "[PATCH] a sent",
    "[PATCH] b sent",
    "[PATCH] c sent",
  ]);
  expect(store.end(id, NOW)).toBe(true);
  expect(store.open()).toEqual([]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

describe("a mail that does not leave keeps back those after it", () => {
  test.each([
    ["451 for now", refusal(451, "grey"), "b queued", "451"],
    ["421, the server goes", refusal(421, "bye"), "b queued", "421"],
    ["550 for good", refusal(550, "spam"), "b failed", "550"],
  ] as const)("%s", async (_, answer, state, said) => {
    const server = await start({}, answering({ b: [answer] }));
    const id = add("a", "b", "c");
    const first = await send(id, server.port);
    expect(states(first)).toBe(`a sent, ${state}, c queued`);
    expect(first).toMatchObject({ ended: false, why: expect.stringContaining(said) });
    expect(got(server)).toEqual(["a", "b"]);
    // it is not over: neither is it closed, nor is another begun
    expect(store.end(id, NOW)).toBe(false);
    expect(() => add("d")).toThrow("v2 of topic is still being sent");
    // whoever goes on does not wait for the next attempt's time
    expect(await send(id, server.port)).toMatchObject({ ended: true, why: null });
    expect(got(server)).toEqual(["a", "b", "b", "c"]);
  });

  test("no server", async () => {
    const id = add("a", "b");
    const result = await send(id, await freePort());
    expect(states(result)).toBe("a queued, b queued");
    expect(result.why).toContain("connection refused");
  });

  test("no answer: it is asked for with what is known", async () => {
    const server = await start({}, answering({ b: ["hang up", null] }));
    const id = add("a", "b", "c");
    const first = await send(id, server.port);
    expect(states(first)).toBe("a sent, b in-doubt, c queued");
    expect(first.ended).toBe(false);
    const wasSent = vi.fn<BatchRun["wasSent"]>(async () => null);
    const unanswered = await send(id, server.port, { wasSent, now: () => NOW + 9 });
    expect(states(unanswered)).toBe("a sent, b in-doubt, c queued");
    expect(wasSent).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        title: "[PATCH] b",
        messageId: "<b@x>",
        recipients: ["list@example.org"],
        place: 2,
        total: 3,
        doubtAt: NOW,
      }),
    );
    expect(got(server)).toEqual(["a", "b"]);
    expect(states(await send(id, server.port, { wasSent: async () => true }))).toBe(
      "a sent, b sent, c sent",
    );
    expect(got(server)).toEqual(["a", "b", "c"]);
  });
});

describe("a recipient whom the server refuses", () => {
  /** A server that knows no `gone@`. */
  const strict = () =>
    start({
      onRcptTo: ({ address }, _, done) =>
        done(/^gone@/i.test(address) ? refusal(550, "no such user") : undefined),
    });
  const to = (name: string, ...recipients: string[]) => ({ ...mailsOf(name)[0]!, recipients });

  test("nobody gets the mail, until that one is left out", async () => {
    const server = await strict();
    const id = store.add(
      BATCH,
      [to("a", "l@x.org"), to("b", "l@x.org", "Gone@x.org"), to("c", "gone@x.org", "l@x.org")],
      NOW,
    );
    const first = await send(id, server.port);
    expect(states(first)).toBe("a sent, b failed, c queued");
    expect(first.why).toContain("Gone@x.org: 550 no such user");
    const second = await send(id, server.port, { drop: ["gone@X.org"] });
    expect(second).toMatchObject({ ended: true, why: null });
    expect(got(server)).toEqual(["a", "b", "c"]);
    expect(server.mails.map(({ recipients }) => recipients)).toEqual([
      ["l@x.org"],
      ["l@x.org"],
      ["l@x.org"],
    ]);
  });

  test("one who is not there, or would be the last, is not left out", async () => {
    const server = await strict();
    const id = store.add(BATCH, [to("a", "gone@x.org", "l@x.org"), to("b", "gone@x.org")], NOW);
    await expect(send(id, server.port, { drop: ["other@x.org"] })).rejects.toThrow(
      "no mail that waits goes to other@x.org",
    );
    await expect(send(id, server.port, { drop: ["gone@x.org"] })).rejects.toThrow(
      "a mail would go to nobody",
    );
    expect(batch().mails.map(({ recipients }) => recipients.length)).toEqual([2, 1]);
    expect(server.mails).toEqual([]);
  });

  test("what is in doubt, and turns out not to have been sent, goes to the others", async () => {
    const server = await start({}, answering({ a: ["hang up"] }));
    const id = store.add(BATCH, [to("a", "gone@x.org", "l@x.org")], NOW);
    await send(id, server.port);
    const wasSent = async (): Promise<boolean> => false;
    await send(id, server.port, { wasSent, drop: ["gone@x.org"] });
    expect(server.mails.at(-1)!.recipients).toEqual(["l@x.org"]);
  });
});

describe("cancelled", () => {
  test("what has not left stays here", async () => {
    const server = await start({}, answering({ b: [refusal(550, "no")] }));
    const id = add("a", "b", "c");
    await send(id, server.port);
    const result = cancelBatch(store, id, NOW);
    expect(states(result)).toBe("a sent, b failed, c cancelled");
    expect([result.ended, store.end(id, NOW)]).toEqual([true, true]);
    // a later version is another batch; the same mails never
    expect(() => add("a")).toThrow("<a@x> was sent");
    expect(store.open()).toEqual([]);
    expect(add("d")).toBeGreaterThan(id);
  });

  test.each([
    [true, "a sent, b cancelled"],
    [false, "a cancelled, b cancelled"],
  ])("what was in doubt is not sent again: was it sent? %s", async (answer, after) => {
    const server = await start({}, () => "hang up");
    const id = add("a", "b");
    await send(id, server.port);
    const result = cancelBatch(store, id, NOW);
    expect(states(result)).toBe("a in-doubt, b cancelled");
    expect([result.ended, store.end(id, NOW)]).toEqual([false, false]);
    const last = await send(id, server.port, { wasSent: async () => answer });
    expect(states(last)).toBe(after);
    expect(last.ended).toBe(true);
    expect(got(server)).toEqual(["a"]);
  });

  test("while another process is sending: it stops at the next mail", async () => {
    const id = add("a", "b", "c");
    const server = await start({}, () => {
      const other = new SendStore(file);
      cancelBatch(other, id, NOW);
      other.close();
      return null;
    });
    expect(states(await send(id, server.port))).toBe("a sent, b cancelled, c cancelled");
    expect(got(server)).toEqual(["a"]);
  });
});

test("only one process sends; the other says so, and changes nothing", async () => {
  const id = add("a");
  const unlock = takeLock(SEND_SCHEMA, file, "another send");
  await expect(send(id, 1)).rejects.toMatchObject({ code: "database-busy" });
  expect(batch().mails[0]).toMatchObject({ state: "queued", attempts: 0 });
  unlock();
});

test("each batch is sent by its own run, and named if there are several", async () => {
  const server = await start();
  const first = add("a");
  const second = store.add({ ...BATCH, branch: "other" }, mailsOf("b"), NOW);
  const here = { repository: BATCH.repository, branch: null };
  expect(() => batchToContinue(store, here)).toThrow("name the branch");
  expect(batchToContinue(store, { ...here, branch: "other" }).id).toBe(second);
  expect(() => batchToContinue(store, { ...here, repository: "/s/.git" })).toThrow("nothing is");
  await send(second, server.port);
  expect(got(server)).toEqual(["b"]);
  store.end(second, NOW);
  expect(batchToContinue(store, here)).toMatchObject({ id: first, memo: "tip", version: 2 });
  await expect(send(second, server.port)).rejects.toMatchObject({ code: "not-found" });
});

test("a batch is added whole or not at all", () => {
  expect(() => add("a", "b", "a")).toThrow("<a@x>");
  expect(store.open()).toEqual([]);
  expect(store.outbox.counts().queued).toBe(0);
});

test("--status writes nothing, not even the file", () => {
  const other = join(newFolder(), "outbox.db");
  const read = new SendStore(other, true);
  expect(read.open()).toEqual([]);
  read.close();
  expect(existsSync(other)).toBe(false);
});

describe("a full disk", () => {
  /** A disk of its own; null where nobody may mount one. */
  function smallDisk(): { readonly folder: string; readonly fill: () => void } | null {
    const folder = newFolder();
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]);
    if (mount.status !== 0) {
      process.stderr.write("skipped: the tests of a full disk, which need root and mount\n");
      return null;
    }
    store.close();
    onTestFinished(() => {
      store.close();
      spawnSync("umount", [folder]);
      store = new SendStore(file);
    });
    store = new SendStore(join(folder, "outbox.db"));
    const fill = (): void => {
      const filler = openSync(join(folder, "filler"), "w");
      for (const size of [65_536, 4096])
        try {
          for (;;) writeSync(filler, Buffer.alloc(size));
        } catch {
          // it is full
        }
      closeSync(filler);
    };
    return { folder, fill };
  }

  test("before a mail leaves: it does not", async (context) => {
    const disk = smallDisk();
    if (disk === null) return context.skip();
    const server = await start();
    const id = add("a", "b");
    disk.fill();
    await expect(send(id, server.port)).rejects.toMatchObject({ code: "disk-full" });
    expect([states(batch()), got(server)]).toEqual(["a queued, b queued", []]);
    rmSync(join(disk.folder, "filler"));
    expect(await send(id, server.port)).toMatchObject({ ended: true });
    expect(got(server)).toEqual(["a", "b"]);
  });

  test("after it left: its outcome was told, and it is in doubt", async (context) => {
    const disk = smallDisk();
    if (disk === null) return context.skip();
    const server = await start({}, () => {
      disk.fill();
      return null;
    });
    const id = add("a", "b");
    const onOutcome = vi.fn();
    await expect(send(id, server.port, { onOutcome })).rejects.toMatchObject({ code: "disk-full" });
    expect(onOutcome.mock.calls).toMatchObject([[{ title: "[PATCH] a" }, { kind: "sent" }]]);
    expect([states(batch()), got(server)]).toEqual(["a in-doubt, b queued", ["a"]]);
    rmSync(join(disk.folder, "filler"));
    server.mails.length = 0;
    const more = { wasSent: async () => true, stop: new AbortController().signal };
    const quiet = await start();
    expect(await send(id, quiet.port, more)).toMatchObject({ ended: true });
    expect(got(quiet)).toEqual(["b"]);
  });
});

describe("500 ways to fail", () => {
  const random = (seed: number) => () =>
    (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;

  test.each(Array.from({ length: LONG ? 500 : 8 }, (_, i) => i))("run %i", async (i) => {
    const chance = random(SEED + i * 7919);
    const pick = <T>(...of: readonly T[]): T => of[Math.floor(chance() * of.length)]!;
    const trouble = (): boolean => chance() < 0.15;
    const code = (): Error => refusal(pick(421, 450, 451, 452, 550, 552, 554), "trouble");
    const accepted: string[] = [];
    const server = await start(
      {
        onConnect: (_session, done) => (trouble() ? done(refusal(421, "busy")) : done()),
        onMailFrom: (_address, _session, done) => done(trouble() ? code() : null),
        onRcptTo: (_address, _session, done) => {
          if (trouble() && chance() < 0.5) for (const socket of server.sockets) socket.destroy();
          done(trouble() ? code() : null);
        },
      },
      ({ bytes }) => {
        const said = trouble() ? pick<Error | "hang up">("hang up", code()) : null;
        // of two mails without an answer, one was taken
        if (said === null || (said === "hang up" && chance() < 0.5)) accepted.push(nameOf(bytes));
        return said;
      },
    );
    const names = ["a", "b", "c", "d", "e", "f"];
    const id = add(...names);
    const more = {
      wasSent: async ({ messageId }: { readonly messageId: string }) =>
        accepted.includes(/<(.*)@x>/.exec(messageId)![1]!),
    };
    let ended = false;
    for (let n = 0; n < 200 && !ended; n++) ({ ended } = await send(id, server.port, more));
    expect([ended, accepted]).toEqual([true, names]);
  });
});

describe("kill -9 at every step, from the outbox's first byte on", () => {
  const HERE = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const ARGS = ["--import", HERE("../../support/kill-at.js"), HERE("batch-worker.js")];

  const worker = async (
    outbox: string,
    server: TestServer,
    env: Record<string, string>,
  ): Promise<NodeJS.Signals | number> => {
    const to = { kind: "smtp", host: "127.0.0.1", port: server.port, encryption: "none" };
    const input = {
      file: outbox,
      server: { ...to, login: null, domain: null, certPath: null, client: null, batchSize: 0 },
      now: NOW,
      batch: BATCH,
      mails: mailsOf("a", "b", "c").map((mail) => ({ ...mail, bytes: mail.bytes.toString() })),
      arrived: server.mails.map(({ bytes }) => `<${nameOf(bytes)}@x>`),
    };
    const child = spawn(process.execPath, [...ARGS, JSON.stringify(input)], {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...env },
    });
    const [status, signal] = (await once(child, "exit")) as [number, NodeJS.Signals];
    // what the server had to say of it has been said
    for (const socket of server.sockets) if (!socket.closed) await once(socket, "close");
    return signal ?? status;
  };

  test("each mail is sent once, in order", { timeout: 600_000 }, async () => {
    const counted = await start();
    const steps = join(newFolder(), "steps");
    await worker(join(newFolder(), "outbox.db"), counted, { STEPS: steps });
    const total = Number(readFileSync(steps, "utf8"));
    expect(total).toBeGreaterThan(40);
    for (let at = 1; at <= total; at += LONG ? 1 : 23) {
      const server = await start();
      const own = join(newFolder(), "outbox.db");
      expect(await worker(own, server, { KILL_AT: String(at) })).toBe("SIGKILL");
      expect(await worker(own, server, {})).toBe(0);
      expect([at, got(server)]).toEqual([at, ["a", "b", "c"]]);
      const after = new SendStore(own);
      expect(after.open()).toEqual([]);
      after.close();
    }
  });
});
