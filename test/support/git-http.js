/**
 * A web server for the folder in its argument, in a process of its own: git's smart protocol by git http-backend
 * where GIT_SMART is set, else only files. It prints its port.
 */

import { spawn } from "node:child_process";
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { join, normalize } from "node:path";

const root = process.argv[2];
const smart = process.env.GIT_SMART !== undefined;
const SERVICE = /\/(?:info\/refs|git-upload-pack)$/;

function backend(request, response, url) {
  const child = spawn("git", ["http-backend"], {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method,
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: request.headers["git-protocol"] ?? "",
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  request.pipe(child.stdin);
  child.stdin.on("error", () => {});
  let head = Buffer.alloc(0);
  child.stdout.on("data", (bytes) => {
    if (response.headersSent) return response.write(bytes);
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    for (const line of head.toString("latin1", 0, end).split("\r\n")) {
      const colon = line.indexOf(":");
      const value = line.slice(colon + 1).trim();
      if (/^status$/i.test(line.slice(0, colon))) response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(line.slice(0, colon), value);
    }
    response.write(head.subarray(end + 4));
  });
  child.on("close", () => response.end());
}

function file(response, path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) {
    response.statusCode = 404;
    return response.end();
  }
  createReadStream(path).pipe(response);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (smart && SERVICE.test(url.pathname)) backend(request, response, url);
  else file(response, join(root, normalize(url.pathname)));
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
