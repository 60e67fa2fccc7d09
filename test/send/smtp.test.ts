import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { SMTPServerOptions } from "smtp-server";
import type { SmtpServer } from "../../src/send/settings.ts";
import type { SmtpOptions } from "../../src/send/smtp.ts";
import type { SendOutcome, Transport } from "../../src/send/transport.ts";
import { certificate } from "../support/certificate.ts";
import { newFolder } from "../support/folders.ts";
import { freePort } from "../support/port.ts";
import { type Answer, refusal, startSmtp, type TestServer } from "../support/smtp.ts";
import { requireTool } from "../support/tools.ts";
import { BODY, letterOf, send, transportTo } from "./support.ts";

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function start(options?: SMTPServerOptions, answer?: Answer): Promise<TestServer> {
  const server = await startSmtp(options, answer);
  ended.push(server.stop);
  return server;
}

function open(
  port: number,
  server?: Partial<SmtpServer>,
  options?: Partial<SmtpOptions>,
): Transport {
  const transport = transportTo(port, server, options);
  ended.push(transport.close);
  return transport;
}

const TO = (...names: string[]) => ({ recipients: names.map((name) => `${name}@example.org`) });

describe("a letter that the server accepts", () => {
  test("arrives unchanged, with its envelope; several over one connection", async () => {
    const server = await start();
    const transport = open(server.port);
    const sent = { kind: "sent", said: expect.stringMatching(/^250 /), commits: 1 };
    expect(await send(transport, TO("alice", "list"))).toEqual(sent);
    expect(await send(transport, { sender: "" })).toEqual(sent);
    expect(await send(transport, { bytes: Buffer.from("a: b\r\n\r\n\xe4\r\n", "latin1") })).toEqual(
      sent,
    );
    expect(server.mails).toEqual([
      {
        sender: "bot@example.org",
        recipients: ["alice@example.org", "list@example.org"],
        bytes: Buffer.from(BODY.replaceAll("\n", "\r\n") + "\r\n"),
      },
      { ...server.mails[0], sender: "", recipients: ["alice@example.org"] },
      {
        ...server.mails[0],
        recipients: ["alice@example.org"],
        bytes: Buffer.from("a: b\r\n\r\n\xe4\r\n", "latin1"),
      },
    ]);
    expect(server.sockets).toHaveLength(1);
  });

  test("of more than seven bits, to a server that takes no more: in quoted-printable", async () => {
    const server = await start({ hide8BITMIME: true });
    const header = "a: b\r\nContent-Type: text/plain; charset=UTF-8\r\n";
    const eight = `${header}Content-Transfer-Encoding: 8bit\r\n\r\nGr\u00fc\u00dfe \r\n`;
    const transport = open(server.port);
    for (const bytes of [BODY, eight])
      expect(await send(transport, { bytes: Buffer.from(bytes) })).toMatchObject({ kind: "sent" });
    const [plain, encoded] = server.mails.map(({ bytes }) => bytes.toString());
    expect(plain).toBe(`${BODY}\n`.replaceAll("\n", "\r\n"));
    expect(encoded).toContain("\r\nContent-Transfer-Encoding: quoted-printable\r\n");
    expect(encoded).toContain("\r\n\r\nGr=C3=BC=C3=9Fe=20\r\n");
  });

  test("onCommit is called when the server has the letter but not yet its end", async () => {
    const server = await start();
    const bytes = Buffer.from(`Subject: large\n\n${"0123456789abcde\n".repeat(20_000)}`);
    const length = bytes.toString().replaceAll("\n", "\r\n").length;
    let mails = -1;
    const outcome = await open(server.port).send(letterOf({ bytes }), () => {
      mails = server.mails.length;
    });
    expect([outcome.kind, mails, server.mails[0]?.bytes.length]).toEqual(["sent", 0, length]);
  });

  test("a lost connection is replaced", async () => {
    const server = await start();
    const transport = open(server.port);
    await send(transport);
    server.sockets[0]!.destroy();
    expect(await send(transport)).toMatchObject({ kind: "sent", commits: 1 });
    expect(server.sockets).toHaveLength(2);
  });

  test("so is one that the server closes with 421", async () => {
    let letters = 0;
    const server = await start({
      onMailFrom: (_address, { id }, done) =>
        done(letters++ > 0 && id === first ? refusal(421, "enough") : null),
      onConnect: ({ id }, done) => {
        first ??= id;
        done();
      },
    });
    let first: string | undefined;
    const transport = open(server.port);
    await send(transport);
    expect(await send(transport)).toMatchObject({ kind: "sent", commits: 1 });
    expect(server.sockets).toHaveLength(2);
  });
});

describe.each([false, true])("the answer (hidePIPELINING: %s)", (hidePIPELINING) => {
  const refuseRcpt = (codes: Record<string, number>): SMTPServerOptions => ({
    hidePIPELINING,
    onRcptTo: ({ address }, _session, done) => {
      const code = codes[address.replace(/@.*/, "")];
      done(code === undefined ? null : refusal(code, `not ${address}`));
    },
  });

  test.each([
    ["all", { alice: 550 }, ["alice"], "refused", "alice@example.org: 550 not alice@example.org"],
    ["one", { bob: 550 }, ["alice", "bob"], "refused", "bob@example.org: 550 not bob@example.org"],
    ["now", { bob: 451 }, ["alice", "bob"], "later", "bob@example.org: 451 not bob@example.org"],
    ["both", { a: 451, b: 553 }, ["a", "b"], "refused", "b@example.org: 553 not b@example.org"],
  ] as const)("refused recipients: %s", async (which, codes, names, kind, said) => {
    const server = await start(refuseRcpt(codes));
    const transport = open(server.port);
    expect(await send(transport, TO(...names))).toEqual({ kind, said, commits: 0 });
    // nobody got anything, and the next letter goes out
    expect(await send(transport, TO("carol"))).toMatchObject({ kind: "sent" });
    expect(server.mails.map(({ recipients }) => recipients)).toEqual([["carol@example.org"]]);
    // with a recipient accepted, the data has begun, and there is no other way out
    expect(server.sockets).toHaveLength(which === "all" || which === "both" ? 1 : 2);
  });

  test.each([
    [550, "outage"],
    [451, "outage"],
    [421, "outage"],
    [552, "refused"],
    [452, "later"],
  ] as const)("%i to the sender: %s", async (code, kind) => {
    const onMailFrom: SMTPServerOptions["onMailFrom"] = (_address, _session, done) =>
      done(refusal(code, "no"));
    const server = await start({ hidePIPELINING, onMailFrom });
    const outcome = await send(open(server.port));
    expect(outcome).toEqual({ kind, said: `${code} no`, commits: 0 });
    expect(server.mails).toEqual([]);
  });

  test.each([
    [554, "refused"],
    [451, "later"],
    [421, "outage"],
  ] as const)("%i to the whole letter: %s", async (code, kind) => {
    let answers = 0;
    const server = await start({ hidePIPELINING }, () =>
      answers++ === 0 ? refusal(code, "no") : null,
    );
    const transport = open(server.port);
    expect(await send(transport)).toEqual({ kind, said: `${code} no`, commits: 1 });
    expect(await send(transport)).toMatchObject({ kind: "sent" });
  });
});

test("a letter larger than the server allows is refused before it is sent", async () => {
  const server = await start({ size: 1000 });
  const outcome = await send(open(server.port), { bytes: Buffer.alloc(800, "x\n") });
  expect(outcome).toMatchObject({ kind: "refused", commits: 0 });
  expect(server.seen()).toBe(0);
});

test.each([
  [{ recipients: [] }, "nobody to send it to"],
  [{ recipients: ["-oQ@example.org"] }, '"-oQ@example.org" is no address'],
  [{ recipients: ["a@b>\r\nDATA"] }, '"a@b>\\x0d\\x0aDATA" is no address'],
  [{ sender: "a b@example.org" }, '"a b@example.org" is no address'],
])("an invalid envelope is not sent: %j", async (letter, said) => {
  const server = await start();
  expect(await send(open(server.port), letter)).toMatchObject({ kind: "refused", commits: 0 });
  const [address] = /^"[^"]*"/.exec(said) ?? [""];
  expect((await send(open(server.port), letter)).said).toContain(address.slice(0, 4));
  expect(server.sockets).toEqual([]);
});

test("a server's answer is printed as one line, escaped and bounded", async () => {
  const port = await greet(`554-a\r\n554 \u001b[31m${"no, ".repeat(200)}\r\n`);
  const { said } = await send(open(port));
  expect(said).toMatch(/^[\x20-\x7e]+…$/);
  expect(said).toContain("\\x1b[31mno");
  expect(said.length).toBeLessThanOrEqual(200);
});

/** The port of one who says this and nothing more. */
async function greet(greeting: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write(greeting);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  ended.push(async () => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("no answer", () => {
  test("a connection lost after the end: the letter may have been accepted", async () => {
    const server = await start({}, () => "hang up");
    expect(await send(open(server.port))).toMatchObject({ kind: "unknown", commits: 1 });
    expect(server.mails).toHaveLength(1);
  });

  test("silence after the end, likewise", async () => {
    for (const what of ["answer", "letter"]) {
      const server = await start({}, () => "silence");
      let outcome: SendOutcome | null = null;
      // long enough to come to the end, on any machine
      for (let time = 200; server.mails.length === 0; time *= 2)
        outcome = await send(open(server.port, {}, { patience: { [what]: time } }));
      expect(outcome).toMatchObject({ kind: "unknown" });
      if (what === "letter")
        expect(outcome!.said).toMatch(/^127.0.0.1:\d+: no end after [\d.]+ seconds$/);
    }
  });

  test("silence before: it was not accepted", async () => {
    const server = await start({ onRcptTo: () => undefined });
    const patient = { patience: { answer: 200 } };
    expect(await send(open(server.port, {}, patient))).toMatchObject({
      kind: "outage",
      commits: 0,
    });
  });

  test("nothing listens", async () => {
    const port = await freePort();
    const { kind, said } = await send(open(port));
    const words = `cannot reach 127.0.0.1:${port}: connection refused (sendemail.smtpServer)`;
    expect([kind, said]).toEqual(["outage", words]);
  });

  test.each([
    ["says nothing", ""],
    ["says something else", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["says no", "554 go away\r\n"],
  ])("the server %s", async (_, greeting) => {
    const transport = open(await greet(greeting), {}, { patience: { connect: 200 } });
    expect(await send(transport)).toMatchObject({ kind: "outage", commits: 0 });
  });

  test("onCommit throws: this letter is not sent, and the next one is", async () => {
    const server = await start();
    const transport = open(server.port);
    const error = new Error("disk full");
    const stopped = transport.send(letterOf(), () => {
      throw error;
    });
    await expect(stopped).rejects.toBe(error);
    expect(await send(transport)).toMatchObject({ kind: "sent" });
    expect(server.mails).toHaveLength(1);
  });
});

describe("the password", () => {
  const LOGIN = {
    user: "alice",
    password: null,
    mechanisms: ["PLAIN", "LOGIN", "CRAM-MD5"],
  } as const;
  const accounts: SMTPServerOptions = {
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === "alice" && password === "secret"
        ? done(null, { user: username })
        : done(refusal(535, "wrong")),
  };

  test.each(["PLAIN", "LOGIN"] as const)("correct: %s", async (mechanism) => {
    const server = await start(accounts);
    const onLogin = vi.fn();
    const options = { password: "secret", onLogin };
    const transport = open(server.port, { login: { ...LOGIN, mechanisms: [mechanism] } }, options);
    expect(await send(transport)).toMatchObject({ kind: "sent" });
    expect(onLogin.mock.calls).toEqual([[true]]);
  });

  test("wrong", async () => {
    const server = await start(accounts);
    const onLogin = vi.fn();
    const transport = open(server.port, { login: LOGIN }, { password: "wrongish", onLogin });
    const outcome = await send(transport);
    expect(outcome).toMatchObject({ kind: "outage", commits: 0 });
    expect(outcome.said).toMatch(/^535/);
    expect(outcome.said).not.toContain("wrongish");
    expect(onLogin.mock.calls).toEqual([[false]]);
  });

  test("is not printed if the server repeats it", async () => {
    const plain = Buffer.from("\0alice\0seCret").toString("base64");
    const onAuth: SMTPServerOptions["onAuth"] = (_auth, _session, done) =>
      done(refusal(535, `no seCret of alice, no ${plain}`));
    const server = await start({ ...accounts, onAuth });
    const options = { password: "seCret", onLogin: vi.fn() };
    const { said } = await send(open(server.port, { login: LOGIN }, options));
    expect(said).toBe("535 no *** of alice, no ***");
  });

  test.each([
    [["PLAIN"], ["CRAM-MD5", "PLAIN"], "PLAIN"],
    [["LOGIN", "PLAIN"], ["XOAUTH2", "LOGIN"], "LOGIN"],
    [["XOAUTH2", "PLAIN"], ["XOAUTH2", "PLAIN"], "XOAUTH2"],
    [["PLAIN"], ["PLAIN", "XOAUTH2"], "PLAIN"],
    [["XOAUTH2"], ["PLAIN"], null],
    [["PLAIN", "LOGIN"], ["XOAUTH2"], null],
    [["PLAIN"], [], null],
  ] as const)("ours %j, the server's %j: %s", async (mechanisms, authMethods, chosen) => {
    const used: string[] = [];
    const server = await start({
      ...accounts,
      ...(authMethods.length === 0 ? { disabledCommands: ["AUTH", "STARTTLS"] } : {}),
      authMethods: [...authMethods],
      onAuth: ({ method }, _session, done) => {
        used.push(method);
        done(null, { user: "alice" });
      },
    });
    const onLogin = vi.fn();
    const options = { password: "secret", onLogin };
    const { kind, said } = await send(
      open(server.port, { login: { ...LOGIN, mechanisms } }, options),
    );
    expect([kind, used]).toEqual(chosen === null ? ["outage", []] : ["sent", [chosen]]);
    // nothing is known about the password then
    expect(onLogin.mock.calls).toEqual(chosen === null ? [] : [[true]]);
    if (chosen === null) expect(said).toContain("the server offers");
    expect(server.mails).toHaveLength(chosen === null ? 0 : 1);
  });

  describe("an access token", () => {
    const TOKEN = "ya29.t0ken";
    const BEARER = `auth=Bearer ${TOKEN}\x01\x01`;

    test.each([
      ["XOAUTH2", () => `user=a=l,ice\x01${BEARER}`, ""],
      [
        "OAUTHBEARER",
        (port: number) => `n,a=a=3Dl=2Cice,\x01host=127.0.0.1\x01port=${port}\x01${BEARER}`,
        "AQ==",
      ],
    ] as const)("%s: right, and refused after a challenge", async (mechanism, form, end) => {
      for (const right of [true, false]) {
        const lines: string[] = [];
        const server = createServer((socket) => {
          const answers = ["250-x\r\n250 AUTH PLAIN " + mechanism, right ? "235 ok" : "334 e30="];
          const later = right ? ["250 ok", "250 ok", "354 go"] : [];
          if (!right) answers.push(`535 no ${lines.join()}`);
          const all = [...answers, ...later];
          socket.write("220 x\r\n");
          socket.on("error", () => undefined);
          socket.on("data", (data: Buffer) => {
            for (const line of data.toString().split("\r\n").slice(0, -1)) {
              lines.push(line);
              if (line === "QUIT") socket.end("221 bye\r\n");
              const said = all.shift() ?? (line === "." ? "250 taken" : null);
              if (said !== null)
                socket.write(`${said}${said.startsWith("535") ? ` ${lines[1]!}` : ""}\r\n`);
            }
          });
        });
        server.listen(0, "127.0.0.1");
        await new Promise((resolve) => server.once("listening", resolve));
        ended.push(async () => void server.close());
        const { port } = server.address() as AddressInfo;
        const onLogin = vi.fn();
        const login = { user: "a=l,ice", password: null, mechanisms: [mechanism] };
        const transport = open(port, { login }, { password: TOKEN, onLogin });
        const outcome = await send(transport);
        expect(lines[1]!.split(" ").slice(0, 2)).toEqual(["AUTH", mechanism]);
        expect(Buffer.from(lines[1]!.split(" ")[2]!, "base64").toString()).toBe(form(port));
        expect(onLogin.mock.calls).toEqual([[right]]);
        expect(outcome.kind).toBe(right ? "sent" : "outage");
        if (right) continue;
        expect(lines[2]).toBe(end);
        // the server repeated it
        expect(outcome.said).toBe(`535 no  AUTH ${mechanism} ***`);
      }
    });
  });

  test("is not called wrong after a temporary failure", async () => {
    const onAuth: SMTPServerOptions["onAuth"] = (_auth, _session, done) =>
      done(refusal(454, "no database"));
    const server = await start({ ...accounts, onAuth });
    const onLogin = vi.fn();
    const transport = open(server.port, { login: LOGIN }, { password: "secret", onLogin });
    expect(await send(transport)).toMatchObject({ kind: "outage", said: "454 no database" });
    expect(onLogin).not.toHaveBeenCalled();
  });
});

test("so many letters a connection, and a while between them", async () => {
  const server = await start();
  const waited = vi.fn(async () => undefined);
  const transport = open(server.port, { batchSize: 2, reloginDelay: 3 }, { wait: waited });
  for (let i = 0; i < 5; i++) expect(await send(transport)).toMatchObject({ kind: "sent" });
  expect([server.sockets.length, waited.mock.calls]).toEqual([3, [[3000], [3000]]]);
});

describe("encryption", () => {
  test("STARTTLS not offered: nothing is sent", async () => {
    const server = await start();
    const outcome = await send(open(server.port, { encryption: "tls" }));
    expect(outcome).toMatchObject({
      kind: "outage",
      commits: 0,
      said: expect.stringMatching(
        /^127.0.0.1:\d+ offers no STARTTLS \(sendemail.smtpEncryption\): 5/,
      ),
    });
    expect(server.seen()).toBe(0);
  });

  test.runIf(requireTool("openssl"))("a certificate, by its file or folder", async () => {
    const { key, cert, file, folder } = certificate();
    const session = vi.fn();
    const options = { key, cert, disabledCommands: ["AUTH"], onSecure: secured(session) };
    const starttls = await start(options);
    const tls = await start({ ...options, secure: true });
    for (const certPath of [file, folder, ""]) {
      const trusted = { host: "localhost", certPath };
      for (const [port, encryption] of [
        [starttls.port, "tls"],
        [tls.port, "ssl"],
      ] as const)
        expect(await send(open(port, { ...trusted, encryption }))).toMatchObject({ kind: "sent" });
    }
    expect(session).toHaveBeenCalledTimes(6);
    const trust = /^the certificate of localhost:\d+ is signed by nobody whom you trust \(/;
    for (const [server, why] of [
      [{ host: "localhost" }, trust],
      [{ host: "127.0.0.1", certPath: file }, /^the certificate of \S+ is for another name \(/],
      [{ host: "localhost", certPath: join(folder, "none") }, /^cannot read the certificates in/],
      [{ host: "localhost", certPath: newFolder() }, /^no certificate in /],
    ] as const) {
      const outcome = await send(open(starttls.port, { ...server, encryption: "tls" }));
      expect(outcome).toMatchObject({ kind: "outage", commits: 0 });
      expect(outcome.said).toMatch(why);
    }
    const plain = await start();
    const outcome = await send(open(plain.port, { encryption: "ssl" }));
    expect(outcome.said).toMatch(/^127.0.0.1:\d+ does not speak TLS on this port \(/);
    expect([starttls.mails.length, tls.mails.length]).toEqual([3, 3]);
  });

  test.runIf(requireTool("openssl"))("a certificate of ours, if the server asks", async () => {
    const { key, cert, file, keyFile } = certificate();
    const server = await start({
      key,
      cert,
      ca: cert,
      requestCert: true,
      rejectUnauthorized: true,
      secure: true,
      disabledCommands: ["AUTH"],
    });
    const to = { host: "localhost", certPath: file, encryption: "ssl" } as const;
    const client = { cert: file, key: keyFile };
    expect(await send(open(server.port, { ...to, client }))).toMatchObject({ kind: "sent" });
    expect(await send(open(server.port, to))).toMatchObject({ kind: "outage", commits: 0 });
    const none = { cert: `${file}.none`, key: null };
    expect(await send(open(server.port, { ...to, client: none }))).toMatchObject({
      kind: "outage",
      said: `cannot read ${file}.none`,
    });
  });

  test("none means none, even if it is offered", async () => {
    const session = vi.fn();
    const server = await start({ disabledCommands: ["AUTH"], onSecure: secured(session) });
    expect(await send(open(server.port))).toMatchObject({ kind: "sent" });
    expect(session).not.toHaveBeenCalled();
  });

  function secured(session: () => void): NonNullable<SMTPServerOptions["onSecure"]> {
    return (_socket, _session, done) => {
      session();
      done();
    };
  }
});
