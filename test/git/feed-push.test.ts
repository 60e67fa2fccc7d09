import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { pushEpoch } from "../../src/git/feed-push.ts";
import { makeEpoch } from "../../src/git/feed-write.ts";
import { newFolder } from "../support/folders.ts";
import { writeHistory } from "../support/history.ts";

test("a push goes to no other server than the one that was named", async () => {
  const asked: string[] = [];
  const port = async (location: string | null): Promise<number> => {
    const server = createServer((request, response) => {
      asked.push(`${location === null ? "other" : "named"} ${request.url}`);
      const headers = location === null ? {} : { Location: `${location}${request.url}` };
      response.writeHead(location === null ? 404 : 307, headers).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return (server.address() as AddressInfo).port;
  };
  const other = `http://127.0.0.1:${await port(null)}`;
  const address = `http://127.0.0.1:${await port(other)}/feed.0`;
  const epoch = await makeEpoch(newFolder(), 0);
  writeHistory(epoch.repository, [Buffer.from("From: a@x\n\nx\n")], 1);
  await expect(pushEpoch(epoch, address, () => {})).rejects.toMatchObject({
    code: "refused",
    message: `${address} redirects to another address`,
  });
  expect(asked).toEqual(["named /feed.0/info/refs?service=git-receive-pack"]);
});

test("why a server refuses a push is said", async () => {
  const epoch = await makeEpoch(newFolder(), 0);
  writeHistory(epoch.repository, [Buffer.from("From: a@x\n\nx\n")], 1);
  const address = join(newFolder(), "feed.0");
  execFileSync("git", ["init", "-q", "--bare", address]);
  mkdirSync(join(address, "hooks"), { recursive: true });
  const hook = "#!/bin/sh\necho 'master is protected' >&2\nexit 1\n";
  writeFileSync(join(address, "hooks", "pre-receive"), hook, { mode: 0o755 });
  await expect(pushEpoch(epoch, address, () => {})).rejects.toMatchObject({
    code: "refused",
    message: `${address} refuses the push: pre-receive hook declined`,
    hint: "it says: master is protected",
  });
});
