/**
 * Servers that lie, stall, break off, send somewhere else or never end: each is an error in words, and nothing
 * hangs.
 */

import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { ask, getBounded } from "../../../src/app/feed/http.ts";
import { locate } from "../../../src/app/feed/locate.ts";
import { fetchEpoch } from "../../../src/git/feed-fetch.ts";
import { probe } from "../../../src/git/feed-probe.ts";
import { makeEpoch } from "../../../src/git/feed-write.ts";
import { newFolder } from "../../support/folders.ts";

async function serve(answer: RequestListener): Promise<string> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Takes connections, and says nothing. */
async function silentServer(): Promise<number> {
  const sockets: Socket[] = [];
  const server = createSocketServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Seconds. Nothing comes, however long it is waited for. */
const SHORT = 0.1;

describe("an answer of a web server", () => {
  test("that does not begin, or stops, is given up", async () => {
    const silent = `http://127.0.0.1:${await silentServer()}`;
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
        const more = (): void => {
          while (!response.destroyed && response.write(body));
        };
        response.on("drain", more);
        more();
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
      await expect(probe(`${url}/x`, 60), String(status)).rejects.toMatchObject(said);
    }
    for (const status of [401, 403, 404]) {
      const url = await serve((_, response) => response.writeHead(status).end());
      expect(await getBounded(`${url}/x`, 100)).toBeNull();
      await expect(locate(`${url}/x`)).rejects.toMatchObject({ code: "not-found" });
    }
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

describe("a git server", () => {
  test("that says nothing is given up, before a fetch and in it", async () => {
    const port = await silentServer();
    const git = `git://127.0.0.1:${port}/x`;
    await expect(probe(git, SHORT)).rejects.toMatchObject({
      code: "unreadable",
      message: `${git} does not answer`,
    });
    await expect(probe(`http://127.0.0.1:${port}/x`, SHORT)).rejects.toMatchObject({
      code: "unreadable",
    });
  });

  test.each(["git", "http"])(
    "that falls silent in a fetch by %s leaves nothing running",
    async (scheme) => {
      const address = `${scheme}://127.0.0.1:${await silentServer()}/x`;
      const epoch = await makeEpoch(newFolder(), 0);
      const wishes = {
        address,
        abilities: { smart: true, filter: true, shallow: true },
        since: null,
        headersOnly: false,
        mayLeave: true,
        maxBytes: 1 << 20,
        patience: SHORT / 10,
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
      const more = (): void => {
        while (!response.destroyed && response.write(line.repeat(1000)));
      };
      response.on("drain", more);
      more();
    });
    // git reads all of it before it says a word
    await expect(probe(`${url}/x`, 1)).rejects.toMatchObject({ code: "unreadable" });
  });
});
