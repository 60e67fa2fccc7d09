/** The agent's client: against OpenSSH's agent, and against agents that cannot be trusted. */

import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { SshAgent } from "../../src/agent/ssh-agent.ts";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatSshKey, sshFingerprint } from "../../src/ssh/key.ts";
import { type Agent, newSshKey, startSshAgent } from "../support/agent.ts";
import { requireTool } from "../support/tools.ts";
import { temporaryDirectory } from "../minisign/support.ts";

const KEY = generateSecretKey(Buffer.alloc(32, 3), Buffer.alloc(8, 3));
const { point } = KEY.publicKey;
const DATA = Buffer.from("what is signed");

describe.runIf(requireTool("ssh-agent"))("OpenSSH's agent", () => {
  let agent: Agent;
  let client: SshAgent;
  beforeAll(async () => {
    agent = await startSshAgent();
  });
  afterAll(() => agent.stop());
  afterEach(() => client.close());

  test("adds a key, signs with it, and removes it", async () => {
    client = new SshAgent(agent.socket, () => undefined);
    expect(await client.listIdentities()).toEqual({ keys: [], others: [] });
    await client.add(KEY.exposeSeed(), point, "für mich", 100_000);
    expect(await client.listIdentities()).toEqual({
      keys: [{ point, comment: "für mich" }],
      others: [],
    });
    expect(agent.sshAdd("-l")).toContain(sshFingerprint(point));
    expect(agent.sshAdd("-L")).toContain(formatSshKey(point).toString("base64"));
    // Ed25519 is deterministic
    expect(await client.sign(point, DATA)).toEqual(KEY.signBytes(DATA));
    expect(await client.sign(point, Buffer.alloc(0))).toEqual(KEY.signBytes(Buffer.alloc(0)));
    await client.remove(point);
    expect((await client.listIdentities()).keys).toEqual([]);
    await expect(client.remove(point)).rejects.toMatchObject({ code: "agent-failed" });
    await expect(client.sign(point, DATA)).rejects.toThrow(/refuses to sign/);
  });

  test("removes the key after its lifetime", async () => {
    client = new SshAgent(agent.socket, () => undefined);
    const other = generateSecretKey(Buffer.alloc(32, 4), Buffer.alloc(8, 4));
    await client.add(other.exposeSeed(), other.publicKey.point, "long", 100_000);
    await client.add(KEY.exposeSeed(), point, "short", 1);
    const comments = async (): Promise<string[]> =>
      (await client.listIdentities()).keys.map(({ comment }) => comment);
    while ((await comments()).includes("short"))
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await comments()).toEqual(["long"]);
    agent.sshAdd("-q", "-D");
  });

  test("keys of other types are counted, not listed", async () => {
    client = new SshAgent(agent.socket, () => undefined);
    agent.sshAdd("-q", newSshKey(temporaryDirectory(), "ec", "other", "ecdsa"));
    const { keys, others } = await client.listIdentities();
    expect(keys).toEqual([]);
    expect(others).toMatchObject([{ type: "ecdsa-sha2-nistp256", comment: "other" }]);
    agent.sshAdd("-q", "-D");
  });

  test("lists no keys while it is locked", async () => {
    client = new SshAgent(agent.socket, () => undefined);
    await client.add(KEY.exposeSeed(), point, "k", 60);
    agent.sshAdd("-q", "-D");
    expect((await client.listIdentities()).keys).toEqual([]);
  });
});

/** An agent that answers each request with these bytes, or does as it likes with the connection. */
async function fake(
  answer: Buffer | ((socket: Socket) => void),
  patience = 600_000,
): Promise<SshAgent> {
  const path = join(temporaryDirectory(), "socket");
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", () => {
      if (typeof answer === "function") answer(socket);
      else socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const client = new SshAgent(path, () => undefined, { answer: patience, signature: patience });
  onTestFinished(() => {
    client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return client;
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const string = (bytes: Buffer | string): Buffer =>
  Buffer.concat([uint32(Buffer.byteLength(bytes)), Buffer.from(bytes)]);
const packet = (type: number, ...parts: Buffer[]): Buffer =>
  string(Buffer.concat([Buffer.from([type]), ...parts]));
const listed = (count: number, ...parts: Buffer[]): Buffer => packet(12, uint32(count), ...parts);
const signature = (name: string, bytes: Buffer): Buffer =>
  packet(14, string(Buffer.concat([string(name), string(bytes)])));

/** A good answer, and then no end. */
function flood(socket: Socket): void {
  const megabyte = Buffer.alloc(1 << 20);
  socket.write(Buffer.concat([listed(0), megabyte]));
  for (let i = 1; i < 100; i++) socket.write(megabyte);
}

describe("an agent that cannot be trusted", () => {
  test.each<[string, Buffer | ((socket: Socket) => void), RegExp]>([
    ["dies", (socket) => socket.destroy(), /hung up/],
    ["dies in the middle", (socket) => socket.end(Buffer.from([0, 0, 1])), /hung up/],
    ["hangs", () => undefined, /did not answer within 0.2 s/],
    ["hangs in the middle", (socket) => socket.write(listed(1).subarray(0, 7)), /did not answer/],
    ["answers garbage", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), /announces an answer of/],
    ["announces nothing", uint32(0), /announces an answer of 0 bytes/],
    ["announces 100 MB", uint32(100 << 20), /announces an answer of 104857600 bytes/],
    ["sends 100 MB", (socket) => flood(socket), /says more than was asked/],
    ["answers something else", packet(6), /of another type/],
    ["refuses", packet(5), /refuses to list its keys/],
    ["lists fewer keys than it says", listed(2, string("x"), string("y")), /cut short/],
    ["lists 4 billion keys", listed(0xffffffff), /cut short/],
    ["lists more than it says", listed(0, string("x")), /followed by something else/],
    ["has a key longer than the answer", listed(1, uint32(1 << 30)), /cut short/],
  ])("%s", async (_name, answer, message) => {
    const client = await fake(answer, /did not answer/.test(message.source) ? 200 : undefined);
    await expect(client.listIdentities()).rejects.toMatchObject({
      code: "agent-failed",
      message: expect.stringMatching(message),
    });
  });

  const wrong = KEY.signBytes(Buffer.from("something else"));
  test.each<[string, Buffer, RegExp]>([
    ["signs something else", signature("ssh-ed25519", wrong), /does not verify/],
    ["signs nothing", signature("ssh-ed25519", Buffer.alloc(64)), /does not verify/],
    ["makes a short signature", signature("ssh-ed25519", wrong.subarray(1)), /another kind/],
    ["makes another kind", signature("rsa-sha2-512", wrong), /of another kind/],
    ["says more", packet(14, string(""), string("")), /cut short/],
  ])("%s", async (_name, answer, message) => {
    const client = await fake(answer);
    await expect(client.sign(point, DATA)).rejects.toThrow(message);
  });

  test("is not asked again after a failure", async () => {
    const client = await fake(uint32(0));
    await expect(client.listIdentities()).rejects.toThrow(/announces/);
    await expect(client.sign(point, DATA)).rejects.toThrow(/announces/);
  });

  test("sends data without being asked", async () => {
    const client = await fake(Buffer.concat([listed(0), listed(0)]));
    await expect(client.listIdentities()).rejects.toThrow(/more than was asked/);
  });

  test("a key that is not a valid Ed25519 point is ignored", async () => {
    const long = Buffer.concat([formatSshKey(point), Buffer.alloc(1)]);
    const client = await fake(listed(1, string(long), string("long")));
    expect(await client.listIdentities()).toMatchObject({
      keys: [],
      others: [{ type: "ssh-ed25519" }],
    });
  });

  test("lists a key twice: it counts once", async () => {
    const key = [string(formatSshKey(point)), string("mine")];
    const client = await fake(listed(3, ...key, ...key, key[0]!, string("also mine")));
    const { keys } = await client.listIdentities();
    expect(keys.map(({ comment }) => comment)).toEqual(["mine", "also mine"]);
  });

  test("nothing listens on the socket", async () => {
    const client = new SshAgent(join(temporaryDirectory(), "nobody"), () => undefined);
    await expect(client.listIdentities()).rejects.toMatchObject({ code: "no-agent" });
  });
});
