/**
 * Servers that lie, stall, break off, send somewhere else or never end: each is an error in words, and nothing
 * hangs.
 */

import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { randomBytes } from "node:crypto";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import {
  type AddressInfo,
  createServer as createSocketServer,
  type Server as SocketServer,
  type Socket,
} from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ask, getBounded } from "../../../src/app/feed/http.ts";
import { locate, repositoryAt, whereItIs } from "../../../src/app/feed/locate.ts";
import { fetchEpoch } from "../../../src/git/feed-fetch.ts";
import { probe } from "../../../src/git/feed-probe.ts";
import { makeEpoch } from "../../../src/git/feed-write.ts";
import { certificate } from "../../support/certificate.ts";
import { serveFolder } from "../../support/feed-server.ts";
import { newFolder } from "../../support/folders.ts";
import { writeHistory } from "../../support/history.ts";
import { requireTool } from "../../support/tools.ts";

async function listening(server: Server | SecureServer | SocketServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function serve(answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createServer(answer))}`;
}

/** @returns host and port */
async function serveSocket(talk: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  const server = createSocketServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    talk(socket);
  });
  return `127.0.0.1:${await listening(server)}`;
}

/** Takes connections, and says nothing. */
function silentServer(): Promise<string> {
  return serveSocket(() => {});
}

/** Seconds. Nothing comes, however long it is waited for. */
const SHORT = { silence: 0.1, speed: 1_000 };
const USUAL = { silence: 60, speed: 1_000 };

/** Sends this again and again. */
function flood(response: ServerResponse, body: Buffer | string): void {
  const more = (): void => {
    while (!response.destroyed && response.write(body));
  };
  response.on("drain", more);
  more();
}

describe("an answer of a web server", () => {
  test("that does not begin, or stops, is given up", async () => {
    const silent = `http://${await silentServer()}`;
    await expect(getBounded(silent, 100, SHORT)).rejects.toMatchObject({
      code: "unreadable",
      message: `cannot read ${silent}: it said nothing for 0.1 seconds`,
    });
    const stops = await serve((_, response) => void response.write("some"));
    await expect(getBounded(stops, 100, SHORT)).rejects.toMatchObject({ code: "unreadable" });
  });

  test("that is shorter than it says is no answer", async () => {
    const url = await serve((_, response) => {
      response.setHeader("Content-Length", "1000");
      response.write("some");
      setImmediate(() => response.destroy());
    });
    await expect(getBounded(url, 100)).rejects.toMatchObject({ code: "unreadable" });
  });

  test("that never ends is cut off, packed or not", async () => {
    const megabyte = Buffer.alloc(1 << 20, " ");
    const endless =
      (body: Buffer, encoding: string): RequestListener =>
      (_, response) => {
        if (encoding !== "") response.setHeader("Content-Encoding", encoding);
        flood(response, body);
      };
    const plain = await serve(endless(megabyte, ""));
    await expect(getBounded(plain, 1 << 22)).rejects.toMatchObject({ code: "too-large" });
    const packed = await serve(endless(gzipSync(Buffer.alloc(1 << 26)), "gzip"));
    await expect(getBounded(packed, 1 << 22)).rejects.toMatchObject({ code: "too-large" });
  });

  test("that leads elsewhere is followed, and asked there", async () => {
    const there = await serve((request, response) => void response.end(request.method));
    for (const [status, method] of [
      [302, "GET"],
      [303, "GET"],
      [307, "POST"],
    ] as const) {
      const url = await serve((_, response) => {
        response.writeHead(status, { Location: `${there}/x` }).end("not this");
      });
      const parts: Buffer[] = [];
      for await (const part of (await ask(url, "POST")).body) parts.push(part);
      expect(Buffer.concat(parts).toString()).toBe(method);
    }
  });

  test("of a server in trouble says nothing of what is there; one that says no, does", async () => {
    for (const status of [429, 500, 503]) {
      const url = await serve((_, response) => response.writeHead(status).end());
      const said = { code: "unreadable", message: expect.stringContaining(`answers ${status}`) };
      await expect(getBounded(`${url}/x`, 100), String(status)).rejects.toMatchObject(said);
      await expect(probe(`${url}/x`, USUAL), String(status)).rejects.toMatchObject(said);
    }
    for (const status of [401, 403, 404]) {
      const url = await serve((_, response) => response.writeHead(status).end());
      expect(await getBounded(`${url}/x`, 100)).toBeNull();
      await expect(locate(`${url}/x`)).rejects.toMatchObject({ code: "not-found" });
    }
  });

  test.each([
    ["git://127.0.0.1:1/x", "cannot read git://127.0.0.1:1/x: Connection refused"],
    ["git://nowhere.invalid/x", "unable to look up nowhere.invalid"],
    ["ssh://127.0.0.1:1/x", /port 1: Connection refused$/],
  ])("that is not reached is not taken for one without a feed: %s", async (address, said) => {
    await expect(probe(address, USUAL)).rejects.toThrow(said);
  });

  test("says if it has only a part", async () => {
    const url = await serve((_, response) => {
      response.setHeader("X-Archive-Coverage", "partial; updated=1767225600");
      response.end("some");
    });
    const answer = await ask(url);
    await answer.body.return(undefined);
    expect(answer.partial).toBe(true);
  });

  test("that leads in circles, or to a file, is an error", async () => {
    for (const place of ["/again", "file:///etc/passwd", "data:text/plain,x"]) {
      const url = await serve((_, response) => response.writeHead(302, { Location: place }).end());
      await expect(ask(url), place).rejects.toMatchObject({ code: "unreadable" });
    }
  });
});

/** The programs that work in a folder, where the system says it. */
function running(folder: string): string[] {
  if (!existsSync("/proc")) return [];
  return readdirSync("/proc").filter((name) => {
    try {
      return readlinkSync(`/proc/${name}/cwd`) === folder;
    } catch {
      return false;
    }
  });
}

/** For a server that sends a byte a minute: the minutes pass when the bytes leave. */
function drip(send: (n: number) => void): void {
  vi.useFakeTimers({ toFake: ["Date"] });
  let sent = 0;
  const timer = setInterval(() => {
    vi.setSystemTime(Date.now() + 60_000);
    send(sent++);
  }, 2);
  onTestFinished(() => {
    clearInterval(timer);
    vi.useRealTimers();
  });
}

/** As git frames what it sends. */
function packet(text: string): string {
  return `${(text.length + 4).toString(16).padStart(4, "0")}${text}`;
}

/** How a server's answer goes on: after so many bytes of its pack. */
interface PackEnd {
  readonly after: number;
  readonly goOn: (response: ServerResponse, rest: Buffer) => void;
  readonly said: RegExp;
}

const SLOW = /1000 bytes a second|stopped sending/;
const ENDS: Readonly<Record<string, PackEnd>> = {
  "a mail, byte by byte": {
    after: 4_096,
    goOn: (response, rest) => drip((n) => void response.write(rest.subarray(n, n + 1))),
    said: SLOW,
  },
  "again and again that it is at work": {
    after: 0,
    goOn: (response) =>
      drip((n) => {
        response.write(packet(`\x02Counting objects: ${n % 100}% (${n}/1000000)\r`));
      }),
    said: SLOW,
  },
  "words without end": {
    after: 0,
    goOn: (response) => flood(response, Buffer.from(packet(`\x02${"x".repeat(60_000)}\n`))),
    said: /sends words without end$/,
  },
};

/** Passes on what a git server answers, up to somewhere in a pack. */
async function partly(
  request: IncomingMessage,
  response: ServerResponse,
  to: string,
  { after, goOn }: PackEnd,
): Promise<void> {
  const asked: Buffer[] = [];
  for await (const part of request) asked.push(part as Buffer);
  const { method = "GET", url = "" } = request;
  const names = ["content-type", "content-encoding", "git-protocol"];
  const headers = names.flatMap((name): [string, string][] => {
    const value = request.headers[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  const body = method === "POST" ? new Uint8Array(Buffer.concat(asked)) : null;
  const answer = await fetch(`${to}${url}`, { method, headers, body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  response.setHeader("Content-Type", answer.headers.get("content-type") ?? "");
  const pack = bytes.indexOf("0dpackfile\n") + 11;
  if (pack < 11) return void response.end(bytes);
  response.write(bytes.subarray(0, pack + after));
  goOn(response, bytes.subarray(pack + after));
}

describe("a server that comes to no end", () => {
  test("in an answer", async () => {
    const url = await serve((_, response) => drip(() => void response.write("x")));
    await expect(getBounded(url, 1 << 20, USUAL)).rejects.toMatchObject({
      code: "unreadable",
      message: expect.stringMatching(SLOW),
    });
  });

  test("in what it has", async () => {
    const url = await serveSocket((socket) =>
      drip((n) => {
        socket.write(packet(`${n.toString(16).padStart(40, "a")} refs/heads/x\n`));
      }),
    );
    await expect(probe(`git://${url}/x`, USUAL)).rejects.toMatchObject({
      message: `git://${url}/x does not answer`,
    });
  });

  test.each(Object.keys(ENDS))("in a fetch: %s", async (kind) => {
    const folder = newFolder();
    const origin = await makeEpoch(folder, 0);
    writeHistory(origin.repository, [randomBytes(1 << 20)], 1);
    const server = await serveFolder(folder, "smart");
    onTestFinished(server.stop);
    const url = await serve(
      (request, response) => void partly(request, response, server.url, ENDS[kind]!),
    );
    const epoch = await makeEpoch(newFolder(), 0);
    const wishes = {
      address: `${url}/git/0.git`,
      abilities: { smart: true, filter: false, shallow: false, sha256: false },
      since: null,
      headersOnly: false,
      mayLeave: true,
      maxBytes: 1 << 26,
      patience: USUAL,
    };
    await expect(fetchEpoch(epoch, wishes)).rejects.toMatchObject({
      code: "unreadable",
      message: expect.stringMatching(ENDS[kind]!.said),
    });
    expect(running(epoch.repository)).toEqual([]);
  });
});

describe("a git server that leads elsewhere", () => {
  async function feedAt(): Promise<string> {
    const folder = newFolder();
    const origin = await makeEpoch(folder, 0);
    writeHistory(origin.repository, [Buffer.from("From: a@x\n\nx\n")], 1);
    const server = await serveFolder(folder, "filter");
    onTestFinished(server.stop);
    return `${server.url}/git/0.git`;
  }

  test("is followed, in a probe and in a fetch", async () => {
    const there = await feedAt();
    const url = await serve((request, response) => {
      const location = request.url!.replace("/old", there);
      response.writeHead(301, { Location: location }).end();
    });
    const found = await repositoryAt(`${url}/old`);
    expect(found?.filter).toBe(true);
    const epoch = await makeEpoch(newFolder(), 0);
    const wishes = {
      abilities: found!,
      since: null,
      headersOnly: false,
      mayLeave: true,
      maxBytes: 1 << 26,
      patience: USUAL,
    };
    const fetched = await whereItIs(`${url}/old`, (address) =>
      fetchEpoch(epoch, { ...wishes, address }),
    );
    expect(fetched?.head).toBe(found?.head);
  });

  test("from https to http is not", async () => {
    requireTool("openssl");
    const asked: string[] = [];
    const there = await serve((request, response) => {
      asked.push(request.url!);
      response.end();
    });
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    vi.stubEnv("GIT_SSL_NO_VERIFY", "1");
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = createSecureServer(certificate(), (request, response) => {
      if (request.url!.includes("/info/refs"))
        response.writeHead(302, { Location: `${there}${request.url}` }).end();
      else response.writeHead(404).end();
    });
    const url = `https://localhost:${await listening(server)}/feed`;
    await expect(locate(url)).rejects.toMatchObject({
      code: "unreadable",
      message: expect.stringContaining(
        `it redirects to ${there}/feed/git/0.git/info/refs?…, which is not https`,
      ),
    });
    expect(asked).toEqual([]);
  });
});

describe("a git server", () => {
  test("that says nothing is given up, before a fetch and in it", async () => {
    const host = await silentServer();
    const git = `git://${host}/x`;
    await expect(probe(git, SHORT)).rejects.toMatchObject({
      code: "unreadable",
      message: `${git} does not answer`,
    });
    await expect(probe(`http://${host}/x`, SHORT)).rejects.toMatchObject({
      code: "unreadable",
    });
  });

  test.each(["git", "http"])(
    "that falls silent in a fetch by %s leaves nothing running",
    async (scheme) => {
      const address = `${scheme}://${await silentServer()}/x`;
      const epoch = await makeEpoch(newFolder(), 0);
      const wishes = {
        address,
        abilities: { smart: true, filter: true, shallow: true, sha256: false },
        since: null,
        headersOnly: false,
        mayLeave: true,
        maxBytes: 1 << 20,
        patience: { ...SHORT, silence: 0.01 },
      };
      await expect(fetchEpoch(epoch, wishes)).rejects.toMatchObject({
        code: "unreadable",
        message: `${address} stopped sending`,
      });
      expect(running(epoch.repository)).toEqual([]);
    },
  );

  test("that has a page for all that it is asked for has no feed", async () => {
    const url = await serve((_, response) =>
      response.end("<html>\n<title>welcome</title>\n</html>\n"),
    );
    await expect(locate(`${url}/feed`)).rejects.toMatchObject({ code: "not-found" });
    // without an end of line, git takes it for the list of an empty repository
    const short = await serve((_, response) => response.end("<html>no</html>"));
    await expect(locate(`${short}/feed`)).rejects.toMatchObject({ code: "not-found" });
  });

  test("that talks without end before a fetch is stopped", async () => {
    const line = `003f${"a".repeat(40)} refs/heads/x${"y".repeat(4)}\n`;
    const url = await serve((_, response) => {
      response.setHeader("Content-Type", "application/x-git-upload-pack-advertisement");
      response.write("001e# service=git-upload-pack\n0000");
      flood(response, line.repeat(1000));
    });
    // git reads all of it before it says a word
    await expect(probe(`${url}/x`, { ...USUAL, silence: 1 })).rejects.toMatchObject({
      code: "unreadable",
    });
  });
});
