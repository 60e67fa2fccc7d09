/** Servers that speak no SMTP, or too much of it. */

import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { SmtpServer } from "../../src/send/settings.ts";
import type { SmtpOptions } from "../../src/send/smtp.ts";
import type { Transport } from "../../src/send/transport.ts";
import { certificate } from "../support/certificate.ts";
import { some } from "../support/long.ts";
import { type RawClient, rawSmtp, type RawServer } from "../support/raw-smtp.ts";
import { requireTool } from "../support/tools.ts";
import { send, transportTo } from "./support.ts";

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function start(...of: Parameters<typeof rawSmtp>): Promise<RawServer> {
  const server = await rawSmtp(...of);
  ended.push(server.stop);
  return server;
}

function open(
  { port }: RawServer,
  server?: Partial<SmtpServer>,
  options?: Partial<SmtpOptions>,
): Transport {
  const transport = transportTo(port, server, options);
  ended.push(transport.close);
  return transport;
}

/** A good server up to the letter. */
async function upToData(client: RawClient, greet = true): Promise<void> {
  if (greet) {
    await client.say("220 x\r\n");
    await client.line();
    await client.say("250 x\r\n");
  }
  for (const reply of ["250 from", "250 to", "354 go"]) {
    await client.line();
    await client.say(`${reply}\r\n`);
  }
}

/** More than fits into the buffers between us and the server. */
const LARGE = { bytes: Buffer.alloc(8 << 20, "all of it\n") };

describe("a server that never ends", () => {
  /** What it says again and again, in each place. */
  const FLOODS = {
    "empty lines": "\r\n".repeat(8192),
    "a line": "220-x".repeat(4096),
    "a reply": "250-x\r\n".repeat(4096),
    replies: "250 x\r\n".repeat(4096),
    blanks: " ".repeat(16_384),
    zeros: "\0".repeat(16_384),
  };
  const PLACES: Record<string, (client: RawClient) => Promise<unknown>> = {
    greeting: async () => undefined,
    "the reply to EHLO": async (client) => {
      await client.say("220 x\r\n");
      await client.line();
    },
    "the answer to the letter": async (client) => {
      await upToData(client);
      await client.letter();
    },
  };

  test.each(Object.entries(PLACES))("%s", async (_, place) => {
    for (const [name, flood] of some(Object.entries(FLOODS), 3)) {
      let said = 0;
      const server = await start(async (client) => {
        await place(client);
        // a server has up to 100 MB to say, if anybody listens
        while (said < 100 << 20 && (await client.say(flood))) said += flood.length;
      });
      const { kind } = await send(open(server));
      expect([name, kind]).toEqual([name, expect.stringMatching(/^(?:outage|unknown|sent)$/)]);
      // buffers of the system take some
      expect(said, name).toBeLessThan(16 << 20);
      // and nothing goes on looking at what it said: processor time, for others may hold up the clock
      const [before, from] = [process.cpuUsage(), performance.now()];
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1000 / (performance.now() - from), name).toBeLessThan(0.9);
    }
  });

  test("login: a challenge after the other", async () => {
    let challenges = 0;
    const server = await start(async (client) => {
      await client.say("220 x\r\n");
      await client.line();
      await client.say("250-x\r\n250 AUTH PLAIN\r\n");
      while ((await client.line()) !== null) {
        challenges++;
        await client.say(`334 ${"more".repeat(10_000)}\r\n`);
      }
    });
    const login = { user: "alice", password: null, mechanisms: ["PLAIN"] } as const;
    const { kind } = await send(open(server, { login }, { password: "secret" }));
    expect(kind).toBe("outage");
    expect(challenges).toBeLessThan(60);
  });
});

test("long replies are read, and shown in one line", async () => {
  const server = await start(async (client) => {
    await client.say(`220-${"hello ".repeat(80)}\r\n220 x\r\n`);
    await client.line();
    const lines = Array.from({ length: 800 }, (_, i) => `250-X-EXTENSION-NUMBER-${i} on\r\n`);
    await client.say(`${lines.join("")}250 x\r\n`);
    await upToData(client, false);
    await client.letter();
    await client.say(`550-a${" ".repeat(60_000)}\r\n550 b\u001b]0;c\u0007\u009b31m\r\n`);
  });
  const { kind, said } = await send(open(server));
  expect([kind, said]).toEqual([
    "refused",
    expect.stringMatching(/^550-a(?: 550 b\\x1b]0;c\\x07\\xc2\\x9b31m)?$/),
  ]);
});

describe("an answer before the end of a letter", () => {
  test("yes: it was not sent, and nothing follows on that connection", async () => {
    const lines: (string | null)[] = [];
    const server = await start(async (client) => {
      await upToData(client);
      await client.say("250 taken\r\n");
      lines.push(await client.letter());
    });
    const transport = open(server);
    expect(await send(transport, LARGE)).toEqual({
      kind: "outage",
      said: "unexpected reply: 250 taken",
      commits: 0,
    });
    await server.quiet();
    expect(lines).toEqual([null]);
  });

  test.each([
    [552, "refused"],
    [451, "later"],
    [421, "outage"],
  ] as const)("%i: the rest is not sent, so that nobody takes it after all", async (code, kind) => {
    let taken = 0;
    let connections = 0;
    const server = await start(async (client) => {
      const isFirst = connections++ === 0;
      await upToData(client);
      if (isFirst) await client.say(`${code} too much\r\n`);
      if ((await client.letter()) === null) return;
      taken++;
      await client.say("250 taken\r\n");
      await client.line();
    });
    const transport = open(server);
    expect(await send(transport, LARGE)).toMatchObject({
      kind,
      said: `${code} too much`,
      commits: 0,
    });
    expect(await send(transport, LARGE)).toMatchObject({ kind: "sent" });
    expect(taken).toBe(1);
  });
});

describe("a reply that is none, or contradicts itself", () => {
  test.each([
    "250-yes\r\n550 no",
    "550-no\r\n250 yes",
    "2 yes",
    "25 yes",
    "25000 yes",
    "250yes",
    "5",
    "550000",
    "354 go on",
    "hello",
    "HTTP/1.1 200 OK",
  ])("%j to a letter: it may have been taken", async (reply) => {
    const server = await start(async (client) => {
      await upToData(client);
      await client.letter();
      await client.say(`${reply}\r\n`);
      await client.line();
    });
    expect(await send(open(server))).toMatchObject({ kind: "unknown", commits: 1 });
  });

  test.each(["550-no\r\n250 yes", "5", "50 no", "451x"])(
    "%j to an address: the letter waits",
    async (reply) => {
      const server = await start(async (client) => {
        await client.say("220 x\r\n");
        for (const said of ["250 x", "250 ok", reply]) {
          await client.line();
          await client.say(`${said}\r\n`);
        }
        await client.line();
      });
      expect(await send(open(server))).toMatchObject({ kind: "outage", commits: 0 });
    },
  );
});

describe.runIf(requireTool("openssl"))("in plain text before TLS", () => {
  test.each([
    ["with the reply to STARTTLS", "220 go\r\n250-x\r\n250 AUTH PLAIN\r\n"],
    ["half a line", "220 go\r\n250 AUTH PLAIN\r\n250-"],
    ["a reply for each command to come", `220 go\r\n${"250 AUTH PLAIN\r\n".repeat(20)}`],
  ])("%s: it counts for nothing", async (_, injected) => {
    const { key, cert, file } = certificate();
    const inside: (string | null)[] = [];
    const server = await start(async (client) => {
      await client.say("220 x\r\n");
      await client.line();
      await client.say("250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n");
      await client.line();
      await client.say(injected);
      client.secure(key, cert);
      for (const reply of ["250-x\r\n250 AUTH LOGIN", "334 x", "334 x", "535 no"]) {
        inside.push(await client.line());
        await client.say(`${reply}\r\n`);
      }
      await client.line();
    });
    const login = { user: "alice", password: null, mechanisms: ["PLAIN", "LOGIN"] } as const;
    const to = { host: "localhost", encryption: "tls", certPath: file, login } as const;
    const outcome = await send(open(server, to, { password: "secret" }));
    expect(outcome.kind).toBe("outage");
    // what was injected is gone, or broke the connection; the password went to nobody by PLAIN
    expect(inside.filter((line) => line?.startsWith("AUTH"))).toEqual(
      inside.length > 1 ? ["AUTH LOGIN"] : [],
    );
  });

  test.each(["454 not now", "250-no", "500 what?"])(
    "%j to STARTTLS: nothing is sent",
    async (reply) => {
      const lines: (string | null)[] = [];
      const server = await start(async (client) => {
        await client.say("220 x\r\n");
        await client.line();
        await client.say("250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n");
        lines.push(await client.line());
        await client.say(`${reply}\r\n`);
        lines.push(await client.line());
      });
      const login = { user: "alice", password: null, mechanisms: ["PLAIN"] } as const;
      const to = { host: "localhost", encryption: "tls", certPath: "", login } as const;
      // long enough to come that far, on any machine
      for (let time = 500; lines[0] !== "STARTTLS"; time *= 2) {
        lines.length = 0;
        const options = { password: "secret", patience: { connect: time } };
        expect(await send(open(server, to, options))).toMatchObject({ kind: "outage" });
        await server.quiet();
      }
      expect(lines).toEqual(["STARTTLS", null]);
    },
  );
});

describe("a password", () => {
  const login = { user: "alice", password: null, mechanisms: ["PLAIN"] } as const;

  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4")?.address;

  test.runIf(outside !== undefined)(
    "does not go where a name server says that localhost is",
    async () => {
      const lines: (string | null)[] = [];
      const server = await start(async (client) => {
        await client.say("220 x\r\n");
        lines.push(await client.line());
      }, outside);
      const lookup = vi.fn((_host: string, _options: object, done: (...of: unknown[]) => void) =>
        done(null, [{ address: outside, family: 4 }]),
      );
      const options = { password: "secret", lookup } as unknown as Partial<SmtpOptions>;
      const outcome = await send(open(server, { host: "localhost", login }, options));
      expect(lookup).toHaveBeenCalledOnce();
      expect(outcome).toMatchObject({
        kind: "outage",
        said: expect.stringContaining("is not this machine"),
      });
      expect(lines.filter((line) => line !== null)).toEqual([]);
    },
  );

  test.each([
    ["alone", (password: string) => Buffer.from(password).toString("base64")],
    ["of PLAIN", (password: string) => Buffer.from(`\0alice\0${password}`).toString("base64")],
    [
      "with an identity",
      (password: string) => Buffer.from(`al\0alice\0${password}`).toString("base64"),
    ],
    [
      "behind a slash",
      (password: string) => `x/${Buffer.from(`\0alice\0${password}`).toString("base64")}`,
    ],
    ["for a URL", (password: string) => Buffer.from(`\0alice\0${password}`).toString("base64url")],
    ["in a URL", encodeURIComponent],
    ["as it is", (password: string) => password],
  ])("is hidden when the server repeats it %s", async (_, form) => {
    for (const password of ["?>?>?>hunter/2", "s3crét pass", "abc"]) {
      const echo = form(password);
      const server = await start(async (client) => {
        await client.say("220 x\r\n");
        await client.line();
        await client.say("250-x\r\n250 AUTH PLAIN\r\n");
        await client.line();
        await client.say(Buffer.from(`535 no ${echo} here\r\n`));
        await client.line();
      });
      const { said } = await send(open(server, { login }, { password }));
      expect(said).toMatch(/^535 no .*\*\*\* here$/);
      expect(said).not.toContain(password);
    }
  });
});
